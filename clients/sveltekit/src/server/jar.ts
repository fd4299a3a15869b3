import type { Cookie, SessionCookies, TokenName, Tokens } from './cookies.js';

/** The tokens of a request, and the cookies that its response is to set. */
export class Jar {
	#tokens: Tokens;
	readonly #set = new Map<string, Cookie>();
	readonly #present: readonly string[];

	constructor(
		private readonly cookies: SessionCookies,
		get: (name: string) => string | undefined
	) {
		this.#tokens = cookies.read(get);
		this.#present = cookies.present(get);
	}

	get tokens(): Tokens {
		return this.#tokens;
	}

	/** Whether the request brought anything of a session. */
	get isKnown(): boolean {
		return this.#present.length > 0;
	}

	/** What the response is to set. */
	get set(): Cookie[] {
		return [...this.#set.values()];
	}

	put(name: TokenName, token: string, age: number): void {
		this.#tokens = { ...this.#tokens, [name]: token };
		this.#add(this.cookies.set(name, token, age, this.#present));
	}

	drop(name: TokenName): void {
		const { [name]: _, ...others } = this.#tokens;
		this.#tokens = others;
		this.#add(this.cookies.clear(this.#present, [name]));
	}

	clear(): void {
		this.#tokens = {};
		this.#set.clear();
		this.#add(this.cookies.clear(this.#present));
	}

	#add(cookies: readonly Cookie[]): void {
		for (const cookie of cookies) this.#set.set(cookie.name, cookie);
	}
}
