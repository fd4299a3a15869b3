import type { Which } from './token.js';

export type TokenName = Which | 'refresh';

/** What a browser keeps for a session. */
export type Tokens = { readonly [name in TokenName]?: string };

export interface CookieOptions {
	readonly name?: string;
	readonly secure?: boolean;
}

/** Browsers drop a cookie of more than 4096 bytes, name and attributes counted by some. */
const CHUNK = 3_600;
/** An access token has 8 KiB at most. */
const CHUNKS = 3;
/** What tokens are made of; nothing of it needs escaping in a cookie. */
const TOKEN = /^[A-Za-z0-9_.-]+$/;
const NAMES: readonly TokenName[] = ['access', 'account', 'refresh'];

/** One `Set-Cookie`, taken apart. */
export interface Cookie {
	readonly name: string;
	readonly value: string;
	readonly maxAge: number;
}

/**
 * The cookies of a session: `__Host-auth-access` and `__Host-auth-account`, in pieces `.1` and `.2`
 * if they are long, and `__Host-auth-refresh`. The prefix makes the browser refuse them from a
 * subdomain or over http (RFC 6265bis §4.1.3.2).
 */
export class SessionCookies {
	readonly #prefix: string;
	readonly #secure: boolean;

	constructor(options: CookieOptions = {}) {
		const { name = 'auth', secure = true } = options;
		this.#prefix = `${secure ? '__Host-' : ''}${name}-`;
		this.#secure = secure;
	}

	/** The tokens that a request brings. What can be no token is none. */
	read(get: (name: string) => string | undefined): Tokens {
		const tokens: { [name in TokenName]?: string } = {};
		for (const of of NAMES) {
			const pieces = [];
			for (const name of this.#names(of)) {
				const piece = get(name);
				if (!piece) break;
				pieces.push(piece);
			}
			const token = pieces.join('');
			if (TOKEN.test(token)) tokens[of] = token;
		}
		return tokens;
	}

	/** Which of them a request brings, fit for use or not. */
	present(get: (name: string) => string | undefined): readonly string[] {
		return NAMES.flatMap((of) => this.#names(of)).filter((name) => get(name) !== undefined);
	}

	/** Sets a token, and takes away pieces of a longer one before it. */
	set(of: TokenName, token: string, age: number, present: readonly string[]): Cookie[] {
		const pieces = this.#names(of).map((name, i) => {
			const value = token.slice(i * CHUNK, (i + 1) * CHUNK);
			return { name, value, maxAge: value ? seconds(age) : 0 };
		});
		return pieces.filter(({ name, value }) => value || present.includes(name));
	}

	/** Takes away whatever there may be: also what the request did not bring, for another one may have set it. */
	clear(present: readonly string[], all: readonly TokenName[] = NAMES): Cookie[] {
		const names = all.flatMap((of) => this.#names(of).filter((name, i) => i === 0 || present.includes(name)));
		return names.map((name) => ({ name, value: '', maxAge: 0 }));
	}

	/** As `event.cookies.set` takes them. */
	get attributes() {
		return { path: '/', httpOnly: true, secure: this.#secure, sameSite: 'lax' } as const;
	}

	serialize({ name, value, maxAge }: Cookie): string {
		const secure = this.#secure ? '; Secure' : '';
		return `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly${secure}; SameSite=Lax`;
	}

	/** Of the pieces of a token. */
	#names(of: TokenName): string[] {
		const first = this.#prefix + of;
		return [first, ...Array.from({ length: CHUNKS - 1 }, (_, i) => `${first}.${i + 1}`)];
	}
}

/** Chromium keeps no cookie for more than 400 days. */
function seconds(age: number): number {
	return Math.max(1, Math.min(Math.floor(age), 400 * 86_400));
}
