import { describe, expect } from 'vitest';
import { newAccount } from './harness/service.ts';
import { onStack } from './harness/scenario.ts';

const jwks = '/.well-known/jwks.json';

describe('the keys cannot be had when the app starts', () => {
	const scenario = onStack({ before: (stack) => void stack.front.faults.set(jwks, { status: 500 }) });

	scenario('pages are served, sessions are unavailable, and it heals', { refreshes: 0 }, async (visitor, stack) => {
		await visitor.goto('/');
		expect(await visitor.status()).toBe('signed-out');

		await visitor.goto('/login');
		const account = await newAccount(stack.service);
		await visitor.submitLogin(account);
		await expect.poll(() => visitor.status()).toMatch(/signed-in|unavailable/);
		await visitor.goto('/');
		expect(await visitor.status()).toBe('unavailable');
		expect(await visitor.context.cookies()).not.toEqual([]);

		stack.front.faults.clear();
		await expect.poll(async () => { await visitor.goto('/'); return visitor.status(); }, { timeout: 15_000 }).toBe('signed-in');
	});
});

describe('the keys cannot be had later', () => {
	const scenario = onStack({ service: { AUTH__KEYS__JWKS_MAX_AGE: '1s', AUTH__KEYS__PUBLISH_AHEAD: '2s' } });

	for (const fault of [{ status: 500 }, { status: 200 }, { cut: 'before' }] as const) {
		scenario(`the keys that are known go on counting: ${JSON.stringify(fault)}`, { refreshes: 0 }, async (visitor, stack) => {
			await visitor.signIn();
			stack.front.faults.set(jwks, fault);
			const end = Date.now() + 3_000;
			while (Date.now() < end) {
				await visitor.goto('/account');
				expect(await visitor.status()).toBe('signed-in');
				await visitor.page.waitForTimeout(300);
			}
		});
	}
});
