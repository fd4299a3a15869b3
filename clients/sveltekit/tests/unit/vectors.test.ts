import { describe, expect, test } from 'vitest';
import { cookieOf } from '../../src/server/cookie-header.js';
import { importKeySet } from '../../src/server/jwks.js';
import { verifyToken } from '../../src/server/token.js';
import { vectors } from './support/vectors.js';

interface Tokens {
	readonly now: number;
	readonly issuer: string;
	readonly audience: readonly string[];
	readonly jwks: unknown;
	readonly rows: readonly { readonly name: string; readonly rule: string; readonly token: string }[];
}

describe('tokens are judged as the verifier in Rust judges them, for the same reason (R1 to R5, R7, I24)', async () => {
	const { now, issuer, audience, jwks, rows } = vectors('tokens') as Tokens;
	const keys = await importKeySet(jwks);
	const find = async (kid: string, alg: string) => {
		const known = keys.get(kid);
		return known === undefined ? 'unknown' : known.algorithm === alg ? known.key : 'mismatch';
	};
	/** For each name of the service, of which an app has one: the first that it is for decides. */
	async function judge(token: string): Promise<string> {
		let rule = '';
		for (const own of audience) {
			const proof = await verifyToken(token, { find }, { issuer, audience: own }, { now: () => now });
			rule = proof.kind === 'valid' ? 'ok' : proof.kind === 'invalid' ? proof.rule : proof.kind;
			if (rule !== 'audience') break;
		}
		return rule;
	}

	test('there are enough of them', () => expect(rows.length).toBeGreaterThan(180));
	test.each(rows.map(({ name, rule, token }) => [name, rule, token] as const))('%s: %s', async (_, rule, token) => {
		expect(await judge(token)).toBe(rule);
	});
});

interface Credentials {
	readonly name: string;
	readonly rows: readonly { readonly case: string; readonly cookie?: readonly string[]; readonly authorization?: readonly string[]; readonly by: string | null; readonly token: string | null }[];
}

describe('a cookie is read as the guard in Rust reads it (I19)', () => {
	const { name, rows } = vectors('credentials') as Credentials;
	// An app takes no token from `Authorization`: there nothing is to be the same.
	const own = rows.filter(({ authorization }) => authorization === undefined);

	test('there are enough of them', () => expect(own.length).toBeGreaterThan(15));
	test.each(own)('$case', ({ cookie = [], token }) => {
		const headers = new Headers(cookie.map((line): [string, string] => ['cookie', line]));
		expect(cookieOf(headers.get('cookie'), name) || null).toBe(token);
	});
});
