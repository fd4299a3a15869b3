import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';

const scenario = onStack({ service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

scenario('ten POSTs at once after expiry keep their bodies', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.goto('/client');
	await visitor.page.waitForFunction(() => 'api' in globalThis);
	await visitor.expire();
	const answers = await visitor.page.evaluate(async () => {
		type Api = { POST: (path: string, init: object) => Promise<{ response: Response; data: { length: number } }> };
		const { api } = globalThis as unknown as { api: Api };
		const posts = Array.from({ length: 10 }, (_, number) => api.POST('/echo', { body: { text: 'x'.repeat(1000 * (number + 1)) } }));
		return (await Promise.all(posts)).map(({ response, data }) => [response.status, data.length]);
	});
	expect(answers).toEqual(Array.from({ length: 10 }, (_, number) => [200, 1000 * (number + 1) + '{"text":""}'.length]));
	expect(stack.api.asked.filter(({ path }) => path === '/echo').slice(-10).every(({ body }) => body.startsWith('{"text":"xxx'))).toBe(true);
});

// Tokens live long here, so that a busy machine does not meet a second expiry.
describe('tabs', () => {
	const scenario = onStack();

	for (const count of [2, 3, 10]) {
		scenario(`${count} tabs at expiry`, { refreshes: 1 }, async (visitor) => {
			await visitor.signIn();
			const tabs = await visitor.tabs(count);
			await visitor.skipToExpiry();
			await Promise.all(tabs.map((tab) => visitor.goto('/account', tab)));
			for (const tab of tabs) expect(await tab.locator('#api-status').textContent()).toBe('200');
			await reload(tabs);
		});
	}
});

/** The cookies that are left in the jar work, whichever tab's answer came last. */
async function reload([tab]: Page[]): Promise<void> {
	await tab!.reload();
	expect(await tab!.locator('#status').textContent()).toBe('signed-in');
}
