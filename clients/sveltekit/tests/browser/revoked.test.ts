import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { setRoles, signInElsewhere } from './harness/service.ts';
import type { Stack } from './harness/stack.ts';
import { until } from './harness/until.ts';
import type { Visitor } from './harness/visitor.ts';

const scenario = onStack({ feed: true });

/** From another device, all sessions are ended. */
async function endAllSessions(visitor: Visitor, stack: Stack): Promise<void> {
	const elsewhere = await signInElsewhere(stack.service, visitor.account!);
	const answer = await stack.service.call('DELETE', '/v1/me/sessions', { bearer: elsewhere.access_token });
	expect(answer.status).toBe(204);
}

scenario('a session that another device ended is over within a second', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.goto('/account');
	await endAllSessions(visitor, stack);
	const took = await visitor.page.evaluate(async () => {
		const since = performance.now();
		while ((await fetch('/account')).ok) if (performance.now() - since > 5_000) break;
		return performance.now() - since;
	});
	expect(took).toBeLessThan(1_000);
	await visitor.goto('/account');
	expect(new URL(visitor.page.url()).pathname).toBe('/login');
	expect(await visitor.context.cookies()).toEqual([]);
});

scenario('a change of password ends the other sessions, and a call of the API is 401', { refreshes: 1 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	const elsewhere = await signInElsewhere(stack.service, account);
	const body = { current_password: account.password, new_password: `${account.password} anew` };
	const answer = await stack.service.call('POST', '/v1/me/password', { bearer: elsewhere.access_token, body });
	expect(answer.status).toBe(204);
	const status = () => visitor.page.evaluate(() => fetch('/api/whoami').then(({ status }) => status));
	await expect.poll(status, { timeout: 5_000 }).toBe(401);
});

scenario('what was revoked while the feed was cut is known when it is back', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await stack.feed.down();
	await endAllSessions(visitor, stack);
	await visitor.goto('/');
	expect(await visitor.status()).toBe('signed-in');
	await stack.feed.up();
	await expect.poll(async () => { await visitor.goto('/'); return visitor.status(); }, { timeout: 10_000 }).toBe('signed-out');
});

scenario('the feed is gone: nobody is signed out', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	await stack.feed.down();
	await visitor.page.waitForTimeout(2_000);
	await visitor.goto('/account');
	expect(await visitor.status()).toBe('signed-in');

	const streams = () => stack.feed.count('/v1/revocations/stream', 'GET');
	const before = streams();
	await stack.feed.up();
	await until('the app follows the feed again', () => streams() > before);
});

scenario('a change of roles shows at once, and signs nobody out', { refreshes: 1 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	await setRoles(stack.service, account, ['editor']);
	// Not `expect.poll`, which would forgive a page that is signed out for a moment.
	const isEditor = async () => {
		await visitor.goto('/account');
		expect(await visitor.status()).toBe('signed-in');
		return (await visitor.page.locator('#roles').textContent()) === 'editor';
	};
	await until('the new role shows', isEditor, 5_000);
});

scenario('an app that follows the feed ends when it is told to', { refreshes: 0 }, async (visitor, stack) => {
	const app = await stack.addApp();
	for (let load = 0; load < 2; load++) await visitor.goto('/');
	expect(await stack.removeApp(app)).toBe(true);
});
