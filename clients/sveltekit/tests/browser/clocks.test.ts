import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';

// The app's own clock is wrong; those of the browser, the API and the service are right.
for (const clock of ['+10m', '-10m']) {
	describe(`the app's clock is off by ${clock}`, () => {
		const scenario = onStack({ clock });

		scenario('signing in works, and pages do not refresh without end', { refreshes: [0, 2] }, async (visitor, stack) => {
			await visitor.signIn();
			const off = Date.parse(stack.site.seen.at(-1)!.headers.date![0]!) - Date.now();
			expect(Math.round(off / 60_000)).toBe(Number.parseInt(clock));
			for (let load = 0; load < 5; load++) {
				await visitor.goto('/account');
				expect(await visitor.status()).toBe('signed-in');
				expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
			}
		});
	});
}
