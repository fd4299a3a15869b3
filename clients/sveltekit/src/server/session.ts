import { AccessTokens, type Bearer } from './access-tokens.js';
import type { Cookie, SessionCookies } from './cookies.js';
import type { Core } from './core.js';
import type { Client } from './issuer.js';
import { Jar } from './jar.js';
import * as locals from './locals.js';
import { fetchUser } from './service.js';
import type { Which } from './token.js';
import type { AuthLocals, Claims } from './types.js';
import type { TokenPair } from '../service/schemas.js';

/** What a session needs of the request that it belongs to. */
export interface Surroundings {
	readonly core: () => Core;
	readonly cookies: SessionCookies;
	readonly cookie: (name: string) => string | undefined;
	readonly client: Client;
	/** Told whenever the state changes. */
	readonly changed: (state: AuthLocals) => void;
	/** False where nothing that is set can reach the browser: nothing is rotated then. */
	readonly open: boolean;
}

/** The session of one request: its tokens, its state, and the cookies that the response is to set. */
export class Session {
	#state: AuthLocals = locals.signedOut();
	readonly #jar: Jar;
	readonly #tokens: AccessTokens;

	constructor(private readonly around: Surroundings) {
		const { core, cookies, cookie, client, open } = around;
		const listener = {
			signedIn: (claims: Claims) => this.#become(locals.signedIn(claims, () => fetchUser(core(), this, client))),
			unavailable: (retryAfter: number) => this.#become(locals.unavailable(retryAfter)),
			ended: () => this.#end()
		};
		this.#jar = new Jar(cookies, cookie);
		this.#tokens = new AccessTokens(core, this.#jar, client, listener, open);
	}

	get state(): AuthLocals {
		return this.#state;
	}

	/** Whether the request brought anything of a session. */
	get isKnown(): boolean {
		return this.#jar.isKnown;
	}

	get refreshToken(): string | undefined {
		return this.#jar.tokens.refresh;
	}

	/** Looks at the API token, and refreshes it if need be. To be called before the response begins. */
	async begin(): Promise<void> {
		const { access, refresh } = this.#jar.tokens;
		if (access || refresh) return this.#tokens.begin();
		if (this.isKnown) this.#jar.clear();
		this.#become(locals.signedOut());
	}

	/** The token for a call, fresh if it still can be. */
	bearer(which: Which): Promise<Bearer> {
		return this.#tokens.bearer(which);
	}

	/** A token in place of one that was refused. */
	bearerAfter(which: Which, refused: string): Promise<Bearer> {
		return this.#tokens.bearerAfter(which, refused);
	}

	/** Refreshes, whether need be or not. */
	async refresh(): Promise<void> {
		await this.#tokens.renew('access', this.#jar.tokens.access);
	}

	/** Seconds since the token was made. */
	age(which: Which): number {
		const claims = this.#tokens.claims(which);
		return claims ? this.#core.verifier.clock.now() - claims.iat : 0;
	}

	/** Seconds for which the API token still counts. */
	get left(): number {
		const claims = this.#tokens.claims('access');
		return claims ? Math.max(0, Math.floor(claims.exp - this.#core.verifier.clock.now())) : 0;
	}

	/**
	 * A new session takes the place of whatever there was (I12). The access token that comes with it
	 * is for APIs and for the service alike: it is kept nowhere, and one for APIs alone is fetched.
	 */
	async adopt({ session_id, refresh_token, refresh_expires_in }: TokenPair): Promise<void> {
		await this.#tokens.idle();
		this.#mustBeOpen();
		this.#tokens.reset();
		this.#tokens.sessionId = session_id;
		this.#jar.clear();
		this.#jar.put('refresh', refresh_token, refresh_expires_in);
		await this.#tokens.begin();
	}

	/** The session is over: its cookies go. */
	leave(): void {
		this.#mustBeOpen();
		const { sessionId } = this.#tokens;
		if (sessionId !== undefined) {
			this.#core.refresher.forget(sessionId);
			this.#core.verifier.ended(sessionId);
		}
		this.#end();
	}

	/** The response is about to leave: nothing is rotated any more. Returns what it is to set. */
	async settle(): Promise<Cookie[]> {
		await this.#tokens.idle();
		this.#tokens.open = false;
		if (this.#jar.set.length === 0) return [];
		// It was ended by another request while this one was at work, which must not bring it back.
		const claims = this.#tokens.claims('access');
		if (claims && this.#core.verifier.isEnded(claims)) this.#end();
		// Another request went on with the same refresh token: the successor must not be replaced by what came before it.
		const { refresh } = this.#jar.tokens;
		const successor = refresh === undefined ? undefined : await this.#core.refresher.successor(refresh);
		if (successor) this.#jar.put('refresh', successor.refresh_token, successor.refresh_expires_in);
		return this.#jar.set;
	}

	get #core(): Core {
		return this.around.core();
	}

	#end(): void {
		this.#tokens.reset();
		this.#jar.clear();
		this.#become(locals.signedOut());
	}

	#become(state: AuthLocals): void {
		this.#state = state;
		this.around.changed(state);
	}

	#mustBeOpen(): void {
		if (!this.#tokens.open) throw new Error('the response has begun: nobody can be signed in or out any more');
	}
}
