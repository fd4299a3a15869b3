import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

let issuer: MockIssuer;
let app: Process;

beforeEach(async () => {
	issuer = await startIssuer({ accessTtl: 600 });
	app = startApp(issuer);
});

afterEach(async () => {
	vi.useRealTimers();
	app.auth.close();
	await issuer.close();
});

/** Moves the clocks of the app and of the service alike. */
function later(seconds: number) {
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
}

describe('a session', () => {
	test('is made by the login action, in cookies that no script can read', async () => {
		const browser = new Browser(app);
		const response = await browser.login();
		expect(response.status).toBe(303);
		expect(response.headers.get('location')).toBe('/');
		expect(response.headers.get('cache-control')).toBe('private, no-store');
		expect([...browser.jar.keys()].sort()).toEqual(['__Host-auth-access', '__Host-auth-refresh']);
		// R19
		for (const line of browser.seen) expect(line).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
		const state = await browser.state();
		expect(state).toMatchObject({ status: 'signed-in', claims: { roles: ['reader'] } });
		expect(state.hasRole('reader')).toBe(true);
		expect(state.hasRole('admin')).toBe(false);
		expect(app.refreshes).toEqual(['access']);
		expect(await browser.user()).toMatchObject({ email: ADA.email });
	});

	test('asks the service nothing where there is none', async () => {
		await issuer.close();
		expect((await new Browser(app).state()).status).toBe('signed-out');
		expect(app.warnings).toEqual([]);
	});

	test('is refreshed before it expires, once for ten tabs, and says nothing to the app', async () => {
		const browser = new Browser(app);
		await browser.login();
		later(575);
		const tabs = Array.from({ length: 10 }, () => browser.copy());
		const states = await Promise.all(tabs.map((tab) => tab.state()));
		expect(states.map(({ status }) => status)).toEqual(Array(10).fill('signed-in'));
		expect(app.refreshes).toEqual(['access', 'access']);
		// I1: one successor for all.
		expect(new Set(tabs.map((tab) => tab.jar.get('__Host-auth-refresh'))).size).toBe(1);
		// A tab that comes late with what it had before is given the same.
		const late = browser.copy();
		expect((await late.state()).status).toBe('signed-in');
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('is refreshed in two processes at once, and both get the same successor', async () => {
		const other = startApp(issuer);
		const browser = new Browser(app);
		await browser.login();
		later(575);
		const [a, b] = [browser.copy(), browser.copy(other)];
		await Promise.all([a.state(), b.state()]);
		expect([app.refreshes, other.refreshes]).toEqual([['access', 'access'], ['access']]);
		expect(a.jar.get('__Host-auth-refresh')).toBe(b.jar.get('__Host-auth-refresh'));
		expect((await a.state()).status).toBe('signed-in');
		expect((await b.state()).status).toBe('signed-in');
		other.auth.close();
	});

	test('has no-store on any page, and on any response that sets a cookie', async () => {
		const browser = new Browser(app);
		await browser.login();
		const page = () => new Response('<p>', { headers: { 'content-type': 'text/html' } });
		expect((await browser.get('/', page)).headers.get('cache-control')).toBe('private, no-store');
		expect((await new Browser(app).get('/', page)).headers.get('cache-control')).toBeNull();
		later(575);
		const cached = () => new Response('x', { headers: { 'cache-control': 'public, max-age=60' } });
		const response = await browser.get('/asset', cached);
		expect(response.headers.getSetCookie()).toHaveLength(2);
		expect(response.headers.get('cache-control')).toBe('private, no-store');
	});

	test('is for this browser alone in whatever it is answered, unless the app says more', async () => {
		const browser = new Browser(app);
		await browser.login();
		const says = async (handler: () => Response, own = browser) => (await own.get('/x', handler)).headers.get('cache-control');
		expect(await says(() => Response.json({}))).toBe('private, no-cache');
		expect(await says(() => Response.json({}, { headers: { 'cache-control': 'max-age=60' } }))).toBe('max-age=60');
		expect(await says(() => Response.json({}), new Browser(app))).toBeNull();
	});

	test('keeps its cookies on a response whose headers can not be changed', async () => {
		const browser = new Browser(app);
		await browser.login();
		later(575);
		const response = await browser.get('/', () => fetch(`${issuer.url}/.well-known/jwks.json`));
		expect(response.headers.getSetCookie()).toHaveLength(2);
	});

	test('is not rotated by what goes on after the response began', async () => {
		const browser = new Browser(app);
		await browser.login();
		let streamed: Promise<unknown> | undefined;
		let refreshed: Promise<unknown> | undefined;
		const { promise: sent, resolve: send } = deferred();
		await browser.get('/', (event) => {
			if (event.isSubRequest) return new Response(event.locals.auth.status);
			streamed = sent.then(() => event.fetch('/inner'));
			refreshed = sent.then(() => app.auth.refresh(event));
			return new Response('ok');
		});
		later(700);
		send();
		await Promise.all([streamed, refreshed]);
		expect(app.refreshes).toEqual(['access']);
		expect((await browser.state()).status).toBe('signed-in');
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('waits with the response for a rotation that is under way', async () => {
		const browser = new Browser(app);
		await browser.login();
		const before = browser.jar.get('__Host-auth-refresh');
		later(60);
		await browser.get('/', (event) => {
			void app.auth.refresh(event);
			return new Response('ok');
		});
		expect(app.refreshes).toEqual(['access', 'access']);
		expect(browser.jar.get('__Host-auth-refresh')).not.toBe(before);
	});

	test('is not brought back by a refresh that was under way when it was ended', async () => {
		const browser = new Browser(app);
		await browser.login();
		const tab = browser.copy();
		later(575);
		const { promise: held, resolve: release } = deferred();
		const slow = tab.get('/', async () => {
			await held;
			return new Response('ok');
		});
		await vi.waitFor(() => expect(app.refreshes).toHaveLength(2));
		await browser.post('/logout', async (event) => Response.json(await app.auth.logout(event)));
		release();
		await slow;
		expect(tab.jar.size).toBe(0);
	});
});

test('a path for programs knows no session, for another site may have sent what comes there', async () => {
	const own = startApp(issuer, { csrfExempt: ['/webhooks'] });
	const browser = new Browser(own);
	await browser.login();
	const status = async (headers: Record<string, string>) => {
		const response = await browser.request('/webhooks/pay', { method: 'POST', headers }, ({ locals }) => new Response(locals.auth.status));
		expect(response.headers.getSetCookie()).toEqual([]);
		return response.text();
	};
	expect(await status({ 'sec-fetch-site': 'same-site' })).toBe('signed-out');
	expect(await status({})).toBe('signed-out');
	expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe('signed-in');
	expect((await browser.state()).status).toBe('signed-in');
	own.auth.close();
});

test('a universal load may read of an answer what openapi-fetch reads, and no other header', async () => {
	const event = { request: new Request('http://app.test/'), url: new URL('http://app.test/'), cookies: { get: () => undefined }, locals: {} };
	const resolve = vi.fn(() => Promise.resolve(new Response('ok')));
	await app.auth.handle({ event, resolve } as unknown as Parameters<typeof app.auth.handle>[0]);
	const [, options] = resolve.mock.calls[0] as unknown as Parameters<Parameters<typeof app.auth.handle>[0]['resolve']>;
	const read = (name: string) => options?.filterSerializedResponseHeaders?.(name, '');
	expect(['content-length', 'transfer-encoding', 'set-cookie', 'authorization'].map(read)).toEqual([true, true, false, false]);
});

test('a cookie that is rubbish is no session and no error', async () => {
	// I19
	for (const rubbish of ['', ' ', '%%%', 'a.b.c', 'é', '"', 'x'.repeat(9000), 'rt_1', '../..']) {
		const browser = new Browser(app);
		browser.jar.set('__Host-auth-access', rubbish);
		expect((await browser.state()).status).toBe('signed-out');
		browser.jar.set('__Host-auth-refresh', rubbish);
		expect((await browser.state()).status).toBe('signed-out');
		expect(browser.jar.size).toBe(0);
	}
});

function deferred() {
	let resolve = () => {};
	const promise = new Promise<void>((done) => (resolve = done));
	return { promise, resolve };
}
