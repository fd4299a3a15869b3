import { decodeJwt } from 'jose';
import { describe, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { newAdmin, signInElsewhere } from './harness/service.ts';
import type { Visitor } from './harness/visitor.ts';

const scenario = onStack();

async function expectMe(visitor: Visitor, page = visitor.page): Promise<void> {
	await visitor.goto('/me', page);
	expect(await page.locator('#mail').textContent()).toBe(visitor.account!.email);
	expect(await page.locator('#api-status').textContent()).toBe('200');
}

scenario('the token for the account is asked for by the first page that calls the service, once', { refreshes: 0, account: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.goto('/account');
	expect(await visitor.token('account')).toBeUndefined();
	for (let load = 0; load < 3; load++) await expectMe(visitor);
	// A process that knows nothing of it takes it all the same.
	const first = stack.apps[0]!;
	await stack.addApp();
	await stack.removeApp(first);
	await expectMe(visitor);
	await visitor.goto('/');
	await visitor.page.getByRole('button', { name: 'Sign out' }).click();
	await visitor.page.locator('#status', { hasText: 'signed-out' }).waitFor();
	expect(await visitor.context.cookies()).toEqual([]);
});

scenario('each token is good for its own purpose alone', { refreshes: 0, account: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await expectMe(visitor);
	const [access, account] = [await visitor.token('access'), await visitor.token('account')];
	const service = async (bearer?: string) => {
		const answer = await stack.service.call('GET', '/v1/me', { bearer });
		return [answer.status, ((await answer.json()) as { code?: string }).code];
	};
	const api = async (bearer?: string) => (await fetch(`${stack.api.url}/whoami`, { headers: { authorization: `Bearer ${bearer}` } })).status;
	expect(await service(access)).toEqual([401, 'token_invalid']);
	expect(await service(account)).toEqual([200, undefined]);
	expect(await api(access)).toBe(200);
	expect(await api(account)).toBe(401);
	// It was not the app that sent it.
	stack.api.asked.pop();
});

scenario('who may administer the service can’t with the tokens of an app', { refreshes: 0, account: 1 }, async (visitor, stack) => {
	const admin = await newAdmin(stack.service);
	await visitor.signIn({ account: admin });
	await expectMe(visitor);
	const ask = async (bearer?: string) => (await stack.service.call('GET', '/v1/admin/users', { bearer })).status;
	expect(await ask(await visitor.token('access'))).toBe(401);
	expect(await ask(await visitor.token('account'))).toBe(403);
	const body = { refresh_token: await visitor.token('refresh'), scope: 'admin' };
	expect((await stack.service.call('POST', '/v1/refresh', { body })).status).toBe(422);
	// It costs the session nothing.
	await expectMe(visitor);
	expect(await ask((await signInElsewhere(stack.service, admin, 'admin')).access_token)).toBe(200);
});

// The right one is remembered for a while by the process that fetched it.
scenario('an account cookie of somebody else is never used', { refreshes: 0, account: [2, 3] }, async (visitor) => {
	await visitor.signIn();
	await expectMe(visitor);
	const other = await visitor.another();
	await other.signIn();
	await expectMe(other);
	const planted = (await other.context.cookies()).filter(({ name }) => name === '__Host-auth-account');
	await visitor.context.addCookies(planted);
	await expectMe(visitor);
	expect(decodeJwt((await visitor.token('account'))!).sid).toBe(decodeJwt((await visitor.token('access'))!).sid);
	expect(await visitor.token('account')).not.toBe(planted[0]!.value);
	await other.leave();
});

scenario('a session that another device ended is over when the service says so', { refreshes: 0, account: 2 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	await expectMe(visitor);
	const elsewhere = await signInElsewhere(stack.service, account);
	await stack.service.call('DELETE', '/v1/me/sessions', { bearer: elsewhere.access_token });
	await visitor.goto('/me');
	expect(await visitor.context.cookies()).toEqual([]);
	await visitor.goto('/me');
	expect(new URL(visitor.page.url()).pathname).toBe('/login');
});

describe('tokens that expire', () => {
	const scenario = onStack({ service: { AUTH__TOKENS__ACCESS_TTL: '10s' } });

	scenario('each is refreshed once, where it is needed', { refreshes: 1, account: 2 }, async (visitor) => {
		await visitor.signIn();
		await expectMe(visitor);
		await visitor.expire();
		await expectMe(visitor);
	});

	scenario('a page that does not call the service refreshes the one for APIs alone', { refreshes: 1, account: 1 }, async (visitor) => {
		await visitor.signIn();
		await expectMe(visitor);
		await visitor.expire();
		await visitor.goto('/account');
		expect(await visitor.token('account')).toBeUndefined();
		expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
	});
});

describe('a service without a reuse window', () => {
	const scenario = onStack({ service: { AUTH__REFRESH__REUSE_WINDOW: '0s' } });

	scenario('tabs that need both tokens at once end no session', { refreshes: 2, account: 2 }, async (visitor, stack) => {
		await visitor.signIn();
		const tabs = await visitor.tabs(8);
		await visitor.skipToExpiry();
		await Promise.all(tabs.map((tab, number) => (number % 2 ? visitor.goto('/account', tab) : expectMe(visitor, tab))));
		for (const tab of tabs) expect(await visitor.status(tab)).toBe('signed-in');
		// A process that remembers nothing takes what the browser has.
		const first = stack.apps[0]!;
		await stack.addApp();
		await stack.removeApp(first);
		for (const name of ['access', 'account'] as const) await visitor.skipToExpiry(name);
		await expectMe(visitor);
	});
});
