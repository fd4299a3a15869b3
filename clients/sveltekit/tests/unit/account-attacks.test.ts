import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

const BOB = { email: 'bob@example.org', password: 'an evil twin of engines' };
const ACCESS = '__Host-auth-access';
const ACCOUNT = '__Host-auth-account';
const REFRESH = '__Host-auth-refresh';
const API = 'http://api.example';
let issuer: MockIssuer;
let app: Process;
let browser: Browser;
/** The bearers that the API was sent, and the service. */
let api: string[];
let service: string[];

beforeEach(async () => {
	issuer = await startIssuer();
	issuer.addUser(BOB);
	[api, service] = [[], []];
	const fetch: typeof globalThis.fetch = (input, init) => {
		const bearer = new Headers(init?.headers).get('authorization')?.slice('Bearer '.length) ?? '';
		const { origin, pathname } = new URL(String(input));
		if (pathname.startsWith('/v1/me')) service.push(bearer);
		if (origin !== API) return globalThis.fetch(input, init);
		api.push(bearer);
		return Promise.resolve(api.length % 2 ? Response.json({ code: 'claims_stale' }, { status: 401 }) : Response.json({}));
	};
	app = startApp(issuer, { apis: { '/api': API }, fetch, timeout: 0.5 });
	browser = new Browser(app);
	await browser.login();
});

afterEach(async () => {
	vi.useRealTimers();
	app.auth.close();
	await issuer.close();
});

const later = (seconds: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
const away = () => issuer.fault('/v1/refresh', () => new Response(null, { status: 503 }));
const cookie = (of: Browser, name: string) => of.jar.get(name) ?? '';
const plant = (name: string, token: string) => browser.jar.set(name, token);

/** Somebody's own session, with all three tokens. */
async function another(who: { email: string; password: string } = BOB): Promise<Browser> {
	const other = new Browser(app);
	await other.login(who);
	await other.user();
	service = [];
	return other;
}

/** Everything by which an API or a page is given a token; each call to the API is refused once. */
async function handedOut(): Promise<string[]> {
	const given: string[] = [];
	await browser.request('/api/x', { headers: { 'sec-fetch-site': 'same-origin' } }, (event) => app.auth.proxy(event));
	await browser.get('/page', async (event) => (event.isSubRequest ? app.auth.proxy(event) : event.fetch('/api/x')));
	await browser.get('/page', (event) => event.fetch(`${API}/x`));
	for (const refused of [undefined, cookie(browser, ACCESS), cookie(browser, ACCOUNT)]) {
		const headers: Record<string, string> = { 'sec-fetch-site': 'same-origin', ...(refused !== undefined && { 'x-refused-token': refused }) };
		const response = await browser.request('/auth/token', { method: 'POST', headers }, (event) => app.auth.token(event));
		given.push(((await response.json()) as { access_token: string }).access_token);
	}
	return [...api, ...given];
}

describe('no API and no page is given a token that the service takes', () => {
	async function expectNarrow() {
		const tokens = await handedOut();
		expect(tokens.length).toBeGreaterThanOrEqual(9);
		for (const token of tokens) expect(decodeJwt(token).aud).toEqual(['api']);
		for (const token of new Set(tokens)) {
			const response = await fetch(`${issuer.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
			expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
		}
	}

	test('with the account token beside it', async () => {
		await browser.user();
		await expectNarrow();
	});

	test('with the account token in its place, or one for both', async () => {
		await browser.user();
		plant(ACCESS, cookie(browser, ACCOUNT));
		await expectNarrow();
		plant(ACCESS, (await issuer.signIn(ADA.email, ADA.password)).access_token);
		await expectNarrow();
	});

	test('not even while no other can be had', async () => {
		plant(ACCESS, (await issuer.signIn(ADA.email, ADA.password)).access_token);
		away();
		expect((await browser.state()).status).toBe('unavailable');
		await browser.get('/page', (event) => event.fetch(`${API}/x`));
		expect(api.every((token) => token === '')).toBe(true);
		expect(cookie(browser, REFRESH)).not.toBe('');
	});

	test('where the service gives one for both all the same, which is said in a warning', async () => {
		issuer.fault('/v1/refresh', async (request) => {
			const { refresh_token } = (await request.clone().json()) as { refresh_token: string };
			const session = await issuer.fetch(`${issuer.url}/v1/login`, { method: 'POST', body: JSON.stringify(ADA) });
			return Response.json({ ...((await session.json()) as object), refresh_token });
		});
		later(575);
		expect((await browser.state()).status).toBe('unavailable');
		expect(app.warnings.join()).toContain('here: audience;');
		await browser.get('/page', (event) => event.fetch(`${API}/x`));
		expect(api.every((token) => token === '')).toBe(true);
	});
});

describe('what an older version of this package left', () => {
	test('is one token for APIs, which counts until it expires', async () => {
		expect((await browser.state()).status).toBe('signed-in');
		expect((await browser.user())?.email).toBe(ADA.email);
		expect(app.refreshes).toEqual(['access', 'account']);
	});

	test('is one token for both, in place of which one for APIs is fetched: nobody is logged out', async () => {
		const { access_token, refresh_token } = await issuer.signIn(ADA.email, ADA.password);
		plant(ACCESS, access_token);
		plant(REFRESH, refresh_token);
		expect((await browser.state()).status).toBe('signed-in');
		expect(decodeJwt(cookie(browser, ACCESS)).aud).toEqual(['api']);
		expect(app.refreshes).toEqual(['access', 'access']);
	});
});

describe('an account cookie that was planted is never used, and goes', () => {
	const own = () => decodeJwt(cookie(browser, ACCESS))['sid'];

	/** Whatever the service was sent was of this browser's own session. */
	async function expectOwn() {
		expect((await browser.user())?.email).toBe(ADA.email);
		expect(service.length).toBeGreaterThan(0);
		for (const token of service) expect(decodeJwt(token)).toMatchObject({ aud: [issuer.issuer], sid: own() });
		expect(decodeJwt(cookie(browser, ACCOUNT))['sid']).toBe(own());
	}

	test('of another account', async () => {
		plant(ACCOUNT, cookie(await another(), ACCOUNT));
		await expectOwn();
	});

	test('of another session of the same account', async () => {
		plant(ACCOUNT, cookie(await another(ADA), ACCOUNT));
		await expectOwn();
	});

	test('in place of the right one', async () => {
		await browser.user();
		plant(ACCOUNT, cookie(await another(), ACCOUNT));
		await expectOwn();
	});

	test('that is for APIs', async () => {
		plant(ACCOUNT, cookie(browser, ACCESS));
		await expectOwn();
	});

	test('without the scope, without the session, of another issuer, or signed by nobody', async () => {
		const { iss, sub, sid, exp = 0, iat = 0, client_id } = decodeJwt(cookie(browser, ACCESS));
		const good = { iss, sub, sid, exp, iat, client_id, aud: [issuer.issuer], scope: 'account', jti: 'j' };
		const other = await startIssuer({ issuer: issuer.issuer });
		const wrong = [{ scope: 'accounts' }, { scope: undefined }, { sid: undefined }, { aud: ['api'] }, { iss: 'https://evil.example' }, { exp: iat - 60 }];
		const tokens = [...(await Promise.all(wrong.map((claims) => issuer.sign({ ...good, ...claims })))), await other.sign(good), 'eyJ', 'x'.repeat(3_000)];
		for (const token of tokens) {
			plant(ACCOUNT, token);
			await expectOwn();
			expect(service).not.toContain(token);
		}
		// What is right but for this is taken.
		const right = await issuer.sign({ ...good, ver: 1 });
		plant(ACCOUNT, right);
		await browser.user();
		expect(service.at(-1)).toBe(right);
		await other.close();
	});

	test('even where no other can be had', async () => {
		plant(ACCOUNT, cookie(await another(), ACCOUNT));
		away();
		expect(await browser.user()).toBeUndefined();
		expect(service).toEqual(['']);
		expect(browser.jar.has(ACCOUNT)).toBe(false);
		expect((await browser.state()).status).toBe('signed-in');
	});

	test('with its refresh token beside it', async () => {
		const bob = await another();
		plant(ACCOUNT, cookie(bob, ACCOUNT));
		plant(REFRESH, cookie(bob, REFRESH));
		expect(await browser.user()).toBeUndefined();
		expect(service).toEqual(['']);
	});
});

test('SvelteKit sends none of the cookies to subdomains', async () => {
	await browser.user();
	let cookies = '';
	const fetch = (async (request: Request) => ((cookies = request.headers.get('cookie') ?? ''), new Response('ok'))) as typeof globalThis.fetch;
	await browser.get('/page', (event) => app.auth.handleFetch({ event, request: new Request('http://sub.localhost:5173/x'), fetch }));
	expect(cookies).toBe(`${ACCESS}=; ${ACCOUNT}=; ${REFRESH}=`);
});
