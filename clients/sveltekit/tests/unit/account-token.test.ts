import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

const BOB = { email: 'bob@example.org', password: 'an evil twin of engines' };
const ACCESS = '__Host-auth-access';
const ACCOUNT = '__Host-auth-account';
const REFRESH = '__Host-auth-refresh';
let issuer: MockIssuer;
let app: Process;
let browser: Browser;
/** What was sent to the service. */
let sent: { path: string; bearer: string | undefined; body: Record<string, unknown> }[];

beforeEach(async () => {
	issuer = await startIssuer();
	issuer.addUser(BOB);
	sent = [];
	app = startApp(issuer, { fetch: recorded, timeout: 0.5 });
	browser = new Browser(app);
	await browser.login();
});

afterEach(async () => {
	vi.useRealTimers();
	app.auth.close();
	await issuer.close();
});

const recorded: typeof globalThis.fetch = (input, init) => {
	const bearer = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length);
	const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {};
	sent.push({ path: new URL(String(input)).pathname, bearer, body });
	return globalThis.fetch(input, init);
};
const later = (seconds: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
const claims = (name = ACCOUNT, of = browser) => decodeJwt(of.jar.get(name) ?? '');
const bearersOf = (path: string) => sent.filter((call) => call.path === path).map(({ bearer }) => bearer);
const away = () => issuer.fault('/v1/refresh', () => new Response(null, { status: 503 }));

describe('at sign-in', () => {
	test('nothing is asked for, and the token that is for the account as well is kept nowhere', async () => {
		expect(sent.filter(({ path }) => path.startsWith('/v1/')).map(({ path, body }) => [path, body])).toEqual([
			['/v1/login', { email: ADA.email, password: ADA.password }],
			['/v1/refresh', { refresh_token: expect.any(String), audience: 'api' }]
		]);
		expect([...browser.jar.keys()].sort()).toEqual([ACCESS, REFRESH]);
		expect(claims(ACCESS).aud).toEqual(['api']);
		for (const [token] of browser.seen.join().matchAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g)) expect(decodeJwt(token).aud).not.toContain(issuer.issuer);
	});

	test('a signup does the same', async () => {
		const own = new Browser(app);
		await own.post('/signup', async (event) => Response.json(await app.auth.actions.signup(event)), { email: 'new@example.org', password: 'a long enough password' });
		expect(claims(ACCESS, own).aud).toEqual(['api']);
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('a service that is away between the two calls costs no session', async () => {
		away();
		const own = new Browser(app);
		expect((await own.login()).status).toBe(303);
		expect([...own.jar.keys()]).toEqual([REFRESH]);
		expect((await own.state()).status).toBe('unavailable');
		issuer.fault('/v1/refresh');
		await vi.waitFor(async () => expect((await own.state()).status).toBe('signed-in'), { timeout: 5_000, interval: 200 });
	});

	test('as somebody else leaves nothing of whoever was there', async () => {
		await browser.user();
		const before = claims()['sid'];
		await browser.login(BOB);
		expect([...browser.jar.keys()].sort()).toEqual([ACCESS, REFRESH]);
		expect((await browser.user())?.email).toBe(BOB.email);
		expect(claims()['sid']).not.toBe(before);
	});

	test('as somebody else while the service is away leaves nothing of whoever was there either', async () => {
		await browser.user();
		away();
		await browser.login(BOB);
		expect([...browser.jar.keys()]).toEqual([REFRESH]);
	});
});

describe('the token for the account', () => {
	test('is asked for by the first call that needs it, once, and kept for other requests and processes', async () => {
		await browser.state();
		expect(app.refreshes).toEqual(['access']);
		await browser.get('/', async (event) => {
			const service = app.auth.service(event);
			const answers = await Promise.all([service.GET('/v1/me'), event.locals.auth.user(), service.GET('/v1/me/sessions')]);
			expect(answers[0].data).toEqual(answers[1]);
			expect((await service.GET('/v1/me')).response.status).toBe(200);
			return new Response('ok');
		});
		expect(app.refreshes).toEqual(['access', 'account']);
		expect(sent.findLast(({ path }) => path === '/v1/refresh')?.body).toMatchObject({ audience: issuer.issuer, scope: 'account' });
		expect(claims()).toMatchObject({ aud: [issuer.issuer], scope: 'account', sid: claims(ACCESS)['sid'] });
		expect(claims(ACCESS).aud).toEqual(['api']);

		const other = startApp(issuer);
		for (const one of [browser, browser.copy(), browser.copy(other)]) expect((await one.user())?.email).toBe(ADA.email);
		expect([app.refreshes, other.refreshes]).toEqual([['access', 'account'], []]);
		expect(new Set(bearersOf('/v1/me'))).toEqual(new Set([browser.jar.get(ACCOUNT)]));
		other.auth.close();
	});

	test('is never asked for by pages that do not call the service, and each token is refreshed by itself', async () => {
		for (let page = 0; page < 3; page++) await browser.state();
		later(575);
		for (let page = 0; page < 3; page++) await browser.state();
		expect(app.refreshes).toEqual(['access', 'access']);
		later(100);
		await browser.user();
		later(480);
		await browser.state();
		expect(app.refreshes).toEqual(['access', 'access', 'account', 'access']);
		later(100);
		expect((await browser.user())?.email).toBe(ADA.email);
		expect(app.refreshes).toEqual(['access', 'access', 'account', 'access', 'account']);
	});

	test('for other tabs that need it at the same time is asked for once', async () => {
		const tabs = Array.from({ length: 10 }, () => browser.copy());
		const users = await Promise.all(tabs.map((tab) => tab.user()));
		expect(users.map((user) => user?.email)).toEqual(Array(10).fill(ADA.email));
		expect(app.refreshes).toEqual(['access', 'account']);
	});

	test.each(['claims_stale', 'token_expired', 'token_revoked'])('that the service refuses for %s is refreshed, and the call made once more', async (code) => {
		await browser.user();
		const refused = browser.jar.get(ACCOUNT);
		issuer.fault('/v1/me', ({ headers }) => (headers.get('authorization') === `Bearer ${refused}` ? Response.json({ code }, { status: 401 }) : undefined));
		expect((await browser.user())?.email).toBe(ADA.email);
		expect(app.refreshes).toEqual(['access', 'account', 'account']);
		expect(browser.jar.get(ACCOUNT)).not.toBe(refused);
	});

	test('that is stale by the feed is refreshed before it is used', async () => {
		const own = startApp(issuer, { feed: issuer.feed, fetch: recorded });
		const one = browser.copy(own);
		const { id } = (await one.user()) ?? { id: '' };
		issuer.setRoles(id, ['admin']);
		await vi.waitFor(async () => expect((await one.state()).hasRole('admin')).toBe(true));
		sent = [];
		expect((await one.user())?.roles).toEqual(['admin']);
		expect(own.refreshes.filter((which) => which === 'account')).toHaveLength(2);
		expect(bearersOf('/v1/me')).toEqual([one.jar.get(ACCOUNT)]);
		own.auth.close();
	});

	test('shows that the session is over, and everything goes', async () => {
		issuer.revokeSession((await browser.state()).sessionId ?? '');
		expect(await browser.user()).toBeUndefined();
		expect(browser.jar.size).toBe(0);
	});

	test('goes at logout with the others', async () => {
		await browser.user();
		expect(browser.jar.size).toBe(3);
		await browser.post('/logout', async (event) => Response.json(await app.auth.logout(event)));
		expect(browser.jar.size).toBe(0);
	});

	test('by itself is no session', async () => {
		await browser.user();
		for (const name of [ACCESS, REFRESH]) browser.jar.delete(name);
		expect((await browser.state()).status).toBe('signed-out');
		expect(browser.jar.size).toBe(0);
	});
});

describe('a token for the account that can not be had', () => {
	const ask = async () => {
		let answer: unknown;
		await browser.get('/', async (event) => {
			const { error, response } = await app.auth.service(event).GET('/v1/me');
			answer = [event.locals.auth.status, response.status, error?.code];
			return new Response('ok');
		});
		return answer;
	};

	test('because the service is away is an error of that kind, and signs nobody out', async () => {
		away();
		expect(await ask()).toEqual(['signed-in', 503, 'unavailable']);
		expect(await ask()).toEqual(['signed-in', 503, 'unavailable']);
		issuer.fault('/v1/refresh');
		await vi.waitFor(async () => expect(await ask()).toEqual(['signed-in', 200, undefined]), { timeout: 5_000, interval: 200 });
	});

	test('because the session was not granted it says what to set, and leaves the one for APIs alone', async () => {
		const refusal = { code: 'validation_failed', errors: [{ field: 'scope', code: 'invalid', message: 'no' }] };
		issuer.fault('/v1/refresh', async (request) => ((await request.clone().text()).includes('"scope"') ? Response.json(refusal, { status: 422 }) : undefined));
		expect(await ask()).toEqual(['signed-in', 503, 'unavailable']);
		expect(app.warnings.join()).toContain('tokens.scope');
		await browser.get('/', async (event) => Response.json((await app.auth.refresh(event)).status));
		expect(app.refreshes).toEqual(['access', 'account', 'access']);
	});

	test('an audience that no session is granted says what to set, and logs nobody out', async () => {
		const wrong = startApp(issuer, { audience: 'orders' });
		const own = new Browser(wrong);
		await own.login();
		expect((await own.state()).status).toBe('unavailable');
		expect([...own.jar.keys()]).toEqual([REFRESH]);
		expect(wrong.warnings.join()).toContain('tokens.audience');
		expect(wrong.warnings.join()).not.toMatch(/rt_|eyJ/);
		wrong.auth.close();
	});
});

describe('once the response has begun', () => {
	/** Calls the service after the response left. */
	async function late(of = browser) {
		let asked: Promise<unknown> | undefined;
		let send = () => {};
		const left = new Promise<void>((resolve) => (send = resolve));
		await of.get('/', (event) => {
			asked = left.then(() => app.auth.service(event).GET('/v1/me'));
			return new Response('ok');
		});
		send();
		return ((await asked) as { response: Response }).response.status;
	}

	test('a token that still counts is used, and nothing is rotated for want of one', async () => {
		expect(await late()).toBe(401);
		expect(bearersOf('/v1/me')).toEqual([undefined]);
		expect(app.refreshes).toEqual(['access']);
		await browser.user();
		expect(await late()).toBe(200);
		expect(app.refreshes).toEqual(['access', 'account']);
	});

	test('a call that began before it is waited for', async () => {
		let user: Promise<unknown> | undefined;
		await browser.get('/', ({ locals }) => {
			user = locals.auth.user();
			return new Response('ok');
		});
		expect(browser.jar.has(ACCOUNT)).toBe(true);
		expect(await user).toMatchObject({ email: ADA.email });
	});
});
