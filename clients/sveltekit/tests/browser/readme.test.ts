import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { makeAppOfReadme } from './harness/readme.ts';
import { onStack } from './harness/scenario.ts';
import { secret } from './harness/secrets.ts';

// The app that the README makes, file by file, with nothing added.
const folder = mkdtempSync(join(tmpdir(), 'auth-readme-'));
// A build, which takes its time on a busy machine.
beforeAll(() => makeAppOfReadme(folder), 180_000);
afterAll(() => rmSync(folder, { recursive: true }));
const scenario = onStack({ app: join(folder, 'build/index.js') });

for (const javaScript of [true, false]) {
	scenario(`five minutes to a protected page, ${javaScript ? 'with JavaScript' : 'without JavaScript'}`, { refreshes: 0, account: 2, javaScript }, async (visitor) => {
		const { page } = visitor;
		const email = `ada-${crypto.randomUUID()}@example.org`;
		const password = secret(`a lovelace of ${crypto.randomUUID()}`);
		const submit = async (typed: string) => {
			await page.getByLabel('Email').fill(email);
			await page.getByLabel('Password').fill(typed);
			await page.getByRole('button', { name: /^Sign (up|in)$/ }).click();
		};
		await page.goto('/account');
		expect(new URL(page.url()).search).toBe('?redirectTo=%2Faccount');

		await page.goto('/signup', { waitUntil: 'networkidle' });
		await submit('short');
		await page.getByText(/at least 15 characters/).waitFor();
		await submit(password);
		await page.waitForURL((url) => url.pathname === '/');
		await page.goto('/account');
		expect(await page.locator('h1').textContent()).toBe(`Hello ${email}`);

		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.waitForURL((url) => url.pathname === '/');
		await page.goto('/account');
		await submit(password);
		await page.waitForURL((url) => url.pathname === '/account');
		expect(await page.locator('h1').textContent()).toBe(`Hello ${email}`);
	});
}

scenario('an API behind /api, refreshed without a word, and other tabs that know', { refreshes: 1, account: 1 }, async (visitor) => {
	const { page } = visitor;
	await page.goto('/signup', { waitUntil: 'networkidle' });
	await page.getByLabel('Email').fill(`ada-${crypto.randomUUID()}@example.org`);
	await page.getByLabel('Password').fill(secret(`a lovelace of ${crypto.randomUUID()}`));
	await page.getByRole('button', { name: 'Sign up' }).click();
	await page.waitForURL((url) => url.pathname === '/');
	await visitor.skipToExpiry();
	expect(await page.evaluate(() => fetch('/api/whoami').then(({ status }) => status))).toBe(200);

	const [, other] = await visitor.tabs(2);
	for (const tab of [page, other!]) await tab.goto('/account', { waitUntil: 'networkidle' });
	await page.getByRole('button', { name: 'Sign out' }).click();
	await other!.waitForURL((url) => url.pathname === '/login');
});
