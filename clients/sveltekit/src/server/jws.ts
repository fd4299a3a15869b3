import { compactVerify, type CryptoKey } from 'jose';
import { readObject } from './json.js';
import { ALGORITHMS } from './jwks.js';

/** What of an unproven header matters. */
export interface Header {
	readonly alg: string;
	readonly kid: string;
	readonly typ: unknown;
}

/** A token taken apart, of which nothing is proven. */
export interface Unverified {
	readonly header: Header;
	readonly signature: Uint8Array;
}

const MAX_LENGTH = 8 * 1024;
/** RFC 7515 §4.1.11, RFC 8725 §3.10, RFC 7516 §4.1, RFC 7797 §3. */
const FORBIDDEN = ['crit', 'jwk', 'jku', 'x5u', 'x5c', 'zip', 'enc', 'b64'];

/** A JWS in compact serialisation (RFC 7515 §7.1), or the rule that it breaks. */
export function takeApart(token: string): Unverified | string {
	if (token.length > MAX_LENGTH) return 'too_long';
	const parts = token.split('.');
	if (parts.length !== 3 || parts[0] === '' || parts[2] === '') return 'parts';
	const decoded: Uint8Array[] = [];
	for (const part of parts) {
		const bytes = decode(part);
		if (typeof bytes === 'string') return bytes;
		decoded.push(bytes);
	}
	const [head, , signature] = decoded as [Uint8Array, Uint8Array, Uint8Array];
	const header = readHeader(head);
	return typeof header === 'string' ? header : { header, signature };
}

/** The payload, or the rule that the signature breaks. */
export async function verifySignature(token: string, { header, signature }: Unverified, key: CryptoKey): Promise<Uint8Array | string> {
	if (signature.length !== signatureLength(key)) return 'signature_length';
	try {
		return (await compactVerify(token, key, { algorithms: [header.alg] })).payload;
	} catch {
		return 'signature';
	}
}

/** RFC 7515 §2: base64url without padding, in its one canonical form. */
function decode(part: string): Uint8Array | 'alphabet' | 'encoding' {
	if (!/^[A-Za-z0-9_-]*$/.test(part)) return 'alphabet';
	const bytes = Buffer.from(part, 'base64url');
	return bytes.toString('base64url') === part ? bytes : 'encoding';
}

function readHeader(bytes: Uint8Array): Header | string {
	const object = readObject(bytes);
	if (typeof object === 'string') return object === 'malformed' ? 'header_malformed' : object;
	const { members } = object;
	if (FORBIDDEN.some((name) => Object.hasOwn(members, name))) return 'forbidden_header';
	const { alg, kid, typ } = members;
	if (typeof alg !== 'string' || !Object.hasOwn(ALGORITHMS, alg)) return 'algorithm_not_allowed';
	return typeof kid === 'string' ? { alg, kid, typ } : 'missing';
}

/** In bytes (RFC 7518 §3.3, §3.4, RFC 8037 §3.1). */
function signatureLength({ algorithm }: CryptoKey): number {
	return 'modulusLength' in algorithm ? Math.ceil((algorithm.modulusLength as number) / 8) : 64;
}
