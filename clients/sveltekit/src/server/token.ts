import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { ServiceClock } from './clock.js';
import { isObject } from './issuer.js';
import { ALGORITHMS } from './jwks.js';
import type { Keys } from './keys.js';
import type { Claims } from './types.js';

/** The access tokens of a session: `access` is for APIs, `account` for auth-service itself. */
export type Which = 'access' | 'account';

/** What is demanded of a token, and asked for at a refresh. */
export interface Policy {
	readonly issuer: string;
	readonly audience: string;
	/** An audience that the token must not have beside its own. */
	readonly never?: string;
	/** A scope that the token must have. */
	readonly scope?: string;
}

/** `rule` is for the log and holds nothing of the token. */
export type Proof =
	| { readonly kind: 'valid'; readonly claims: Claims; readonly kid: string }
	| { readonly kind: 'expired' }
	| { readonly kind: 'invalid'; readonly rule: string }
	| { readonly kind: 'away' };

/** How far clocks may be apart, for `exp`, `iat` and `nbf` alike (R7). */
export const LEEWAY = 10;
const MAX_LENGTH = 8 * 1024;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** RFC 7515 §4.1.11, RFC 8725 §3.10, RFC 7516 §4.1, RFC 7797 §3. */
const FORBIDDEN = ['crit', 'jwk', 'jku', 'x5u', 'x5c', 'zip', 'enc', 'b64'];
const REQUIRED = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];

/** Verifies an access token (RFC 9068 §4). Revocation is not looked at. */
export async function verifyToken(
	token: string,
	keys: Pick<Keys, 'find'>,
	policy: Policy,
	clock: Pick<ServiceClock, 'now'>,
	genuine = false
): Promise<Proof> {
	const header = readHeader(token);
	if (typeof header === 'string') return { kind: 'invalid', rule: header };
	const key = await keys.find(header.kid, header.alg, genuine);
	if (key === 'away') return { kind: 'away' };
	if (key === 'unknown') return { kind: 'invalid', rule: 'unknown_key' };
	// After the keys, with which the clock is learnt.
	const now = clock.now();
	try {
		const { payload } = await jwtVerify(token, key, {
			algorithms: [header.alg],
			issuer: policy.issuer,
			audience: policy.audience,
			typ: 'at+jwt',
			requiredClaims: REQUIRED,
			clockTolerance: LEEWAY,
			currentDate: new Date(now * 1000)
		});
		const wrong = wrongClaim(payload, now) ?? unfit(payload as unknown as Claims, policy);
		if (wrong) return { kind: 'invalid', rule: `claim_${wrong}` };
		return { kind: 'valid', claims: payload as unknown as Claims, kid: header.kid };
	} catch (error) {
		if (error instanceof errors.JWTExpired) return { kind: 'expired' };
		if (error instanceof errors.JWTClaimValidationFailed) return { kind: 'invalid', rule: `claim_${error.claim}` };
		return { kind: 'invalid', rule: error instanceof errors.JOSEError ? error.code : 'unreadable' };
	}
}

function readHeader(token: string): { alg: string; kid: string } | string {
	if (token.length > MAX_LENGTH) return 'too_long';
	if (!COMPACT.test(token)) return 'not_compact';
	try {
		const header = decodeProtectedHeader(token);
		if (FORBIDDEN.some((name) => name in header)) return 'forbidden_header';
		const { alg, kid } = header;
		if (typeof alg !== 'string' || !Object.hasOwn(ALGORITHMS, alg)) return 'algorithm';
		return typeof kid === 'string' ? { alg, kid } : 'no_kid';
	} catch {
		return 'unreadable_header';
	}
}

/** What jose leaves open: types, empty names, times in the future or before the epoch. */
function wrongClaim(claims: unknown, now: number): string | undefined {
	if (!isObject(claims)) return 'set';
	const isName = (name: string) => typeof claims[name] === 'string' && claims[name] !== '';
	const isTime = (name: string) => Number.isSafeInteger(claims[name]) && (claims[name] as number) >= 0;
	const optional = (name: string, fits: (value: unknown) => boolean) => claims[name] === undefined || fits(claims[name]);
	const isText = (value: unknown) => typeof value === 'string';
	const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

	const name = ['iss', 'sub', 'jti', 'client_id'].find((name) => !isName(name));
	if (name) return name;
	const time = ['exp', 'iat'].find((name) => !isTime(name));
	if (time) return time;
	if ((claims['iat'] as number) > now + LEEWAY) return 'iat';
	if (!optional('nbf', () => isTime('nbf'))) return 'nbf';
	if (!isText(claims['aud']) && !isTexts(claims['aud'])) return 'aud';
	if (!optional('sid', isText)) return 'sid';
	if (!optional('scope', isText)) return 'scope';
	if (!optional('roles', isTexts)) return 'roles';
	if (!optional('ver', Number.isSafeInteger)) return 'ver';
	return undefined;
}

/** What the types leave open: whom the token is not for, and what it is to allow. */
function unfit({ aud, scope = '' }: Claims, { never, scope: needed }: Policy): string | undefined {
	if (never !== undefined && [aud].flat().includes(never)) return 'aud';
	return needed === undefined || scope.split(' ').includes(needed) ? undefined : 'scope';
}
