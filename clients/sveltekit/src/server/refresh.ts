import type { Client, Issuer } from './issuer.js';
import type { Settings } from './settings.js';
import type { TokenPair } from '../service/schemas.js';

/** What came of a refresh. Only `ended` logs anybody out. */
export type Refreshed =
	| { readonly kind: 'renewed'; readonly pair: TokenPair }
	| { readonly kind: 'ended'; readonly code: string }
	| { readonly kind: 'unavailable'; readonly retryAfter: number };

/** The answers that are definite: the session is no more. */
const ENDED: readonly (string | undefined)[] = [
	'refresh_token_invalid',
	'refresh_token_expired',
	'refresh_token_revoked',
	'refresh_token_reused'
];
/**
 * How long a successor is remembered for those who still come with the token before it: other tabs,
 * and a request that gave up waiting. Within the service's own reuse window of 30 s.
 */
const REMEMBERED = 20_000;
/** A call goes on after those who wait have given up, so that its successor is not lost. */
const DEADLINE = 20_000;
/** After a failure nobody asks again for this long: at first, and at most, in seconds. */
const PAUSE = { least: 1, most: 5 };
/** `Retry-After` is believed up to here. */
const LONGEST_RETRY = 30;

interface Flight {
	readonly begunAt: number;
	readonly result: Promise<Refreshed>;
	pair?: TokenPair;
}

/** Refreshes, once for all who come with the same token at the same time. */
export class Refresher {
	readonly #flights = new Map<string, Flight>();
	readonly #refusedUntil = new Map<string, number>();
	#failures = 0;
	#closedUntil = -Infinity;

	constructor(
		private readonly issuer: Issuer,
		private readonly settings: Pick<Settings, 'timeout' | 'warn'>,
		private readonly now: () => number = () => performance.now()
	) {}

	/** Never throws. `rejected` is an access token that is not to be the answer. */
	async refresh(token: string, client: Client, rejected?: string): Promise<Refreshed> {
		const known = this.#flights.get(token);
		if (known && (!known.pair || known.pair.access_token !== rejected)) return this.#patiently(known);
		const wait = (Math.max(this.#closedUntil, this.#refusedUntil.get(token) ?? -Infinity) - this.now()) / 1000;
		if (wait > 0) return { kind: 'unavailable', retryAfter: Math.ceil(wait) };
		const flight: Flight = { begunAt: this.now(), result: this.#call(token, client) };
		this.#flights.set(token, flight);
		void flight.result.then((result) => this.#landed(token, flight, result));
		return this.#patiently(flight);
	}

	/** A session that ended is remembered by nobody. */
	forget(sessionId: string): void {
		for (const [token, { pair }] of this.#flights) if (pair?.session_id === sessionId) this.#flights.delete(token);
	}

	#landed(token: string, flight: Flight, result: Refreshed): void {
		const forget = () => {
			if (this.#flights.get(token) === flight) this.#flights.delete(token);
		};
		if (result.kind !== 'renewed') return forget();
		flight.pair = result.pair;
		setTimeout(forget, Math.min(REMEMBERED, result.pair.expires_in * 800)).unref();
	}

	async #call(token: string, client: Client): Promise<Refreshed> {
		const answer = await this.issuer.post('/v1/refresh', { refresh_token: token }, client, DEADLINE);
		if (answer.kind === 'tokens') {
			this.#failures = 0;
			this.#closedUntil = -Infinity;
			return { kind: 'renewed', pair: answer.pair };
		}
		if (answer.kind === 'problem') {
			const { status, problem } = answer;
			if (status === 401 && ENDED.includes(problem.code)) return { kind: 'ended', code: problem.code ?? '' };
			return status >= 500 ? this.#failed(`status ${status}`, answer.retryAfter) : this.#refused(token, status, answer.retryAfter);
		}
		return this.#failed(answer.kind === 'away' ? answer.reason : 'no tokens');
	}

	/** It is about what was sent: whoever comes with the same token waits for a while, and the others do not. */
	#refused(token: string, status: number, retryAfter: number = PAUSE.least): Refreshed {
		const wait = Math.min(Math.max(retryAfter, PAUSE.least), LONGEST_RETRY);
		this.settings.warn(`a refresh was refused, nobody is logged out by it: status ${status}`);
		this.#refusedUntil.set(token, this.now() + wait * 1000);
		setTimeout(() => this.#refusedUntil.delete(token), wait * 1000).unref();
		return { kind: 'unavailable', retryAfter: wait };
	}

	#failed(reason: string, retryAfter?: number): Refreshed {
		const pause = Math.min(PAUSE.least * 2 ** this.#failures, PAUSE.most);
		const wait = Math.min(Math.max(retryAfter ?? pause, PAUSE.least), LONGEST_RETRY);
		if (this.#failures === 0) this.settings.warn(`a refresh failed, nobody is logged out by it: ${reason}`);
		this.#failures += 1;
		this.#closedUntil = this.now() + wait * 1000;
		return { kind: 'unavailable', retryAfter: wait };
	}

	/** Waits as long as a request may; not again for a call that others have waited for in vain. */
	async #patiently({ begunAt, result }: Flight): Promise<Refreshed> {
		const left = Math.max(0, begunAt + this.settings.timeout - this.now());
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<Refreshed>((resolve) => {
			timer = setTimeout(() => resolve({ kind: 'unavailable', retryAfter: PAUSE.least }), left);
		});
		return Promise.race([result, late]).finally(() => clearTimeout(timer));
	}
}
