import { isHttpError } from '@sveltejs/kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { Browser, startApp, startIssuer, type Handler, type Process } from './support/app.js';

let issuer: MockIssuer;
let app: Process;
let browser: Browser;

beforeEach(async () => {
	issuer = await startIssuer();
	app = startApp(issuer);
	browser = new Browser(app);
});

afterEach(async () => {
	app.auth.close();
	await issuer.close();
});

const needing = (need = {}): Handler => (event) => Response.json(app.auth.requireSession(event, need).userId);
const status = (response: Promise<Response>) => response.then(({ status }) => status).catch((thrown: unknown) => (isHttpError(thrown) ? thrown.status : Promise.reject(thrown)));

test.each([
	['/account', '/login?redirectTo=%2Faccount'],
	['/account?tab=2&x=%26', '/login?redirectTo=%2Faccount%3Ftab%3D2%26x%3D%2526'],
	['//evil.example', '/login?redirectTo=%2F%2Fevil.example']
])('a page that is asked for by nobody leads to the login: %s', async (path, expected) => {
	const response = await browser.get(new URL(path, 'http://localhost:5173').pathname + (path.split('?')[1] === undefined ? '' : `?${path.split('?')[1]}`), needing());
	expect(response.status).toBe(303);
	if (!path.startsWith('//')) expect(response.headers.get('location')).toBe(expected);
});

test('an action leads back to its page', async () => {
	const response = await browser.request('/todo?/add', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' }, body: 'x' }, needing());
	expect(response.headers.get('location')).toBe('/login?redirectTo=%2Ftodo');
});

test('an endpoint says 401, for a program makes nothing of a login page', async () => {
	expect(await status(browser.request('/data', { headers: { accept: 'application/json' } }, needing()))).toBe(401);
});

test('who is signed in gets in, with the role and the scope that it takes', async () => {
	await browser.login();
	expect(await status(browser.get('/', needing()))).toBe(200);
	expect(await status(browser.get('/', needing({ role: 'reader', scope: 'account' })))).toBe(200);
	expect(await status(browser.get('/', needing({ role: 'admin' })))).toBe(403);
	expect(await status(browser.get('/', needing({ scope: 'acc' })))).toBe(403);
});

test('where it can not be told it is 503, and nobody is sent to the login', async () => {
	await browser.login();
	const other = startApp(issuer);
	issuer.fault('/.well-known/jwks.json', () => new Response(null, { status: 500 }));
	const elsewhere = browser.copy(other);
	expect(await status(elsewhere.get('/', (event) => Response.json(other.auth.requireSession(event).userId)))).toBe(503);
	other.auth.close();
});

test('a handle that is missing is said in words', () => {
	expect(() => app.auth.requireSession({ locals: {} } as never)).toThrow('hooks.server.ts');
});

test.each([
	[{ issuer: undefined }, '`issuer` is not set'],
	[{ issuer: 'auth.example.com' }, '`issuer` is no http URL'],
	[{ issuer: 'https://auth.example.com', audience: 'https://auth.example.com' }, '`audience` is the issuer'],
	[{ url: 'ftp://x' }, '`url` is no http URL'],
	[{ feed: 'x' }, '`feed` is no http URL'],
	[{ apis: { api: 'http://x' } }, "'api' is no prefix"],
	[{ apis: { '/': 'http://x' } }, "'/' is no prefix"],
	[{ apis: { '/api': undefined } }, "'/api' has no URL"]
])('%j is a mistake that is named, when it first matters', async (options, message) => {
	const wrong = startApp(issuer, options);
	await browser.login();
	expect((await new Browser(wrong).state()).status).toBe('signed-out');
	await expect(browser.copy(wrong).state()).rejects.toThrow(message);
});
