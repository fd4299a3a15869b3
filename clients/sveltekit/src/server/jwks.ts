import { importJWK, type CryptoKey, type JWK } from 'jose';
import { isObject } from './issuer.js';

/** What a key may sign with, and the kind of key that does (R1, RFC 8725 §3.1). */
export const ALGORITHMS: Readonly<Record<string, string>> = { ES256: 'EC', RS256: 'RSA', EdDSA: 'OKP' };

/** The public members of a key; whatever else it has plays no part. */
const PUBLIC = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const;
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export interface VerifyingKey {
	readonly algorithm: string;
	readonly key: CryptoKey;
}

export type KeySet = ReadonlyMap<string, VerifyingKey>;

/** The keys of a set that may verify: each bound to one algorithm, under a `kid` of its own. */
export async function importKeySet(json: unknown): Promise<KeySet> {
	if (!isObject(json) || !Array.isArray(json['keys'])) throw new Error('it is no JSON Web Key Set');
	const keys = new Map<string, VerifyingKey>();
	const seen = new Set<string>();
	for (const jwk of json['keys'] as unknown[]) {
		if (!isObject(jwk) || typeof jwk['kid'] !== 'string') continue;
		const { kid } = jwk;
		// Which of two keys of one name is meant, nobody can say.
		if (seen.has(kid)) keys.delete(kid);
		else {
			const key = await importKey(jwk);
			if (key) keys.set(kid, key);
		}
		seen.add(kid);
	}
	if (keys.size === 0) throw new Error('it holds no key that can be used');
	return keys;
}

async function importKey(jwk: Record<string, unknown>): Promise<VerifyingKey | undefined> {
	const { alg, kty, use } = jwk;
	if (typeof alg !== 'string' || !Object.hasOwn(ALGORITHMS, alg) || ALGORITHMS[alg] !== kty) return undefined;
	if (use !== undefined && use !== 'sig') return undefined;
	if (PRIVATE.some((member) => member in jwk)) return undefined;
	const publicJwk = Object.fromEntries(PUBLIC.map((member) => [member, jwk[member]])) as JWK;
	try {
		const key = await importJWK(publicJwk, alg);
		return key instanceof Uint8Array ? undefined : { algorithm: alg, key };
	} catch {
		return undefined;
	}
}
