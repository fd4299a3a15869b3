import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';

// A request goes to one process of the app, the next to the other. Each may refresh once; the service's reuse
// window gives both the same successor.
const scenario = onStack({ apps: 2, service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

for (const count of [2, 10]) {
	scenario(`two processes: ${count} tabs at expiry`, { refreshes: [1, 2] }, async (visitor) => {
		await visitor.signIn();
		const tabs = await visitor.tabs(count);
		await visitor.expire();
		await Promise.all(tabs.map((tab) => visitor.goto('/account', tab)));
		for (const tab of tabs) expect(await tab.locator('#api-status').textContent()).toBe('200');
	});
}

scenario('two processes: the session outlives many expiries with parallel requests', { refreshes: [2, 4] }, async (visitor) => {
	await visitor.signIn();
	for (let round = 0; round < 2; round++) {
		await visitor.expire();
		const statuses = await visitor.page.evaluate(async () => {
			const answers = await Promise.all(Array.from({ length: 6 }, () => fetch('/api/whoami')));
			return answers.map(({ status }) => status);
		});
		expect(statuses).toEqual(Array(6).fill(200));
	}
});

describe('before expiry', () => {
	const scenario = onStack({ apps: 2 });

	scenario('two processes: sign in with one, and be signed in with the other', { refreshes: 0 }, async (visitor) => {
		await visitor.signIn();
		for (let load = 0; load < 4; load++) {
			await visitor.goto('/account');
			expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
		}
	});

	scenario('two processes: signing out with one counts for the other', { refreshes: 0 }, async (visitor) => {
		await visitor.signIn();
		await visitor.page.getByRole('button', { name: 'Sign out' }).click();
		await visitor.page.locator('#status', { hasText: 'signed-out' }).waitFor();
		for (let load = 0; load < 4; load++) {
			await visitor.goto('/account');
			expect(new URL(visitor.page.url()).pathname).toBe('/login');
		}
	});
});
