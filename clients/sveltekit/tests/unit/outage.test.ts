import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Fault, MockIssuer } from '../../src/testing/index.js';
import { Browser, startApp, startIssuer, type Process } from './support/app.js';

let issuer: MockIssuer;
let app: Process;
let browser: Browser;

beforeEach(async () => {
	issuer = await startIssuer();
	app = startApp(issuer, { timeout: 0.2 });
	browser = new Browser(app);
	await browser.login();
});

afterEach(async () => {
	vi.useRealTimers();
	app.auth.close();
	await issuer.close();
});

function later(seconds: number) {
	vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
}
const status = async (of = browser) => (await of.state()).status;

const faults: [string, Fault][] = [
	['429', () => new Response(null, { status: 429, headers: { 'retry-after': '1' } })],
	['500', () => new Response('oops', { status: 500 })],
	['503', () => new Response(null, { status: 503 })],
	['404', () => new Response(null, { status: 404 })],
	['rubbish', () => new Response('<html>')],
	['silence', () => new Promise((resolve) => setTimeout(() => resolve(undefined), 1_500))],
	['a broken connection', () => Promise.reject(new Error('broken'))]
];

describe.each(faults)('a service that answers a refresh with %s', (_, fault) => {
	test('logs nobody out: not before the token expires, and not after', async () => {
		issuer.fault('/v1/refresh', fault);
		later(575);
		expect(await status()).toBe('signed-in');
		later(100);
		expect(await status()).toBe('unavailable');
		expect(browser.jar.size).toBe(2);
		// Neither is it pestered.
		for (let i = 0; i < 10; i++) await status();
		expect(issuer.calls('/v1/refresh')).toBeLessThanOrEqual(3);
		issuer.fault('/v1/refresh');
		await vi.waitFor(async () => expect(await status()).toBe('signed-in'), { timeout: 5_000, interval: 200 });
	});
});

test.each(['invalid', 'expired', 'revoked', 'reused'])('refresh_token_%s takes the cookies away', async (word) => {
	issuer.fault('/v1/refresh', () => Response.json({ code: `refresh_token_${word}` }, { status: 401 }));
	later(700);
	expect(await status()).toBe('signed-out');
	expect(browser.jar.size).toBe(0);
});

test('keys that can not be had leave open who it is, and cost no refresh', async () => {
	const other = startApp(issuer);
	issuer.fault('/.well-known/jwks.json', () => new Response(null, { status: 500 }));
	const elsewhere = browser.copy(other);
	expect(await status(elsewhere)).toBe('unavailable');
	expect(elsewhere.jar.size).toBe(2);
	expect([app.refreshes, other.refreshes]).toEqual([['access'], []]);
	issuer.fault('/.well-known/jwks.json');
	await vi.waitFor(async () => expect(await status(elsewhere)).toBe('signed-in'), { timeout: 3_000, interval: 200 });
	other.auth.close();
});

test('who knows the id of a session can not end it with a token of their own making', async () => {
	const { sessionId } = await browser.state();
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
	issuer.fault('/v1/refresh', () => new Response(null, { status: 503 }));
	const attacker = new Browser(app);
	attacker.jar.set('__Host-auth-access', `${part({ alg: 'ES256', kid: 'x' })}.${part({ sid: sessionId })}.AAAA`);
	attacker.jar.set('__Host-auth-refresh', 'rt_junk');
	await attacker.post('/logout', async (event) => Response.json(await app.auth.logout(event)));
	expect(attacker.jar.size).toBe(0);
	expect(await status()).toBe('signed-in');
});

test('a service that is gone does not matter until the token expires', async () => {
	await status();
	await issuer.close();
	expect(await status()).toBe('signed-in');
	later(700);
	expect(await status()).toBe('unavailable');
	expect(app.warnings.length).toBeGreaterThan(0);
	for (const warning of app.warnings) expect(warning).not.toMatch(/rt_|eyJ/);
});

test('an answer that was lost is given again', async () => {
	// L3: the service rotated, and the app never heard.
	let lost = 0;
	issuer.fault('/v1/refresh', async (request) => {
		if (lost++ > 0) return undefined;
		await issuer.fetch(`${issuer.url}/v1/refresh-lost`);
		const { refresh_token } = (await request.clone().json()) as { refresh_token: string };
		issuer.fault('/v1/refresh');
		await issuer.fetch(`${issuer.url}/v1/refresh`, { method: 'POST', body: JSON.stringify({ refresh_token }) });
		throw new Error('broken');
	});
	later(700);
	expect(await status()).toBe('unavailable');
	await vi.waitFor(async () => expect(await status()).toBe('signed-in'), { timeout: 5_000, interval: 200 });
});

test.each([-600, 600])('a server whose clock is %d s off signs nobody out and refreshes no more', async (off) => {
	const real = Date.now();
	const skewed = await startIssuer({ now: () => real });
	vi.useFakeTimers({ toFake: ['Date'], now: real + off * 1000 });
	const wrong = startApp(skewed);
	const own = new Browser(wrong);
	await own.login();
	for (let i = 0; i < 3; i++) expect(await status(own)).toBe('signed-in');
	expect(wrong.refreshes).toEqual(['access']);
	// A process that has just started has nothing but the keys to learn it from.
	const fresh = startApp(skewed);
	expect(await status(own.copy(fresh))).toBe('signed-in');
	expect(fresh.refreshes).toEqual([]);
	for (const one of [wrong, fresh]) one.auth.close();
	await skewed.close();
});

test('whoever configures another issuer than the tokens name is told', async () => {
	const other = startApp(issuer, { issuer: 'https://auth.example.com' });
	const own = new Browser(other);
	await own.login();
	expect(await status(own)).toBe('unavailable');
	expect(other.warnings.join()).toContain(`'issuer' is 'https://auth.example.com'`);
	expect(other.warnings.join()).toContain(issuer.issuer);
	other.auth.close();
});
