import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import type { Stack } from './harness/stack.ts';
import type { Visitor } from './harness/visitor.ts';

async function expectSignedIn(visitor: Visitor): Promise<void> {
	await visitor.goto('/account');
	expect(await visitor.status()).toBe('signed-in');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
}

/** By how many minutes the app's clock is ahead of ours. */
function minutesAhead(stack: Stack): number {
	return Math.round((Date.parse(stack.site.seen.at(-1)!.headers.date![0]!) - Date.now()) / 60_000);
}

// The app's own clock is wrong; those of the browser, the API and the service are right.
for (const clock of ['+10m', '-10m']) {
	describe(`the app's clock is off by ${clock}`, () => {
		const scenario = onStack({ clock });

		scenario('signing in works, and pages do not refresh at all', { refreshes: 0 }, async (visitor, stack) => {
			await visitor.signIn();
			expect(minutesAhead(stack)).toBe(Number.parseInt(clock));
			for (let load = 0; load < 5; load++) await expectSignedIn(visitor);
		});

		scenario('a process that has just started takes a session of another', { refreshes: 0 }, async (visitor, stack) => {
			await visitor.signIn();
			const [before] = stack.apps;
			await stack.addApp();
			await stack.removeApp(before!);
			await expectSignedIn(visitor);
		});
	});

	describe(`the app's clock is off by ${clock}, and tokens expire`, () => {
		const scenario = onStack({ clock, service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

		scenario('one refresh for each expiry', { refreshes: 2 }, async (visitor) => {
			await visitor.signIn();
			for (let expiry = 0; expiry < 2; expiry++) {
				await visitor.expire();
				await expectSignedIn(visitor);
			}
		});
	});

	describe(`the browser's clock is off by ${clock}`, () => {
		const scenario = onStack({ browserClock: clock, service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

		scenario('cookies live as long as their tokens', { refreshes: 1 }, async (visitor) => {
			await visitor.signIn();
			const ahead = (await visitor.page.evaluate(() => Date.now())) - Date.now();
			expect(Math.round(ahead / 60_000)).toBe(Number.parseInt(clock));
			await expectSignedIn(visitor);
			await visitor.expire();
			await expectSignedIn(visitor);
		});
	});
}
