import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';

const scenario = onStack({ service: { AUTH__TOKENS__ACCESS_TTL: '10s', AUTH__REFRESH__REUSE_WINDOW: '1s' } });

scenario('cookies that were stolen and replayed after the window end the session, and nothing loops', { refreshes: [3, 4] }, async (visitor, stack) => {
	// I3
	await visitor.signIn();
	const stolen = await visitor.context.cookies();
	await visitor.expire();
	await visitor.goto('/account');
	await visitor.page.waitForTimeout(1_200);
	// Another process: the first would for a while give whoever comes late what it got a moment ago.
	const [first] = stack.apps;
	await stack.addApp();
	await stack.removeApp(first!);

	const thief = await visitor.another();
	await thief.context.addCookies(stolen);
	await thief.goto('/account');
	expect(new URL(thief.page.url()).pathname).toBe('/login');
	expect(await thief.context.cookies()).toEqual([]);
	await thief.leave();

	await visitor.expire();
	await visitor.goto('/account');
	expect(new URL(visitor.page.url()).pathname).toBe('/login');
	expect(await visitor.context.cookies()).toEqual([]);
	await visitor.goto('/');
	expect(await visitor.status()).toBe('signed-out');
});

/** What a token could look like is asked about, once. */
const junk = { '': 0, junk: 1, rt_junk: 1, ['a'.repeat(3000)]: 1, '%F0%9F': 0, '{"a":1}': 0, '"': 0 };
for (const [value, refreshes] of Object.entries(junk)) {
	scenario(`cookies of junk (${value.slice(0, 10)}) sign nobody in and harm nothing`, { refreshes }, async (visitor) => {
		// I19
		await visitor.signIn();
		const cookies = await visitor.context.cookies();
		await visitor.context.addCookies(cookies.map((cookie) => ({ ...cookie, value })));
		expect(await visitor.goto('/')).toBe(200);
		expect(await visitor.status()).toBe('signed-out');
		await visitor.signIn();
	});
}
