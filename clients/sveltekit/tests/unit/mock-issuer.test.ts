import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, startIssuer } from './support/app.js';

interface Pair {
	access_token: string;
	refresh_token: string;
	scope: string;
	session_id: string;
}

let issuer: MockIssuer;

beforeEach(async () => {
	issuer = await startIssuer({ issuer: 'https://auth.example', reuseWindow: 0 });
});

afterEach(() => issuer.close());

async function post(path: string, body: object) {
	const response = await issuer.fetch(issuer.url + path, { method: 'POST', body: JSON.stringify(body) });
	const json = (await response.json()) as Pair & { code: string; errors: { field: string }[] };
	return { status: response.status, ...json, aud: json.access_token ? decodeJwt(json.access_token).aud : undefined };
}
const login = (more: object = {}) => post('/v1/login', { email: ADA.email, password: ADA.password, ...more });
const refused = (field: string) => ({ status: 422, code: 'validation_failed', errors: [{ field }] });
const me = (token: string) => issuer.fetch(`${issuer.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } });

describe('a session is granted', () => {
	test('the audience of the service and the issuer, and the scope account, where nothing is said', async () => {
		const granted = { aud: ['api', 'https://auth.example'], scope: 'account' };
		expect(await login()).toMatchObject({ status: 200, ...granted });
		expect(await post('/v1/signup', { email: 'new@example.org', password: 'a long enough password' })).toMatchObject({ status: 201, ...granted });
		const pair = await issuer.signIn(ADA.email, ADA.password);
		expect(decodeJwt(pair.access_token)).toMatchObject(granted);
		expect(await post('/v1/refresh', { refresh_token: pair.refresh_token })).toMatchObject({ status: 200, ...granted });
	});

	test.each(['/v1/login', '/v1/signup'])('%s: what it asks for of that, and not more', async (path) => {
		const who = path === '/v1/login' ? ADA : { email: 'new@example.org', password: 'a long enough password' };
		expect(await post(path, { ...who, audience: 'orders' })).toMatchObject(refused('audience'));
		expect(await post(path, { ...who, scope: 'admin' })).toMatchObject(refused('scope'));
		const { refresh_token, aud } = await post(path, { ...who, audience: 'api', scope: 'account' });
		expect(aud).toEqual(['api']);
		expect(await post('/v1/refresh', { refresh_token, audience: issuer.issuer })).toMatchObject(refused('audience'));
		expect(await post('/v1/refresh', { refresh_token })).toMatchObject({ status: 200, aud: ['api'], scope: 'account' });
	});
});

describe('a refresh', () => {
	test.each([
		['api', ['api']],
		[['api'], ['api']],
		['https://auth.example', ['https://auth.example']],
		[['https://auth.example', 'api'], ['https://auth.example', 'api']]
	])('may ask for %j, and the next for another', async (audience, aud) => {
		const { refresh_token } = await login();
		const next = await post('/v1/refresh', { refresh_token, audience, scope: 'account' });
		expect(next).toMatchObject({ status: 200, aud, scope: 'account' });
		expect((await post('/v1/refresh', { refresh_token: next.refresh_token })).aud).toEqual(['api', 'https://auth.example']);
	});

	test.each([
		['audience', { audience: 'orders' }],
		['audience', { audience: ['api', 'orders'] }],
		['audience', { audience: [] }],
		['audience', { audience: [7] }],
		['scope', { scope: 'admin' }],
		['scope', { scope: 'account admin' }],
		['scope', { scope: '' }]
	])('is refused for %s with %j, and nothing is consumed', async (field, more) => {
		const { refresh_token } = await login();
		expect(await post('/v1/refresh', { refresh_token, ...more })).toMatchObject(refused(field));
		expect(await post('/v1/refresh', { refresh_token })).toMatchObject({ status: 200 });
		expect((await post('/v1/refresh', { refresh_token })).code).toBe('refresh_token_reused');
	});
});

describe('/v1/me', () => {
	test('takes a token that is for the issuer', async () => {
		const { refresh_token, access_token } = await login();
		const account = await post('/v1/refresh', { refresh_token, audience: issuer.issuer, scope: 'account' });
		for (const token of [access_token, account.access_token]) expect((await me(token)).status).toBe(200);
	});

	test('refuses one that is not, and one without the scope', async () => {
		const { refresh_token, session_id } = await login();
		const forApis = await post('/v1/refresh', { refresh_token, audience: 'api' });
		const response = await me(forApis.access_token);
		expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
		expect(await response.json()).toMatchObject({ code: 'token_invalid' });

		const { iss, sub, exp, ver } = decodeJwt(forApis.access_token) as Record<string, unknown>;
		const other = await me(await issuer.sign({ iss, sub, exp, ver, sid: session_id, aud: [issuer.issuer], scope: 'profile' }));
		expect([other.status, ((await other.json()) as Pair & { code: string }).code]).toEqual([403, 'forbidden']);
	});
});
