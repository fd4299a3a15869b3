import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

interface SigningKey {
	readonly kid: string;
	readonly privateKey: CryptoKey;
	readonly publicJwk: JWK;
}

/** Real keys that sign real tokens. The newest signs; those before it stay published. */
export class Signer {
	readonly #keys: SigningKey[] = [];

	private constructor(readonly algorithm: string) {}

	static async create(algorithm: string): Promise<Signer> {
		const signer = new Signer(algorithm);
		await signer.rotate();
		return signer;
	}

	async rotate(): Promise<string> {
		const { privateKey, publicKey } = await generateKeyPair(this.algorithm, { extractable: true });
		const jwk = await exportJWK(publicKey);
		const kid = await calculateJwkThumbprint(jwk);
		this.#keys.unshift({ kid, privateKey, publicJwk: { ...jwk, kid, alg: this.algorithm, use: 'sig' } });
		return kid;
	}

	/** Takes a key out of the set, as an operator does in an emergency. */
	remove(kid: string): void {
		const at = this.#keys.findIndex((key) => key.kid === kid);
		if (at >= 0) this.#keys.splice(at, 1);
	}

	get kid(): string {
		return this.#current.kid;
	}

	get jwks(): { keys: JWK[] } {
		return { keys: this.#keys.map(({ publicJwk }) => publicJwk) };
	}

	/** Claims and headers that are `undefined` are left out. */
	sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
		const { kid, privateKey } = this.#current;
		const all = { alg: this.algorithm, typ: 'at+jwt', kid, ...header };
		return new SignJWT(defined(claims)).setProtectedHeader(defined(all) as { alg: string }).sign(privateKey);
	}

	get #current(): SigningKey {
		const [current] = this.#keys;
		if (!current) throw new Error('the mock issuer has no key left');
		return current;
	}
}

function defined(values: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
