import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { signInElsewhere } from './harness/service.ts';

const scenario = onStack();

scenario('signing out in one tab is seen in the others, untouched', { refreshes: 0 }, async (visitor) => {
	const { id } = await visitor.signIn();
	const [one, two, three] = await visitor.tabs(3);
	await visitor.goto('/', two);
	await visitor.goto('/account', three);
	for (const tab of [two, three]) expect(await visitor.status(tab)).toBe('signed-in');
	await one!.getByRole('button', { name: 'Sign out' }).click();
	await one!.locator('#status', { hasText: 'signed-out' }).waitFor();

	await two!.locator('#status', { hasText: 'signed-out' }).waitFor();
	await three!.waitForURL('**/login?redirectTo=%2Faccount');
	for (const tab of [two, three]) expect(await tab!.locator('body').innerText()).not.toContain(id);
	expect(await two!.evaluate(() => fetch('/api/whoami').then(({ status }) => status))).toBe(401);
});

scenario('signing out ends the session at the service, and no other', { refreshes: 0 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	const elsewhere = await signInElsewhere(stack.service, account);
	const sessions = async () => {
		const answer = await stack.service.call('GET', '/v1/me/sessions', { bearer: elsewhere.access_token });
		return ((await answer.json()) as unknown[]).length;
	};
	const before = await sessions();
	await visitor.page.getByRole('button', { name: 'Sign out' }).click();
	await visitor.page.locator('#status', { hasText: 'signed-out' }).waitFor();
	expect(await sessions()).toBe(before - 1);
});

scenario('the back button shows nothing personal after signing out', { refreshes: 0 }, async (visitor) => {
	const { id } = await visitor.signIn({ at: '/login?redirectTo=/account' });
	const { page } = visitor;
	// Full loads, so that going back asks the browser's caches rather than the router.
	await visitor.goto('/account');
	expect(await page.content()).toContain(id);
	await visitor.goto('/');
	await page.getByRole('button', { name: 'Sign out' }).click();
	await page.locator('#status', { hasText: 'signed-out' }).waitFor();
	const visited: string[] = [];
	for (let step = 0; step < 10; step++) {
		await page.goBack();
		if (page.url() === 'about:blank') break;
		await page.locator('#status', { hasText: 'signed-out' }).waitFor();
		expect(await page.content()).not.toContain(id);
		visited.push(new URL(page.url()).pathname);
	}
	// The account page is among them, and asks to sign in.
	expect(visited).toContain('/login');
});

scenario('a page that the browser kept alive is brought up to date when it is shown again', { refreshes: [0, 1] }, async (visitor) => {
	// A request that another tab sent just before the cookies went may ask, and be told that the session is over.
	const { id } = await visitor.signIn();
	const [one, two] = await visitor.tabs(2);
	await visitor.goto('/prerendered', one);
	await visitor.goto('/', two);
	await two!.getByRole('button', { name: 'Sign out' }).click();
	await two!.locator('#status', { hasText: 'signed-out' }).waitFor();
	await one!.goBack();
	await one!.locator('#status', { hasText: 'signed-out' }).waitFor();
	expect(await one!.content()).not.toContain(id);
});

scenario('two tabs that can not agree do not chase one another', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const [one, two] = await visitor.tabs(2);
	// What a build put into the page knows of no session, however often it is asked.
	await visitor.goto('/prerendered', one);
	await visitor.goto('/', two);
	await two!.waitForTimeout(500);
	const seen = stack.site.seen.length;
	await two!.waitForTimeout(2_000);
	expect(stack.site.seen.length - seen).toBeLessThan(3);
});

scenario('signing out while the service is down signs out here all the same', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	await stack.front.down();
	await visitor.page.getByRole('button', { name: 'Sign out' }).click();
	await visitor.page.locator('#status', { hasText: 'signed-out' }).waitFor();
	expect(await visitor.context.cookies()).toEqual([]);
});

scenario('a prerendered page, built while the service was off, is served', { refreshes: 0 }, async (visitor, stack) => {
	await stack.front.down();
	expect(await visitor.goto('/prerendered')).toBe(200);
	expect(await visitor.page.locator('h1').textContent()).toBe('Prerendered');
});
