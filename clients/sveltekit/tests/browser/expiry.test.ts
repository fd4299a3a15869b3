import { expect } from 'vitest';
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

scenario('a full load after expiry of a page whose load runs on both sides', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	await visitor.expire();
	await visitor.goto('/client');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
});

scenario('a navigation in the client after expiry', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	const loads = stack.site.count('/account', 'GET');
	await visitor.expire();
	await visitor.page.getByRole('link', { name: 'Account' }).click();
	await visitor.page.waitForURL('**/account');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
	expect(stack.site.count('/account', 'GET')).toBe(loads);
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

scenario('a remote query, in SSR and after expiry', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.goto('/remote');
	const answer = visitor.page.locator('#whoami');
	const first = await answer.textContent();
	expect(first).toContain('"status":"signed-in","api":200');
	// What SSR found is not asked for again.
	const queries = () => stack.site.seen.filter(({ path }) => path.startsWith('/_app/remote/')).length;
	expect(queries()).toBe(0);
	await visitor.expire();
	await visitor.page.locator('#query').click();
	await expect.poll(() => answer.textContent()).not.toBe(first);
	expect(await answer.textContent()).toContain('"status":"signed-in","api":200');
	expect(queries()).toBe(1);
});

scenario('a remote command after expiry', { refreshes: 1 }, async (visitor) => {
	await visitor.signIn();
	await visitor.goto('/remote');
	await visitor.expire();
	await visitor.page.locator('#command').click();
	await visitor.page.locator('#echo', { hasText: '"length":5' }).waitFor();
});

for (const [leeway, wanted] of [[10, 'late 200'], [0, 'late 401']] as const) {
	const name = `a streamed load that crosses expiry (${wanted}, at an API with a leeway of ${leeway} s) does not rotate in mid-stream`;
	scenario(name, { refreshes: 1 }, async (visitor, stack) => {
		await visitor.signIn();
		const before = stack.refreshes();
		stack.api.leeway = leeway;
		try {
			await visitor.goto(`/stream?ms=${visitor.untilExpiry() + 1_100}`);
			const late = visitor.page.locator('#late');
			await late.waitFor();
			expect(await late.textContent()).toBe(wanted);
		} finally {
			stack.api.leeway = 10;
		}
		// No Set-Cookie could have left: what was rotated there would be lost.
		expect(stack.refreshes()).toBe(before);
		await visitor.goto('/account');
		expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
	});
}
