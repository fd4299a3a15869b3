import { readClaims } from './claims.js';
import type { ServiceClock } from './clock.js';
import { takeApart, verifySignature } from './jws.js';
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
	/** Whether a token of the type `JWT` counts, as a service makes them that is set to it. */
	readonly acceptTypJwt?: boolean;
}

/** `rule` is for the log, the same as the verifier in Rust says, and holds nothing of the token. */
export type Proof =
	| { readonly kind: 'valid'; readonly claims: Claims; readonly kid: string }
	| { readonly kind: 'expired' }
	| { readonly kind: 'invalid'; readonly rule: string }
	| { readonly kind: 'away' };

/** How far clocks may be apart, for `exp`, `iat` and `nbf` alike (R7). */
export const LEEWAY = 10;

/** Verifies an access token (RFC 9068 §4). Revocation is not looked at. */
export async function verifyToken(
	token: string,
	keys: Pick<Keys, 'find'>,
	policy: Policy,
	clock: Pick<ServiceClock, 'now'>,
	genuine = false
): Promise<Proof> {
	const unverified = takeApart(token);
	if (typeof unverified === 'string') return invalid(unverified);
	const { kid, alg, typ } = unverified.header;
	const key = await keys.find(kid, alg, genuine);
	if (key === 'away') return { kind: 'away' };
	if (key === 'unknown') return invalid('unknown_key');
	if (key === 'mismatch') return invalid('algorithm_mismatch');
	if (!isAccessToken(typ, policy)) return invalid('type');
	const payload = await verifySignature(token, unverified, key);
	if (typeof payload === 'string') return invalid(payload);
	const claims = readClaims(payload);
	if (typeof claims === 'string') return invalid(claims);
	// After the keys, with which the clock is learnt.
	const rule = unfit(claims, policy) ?? untimely(claims, Math.floor(clock.now()));
	if (rule === 'expired') return { kind: 'expired' };
	return rule === undefined ? { kind: 'valid', claims, kid } : invalid(rule);
}

function invalid(rule: string): Proof {
	return { kind: 'invalid', rule };
}

/** RFC 9068 §4: `at+jwt`, alone or as a full media type, in any case (RFC 7515 §4.1.9). */
function isAccessToken(typ: unknown, { acceptTypJwt = false }: Policy): boolean {
	if (typeof typ !== 'string') return false;
	const type = typ.toLowerCase().replace(/^application\//, '');
	return type === 'at+jwt' || (acceptTypJwt && type === 'jwt');
}

/** Whose it is, whom it is for and not for, and what it is to allow. */
function unfit({ iss, aud, scope = '' }: Claims, { issuer, audience, never, scope: needed }: Policy): string | undefined {
	const audiences = [aud].flat();
	if (iss !== issuer) return 'issuer';
	if (!audiences.includes(audience) || (never !== undefined && audiences.includes(never))) return 'audience';
	return needed === undefined || scope.split(' ').includes(needed) ? undefined : 'scope';
}

/** RFC 7519 §4.1.4 to §4.1.6. A time before the epoch is nobody's. */
function untimely({ exp, iat, nbf }: Claims, now: number): string | undefined {
	if (exp < 0 || iat < 0 || (nbf !== undefined && nbf < 0)) return 'claims_malformed';
	if (now >= exp + LEEWAY) return 'expired';
	if (nbf !== undefined && nbf > now + LEEWAY) return 'not_yet_valid';
	return iat > now + LEEWAY ? 'issued_in_future' : undefined;
}
