import type { CryptoKey } from 'jose';
import type { ServiceClock } from './clock.js';
import { parse, reasonOf } from './issuer.js';
import { importKeySet, type KeySet } from './jwks.js';
import type { Settings } from './settings.js';

/** How long keys are used while the service can't be asked for them. */
const KEPT = 24 * 3_600_000;
/** After a fetch, for this long no unknown `kid` causes another (L7). */
const COOL_DOWN = 30_000;
/** What we make of `max-age`, at least and at most; and where nothing is said. */
const MAX_AGE = { least: 5_000, most: 3_600_000, unsaid: 600_000 };
/** How long to wait after a fetch that failed: at first, and at most. */
const RETRY = { least: 1_000, most: 30_000 };
const DEADLINE = 5_000;
const LIMIT = 64 * 1024;

/** `unknown`: the service publishes no such key. `mismatch`: it is of another algorithm. `away`: it can't be asked. */
export type Found = CryptoKey | 'unknown' | 'mismatch' | 'away';

/**
 * The service's keys. A set that grows old is fetched anew in the background, one that can't be is
 * kept for a day, and all who wait for a fetch wait for the same one.
 */
export class Keys {
	#set: { keys: KeySet; confirmedAt: number; freshUntil: number } | undefined;
	#flight: Promise<void> | undefined;
	#begunAt = -Infinity;
	#failures = 0;
	#etag: string | undefined;

	constructor(
		private readonly settings: Pick<Settings, 'service' | 'fetch' | 'warn'>,
		private readonly clock: ServiceClock,
		private readonly now: () => number = () => performance.now()
	) {}

	/** `genuine`: the token comes from the service itself, so its key must be there. */
	async find(kid: string, algorithm: string, genuine = false): Promise<Found> {
		if (!this.#current()) await this.#fetch(this.#retryPause());
		const set = this.#current();
		if (!set) return 'away';
		if (this.now() >= set.freshUntil) void this.#fetch(this.#retryPause());
		if (!set.keys.has(kid)) await this.#fetch(genuine ? 0 : COOL_DOWN);
		const known = this.#current()?.keys.get(kid);
		if (!known) return this.#failures > 0 ? 'away' : 'unknown';
		return known.algorithm === algorithm ? known.key : 'mismatch';
	}

	/**
	 * A key was removed, and its heir signs now: whoever names a key that is not known may have the keys
	 * fetched, however short a time ago they were.
	 */
	expectAnother(): void {
		this.#begunAt = -Infinity;
	}

	#current() {
		const set = this.#set;
		return set && this.now() - set.confirmedAt <= KEPT ? set : undefined;
	}

	#retryPause(): number {
		return this.#failures === 0 ? 0 : Math.min(RETRY.least * 2 ** (this.#failures - 1), RETRY.most);
	}

	/** Waits for the fetch that is under way, or begins one unless the last was less than `pause` ago. */
	#fetch(pause: number): Promise<void> {
		if (!this.#flight && this.now() - this.#begunAt >= pause) {
			this.#begunAt = this.now();
			this.#flight = this.#load().finally(() => (this.#flight = undefined));
		}
		return this.#flight ?? Promise.resolve();
	}

	async #load(): Promise<void> {
		const begunAt = this.#begunAt;
		const sentAt = Date.now();
		try {
			const response = await this.settings.fetch(`${this.settings.service}/.well-known/jwks.json`, {
				headers: { accept: 'application/json', 'cache-control': 'no-cache', ...(this.#etag && { 'if-none-match': this.#etag }) },
				redirect: 'error',
				signal: AbortSignal.timeout(DEADLINE)
			});
			this.clock.learn(response.headers, sentAt);
			const keys = await this.#read(response);
			this.#set = { keys, confirmedAt: begunAt, freshUntil: begunAt + maxAge(response.headers) };
			this.#failures = 0;
		} catch (error) {
			this.#failures += 1;
			if (this.#failures === 1) this.settings.warn(`the keys could not be fetched: ${reasonOf(error)}`);
		}
	}

	async #read(response: Response): Promise<KeySet> {
		if (response.status === 304 && this.#set) return this.#set.keys;
		if (!response.ok) throw new Error(`status ${response.status}`);
		const text = await response.text();
		if (text.length > LIMIT) throw new Error('they are too long');
		const keys = await importKeySet(parse(text));
		this.#etag = response.headers.get('etag') ?? undefined;
		return keys;
	}
}

/** RFC 9111 §5.2.2.1, within our bounds. */
function maxAge(headers: Headers): number {
	const said = /(?:^|[\s,])max-age="?(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1];
	const age = said === undefined ? MAX_AGE.unsaid : Number(said) * 1000;
	return Math.min(Math.max(age, MAX_AGE.least), MAX_AGE.most);
}
