import { decodeJwt } from 'jose';
import type { Cookie, SessionCookies, Tokens } from './cookies.js';
import type { Core } from './core.js';
import type { Client } from './issuer.js';
import * as locals from './locals.js';
import { fetchUser } from './service.js';
import type { Check } from './verifier.js';
import type { AuthLocals, Claims } from './types.js';
import type { TokenPair } from '../service/schemas.js';

/** A token with less than this left, or than a tenth of its life, is refreshed; in seconds. */
const MARGIN = 30;
/** What is said of a token after its signature was found right. */
const GENUINE: readonly Check['kind'][] = ['valid', 'expired', 'revoked', 'stale'];

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
	#tokens: Tokens;
	#claims: Claims | undefined;
	#cookies: Cookie[] = [];
	#open: boolean;
	#renewal: Promise<void> | undefined;
	#retryAfter: number | undefined;
	/** The session that a genuine token names, whether or not that token still counts. */
	#sessionId: string | undefined;
	readonly #present: readonly string[];

	constructor(private readonly around: Surroundings) {
		this.#tokens = around.cookies.read(around.cookie);
		this.#present = around.cookies.present(around.cookie);
		this.#open = around.open;
	}

	get state(): AuthLocals {
		return this.#state;
	}

	/** Whether the request brought anything of a session. */
	get isKnown(): boolean {
		return this.#present.length > 0;
	}

	get refreshToken(): string | undefined {
		return this.#tokens.refresh;
	}

	/** Looks at the tokens, and refreshes them if need be. To be called before the response begins. */
	async begin(): Promise<void> {
		const { access, refresh } = this.#tokens;
		if (!access && !refresh) {
			if (this.isKnown) this.#clear();
			return this.#become(locals.signedOut());
		}
		const check = access ? await this.#core.verifier.check(access) : undefined;
		if (access && check && GENUINE.includes(check.kind)) this.#sessionId = sessionOf(access);
		if (check?.kind === 'valid') {
			this.#signIn(check.claims);
			if (this.#isExpiring(check.claims)) await this.#renew();
		} else if (check?.kind === 'away') {
			this.#become(locals.unavailable(1));
		} else if (refresh) {
			this.#become(locals.unavailable(1));
			await this.#renew(access);
		} else {
			this.#end();
		}
	}

	/** The token for a call, fresh if it still can be. None: signed out, or it can't be told. */
	async bearer(): Promise<string | undefined> {
		if (this.#claims && this.#open && this.#isExpiring(this.#claims)) await this.#renew();
		return this.#claims && this.#tokens.access;
	}

	/** A token in place of one that was refused, or when to try again if the service is away. */
	async bearerAfter(refused: string): Promise<{ token?: string; retryAfter?: number }> {
		this.#retryAfter = undefined;
		if (this.#tokens.access === refused) await this.#renew(refused);
		const { access } = this.#tokens;
		if (this.#claims && access !== undefined && access !== refused) return { token: access };
		return this.#retryAfter === undefined ? {} : { retryAfter: this.#retryAfter };
	}

	/** Refreshes, whether need be or not. */
	async refresh(): Promise<void> {
		await this.#renew(this.#tokens.access);
	}

	/** Seconds since the token was made. */
	get age(): number {
		return this.#claims ? this.#core.verifier.clock.now() - this.#claims.iat : 0;
	}

	/** Seconds for which it still counts. */
	get left(): number {
		return this.#claims ? Math.max(0, Math.floor(this.#claims.exp - this.#core.verifier.clock.now())) : 0;
	}

	/** A new session takes the place of whatever there was (I12). */
	async adopt(pair: TokenPair): Promise<void> {
		this.#mustBeOpen();
		await this.#take(pair);
	}

	/** The session is over: its cookies go. */
	leave(): void {
		this.#mustBeOpen();
		if (this.#sessionId !== undefined) {
			this.#core.refresher.forget(this.#sessionId);
			this.#core.verifier.ended(this.#sessionId);
		}
		this.#end();
	}

	/** The response is about to leave: nothing is rotated any more. Returns what it is to set. */
	async settle(): Promise<Cookie[]> {
		while (this.#renewal) await this.#renewal;
		this.#open = false;
		// It was ended by another request while this one was at work, which must not bring it back.
		if (this.#claims && this.#cookies.length > 0 && this.#core.verifier.isEnded(this.#claims)) this.#end();
		return this.#cookies;
	}

	get #core(): Core {
		return this.around.core();
	}

	/** Refreshes once for all who ask at the same time. `rejected` is a token that is of no use. */
	#renew(rejected?: string): Promise<void> {
		const { refresh } = this.#tokens;
		if (!this.#open || !refresh) return Promise.resolve();
		this.#renewal ??= this.#exchange(refresh, rejected).finally(() => (this.#renewal = undefined));
		return this.#renewal;
	}

	async #exchange(refresh: string, rejected: string | undefined): Promise<void> {
		const check = await this.#exchangeOnce(refresh, rejected);
		// What another request was given a moment ago was made before the cause of this one.
		const again = check?.kind === 'stale' || check?.kind === 'revoked';
		if (again && this.#tokens.refresh) await this.#exchangeOnce(this.#tokens.refresh, this.#tokens.access);
	}

	async #exchangeOnce(refresh: string, rejected: string | undefined): Promise<Check | undefined> {
		const result = await this.#core.refresher.refresh(refresh, this.around.client, rejected);
		switch (result.kind) {
			case 'renewed':
				return this.#take(result.pair);
			case 'ended':
				this.#end();
				return undefined;
			case 'unavailable':
				this.#retryAfter = result.retryAfter;
				// A token that counted goes on counting.
				if (!this.#claims) this.#doubt(result.retryAfter);
				return undefined;
		}
	}

	/** The pair is kept whatever is thought of it: a rotation must not be lost. */
	async #take(pair: TokenPair): Promise<Check> {
		this.#tokens = { access: pair.access_token, refresh: pair.refresh_token };
		this.#sessionId = pair.session_id;
		this.#cookies = this.around.cookies.set(
			{
				access: pair.access_token,
				accessAge: pair.expires_in,
				refresh: pair.refresh_token,
				refreshAge: pair.refresh_expires_in
			},
			this.#present
		);
		const check = await this.#core.verifier.check(pair.access_token, true);
		if (check.kind === 'valid') {
			this.#signIn(check.claims);
		} else {
			this.#doubt(1);
			if (check.kind === 'invalid') this.#core.settings.warn(this.#core.explain(pair.access_token, check.rule));
		}
		return check;
	}

	#signIn(claims: Claims): void {
		this.#claims = claims;
		this.#become(locals.signedIn(claims, () => fetchUser(this.#core, this, this.around.client)));
	}

	#doubt(retryAfter: number): void {
		this.#claims = undefined;
		this.#become(locals.unavailable(retryAfter));
	}

	#end(): void {
		this.#tokens = {};
		this.#claims = undefined;
		this.#clear();
		this.#become(locals.signedOut());
	}

	#clear(): void {
		this.#cookies = this.around.cookies.clear(this.#present);
	}

	#become(state: AuthLocals): void {
		this.#state = state;
		this.around.changed(state);
	}

	#isExpiring({ iat, exp }: Claims): boolean {
		return exp - this.#core.verifier.clock.now() < Math.min(MARGIN, (exp - iat) / 10);
	}

	#mustBeOpen(): void {
		if (!this.#open) throw new Error('the response has begun: nobody can be signed in or out any more');
	}
}

function sessionOf(genuine: string): string | undefined {
	const { sid } = decodeJwt(genuine);
	return typeof sid === 'string' ? sid : undefined;
}
