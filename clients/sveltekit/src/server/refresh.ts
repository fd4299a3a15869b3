import { Exchange, type Refreshed } from './exchange.js';
import type { Client, Issuer } from './issuer.js';
import type { Settings } from './settings.js';
import type { Which } from './token.js';
import type { TokenPair } from '../service/schemas.js';

/**
 * How long a successor is remembered for those who still come with the token before it: other tabs,
 * and a request that gave up waiting. Within the service's own reuse window of 30 s.
 */
const REMEMBERED = 20_000;

interface Flight {
	readonly which: Which;
	readonly begunAt: number;
	readonly result: Promise<Refreshed>;
	isOver: boolean;
	pair?: TokenPair;
}

/** What is known of a refresh token. */
interface Trail {
	/** The newest that came of it, which alone is to be sent. */
	readonly newest: string;
	/** The answer that brought the newest, unless it is the token itself. */
	readonly pair?: TokenPair | undefined;
	/** The newest flight for the access token that is wanted. */
	readonly own?: Flight | undefined;
	/** A flight that is under way. */
	readonly current?: Flight | undefined;
}

/**
 * Refreshes, once for all who come with the same token for the same access token at the same time.
 * For another access token they wait and go on with the successor: never are two calls under way
 * with one refresh token, nor is one sent that has a successor, for a service without a reuse window
 * ends the session for either.
 */
export class Refresher {
	/** By the refresh token that was sent, the newest last. */
	readonly #flights = new Map<string, readonly Flight[]>();
	readonly #exchange: Exchange;

	constructor(
		issuer: Issuer,
		private readonly settings: Pick<Settings, 'policies' | 'timeout' | 'warn'>,
		private readonly now: () => number = () => performance.now()
	) {
		this.#exchange = new Exchange(issuer, settings, now);
	}

	/** Never throws. `rejected` is an access token that is not to be the answer. */
	async refresh(token: string, which: Which, client: Client, rejected?: string): Promise<Refreshed> {
		for (;;) {
			const { newest, own, current } = this.#follow(token, which);
			if (own && (!own.pair || own.pair.access_token !== rejected)) return this.#patiently(own);
			if (!current) return this.#patiently(this.#begin(newest, which, client));
			const result = await this.#patiently(current);
			if (result.kind === 'ended' || !current.isOver) return result;
		}
	}

	/** What others are given in place of this token, if they are. */
	async successor(token: string): Promise<TokenPair | undefined> {
		const { current } = this.#follow(token);
		if (current) await this.#patiently(current);
		return this.#follow(token).pair;
	}

	/** A session that ended is remembered by nobody. */
	forget(sessionId: string): void {
		for (const [token, flights] of this.#flights) {
			for (const flight of flights) if (flight.pair?.session_id === sessionId) this.#drop(token, flight);
		}
	}

	#follow(token: string, which?: Which): Trail {
		let own: Flight | undefined;
		let pair: TokenPair | undefined;
		for (const passed = new Set<string>(); ; ) {
			const newest = pair?.refresh_token ?? token;
			const flights = this.#flights.get(newest) ?? [];
			own = flights.findLast((flight) => flight.which === which) ?? own;
			const current = flights.find(({ isOver }) => !isOver);
			const next = flights.findLast((flight) => flight.pair && flight.pair.refresh_token !== newest)?.pair;
			if (current || !next || passed.has(newest)) return { newest, pair, own, current };
			passed.add(newest);
			pair = next;
		}
	}

	#begin(token: string, which: Which, client: Client): Flight {
		const result = this.#exchange.call(token, which, client).then((result) => this.#landed(token, flight, result));
		const flight: Flight = { which, begunAt: this.now(), result, isOver: false };
		this.#flights.set(token, [...(this.#flights.get(token) ?? []), flight]);
		return flight;
	}

	#landed(token: string, flight: Flight, result: Refreshed): Refreshed {
		flight.isOver = true;
		if (result.kind !== 'renewed') {
			this.#drop(token, flight);
			return result;
		}
		flight.pair = result.pair;
		setTimeout(() => this.#drop(token, flight), Math.min(REMEMBERED, result.pair.expires_in * 800)).unref();
		return result;
	}

	#drop(token: string, flight: Flight): void {
		const others = (this.#flights.get(token) ?? []).filter((other) => other !== flight);
		if (others.length > 0) this.#flights.set(token, others);
		else this.#flights.delete(token);
	}

	/** Waits as long as a request may; not again for a call that others have waited for in vain. */
	async #patiently({ begunAt, result }: Flight): Promise<Refreshed> {
		const left = Math.max(0, begunAt + this.settings.timeout - this.now());
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<Refreshed>((resolve) => {
			timer = setTimeout(() => resolve({ kind: 'unavailable', retryAfter: 1 }), left);
		});
		return Promise.race([result, late]).finally(() => clearTimeout(timer));
	}
}
