import createClient from 'openapi-fetch';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { kitFetch, watchSession } from '../../src/client/index.js';
import { bearerFetch } from '../../src/openapi-fetch/index.js';
import type { SessionInfo, User } from '../../src/server/index.js';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

interface Paths {
	'/things': { get: { responses: { 200: { content: { 'application/json': { path: string } } } } }; post: { requestBody: { content: { 'application/json': { a: number } } }; responses: { 200: { content: { 'application/json': unknown } } } } };
}

let issuer: MockIssuer;
let app: Process;
let browser: Browser;

beforeEach(async () => {
	issuer = await startIssuer();
	app = startApp(issuer);
	browser = new Browser(app);
	await browser.login();
});

afterEach(async () => {
	vi.unstubAllGlobals();
	app.auth.close();
	await issuer.close();
});

describe('kitFetch', () => {
	const api = createClient<Paths>({ baseUrl: '/api', ...kitFetch() });

	test('calls on the server with the fetch of the request that is being answered', async () => {
		const response = await browser.get('/page', async (event) => {
			if (event.isSubRequest) return Response.json({ path: event.url.pathname, user: event.locals.auth.userId });
			return Response.json((await api.GET('/things')).data);
		});
		expect(await response.json()).toEqual({ path: '/api/things', user: (await browser.state()).userId });
	});

	test('keeps apart the requests that are answered at the same time', async () => {
		const other = new Browser(app);
		const who = (own: Browser) =>
			own.get('/page', async (event) => {
				await new Promise((resolve) => setTimeout(resolve, 5));
				return event.isSubRequest ? Response.json({ path: event.locals.auth.status }) : Response.json((await api.GET('/things')).data);
			});
		const answers = await Promise.all([who(browser), who(other), who(browser), who(other)].map(async (response) => (await response).json()));
		expect(answers).toEqual(['signed-in', 'signed-out', 'signed-in', 'signed-out'].map((path) => ({ path })));
	});

	test('calls in the browser with the browser’s own', async () => {
		const called: string[] = [];
		vi.stubGlobal('fetch', async (request: Request) => (called.push(request.url), Response.json({})));
		await createClient<Paths>({ baseUrl: 'http://localhost/api', ...kitFetch() }).GET('/things');
		expect(called).toEqual(['http://localhost/api/things']);
	});
});

describe('bearerFetch', () => {
	let calls: { url: string; authorization: string | null; body: string }[] = [];
	let refused: string[] = [];
	let handed = 0;

	function client() {
		[calls, refused, handed] = [[], [], 0];
		const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
			if (input === '/auth/token') {
				handed += 1;
				return browser.request('/auth/token', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin', ...(init?.headers as Record<string, string>) } }, (event) => app.auth.token(event));
			}
			const request = input as Request;
			const authorization = request.headers.get('authorization');
			calls.push({ url: request.url, authorization, body: await request.text() });
			return refused.includes(authorization ?? '') ? Response.json({ code: 'claims_stale' }, { status: 401 }) : Response.json({ path: 'ok' });
		};
		return createClient<Paths>({ baseUrl: 'https://api.example', ...bearerFetch({ fetch: fetch as typeof globalThis.fetch }) });
	}

	test('fetches the token once for all', async () => {
		const api = client();
		await Promise.all(Array.from({ length: 10 }, () => api.GET('/things')));
		expect(handed).toBe(1);
		expect(calls.every(({ authorization }) => authorization === `Bearer ${browser.jar.get('__Host-auth-access')}`)).toBe(true);
		expect(app.refreshes).toEqual(['access']);
	});

	test('makes a refused call again, once, with its body', async () => {
		const api = client();
		refused = [`Bearer ${browser.jar.get('__Host-auth-access')}`];
		const answers = await Promise.all(Array.from({ length: 5 }, (_, a) => api.POST('/things', { body: { a } })));
		expect(answers.every(({ response }) => response.status === 200)).toBe(true);
		expect(calls.map(({ body }) => body).sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4].map((a) => JSON.stringify({ a })));
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('goes in no circle', async () => {
		const api = client();
		refused = new Proxy([] as string[], { get: (_, name) => (name === 'includes' ? () => true : undefined) });
		expect((await api.GET('/things')).response.status).toBe(401);
		expect(calls).toHaveLength(2);
	});

	test('keeps nothing on the server, where whoever is served next would be given it', async () => {
		const asked: (string | null)[] = [];
		const fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
			if (!String(input).startsWith('https://api.example')) return globalThis.fetch(input, init);
			asked.push(new Headers(init?.headers).get('authorization'));
			return Response.json({ path: 'ok' });
		}) as typeof globalThis.fetch;
		const own = startApp(issuer, { apis: { '/api': 'https://api.example' }, fetch });
		const api = client();
		const ada = browser.copy(own);
		const page = async () => Response.json((await api.GET('/things')).data);
		expect(await (await ada.get('/page', page)).json()).toEqual({ path: 'ok' });
		await expect(new Browser(own).get('/page', page)).rejects.toThrow();
		expect(asked).toEqual([`Bearer ${ada.jar.get('__Host-auth-access')}`]);
		expect([calls, handed]).toEqual([[], 0]);
		own.auth.close();
	});

	test('says 401 where nobody is signed in', async () => {
		browser.jar.clear();
		const { error, response } = await client().GET('/things');
		expect(response.status).toBe(401);
		expect(error).toMatchObject({ code: 'token_missing' });
		expect(calls).toEqual([]);
	});
});

test('the token endpoint hands out the access token alone, and to POST alone', async () => {
	const ask = (method: string) => browser.request('/auth/token', { method, headers: { 'sec-fetch-site': 'same-origin' } }, (event) => app.auth.token(event));
	const response = await ask('POST');
	expect(response.headers.get('cache-control')).toBe('private, no-store');
	expect(Object.keys((await response.json()) as object).sort()).toEqual(['access_token', 'expires_in']);
	expect((await ask('GET')).status).toBe(405);
});

test('the token endpoint gives nothing to a load, whose answers go into the HTML', async () => {
	const response = await browser.get('/page', (event) => (event.isSubRequest ? app.auth.token(event) : event.fetch('/auth/token', { method: 'POST' })));
	expect(response.status).toBe(403);
	expect(await response.text()).not.toContain('eyJ');
});

describe('the service', () => {
	test('is called with the session’s bearer, by its own document', async () => {
		await browser.get('/', async (event) => {
			const service = app.auth.service(event);
			const me = await service.GET('/v1/me');
			expectTypeOf(me.data).toEqualTypeOf<User | undefined>();
			expect(me.data?.email).toBe(ADA.email);
			const changed = await service.PATCH('/v1/me', { body: { name: 'Countess' } });
			expect(changed.data?.name).toBe('Countess');
			const sessions = await service.GET('/v1/me/sessions');
			expectTypeOf(sessions.data).toEqualTypeOf<SessionInfo[] | undefined>();
			expect(sessions.data?.map(({ current }) => current)).toEqual([true]);
			for (const id of ['..', '.', '']) {
				const climbing = await service.DELETE('/v1/me/sessions/{id}', { params: { path: { id } } });
				expect([climbing.error?.code, climbing.response.status]).toEqual(['malformed', 400]);
			}
			const none = await service.DELETE('/v1/me/sessions/{id}', { params: { path: { id: '../x' } } });
			expect(none.error?.code).toBe('not_found');
			// @ts-expect-error there is no such path
			expect((await service.GET('/v1/nothing')).error?.code).toBe('not_found');
			return new Response('ok');
		});
		expect(issuer.calls('/v1/me/sessions/..%2Fx')).toBe(1);
		for (const path of ['/v1/me/', '/v1/me/sessions/']) expect(issuer.calls(path)).toBe(0);
	});

	test('that is away is an error and no throw', async () => {
		await browser.state();
		await issuer.close();
		await browser.get('/', async (event) => {
			const { error, response } = await app.auth.service(event).GET('/v1/me');
			expect([error?.code, response.status]).toEqual(['unavailable', 503]);
			expect(await event.locals.auth.user()).toBeUndefined();
			return new Response('ok');
		});
	});
});

test('watchSession tells the other tabs, and not oneself', async () => {
	const listeners = new Map<string, (event: unknown) => void>();
	vi.stubGlobal('addEventListener', (name: string, listener: (event: unknown) => void) => listeners.set(name, listener));
	vi.stubGlobal('removeEventListener', (name: string) => listeners.delete(name));
	const [one, two] = [vi.fn(), vi.fn()];
	const ends = [watchSession('s1', one)];
	await new Promise((resolve) => setTimeout(resolve, 20));
	ends.push(watchSession('s1', two));
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect([one.mock.calls.length, two.mock.calls.length]).toEqual([0, 0]);
	ends.push(watchSession(null, vi.fn()));
	await vi.waitFor(() => expect([one.mock.calls.length, two.mock.calls.length]).toEqual([1, 1]));
	// A page that can show nothing else, as a prerendered one, is told of no more than once.
	ends.push(watchSession(null, vi.fn()));
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect([one.mock.calls.length, two.mock.calls.length]).toEqual([1, 1]);
	listeners.get('pageshow')?.({ persisted: false });
	listeners.get('pageshow')?.({ persisted: true });
	for (const end of ends) end();
	expect(listeners.size).toBe(0);
});
