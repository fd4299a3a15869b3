/** What a browser keeps for a session. */
export interface Tokens {
	readonly access?: string;
	readonly refresh?: string;
}

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

/** One `Set-Cookie`, taken apart. */
export interface Cookie {
	readonly name: string;
	readonly value: string;
	readonly maxAge: number;
}

/**
 * The cookies of a session: `__Host-auth-access`, in pieces `.1` and `.2` if it is long, and
 * `__Host-auth-refresh`. The prefix makes the browser refuse them from a subdomain or over http
 * (RFC 6265bis §4.1.3.2).
 */
export class SessionCookies {
	readonly #access: readonly string[];
	readonly #refresh: string;
	readonly #secure: boolean;

	constructor(options: CookieOptions = {}) {
		const { name = 'auth', secure = true } = options;
		const prefix = secure ? '__Host-' : '';
		const access = `${prefix}${name}-access`;
		this.#access = [access, ...Array.from({ length: CHUNKS - 1 }, (_, i) => `${access}.${i + 1}`)];
		this.#refresh = `${prefix}${name}-refresh`;
		this.#secure = secure;
	}

	get names(): readonly string[] {
		return [...this.#access, this.#refresh];
	}

	/** The tokens that a request brings. What can be no token is none. */
	read(get: (name: string) => string | undefined): Tokens {
		const pieces = [];
		for (const name of this.#access) {
			const piece = get(name);
			if (!piece) break;
			pieces.push(piece);
		}
		const access = pieces.join('');
		const refresh = get(this.#refresh) ?? '';
		return {
			...(TOKEN.test(access) && { access }),
			...(TOKEN.test(refresh) && { refresh })
		};
	}

	/** Whether a request brings any of them, fit for use or not. */
	present(get: (name: string) => string | undefined): readonly string[] {
		return this.names.filter((name) => get(name) !== undefined);
	}

	/** Sets a pair, and takes away pieces of a longer one before it. */
	set(pair: { access: string; accessAge: number; refresh: string; refreshAge: number }, present: readonly string[]): Cookie[] {
		const access = this.#access.map((name, i) => {
			const value = pair.access.slice(i * CHUNK, (i + 1) * CHUNK);
			return { name, value, maxAge: value ? seconds(pair.accessAge) : 0 };
		});
		const refresh = { name: this.#refresh, value: pair.refresh, maxAge: seconds(pair.refreshAge) };
		return [...access.filter(({ name, value }) => value || present.includes(name)), refresh];
	}

	/** Takes away whatever there may be. */
	clear(present: readonly string[]): Cookie[] {
		const [access] = this.#access;
		const names = new Set([...(access === undefined ? [] : [access]), this.#refresh, ...present]);
		return [...names].map((name) => ({ name, value: '', maxAge: 0 }));
	}

	/** As `event.cookies.set` takes them. */
	get attributes() {
		return { path: '/', httpOnly: true, secure: this.#secure, sameSite: 'lax' } as const;
	}

	serialize({ name, value, maxAge }: Cookie): string {
		const secure = this.#secure ? '; Secure' : '';
		return `${name}=${value}; Max-Age=${maxAge}; Path=/; HttpOnly${secure}; SameSite=Lax`;
	}
}

/** Chromium keeps no cookie for more than 400 days. */
function seconds(age: number): number {
	return Math.max(1, Math.min(Math.floor(age), 400 * 86_400));
}
