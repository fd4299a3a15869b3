import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { action, ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

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

const login = (fields: Record<string, string>, path = '/login') => browser.post(path, action(app.auth.actions.login), fields);
const logout = (fields: Record<string, string> = {}) => browser.post('/logout', action(app.auth.actions.logout), fields);
const failed = async (response: Response) => (await response.json()) as { status: number; data: Record<string, unknown> };

describe('login', () => {
	test('shows what was typed again, and never the password', async () => {
		const response = await login({ email: 'ada@example.org ', password: 'wrong and long enough' });
		const { status, data } = await failed(response);
		expect(status).toBe(401);
		expect(data).toEqual({ code: 'invalid_credentials', message: expect.any(String), errors: {}, email: ADA.email, name: '' });
		expect(browser.jar.size).toBe(0);
	});

	test('names the fields that are empty, without asking the service', async () => {
		expect(await failed(await login({ email: '', password: '' }))).toMatchObject({ status: 422, data: { errors: { email: expect.any(String), password: expect.any(String) } } });
		expect(issuer.calls('/v1/login')).toBe(0);
	});

	test.each([
		[429, 'rate_limited', { 'retry-after': '17' }, 429, 'rate_limited', 17],
		[503, 'busy', { 'retry-after': '2' }, 503, 'busy', 2],
		[503, 'unavailable', {}, 503, 'unavailable', undefined],
		[500, 'internal', {}, 503, 'unavailable', undefined],
		[418, 'constructor', {}, 503, 'unavailable', undefined]
	])('%d %s is shown as what it is', async (answered, code, headers, status, shown, retryAfter) => {
		issuer.fault('/v1/login', () => Response.json({ code }, { status: answered, headers }));
		const { data, ...rest } = await failed(await login({ email: ADA.email, password: ADA.password }));
		expect(rest.status).toBe(status);
		expect(data['code']).toBe(shown);
		expect(data['retryAfter']).toBe(retryAfter);
	});

	test('says so when the service is away', async () => {
		await issuer.close();
		const { status, data } = await failed(await login({ email: ADA.email, password: ADA.password }));
		expect(status).toBe(503);
		expect(data).toMatchObject({ code: 'unavailable', retryAfter: 1, email: ADA.email });
		expect(JSON.stringify([data, app.warnings])).not.toContain(ADA.password);
	});

	test.each([
		[{ redirectTo: '/account?tab=2' }, '/login', '/account?tab=2'],
		[{}, '/login?redirectTo=%2Faccount', '/account'],
		[{ redirectTo: '//evil.example' }, '/login?redirectTo=/account', '/'],
		[{}, '/login?redirectTo=https://evil.example', '/'],
		[{}, '/login', '/']
	])('leads to where somebody wanted to go, if that is here: %j %s', async (fields, path, expected) => {
		const response = await login({ email: ADA.email, password: ADA.password, ...fields } as Record<string, string>, path);
		expect([response.status, response.headers.get('location')]).toEqual([303, expected]);
	});

	test('I12: makes a session of its own, whatever the browser came with, and ends that', async () => {
		await browser.login();
		const before = await browser.state();
		const attacker = browser.copy();
		await browser.login();
		const after = await browser.state();
		expect(after.sessionId).not.toBe(before.sessionId);
		await expect.poll(() => issuer.sessions.get(before.sessionId ?? '')?.isOver).toBe(true);
		expect(attacker.jar.get('__Host-auth-refresh')).not.toBe(browser.jar.get('__Host-auth-refresh'));
	});

	test('I18: tells the service the address that the adapter knows, not what a client claims', async () => {
		const body = new URLSearchParams({ email: ADA.email, password: ADA.password });
		const headers = { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '203.0.113.9', 'user-agent': 'Firefox' };
		await browser.request('/login', { method: 'POST', headers, body }, action(app.auth.actions.login));
		const [session] = [...issuer.sessions.values()];
		expect(session).toMatchObject({ address: '192.0.2.7', userAgent: 'Firefox' });
	});

	test('from another site is refused before anything happens', async () => {
		const body = new URLSearchParams({ email: ADA.email, password: ADA.password });
		const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
		const response = await browser.request('/login', { method: 'POST', headers, body }, action(app.auth.actions.login));
		expect(response.status).toBe(403);
		expect(issuer.calls('/v1/login')).toBe(0);
		expect(browser.jar.size).toBe(0);
	});
});

describe('signup', () => {
	const signup = (fields: Record<string, string>) => browser.post('/signup', action(app.auth.actions.signup), fields);

	test('signs in', async () => {
		const response = await signup({ email: 'new@example.org', password: 'a long enough password', name: 'New' });
		expect(response.status).toBe(303);
		expect(await browser.user()).toMatchObject({ email: 'new@example.org', name: 'New' });
	});

	test('shows what is wrong with a field', async () => {
		const { status, data } = await failed(await signup({ email: 'new@example.org', password: 'short', name: 'New' }));
		expect(status).toBe(422);
		expect(data).toMatchObject({ code: 'validation_failed', errors: { password: expect.stringContaining('15') }, name: 'New' });
		expect(await failed(await signup(ADA as unknown as Record<string, string>))).toMatchObject({ status: 409, data: { code: 'email_taken' } });
	});
});

describe('logout', () => {
	beforeEach(() => browser.login());

	test('ends the session here and there', async () => {
		const { sessionId } = await browser.state();
		const response = await logout({ redirectTo: '/bye' });
		expect([response.status, response.headers.get('location')]).toEqual([303, '/bye']);
		expect(response.headers.get('cache-control')).toBe('private, no-store');
		expect(browser.jar.size).toBe(0);
		expect(issuer.sessions.get(sessionId ?? '')?.isOver).toBe(true);
	});

	test('ends it here even when the service is away, and says so', async () => {
		await issuer.close();
		const response = await logout({ redirectTo: '/bye?x=1' });
		expect(response.headers.get('location')).toBe('/bye?x=1&logout=incomplete');
		expect(browser.jar.size).toBe(0);
		expect(app.warnings.join()).toContain('logout');
	});

	test('again, or of nobody, is no error', async () => {
		await logout();
		expect((await logout()).headers.get('location')).toBe('/');
		expect(issuer.calls('/v1/logout')).toBe(1);
	});
});

test('sign-in after the response began is refused in words', async () => {
	let late: Promise<unknown> = Promise.resolve();
	const sent = new Promise((resolve) => setTimeout(resolve, 20));
	await browser.post('/login', (event) => {
		late = sent.then(() => app.auth.logout(event));
		return new Response('ok');
	});
	await expect(late).rejects.toThrow('the response has begun');
});
