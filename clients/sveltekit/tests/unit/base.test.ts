import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { action, ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

// An app below a path of its site.
vi.mock('$app/paths', () => ({ base: '/shop' }));

let issuer: MockIssuer;
let app: Process;
let browser: Browser;

beforeEach(async () => {
	issuer = await startIssuer();
});

afterEach(async () => {
	app.auth.close();
	await issuer.close();
});

function start(options = {}) {
	app = startApp(issuer, options);
	browser = new Browser(app);
}
const location = (response: Response) => response.headers.get('location');
const login = (path = '/shop/login') => browser.post(path, action(app.auth.actions.login), { email: ADA.email, password: ADA.password });
const logout = () => browser.post('/shop/logout', action(app.auth.actions.logout));
const account = () => browser.get('/shop/account?tab=2', (event) => Response.json(app.auth.requireSession(event).userId));

test('the paths of its routes have the base before them', async () => {
	start();
	expect(location(await account())).toBe('/shop/login?redirectTo=%2Fshop%2Faccount%3Ftab%3D2');
	expect(location(await login())).toBe('/shop/');
	expect(location(await logout())).toBe('/shop/');
	expect(location(await login('/shop/login?redirectTo=%2Fshop%2Faccount'))).toBe('/shop/account');
});

test('those that are set, too, unless they have it already', async () => {
	start({ paths: { login: '/in', afterLogin: '/shop/welcome', afterLogout: '/shopping' } });
	expect(location(await account())).toMatch(/^\/shop\/in\?/);
	expect(location(await login())).toBe('/shop/welcome');
	expect(location(await logout())).toBe('/shop/shopping');
});

test('so have the prefixes of APIs, and the paths of programs', async () => {
	let asked = '';
	const fetch = (async (input: string | URL, init?: RequestInit) => {
		if (!String(input).startsWith('http://api')) return globalThis.fetch(input, init);
		asked = String(input);
		return new Response('ok');
	}) as typeof globalThis.fetch;
	start({ apis: { '/api': 'http://api/v1', '/shop/orders': 'http://api/orders' }, csrfExempt: ['/webhooks'], fetch });
	for (const [path, url] of [['/shop/api/x', 'http://api/v1/x'], ['/shop/orders/7', 'http://api/orders/7']] as const) {
		await browser.get(path, app.auth.proxy as never);
		expect(asked).toBe(url);
	}
	const call = (path: string) => browser.request(path, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } }, () => new Response('ok'));
	expect((await call('/shop/webhooks/x')).status).toBe(200);
	expect((await call('/shop/other')).status).toBe(403);
	expect((await call('/webhooks')).status).toBe(403);
});
