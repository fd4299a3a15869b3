import { decodeJwt } from 'jose';
import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import type { Stack } from './harness/stack.ts';
import type { Visitor } from './harness/visitor.ts';

async function expectSignedIn(visitor: Visitor): Promise<void> {
	await visitor.goto('/account');
	expect(await visitor.status()).toBe('signed-in');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
}

/** By how many minutes the app's clock is ahead of ours, and the browser's. */
function appAhead(stack: Stack): number {
	return minutesAhead(Date.parse(stack.site.seen.at(-1)!.headers.date![0]!));
}

/** The same of the service's, by when it says that it made the latest token. */
function serviceAhead(stack: Stack): number {
	return minutesAhead(decodeJwt(stack.latest!.access_token).iat! * 1000);
}

function minutesAhead(time: number): number {
	return Math.round((time - Date.now()) / 60_000) || 0; // not -0
}

for (const clock of ['+10m', '-10m'] as const) {
	// Those of the browser, the API and the service are right.
	describe(`the app's clock is off by ${clock}`, () => {
		const scenario = onStack({ clock });

		scenario('signing in works, and pages do not refresh at all', { refreshes: 0 }, async (visitor, stack) => {
			await visitor.signIn();
			expect([appAhead(stack), serviceAhead(stack)]).toEqual([Number.parseInt(clock), 0]);
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

	describe(`all clocks but the browser's are off by ${clock}`, () => {
		const scenario = onStack({ serverClocks: clock, service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

		scenario('cookies live as long as their tokens', { refreshes: 1 }, async (visitor, stack) => {
			await visitor.signIn();
			expect([appAhead(stack), serviceAhead(stack)]).toEqual([Number.parseInt(clock), Number.parseInt(clock)]);
			expect(minutesAhead(await visitor.page.evaluate(() => Date.now()))).toBe(0);
			await expectSignedIn(visitor);
			await visitor.expire();
			await expectSignedIn(visitor);
		});
	});
}
