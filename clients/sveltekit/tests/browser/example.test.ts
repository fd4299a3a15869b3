import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { builds } from './harness/paths.ts';
import { onStack } from './harness/scenario.ts';
import { secret } from './harness/secrets.ts';
import { type Account, newAccount, setRoles, signInElsewhere } from './harness/service.ts';
import { until } from './harness/until.ts';
import type { Visitor } from './harness/visitor.ts';

// The example with the example API in Rust behind it, as `make example` starts them. Its layout asks the service for
// the name, so each sign-in is followed by a refresh for the account.
const scenario = onStack({ app: builds.example, notes: true, feed: true });

const newcomer = (): Account => ({ email: `eve-${crypto.randomUUID()}@example.org`, password: secret(`eves of ${crypto.randomUUID()}`) });
const header = (page: Page) => page.getByRole('banner');
const main = (page: Page) => page.getByRole('main');

async function signIn({ page }: Visitor, { email, password }: Account, to = '/'): Promise<void> {
	await page.goto(`/login?redirectTo=${encodeURIComponent(to)}`);
	await page.getByLabel('Email address').fill(email);
	await page.getByLabel('Password').fill(password);
	await main(page).getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL((url) => url.pathname === to);
}

for (const javaScript of [true, false]) {
	const how = javaScript ? 'with JavaScript' : 'without JavaScript';

	scenario(`from an account to a note and out again, ${how}`, { refreshes: 0, account: 2, javaScript }, async (visitor) => {
		const { page } = visitor;
		const { email, password } = newcomer();
		await page.goto('/notes');
		expect(new URL(page.url()).search).toBe('?redirectTo=%2Fnotes');
		await main(page).getByRole('link', { name: 'Create one' }).click();
		await page.getByLabel('Name').fill('Eve');
		await page.getByLabel('Email address').fill(email);
		await page.getByLabel('Password').fill(password);
		await page.getByRole('button', { name: 'Create the account' }).click();
		await page.waitForURL('**/notes');
		await page.getByLabel('New note').fill('buy milk');
		await page.getByRole('button', { name: 'Add the note' }).click();
		await main(page).getByRole('listitem').filter({ hasText: 'buy milk' }).waitFor();
		await page.goto('/notes');
		await page.getByRole('button', { name: 'Remove: buy milk' }).click();
		await main(page).getByText('Nothing yet.').waitFor();

		await header(page).getByRole('button', { name: 'Sign out' }).click();
		await header(page).getByRole('link', { name: 'Sign in' }).waitFor();
		expect(await visitor.context.cookies()).toEqual([]);
		await signIn(visitor, { email, password }, '/account');
		expect(await page.getByLabel('Name').inputValue()).toBe('Eve');
	});

	scenario(`a new name shows at once, ${how}`, { refreshes: 0, account: 1, javaScript }, async (visitor, stack) => {
		const { page } = visitor;
		await signIn(visitor, await newAccount(stack.service), '/account');
		await page.getByLabel('Name').fill('Countess');
		await page.getByRole('button', { name: 'Save' }).click();
		await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
		await header(page).getByText('Countess').waitFor();
	});

	scenario(`the other devices are signed out, and this one stays, ${how}`, { refreshes: 0, account: 1, javaScript }, async (visitor, stack) => {
		const { page } = visitor;
		const account = await newAccount(stack.service);
		const elsewhere = await signInElsewhere(stack.service, account);
		await signIn(visitor, account, '/account/devices');
		await page.getByText('This device').waitFor();
		await page.getByRole('button', { name: 'Sign out the other devices' }).click();
		await page.getByText('You are signed in nowhere else.').waitFor();
		expect((await stack.service.call('GET', '/v1/me', { bearer: elsewhere.access_token })).status).toBe(401);
	});

	scenario(`a password is changed, and the old one counts no more, ${how}`, { refreshes: 0, account: 1, javaScript }, async (visitor, stack) => {
		const { page } = visitor;
		const account = await newAccount(stack.service);
		await signIn(visitor, account, '/account/security');
		const password = secret(`${account.password} anew`);
		const change = async (current: string) => {
			await page.getByLabel('Current password').fill(current);
			await page.getByLabel('New password').fill(password);
			await page.getByRole('button', { name: 'Change the password' }).click();
		};
		await change(`not ${account.password}`);
		const problem = page.getByRole('alert');
		await problem.getByText('The current password is not right.').waitFor();
		expect(await problem.evaluate((box) => box === document.activeElement)).toBe(true);
		await change(account.password);
		await page.getByRole('status').filter({ hasText: 'The password was changed.' }).waitFor();
		await expect(signInElsewhere(stack.service, account)).rejects.toThrow('401');
		await signInElsewhere(stack.service, { ...account, password });
	});
}

scenario('what is typed before the scripts are there stays', { refreshes: 0 }, async ({ page }) => {
	let arrive = () => {};
	const arrived = new Promise<void>((resolve) => (arrive = resolve));
	await page.route('**/*.js', async (route) => {
		await arrived;
		await route.continue();
	});
	await page.goto('/signup', { waitUntil: 'commit' });
	const typed = { Name: 'Eve', 'Email address': 'eve@example.org', Password: 'an eve of engines' };
	for (const [label, text] of Object.entries(typed)) await page.getByLabel(label).fill(text);
	arrive();
	await page.waitForLoadState('networkidle');
	for (const [label, text] of Object.entries(typed)) expect(await page.getByLabel(label).inputValue(), label).toBe(text);
});

scenario('a role that was given or taken counts from the next request on', { refreshes: 2, account: 3 }, async (visitor, stack) => {
	const { page } = visitor;
	const account = await newAccount(stack.service);
	await signIn(visitor, account, '/account');
	const statuses = async () => {
		const api = await page.evaluate(() => fetch('/api/audit').then(({ status }) => status));
		return [api, (await page.goto('/audit'))?.status()];
	};
	const toBe = (status: number) => async () => (await statuses()).every((each) => each === status);
	expect(await statuses()).toEqual([403, 403]);
	await setRoles(stack.service, account, ['admin']);
	await until('the role counts', toBe(200));
	await main(page).getByText('You', { exact: true }).waitFor();
	await setRoles(stack.service, account, []);
	await until('the role counts no more', toBe(403));
	await expect.poll(() => header(page).getByRole('link', { name: 'Audit' }).count()).toBe(0);
});

scenario('the service is away: notes are read, the rest says so, and nobody is signed out', { refreshes: 0, account: 1 }, async (visitor, stack) => {
	const { page } = visitor;
	await signIn(visitor, await newAccount(stack.service), '/notes');
	await stack.front.down();
	expect((await page.goto('/notes'))?.status()).toBe(200);
	expect((await page.goto('/account'))?.status()).toBe(503);
	await page.getByText('You are still signed in').waitFor();
	await stack.front.up();
	await page.getByRole('link', { name: 'Try again' }).click();
	await page.getByLabel('Name').waitFor();
});

/** What axe finds against WCAG 2.2 AA, contrast included. */
async function violations(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
	return page.evaluate(async () => {
		const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
		const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
		const { violations } = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
		return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
	});
}

for (const colorScheme of ['light', 'dark'] as const) {
	for (const width of [1280, 360]) {
		scenario(`every page can be read and used, ${colorScheme}, ${width} px wide`, { refreshes: 0, account: 1 }, async (visitor, stack) => {
			const { page } = visitor;
			await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
			await page.setViewportSize({ width, height: 800 });
			const look = async (path: string) => {
				await page.goto(path, { waitUntil: 'networkidle' });
				expect(await violations(page), path).toEqual([]);
				expect(await page.evaluate(() => document.documentElement.scrollWidth), `${path} scrolls sideways`).toBeLessThanOrEqual(width);
			};
			for (const path of ['/', '/login', '/signup', '/nothing-here']) await look(path);
			await page.getByRole('link', { name: 'To the start page' }).waitFor();
			await page.goto('/login');
			await page.getByLabel('Email address').fill('eve@example.org');
			await page.getByLabel('Password').fill('not the password of Eve');
			await main(page).getByRole('button', { name: 'Sign in' }).click();
			await page.getByRole('alert').waitFor();
			expect(await violations(page), 'a failed login').toEqual([]);

			const account: Account = newcomer();
			await stack.service.command(['users', 'create', account.email, '--role', 'admin'], `${account.password}\n`);
			await signInElsewhere(stack.service, account);
			await signIn(visitor, account);
			for (const path of ['/', '/notes', '/account', '/account/devices', '/account/security', '/audit', '/logout']) await look(path);
		});
	}
}
