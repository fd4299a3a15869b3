import { decodeJwt } from 'jose';
import type { Core } from './core.js';
import type { Client } from './issuer.js';
import type { Jar } from './jar.js';
import type { Which } from './token.js';
import type { Claims } from './types.js';
import type { Check } from './verifier.js';
import type { TokenPair } from '../service/schemas.js';

/** A token with less than this left, or than a tenth of its life, is refreshed; in seconds. */
const MARGIN = 30;
/** What is said of a token after its signature was found right. */
const GENUINE: readonly Check['kind'][] = ['valid', 'expired', 'revoked', 'stale'];

/** The token for a call, or when to try again if it can't be had for now. Neither: there is none. */
export interface Bearer {
	readonly token?: string;
	readonly retryAfter?: number;
}

/** Who is told what the tokens say of the session. */
export interface Listener {
	signedIn(claims: Claims): void;
	unavailable(retryAfter: number): void;
	ended(): void;
}

/** The access tokens of a request: what they are worth, and others in their place. */
export class AccessTokens {
	/** The session that a genuine token names, whether or not that token still counts. */
	sessionId: string | undefined;
	/** Of the tokens that count. */
	#claims: { [which in Which]?: Claims } = {};
	/** When to try again for a token that could not be had. */
	#retryAfter: { [which in Which]?: number } = {};
	/** What is under way for a token. */
	readonly #work = new Map<Which, Promise<void>>();

	constructor(
		private readonly core: () => Core,
		private readonly jar: Jar,
		private readonly client: Client,
		private readonly listener: Listener,
		/** False where nothing that is set can reach the browser: nothing is rotated then. */
		public open: boolean
	) {}

	claims(which: Which): Claims | undefined {
		return this.#claims[which];
	}

	/** Looks at the API token, and refreshes it if need be. */
	async begin(): Promise<void> {
		const { access, refresh } = this.jar.tokens;
		const check = access === undefined ? undefined : await this.core().verifier.check(access, 'access');
		if (access !== undefined && check && GENUINE.includes(check.kind)) this.sessionId = sessionOf(access);
		if (check?.kind === 'valid') {
			this.#signIn(check.claims);
			if (this.#isExpiring(check.claims)) await this.renew('access');
		} else if (check?.kind === 'away') {
			this.#doubt('access', 1);
		} else if (refresh !== undefined) {
			this.#doubt('access', 1);
			await this.renew('access', access);
		} else {
			this.listener.ended();
		}
	}

	/** Fresh if it still can be. */
	async bearer(which: Which): Promise<Bearer> {
		const { access } = this.#claims;
		if (access && which === 'account') await this.#once('account', () => this.#findAccount());
		else if (access && this.#isExpiring(access)) await this.renew('access');
		return this.#current(which);
	}

	/** In place of a token that was refused. */
	async bearerAfter(which: Which, refused: string): Promise<Bearer> {
		delete this.#retryAfter[which];
		if (this.jar.tokens[which] === refused) await this.renew(which, refused);
		const { token, retryAfter = this.#retryAfter[which] } = this.#current(which);
		if (token !== undefined && token !== refused) return { token };
		return retryAfter === undefined ? {} : { retryAfter };
	}

	/** Refreshes, once for all who ask at the same time. `rejected` is a token that is of no use. */
	async renew(which: Which, rejected?: string): Promise<void> {
		if (this.open && this.jar.tokens.refresh) await this.#once(which, () => this.#exchange(which, rejected));
	}

	/** Nothing of what was known counts any more. */
	reset(): void {
		this.#claims = {};
		this.#retryAfter = {};
	}

	async idle(): Promise<void> {
		while (this.#work.size > 0) await Promise.all(this.#work.values());
	}

	#once(which: Which, work: () => Promise<void>): Promise<void> {
		const known = this.#work.get(which);
		if (known) return known;
		const begun = work().finally(() => this.#work.delete(which));
		this.#work.set(which, begun);
		return begun;
	}

	/** The account token of the cookie is looked at by the first call that needs it; what is of no use here goes. */
	async #findAccount(): Promise<void> {
		delete this.#retryAfter.account;
		const { account } = this.jar.tokens;
		if (account !== undefined && !this.#claims.account) {
			const check = await this.core().verifier.check(account, 'account');
			if (check.kind === 'away') return void (this.#retryAfter.account = 1);
			if (check.kind === 'valid' && isSameSession(check.claims, this.#claims.access)) this.#claims.account = check.claims;
			else this.jar.drop('account');
		}
		const { account: claims } = this.#claims;
		if (this.open && (!claims || this.#isExpiring(claims))) await this.#exchange('account', account);
	}

	async #exchange(which: Which, rejected: string | undefined): Promise<void> {
		const check = await this.#exchangeOnce(which, rejected);
		// What another request was given a moment ago was made before the cause of this one.
		if (check?.kind === 'stale' || check?.kind === 'revoked') await this.#exchangeOnce(which, this.jar.tokens[which]);
	}

	async #exchangeOnce(which: Which, rejected: string | undefined): Promise<Check | undefined> {
		const { refresh } = this.jar.tokens;
		if (refresh === undefined) return undefined;
		const result = await this.core().refresher.refresh(refresh, which, this.client, rejected);
		// The session was left meanwhile.
		if (this.jar.tokens.refresh === undefined) return undefined;
		switch (result.kind) {
			case 'renewed':
				return this.#take(which, result.pair);
			case 'ended':
				this.listener.ended();
				return undefined;
			case 'unavailable':
				// A token that counted goes on counting.
				if (this.#claims[which]) this.#retryAfter[which] = result.retryAfter;
				else this.#doubt(which, result.retryAfter);
				return undefined;
		}
	}

	/** The pair is kept whatever is thought of it: a rotation must not be lost. */
	async #take(which: Which, pair: TokenPair): Promise<Check> {
		const { verifier, settings, explain } = this.core();
		this.sessionId = pair.session_id;
		this.jar.put(which, pair.access_token, pair.expires_in);
		this.jar.put('refresh', pair.refresh_token, pair.refresh_expires_in);
		const check = await verifier.check(pair.access_token, which, true);
		if (check.kind === 'invalid') settings.warn(explain(pair.access_token, which, check.rule));
		if (check.kind !== 'valid') this.#doubt(which, 1);
		else if (which === 'access') this.#signIn(check.claims);
		else this.#claims.account = check.claims;
		return check;
	}

	/** The account token counts only beside the API token of its own session: a cookie planted by another must not act. */
	#current(which: Which): Bearer {
		const { [which]: claims, access } = this.#claims;
		const { [which]: token } = this.jar.tokens;
		if (token !== undefined && claims && isSameSession(claims, access)) return { token };
		const retryAfter = this.#retryAfter[access ? which : 'access'];
		return retryAfter === undefined ? {} : { retryAfter };
	}

	#signIn(claims: Claims): void {
		this.#claims.access = claims;
		this.listener.signedIn(claims);
	}

	#doubt(which: Which, retryAfter: number): void {
		delete this.#claims[which];
		this.#retryAfter[which] = retryAfter;
		if (which === 'access') this.listener.unavailable(retryAfter);
	}

	#isExpiring({ iat, exp }: Claims): boolean {
		return exp - this.core().verifier.clock.now() < Math.min(MARGIN, (exp - iat) / 10);
	}
}

function isSameSession(one: Claims, other: Claims | undefined): boolean {
	return other !== undefined && one.sid === other.sid && one.sub === other.sub;
}

function sessionOf(genuine: string): string | undefined {
	const { sid } = decodeJwt(genuine);
	return typeof sid === 'string' ? sid : undefined;
}
