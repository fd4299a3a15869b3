import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import { onStack } from './harness/scenario.ts';

const scenario = onStack({ service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

scenario('a full load after expiry', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	const before = await visitor.context.cookies();
	await visitor.expire();
	await visitor.goto('/account');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
	expect(await visitor.context.cookies()).not.toEqual(before);
});

scenario('a navigation in the client after expiry', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	await visitor.expire();
	await visitor.page.getByRole('link', { name: 'Account' }).click();
	await visitor.page.waitForURL('**/account');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
});

for (const javaScript of [true, false]) {
	scenario(`a form action after expiry, ${javaScript ? 'with' : 'without'} JavaScript`, { refreshes: 1, javaScript }, async (visitor) => {
		await visitor.signIn();
		await visitor.goto('/form');
		await visitor.expire();
		await visitor.page.getByLabel('Note').fill('remember the milk');
		await visitor.page.locator('#send').click();
		const sent = JSON.parse((await visitor.page.locator('#sent').textContent())!) as { note: string; status: number };
		expect(sent).toMatchObject({ note: 'remember the milk', status: 200 });
	});
}

scenario('a remote query after expiry', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	await visitor.goto('/remote');
	await visitor.expire();
	await visitor.page.locator('#query').click();
	await visitor.page.locator('#answer', { hasText: '{"status":"signed-in","api":200}' }).waitFor();
});

scenario('a remote command after expiry', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	await visitor.goto('/remote');
	await visitor.expire();
	await visitor.page.locator('#command').click();
	await visitor.page.locator('#answer', { hasText: '"length":5' }).waitFor();
});

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

for (const count of [2, 3, 10]) {
	scenario(`${count} tabs at expiry`, { refreshes: 1 }, async (visitor) => {
		await visitor.signIn();
		const tabs = await visitor.tabs(count);
		await visitor.expire();
		await Promise.all(tabs.map((tab) => visitor.goto('/account', tab)));
		for (const tab of tabs) expect(await tab.locator('#api-status').textContent()).toBe('200');
		await reload(tabs);
	});
}

/** The cookies that are left in the jar work, whichever tab's answer came last. */
async function reload([tab]: Page[]): Promise<void> {
	await tab!.reload();
	expect(await tab!.locator('#status').textContent()).toBe('signed-in');
}

scenario('a streamed load that crosses expiry neither fails nor rotates in mid-stream', { refreshes: [0, 1] }, async (visitor, stack) => {
	await visitor.signIn();
	const before = stack.refreshes();
	const ms = await visitor.untilExpiry();
	await visitor.goto(`/stream?ms=${ms + 500}`);
	const late = visitor.page.locator('#late');
	await late.waitFor();
	expect(await late.textContent()).toMatch(/late (200|401)/);
	expect(stack.refreshes()).toBe(before);
	await visitor.goto('/account');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
});
