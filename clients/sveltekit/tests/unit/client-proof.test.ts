import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { Browser, startApp, startIssuer } from './support/app.js';

const PROOF = 'aXJWJhZ4sGvhWr1qkEy2q0P2ROJTBHSxnVfZkEuDhyM=';
let issuer: MockIssuer;
let sent: { url: string; headers: Headers }[];

beforeEach(async () => {
	issuer = await startIssuer();
	sent = [];
});
afterEach(() => issuer.close());

async function visit(clientProof?: string): Promise<void> {
	const fetch: typeof globalThis.fetch = (input, init) => {
		sent.push({ url: String(input), headers: new Headers(init?.headers) });
		return String(input).startsWith('http://api') ? Promise.resolve(new Response('api')) : globalThis.fetch(input, init);
	};
	const app = startApp(issuer, { clientProof, fetch, apis: { '/api': 'http://api' } });
	const browser = new Browser(app);
	await browser.login();
	await browser.get('/', async ({ locals }) => new Response(String(await locals.auth.user())));
	await browser.request('/api/notes', { headers: { 'x-auth-client-address': '6.6.6.6', 'x-auth-client-proof': 'none' } }, (event) => app.auth.proxy(event));
	app.auth.close();
}

test('the service is told the address of the user with the proof, and nobody else is', async () => {
	await visit(PROOF);
	const asserting = sent.filter(({ headers }) => headers.has('x-auth-client-proof'));
	expect(asserting.map(({ url }) => new URL(url).pathname)).toEqual(expect.arrayContaining(['/v1/login', '/v1/me']));
	for (const { url, headers } of asserting) {
		expect(url.startsWith(issuer.url), url).toBe(true);
		expect([headers.get('x-auth-client-address'), headers.get('x-auth-client-proof')]).toEqual(['192.0.2.7', PROOF]);
	}
	const api = sent.filter(({ url }) => url.startsWith('http://api'));
	expect(api).toHaveLength(1);
	expect([...(api[0]?.headers.keys() ?? [])].filter((name) => name.startsWith('x-auth-'))).toEqual([]);
});

test('without a proof nothing is asserted', async () => {
	await visit();
	expect(sent.length).toBeGreaterThan(2);
	for (const { headers } of sent) expect([...headers.keys()].filter((name) => name.startsWith('x-auth-'))).toEqual([]);
});

test.each(['short', 'a secret with spaces in it that is long enough', 'x'.repeat(31)])('%j is no secret, and is not shown', async (clientProof) => {
	const app = startApp(issuer, { clientProof });
	const error = await new Browser(app).login().then(() => undefined, (error: Error) => error);
	expect(error?.message).toContain('openssl rand');
	expect(error?.message).not.toContain(clientProof);
});
