import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { newAccount } from './harness/service.ts';

const scenario = onStack();

for (const javaScript of [true, false]) {
	describe(javaScript ? 'with JavaScript' : 'without JavaScript', () => {
		scenario('the login form signs in, the session survives a reload, the button signs out', { refreshes: 0, javaScript }, async (visitor) => {
			const { page } = visitor;
			const { id } = await visitor.signIn({ at: '/login?redirectTo=/account' });
			await page.waitForURL('**/account');
			expect(await page.locator('#who').textContent()).toBe(id);
			expect(await page.locator('#api-status').textContent()).toBe('200');
			await page.reload();
			expect(await page.locator('#who').textContent()).toBe(id);

			await page.getByRole('button', { name: 'Sign out' }).click();
			await page.locator('#status', { hasText: 'signed-out' }).waitFor();
			expect(await visitor.context.cookies()).toEqual([]);
			await visitor.goto('/account');
			expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/login?redirectTo=%2Faccount');
		});

		scenario('a wrong password says so, keeps the address and signs nobody in', { refreshes: 0, javaScript }, async (visitor, stack) => {
			const { page } = visitor;
			const { email } = await newAccount(stack.service);
			await visitor.goto('/login');
			await visitor.submitLogin({ email, password: 'not the password of Ada' });
			await page.locator('#problem', { hasText: 'invalid_credentials' }).waitFor();
			expect(await page.locator('#problem').textContent()).not.toContain('not the password');
			expect(await page.getByLabel('Email').inputValue()).toBe(email);
			expect(await visitor.context.cookies()).toEqual([]);
		});

		scenario('the sign-up form makes an account and signs in', { refreshes: 0, javaScript }, async (visitor) => {
			const { page } = visitor;
			await visitor.goto('/signup');
			await visitor.submitLogin({ email: `new-${crypto.randomUUID()}@example.org`, password: 'short' });
			await page.locator('#problem', { hasText: 'validation_failed' }).waitFor();
			const account = { email: `new-${crypto.randomUUID()}@example.org`, password: 'a lovelace of engines' };
			await visitor.submitLogin(account);
			await page.locator('#status', { hasText: 'signed-in' }).waitFor();
			expect(await page.locator('#subject').textContent()).toMatch(/^[0-9a-f-]{36}$/);
		});
	});
}

scenario('signing in gives a session that was not there before', { refreshes: 0 }, async (visitor) => {
	// R20, I12
	const account = await visitor.signIn();
	const first = await visitor.context.cookies();
	await visitor.signIn({ account });
	const second = await visitor.context.cookies();
	expect(second.map(({ name }) => name)).toEqual(first.map(({ name }) => name));
	for (const { name, value } of second) {
		expect(value).not.toBe(first.find((cookie) => cookie.name === name)?.value);
	}
});
