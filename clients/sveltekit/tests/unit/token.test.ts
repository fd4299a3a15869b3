import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { importKeySet } from '../../src/server/jwks.js';
import { readSettings } from '../../src/server/settings.js';
import { verifyToken, type Policy, type Proof } from '../../src/server/token.js';
import { Signer } from '../../src/testing/signer.js';

const NOW = 1_900_000_000;
const policy: Policy = { issuer: 'https://auth.example', audience: 'api' };
const good = { iss: policy.issuer, sub: 'u', aud: ['api'], exp: NOW + 600, iat: NOW, jti: 'j', client_id: 'c', sid: 's', scope: 'account', roles: ['x'], ver: 1 };
let signer: Signer;

beforeAll(async () => {
	signer = await Signer.create('ES256');
});

async function verify(token: string, jwks: unknown = signer.jwks, own = policy): Promise<Proof> {
	const set = await importKeySet(jwks);
	const find = async (kid: string, alg: string) => {
		const found = set.get(kid);
		return found?.algorithm === alg ? found.key : ('unknown' as const);
	};
	return verifyToken(token, { find }, own, { now: () => NOW });
}
const signed = (claims: object, header = {}) => signer.sign({ ...good, ...claims }, header);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each(['ES256', 'RS256', 'EdDSA'])('a token of %s is accepted', async (algorithm) => {
	const other = await Signer.create(algorithm);
	expect(await verify(await other.sign(good), other.jwks)).toMatchObject({ kind: 'valid', claims: good });
});

describe('claims (R4, R7)', () => {
	test.each([
		[{ aud: 'api' }],
		[{ aud: ['other', 'api'] }],
		[{ exp: NOW - 9 }],
		[{ iat: NOW + 10 }],
		[{ nbf: NOW + 10 }],
		[{ sid: undefined, scope: undefined, roles: undefined, ver: undefined }],
		[{ plan: { name: 'gold' } }]
	])('%j is accepted', async (claims) => {
		expect((await verify(await signed(claims))).kind).toBe('valid');
	});

	test.each([[{ exp: NOW - 10 }], [{ exp: NOW - 600 }]])('%j has expired', async (claims) => {
		expect(await verify(await signed(claims))).toEqual({ kind: 'expired' });
	});

	test.each([
		...['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id'].map((name) => [{ [name]: undefined }]),
		[{ iss: 'https://auth.example/' }],
		[{ iss: 'https://evil.example' }],
		[{ iss: ['https://auth.example'] }],
		[{ aud: 'API' }],
		[{ aud: [] }],
		[{ aud: ['api', 7] }],
		[{ aud: { api: true } }],
		[{ exp: String(NOW + 600) }],
		[{ exp: NOW + 600.5 }],
		[{ iat: NOW + 11 }],
		[{ iat: NOW + 60 }],
		[{ iat: -1 }],
		[{ nbf: NOW + 11 }],
		[{ nbf: 'now' }],
		[{ sub: '' }],
		[{ jti: '' }],
		[{ client_id: '' }],
		[{ sub: 7 }],
		[{ sid: 7 }],
		[{ roles: 'admin' }],
		[{ roles: [7] }],
		[{ scope: ['account'] }],
		[{ ver: '1' }]
	] as [Record<string, unknown>][])('%j is refused', async (claims) => {
		expect((await verify(await signed(claims))).kind).toBe('invalid');
	});
});

describe('whom a token is for, and what it allows', () => {
	const issuer = policy.issuer;
	test.each([
		['access', { aud: ['api'] }, 'valid'],
		['access', { aud: ['api', 'orders'] }, 'valid'],
		['access', { aud: ['api', issuer] }, 'invalid'],
		['access', { aud: [issuer, 'api'] }, 'invalid'],
		['access', { aud: issuer }, 'invalid'],
		['account', { aud: [issuer] }, 'valid'],
		['account', { aud: issuer }, 'valid'],
		['account', { aud: [issuer], scope: 'profile account' }, 'valid'],
		['account', { aud: ['api'] }, 'invalid'],
		['account', { aud: [`${issuer}/`] }, 'invalid'],
		['account', { aud: [issuer], scope: 'accounts' }, 'invalid'],
		['account', { aud: [issuer], scope: '' }, 'invalid'],
		['account', { aud: [issuer], scope: undefined }, 'invalid']
	] as const)('as the %s token %j is %s', async (which, claims, kind) => {
		const { policies } = readSettings({ issuer });
		expect((await verify(await signed(claims), signer.jwks, policies[which])).kind).toBe(kind);
	});
});

describe('the header (R1, R2, R4, I24)', () => {
	test.each([
		[{ typ: undefined }],
		[{ typ: 'JWT' }],
		[{ typ: 'logout+jwt' }],
		[{ typ: 'id+jwt' }],
		[{ kid: undefined }],
		[{ kid: 'unknown' }],
		[{ kid: '../../etc/passwd' }],
		[{ jku: 'https://evil.example/jwks' }],
		[{ x5u: 'https://evil.example/x' }],
		[{ x5c: ['x'] }],
		[{ zip: 'DEF' }],
		[{ enc: 'A256GCM' }]
	])('%j is refused', async (header) => {
		expect((await verify(await signed({}, header))).kind).toBe('invalid');
	});

	test('`crit` and `b64` are refused', async () => {
		const [, body, signature] = (await signed({})).split('.');
		for (const extra of [{ crit: ['x'], x: 1 }, { crit: [] }, { b64: true }]) {
			const header = part({ alg: 'ES256', typ: 'at+jwt', kid: signer.kid, ...extra });
			expect((await verify(`${header}.${body}.${signature}`)).kind).toBe('invalid');
		}
	});

	test('a key inside the token is not used', async () => {
		const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
		const header = { alg: 'ES256', typ: 'at+jwt', kid: signer.kid, jwk: await exportJWK(publicKey) };
		expect((await verify(await new SignJWT(good).setProtectedHeader(header).sign(privateKey))).kind).toBe('invalid');
	});

	test.each(['none', 'None', 'NONE', 'HS256', 'es256', 'ES384', 'PS256', 'toString', ''])('the algorithm %j is refused', async (alg) => {
		const [, body, signature] = (await signed({})).split('.');
		const header = part({ alg, typ: 'at+jwt', kid: signer.kid });
		for (const end of [signature, '', 'AA']) expect((await verify(`${header}.${body}.${end}`)).kind).toBe('invalid');
	});

	test('a public key is no secret: RS256 is not verified as HS256', async () => {
		const rsa = await Signer.create('RS256');
		const [jwk] = rsa.jwks.keys;
		const secret = new TextEncoder().encode(JSON.stringify(jwk));
		const token = await new SignJWT(good).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: rsa.kid }).sign(secret);
		expect((await verify(token, rsa.jwks)).kind).toBe('invalid');
	});

	test('a key verifies with its own algorithm alone', async () => {
		const rsa = await Signer.create('RS256');
		const token = await signer.sign(good, { kid: rsa.kid });
		expect((await verify(token, { keys: [...rsa.jwks.keys, ...signer.jwks.keys] })).kind).toBe('invalid');
	});
});

describe('the form (R3, R5)', () => {
	test('signatures that prove nothing are refused', async () => {
		const [header, body, signature = ''] = (await signed({})).split('.');
		const zeros = Buffer.alloc(64).toString('base64url');
		for (const end of [zeros, signature.slice(0, -4), `${signature}AAAA`, signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))])
			expect((await verify(`${header}.${body}.${end}`)).kind).toBe('invalid');
		expect((await verify(`${header}.${part({ ...good, roles: ['admin'] })}.${signature}`)).kind).toBe('invalid');
	});

	test('what is no compact JWS is refused', async () => {
		const token = await signed({});
		const [header, body, signature] = token.split('.');
		const wrong = [
			'',
			'a',
			'a.b',
			'..',
			`${header}.${body}`,
			`${header}.${body}.`,
			`${token}.x.y`,
			` ${token}`,
			`${token}\n`,
			`${token}=`,
			token.replace('.', ' .'),
			JSON.stringify({ protected: header, payload: body, signature }),
			`${token}${'A'.repeat(8_192)}`,
			`${part([])}.${body}.${signature}`,
			`${header}.${Buffer.from('[]').toString('base64url')}.${signature}`
		];
		for (const one of wrong) expect((await verify(one)).kind, one.slice(0, 40)).toBe('invalid');
	});
});

describe('a key set (R1, R6)', () => {
	async function usable(change: (jwk: JWK) => unknown): Promise<boolean> {
		const [jwk] = signer.jwks.keys;
		const other = await Signer.create('ES256');
		const set = await importKeySet({ keys: [change({ ...jwk } as JWK), ...other.jwks.keys] });
		return set.has(signer.kid);
	}

	test('takes a key as the service publishes it', async () => {
		expect(await usable((jwk) => jwk)).toBe(true);
	});

	test.each([
		['no kid', (jwk: JWK) => ({ ...jwk, kid: undefined })],
		['no alg', (jwk: JWK) => ({ ...jwk, alg: undefined })],
		['another alg', (jwk: JWK) => ({ ...jwk, alg: 'RS256' })],
		['an alg of another kind', (jwk: JWK) => ({ ...jwk, alg: 'HS256', kty: 'oct', k: 'AAAA' })],
		['another use', (jwk: JWK) => ({ ...jwk, use: 'enc' })],
		['a private member', (jwk: JWK) => ({ ...jwk, d: 'AAAA' })],
		['a point that is on no curve', (jwk: JWK) => ({ ...jwk, x: 'AAAA' })],
		['another curve', (jwk: JWK) => ({ ...jwk, crv: 'P-384' })],
		['text', () => 'key']
	])('leaves out one with %s', async (_, change) => {
		expect(await usable(change)).toBe(false);
	});

	test('leaves out a name that stands twice', async () => {
		const [jwk] = signer.jwks.keys;
		const other = await Signer.create('ES256');
		const [twin] = other.jwks.keys;
		const third = await Signer.create('ES256');
		for (const keys of [[jwk, { ...twin, kid: jwk?.kid }], [jwk, { ...twin, kid: jwk?.kid }, jwk]])
			expect((await importKeySet({ keys: [...keys, ...third.jwks.keys] })).has(signer.kid)).toBe(false);
	});

	test('refuses what holds no key at all', async () => {
		for (const json of [undefined, null, [], {}, { keys: {} }, { keys: [] }, { keys: [{}] }]) await expect(importKeySet(json)).rejects.toThrow();
	});

	test('and a key of the set is a key of jose', async () => {
		expect(await importJWK(signer.jwks.keys[0] as JWK, 'ES256')).toBeDefined();
	});
});
