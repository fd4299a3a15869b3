import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { Browser, startApp, startIssuer, type Process, type Sent } from './support/app.js';

/** What reached the API. */
interface Seen {
	method: string;
	url: string;
	headers: IncomingHttpHeaders;
	body: string;
}

let issuer: MockIssuer;
let app: Process;
let browser: Browser;
let api: Server;
let seen: Seen[];
let answer: (seen: Seen) => { status?: number; headers?: Record<string, string | string[]>; body?: string };
let closed = 0;

beforeEach(async () => {
	seen = [];
	closed = 0;
	answer = () => ({ body: 'ok' });
	api = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		response.on('close', () => void (closed += response.writableFinished ? 0 : 1));
		request.on('end', () => {
			const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
			seen.push(one);
			if (one.url === '/stream') return void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
			const { status = 200, headers = {}, body } = answer(one);
			response.writeHead(status, headers).end(body);
		});
	});
	await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
	issuer = await startIssuer();
	app = startApp(issuer, { apis: { '/api': `http://127.0.0.1:${(api.address() as AddressInfo).port}` } });
	browser = new Browser(app);
});

afterEach(async () => {
	app.auth.close();
	await issuer.close();
	api.closeAllConnections();
	await new Promise((resolve) => api.close(resolve));
});

const call = (path: string, sent: Sent = {}) => browser.request(path, { ...sent, headers: { 'sec-fetch-site': 'same-origin', ...sent.headers } }, (event) => app.auth.proxy(event));
const first = () => seen[0] as Seen;

describe('what goes to the API', () => {
	test('the bearer, whom it comes from, and what the browser said, but nothing that is this site’s', async () => {
		await browser.login();
		await call('/api/x?y=1', {
			headers: {
				accept: 'application/json',
				'accept-language': 'de',
				'if-none-match': '"1"',
				range: 'bytes=0-1',
				'x-custom': 'yes',
				cookie: 'theme=dark',
				host: 'app.example',
				origin: 'http://localhost:5173',
				authorization: 'Bearer of somebody else',
				connection: 'keep-alive, X-Secret',
				'x-secret': 'no',
				te: 'trailers',
				'proxy-authorization': 'no',
				forwarded: 'for=6.6.6.6',
				'x-real-ip': '6.6.6.6',
				'x-forwarded-for': '6.6.6.6',
				'x-forwarded-user': 'admin',
				x_forwarded_for: '6.6.6.6',
				'x-auth-subject': 'admin',
				x_auth_roles: 'admin',
				'content-length': '5',
				'x-request-id': 'r-1',
				'accept-encoding': 'br'
			}
		});
		const { headers, url } = first();
		expect(url).toBe('/x?y=1');
		expect(headers).toMatchObject({
			accept: 'application/json',
			'accept-language': 'de',
			'if-none-match': '"1"',
			range: 'bytes=0-1',
			'x-custom': 'yes',
			'x-forwarded-for': '192.0.2.7',
			'x-forwarded-host': 'localhost:5173',
			'x-forwarded-proto': 'http',
			'x-request-id': 'r-1',
			'accept-encoding': 'identity',
			authorization: `Bearer ${browser.jar.get('__Host-auth-access')}`
		});
		expect(headers.host).toMatch(/^127\.0\.0\.1:/);
		for (const name of ['cookie', 'origin', 'x-secret', 'te', 'proxy-authorization', 'forwarded', 'x-real-ip', 'x-forwarded-user', 'x_forwarded_for', 'x-auth-subject', 'x_auth_roles', 'content-length', 'sec-fetch-site']) expect(headers[name], name).toBeUndefined();
	});

	test('nobody’s bearer where nobody is signed in, and a request id of ours', async () => {
		await call('/api/x', { headers: { authorization: 'Bearer x', 'x-request-id': 'two words' } });
		expect(first().headers.authorization).toBeUndefined();
		expect(first().headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
	});

	test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'OPTIONS'])('%s as it is', async (method) => {
		await call('/api/x', { method, ...(['GET', 'OPTIONS'].includes(method) ? {} : { body: '{"a":1}' }) });
		expect(first()).toMatchObject({ method, body: ['GET', 'OPTIONS'].includes(method) ? '' : '{"a":1}' });
	});

	test('no empty body in place of one that SvelteKit dropped', async () => {
		const bodies: [string, Record<string, string>][] = [['POST', { 'content-length': '7' }], ['PUT', { 'transfer-encoding': 'chunked' }]];
		for (const [method, headers] of bodies) expect((await call('/api/x', { method, headers })).status).toBe(415);
		expect(seen).toEqual([]);
		expect((await call('/api/x', { method: 'POST', headers: { 'content-length': '0' } })).status).toBe(200);
	});

	test('nothing from another site, and nothing below another path', async () => {
		expect((await call('/api/x', { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' }, body: 'x' })).status).toBe(403);
		expect((await call('/other')).status).toBe(404);
		expect((await call('/api/..%2fx')).status).toBe(400);
		expect(seen).toEqual([]);
	});
});

describe('what comes back', () => {
	test('status and headers, but no cookies and no permission for other sites', async () => {
		answer = () => ({
			status: 201,
			headers: { 'content-type': 'application/json', 'x-total': '3', etag: '"1"', 'set-cookie': ['a=1', 'b=2'], 'access-control-allow-origin': '*', 'keep-alive': 'timeout=9' },
			body: '{}'
		});
		const response = await call('/api/x', { method: 'POST', body: 'x' });
		expect(response.status).toBe(201);
		expect(Object.fromEntries(response.headers)).toEqual({ 'content-type': 'application/json', 'x-total': '3', etag: '"1"', 'x-content-type-options': 'nosniff', date: expect.any(String), ...(response.headers.has('content-length') && { 'content-length': '2' }) });
		expect(await response.json()).toEqual({});
	});

	test.each([204, 304])('%d without a body', async (status) => {
		answer = () => ({ status });
		const response = await call('/api/x');
		expect([response.status, response.body]).toEqual([status, null]);
	});

	test('a redirect, as one of this site', async () => {
		answer = ({ headers }) => ({ status: 307, headers: { location: `http://${headers.host ?? ''}/y?z=1` } });
		const response = await call('/api/x');
		expect([response.status, response.headers.get('location')]).toEqual([307, '/api/y?z=1']);
		expect(seen).toHaveLength(1);
	});

	test.each([
		[undefined, 'private, no-cache'],
		['max-age=60', 'private, max-age=60'],
		['no-store', 'no-store'],
		['public, max-age=60', 'public, max-age=60'],
		['private', 'private'],
		['s-maxage=9', 's-maxage=9']
	])('Cache-Control %s: nothing personal for a shared cache', async (said, expected) => {
		await browser.login();
		answer = () => ({ headers: said === undefined ? {} : { 'cache-control': said }, body: 'x' });
		expect((await call('/api/x')).headers.get('cache-control')).toBe(expected);
	});

	test('502 where the API is away', async () => {
		api.closeAllConnections();
		await new Promise((resolve) => api.close(resolve));
		expect((await call('/api/x')).status).toBe(502);
	});

	test('a stream, as it comes; and it ends when the browser goes away', async () => {
		const response = await call('/api/stream');
		const reader = response.body?.getReader();
		expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
		expect(closed).toBe(0);
		await reader?.cancel();
		await vi.waitFor(() => expect(closed).toBe(1));
	});

	test('the upload of a stream', async () => {
		const piece = new Uint8Array(64 * 1024).fill(120);
		let left = 40;
		const body = new ReadableStream<Uint8Array>({ pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()) });
		expect((await call('/api/x', { method: 'PUT', body })).status).toBe(200);
		expect(first().body.length).toBe(40 * piece.length);
	});
});

describe('a token that the API refuses', () => {
	const refuseFirst = (code: string) => {
		const [token] = [browser.jar.get('__Host-auth-access')];
		answer = ({ headers }) => (headers.authorization === `Bearer ${token}` ? { status: 401, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify({ code }) } : { body: 'ok' });
	};

	beforeEach(() => browser.login());

	test.each(['claims_stale', 'token_expired', 'token_revoked'])('for %s is refreshed, and the call made again with its body', async (code) => {
		refuseFirst(code);
		const response = await call('/api/x', { method: 'POST', headers: { 'content-length': '7' }, body: '{"a":1}' });
		expect([response.status, await response.text()]).toEqual([200, 'ok']);
		expect(seen.map(({ body }) => body)).toEqual(['{"a":1}', '{"a":1}']);
		expect(app.refreshes).toEqual(['access', 'access']);
		expect(response.headers.getSetCookie()).toHaveLength(2);
	});

	test('in parallel is refreshed once', async () => {
		refuseFirst('claims_stale');
		const responses = await Promise.all(Array.from({ length: 8 }, () => call('/api/x')));
		expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(200));
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test.each(['forbidden', 'token_missing', 'whatever'])('for %s is not', async (code) => {
		refuseFirst(code);
		const response = await call('/api/x');
		expect([response.status, await response.json()]).toEqual([401, { code }]);
		expect(app.refreshes).toEqual(['access']);
	});

	test('again and again causes no loop', async () => {
		answer = () => ({ status: 401, body: JSON.stringify({ code: 'claims_stale' }) });
		expect((await call('/api/x')).status).toBe(401);
		expect(seen).toHaveLength(2);
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('whose session is over is cleared', async () => {
		refuseFirst('token_revoked');
		issuer.revokeSession((await browser.state()).sessionId ?? '');
		expect((await call('/api/x')).status).toBe(401);
		expect(browser.jar.size).toBe(0);
	});

	test('while the service is away is no 401, for nobody is to be sent to the login', async () => {
		refuseFirst('claims_stale');
		issuer.fault('/v1/refresh', () => new Response(null, { status: 503, headers: { 'retry-after': '4' } }));
		const response = await call('/api/x');
		expect([response.status, response.headers.get('retry-after')]).toEqual([503, '4']);
		expect(browser.jar.size).toBe(2);
	});

	test('with a body too long to be kept is not sent again', async () => {
		refuseFirst('claims_stale');
		const body = 'x'.repeat(70_000);
		expect((await call('/api/x', { method: 'POST', headers: { 'content-length': '70000' }, body })).status).toBe(401);
		expect(seen).toHaveLength(1);
	});
});

describe('what the server fetches for a page', () => {
	beforeEach(() => browser.login());

	test('from its own prefix goes with the session of the page, and is mended before the page leaves', async () => {
		const token = browser.jar.get('__Host-auth-access');
		answer = ({ headers }) => (headers.authorization === `Bearer ${token}` ? { status: 401, body: JSON.stringify({ code: 'claims_stale' }) } : { body: 'ok' });
		const response = await browser.get('/page', async (event) => {
			if (event.isSubRequest) return app.auth.proxy(event);
			const inner = await Promise.all([event.fetch('/api/a'), event.fetch('/api/b')]);
			return new Response(inner.map(({ status }) => status).join());
		});
		expect(await response.text()).toBe('200,200');
		expect(app.refreshes).toEqual(['access', 'access']);
		expect(browser.jar.get('__Host-auth-access')).not.toBe(token);
	});

	test('from the API itself goes with the bearer, and with no cookie', async () => {
		const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/direct`;
		await browser.get('/page', (event) => event.fetch(url, { method: 'POST', headers: { cookie: 'x=1' }, body: 'hello' }));
		expect(first()).toMatchObject({ url: '/direct', body: 'hello', headers: { authorization: expect.stringMatching(/^Bearer ey/), 'x-forwarded-for': '192.0.2.7' } });
		expect(first().headers.cookie).toBeUndefined();
	});

	test('from anybody else goes without the tokens', async () => {
		let given: Request | undefined;
		const others = { fetch: async (request: Request) => ((given = request), new Response('ok')) } as unknown as { fetch: typeof fetch };
		for (const url of ['http://localhost:9999/x', 'http://sub.localhost:5173/x', 'https://elsewhere.example/']) {
			await browser.get('/page', (event) => app.auth.handleFetch({ event, request: new Request(url, { headers: { cookie: 'mine=1' } }), fetch: others.fetch }));
			expect(given?.headers.get('authorization')).toBeNull();
			const cookie = given?.headers.get('cookie') ?? '';
			expect(cookie).toContain('mine=1');
			// SvelteKit adds the cookies of the site for its subdomains; what is named here wins.
			expect(cookie.includes('__Host-auth-access=;')).toBe(url.includes('localhost'));
			expect(cookie).not.toContain('eyJ');
		}
	});
});
