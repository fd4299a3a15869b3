import { expect } from 'vitest';
import type { Fault } from './harness/proxy.ts';
import { onStack } from './harness/scenario.ts';
import type { Stack } from './harness/stack.ts';

const scenario = onStack();

type Trouble = { begin: (stack: Stack) => unknown; refreshes: [number, number] };

const fault = (fault: Fault) => (stack: Stack) => stack.front.faults.set('/v1/refresh', fault);

/** What goes wrong with a refresh, and how often it may be tried until the service is well again, and then. */
const troubles: Record<string, Trouble> = {
	'is down': { begin: (stack) => stack.front.down(), refreshes: [1, 1] },
	'answers 500': { begin: fault({ status: 500 }), refreshes: [2, 5] },
	'answers 503 with Retry-After': { begin: fault({ status: 503, headers: { 'retry-after': '1' } }), refreshes: [2, 5] },
	'answers 429 with Retry-After': { begin: fault({ status: 429, headers: { 'retry-after': '1' } }), refreshes: [2, 5] },
	'answers 401 without a code of ours': { begin: fault({ status: 401 }), refreshes: [2, 5] },
	'answers 200 with something else': { begin: fault({ status: 200 }), refreshes: [2, 5] },
	'cuts the connection': { begin: fault({ cut: 'before' }), refreshes: [2, 5] },
	'rotates, but its answer is lost': { begin: fault({ cut: 'after' }), refreshes: [2, 5] },
	// What comes too late for the request that asked is kept for the next one.
	'is slower than the app waits': { begin: fault({ delay: 8_000 }), refreshes: [1, 1] }
};

for (const [trouble, { begin, refreshes }] of Object.entries(troubles)) {
	scenario(`the service ${trouble} at a refresh: nobody is signed out, and it heals`, { refreshes }, async (visitor, stack) => {
		// L3
		await visitor.signIn();
		const token = await visitor.token('refresh');
		await visitor.skipToExpiry();
		await begin(stack);

		await visitor.goto('/');
		expect(await visitor.status()).toBe('unavailable');
		expect(await visitor.goto('/account')).toBe(503);
		expect(await visitor.token('refresh')).toBe(token);
		expect(await visitor.page.evaluate(() => fetch('/api/whoami').then(({ status }) => status))).toBe(503);

		stack.front.faults.clear();
		await stack.front.up();
		await expect.poll(() => visitor.goto('/account'), { timeout: 15_000 }).toBe(200);
		expect(await visitor.status()).toBe('signed-in');
	});
}

scenario('a refresh that is slow is waited for', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.skipToExpiry();
	stack.front.faults.set('/v1/refresh', { delay: 1_000 });
	expect(await visitor.goto('/account')).toBe(200);
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
});

scenario('the service is down while the token lives: nobody notices', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	await stack.front.down();
	expect(await visitor.goto('/account')).toBe(200);
	expect(await visitor.status()).toBe('signed-in');
});

scenario('the service is down at sign-in: the form says so and keeps the address', { refreshes: 0 }, async (visitor, stack) => {
	await stack.front.down();
	await visitor.goto('/login');
	await visitor.submitLogin({ email: 'ada@example.org', password: 'a lovelace of engines' });
	await visitor.page.locator('#problem', { hasText: 'unavailable' }).waitFor();
	expect(await visitor.page.getByLabel('Email').inputValue()).toBe('ada@example.org');
});

scenario('too many tries: the form says when to try again', { refreshes: 0 }, async (visitor, stack) => {
	stack.front.faults.set('/v1/login', { status: 429, headers: { 'retry-after': '7' } });
	await visitor.goto('/login');
	await visitor.submitLogin({ email: 'ada@example.org', password: 'a lovelace of engines' });
	await visitor.page.locator('#problem', { hasText: '"retryAfter":7' }).waitFor();
});
