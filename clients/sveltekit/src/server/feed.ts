import type { ServiceClock } from './clock.js';
import { readEntry, Unreadable, type Told } from './entry.js';
import { isObject, parse, reasonOf } from './issuer.js';
import type { Keys } from './keys.js';
import type { Mirror } from './mirror.js';
import type { Settings } from './settings.js';
import { readEvents } from './sse.js';
import { UnknownKinds } from './unknown-kinds.js';

/**
 * A stream that says nothing for a heartbeat and a half is opened anew: soon enough that one connection
 * that has died in silence does not leave a strict app blind.
 */
const SILENCE = 8_000;
/** How long to wait before connecting again: at first, and at most. */
const RETRY = { least: 100, most: 5_000 };
/** How long the first request waits for the first snapshot. */
const PATIENCE = 1_000;
/** A feed that nobody has asked for this long is let go; it is taken up again when somebody does. */
const IDLE = 600_000;
/** How old what is known may be for `strict`: two heartbeats. */
export const MAX_LAG = 10_000;

/** Follows the revocation feed into a mirror: a snapshot, then the stream of what comes after it. */
export class Feed {
	#stop: AbortController | undefined;
	#first: Promise<void> = Promise.resolve();
	/** When everything that was revoked was certainly in the mirror. */
	#knownAt = -Infinity;
	#askedAt = 0;
	#position: string | undefined;
	readonly #unknownKinds: UnknownKinds;

	constructor(
		private readonly settings: Pick<Settings, 'fetch' | 'warn'>,
		private readonly url: string,
		private readonly mirror: Mirror,
		private readonly clock: Pick<ServiceClock, 'now'>,
		/** Told when one of them was removed. */
		private readonly keys: Pick<Keys, 'expectAnother'>
	) {
		this.#unknownKinds = new UnknownKinds(settings.warn);
	}

	/** Begins to follow, if that was not done, and waits a little for the first snapshot. */
	ready(): Promise<void> {
		this.#askedAt = performance.now();
		if (!this.#stop) {
			const stop = (this.#stop = new AbortController());
			this.#first = new Promise((resolve) => {
				setTimeout(resolve, PATIENCE).unref();
				void this.#follow(stop.signal, resolve);
			});
		}
		return this.#first;
	}

	/**
	 * For how long the mirror may have missed something, in milliseconds. For ever, while an entry lives
	 * that may revoke any token, for all that this version can tell.
	 */
	get lag(): number {
		return this.#unknownKinds.forbidTrust(this.clock.now()) ? Infinity : performance.now() - this.#knownAt;
	}

	close(): void {
		this.#stop?.abort();
		this.#stop = undefined;
		this.#knownAt = -Infinity;
		this.#position = undefined;
	}

	async #follow(signal: AbortSignal, ready: () => void): Promise<void> {
		let pause = RETRY.least;
		let warned = false;
		while (!signal.aborted) {
			try {
				this.#position ??= await this.#takeSnapshot(signal);
				ready();
				await this.#readStream(signal, () => {
					pause = RETRY.least;
					warned = false;
				});
			} catch (error) {
				if (signal.aborted) return;
				if (!warned) this.settings.warn(`the revocation feed broke off: ${reasonOf(error)}`);
				warned = true;
			}
			await sleep(pause * (0.5 + Math.random()), signal);
			pause = Math.min(pause * 2, RETRY.most);
		}
	}

	async #takeSnapshot(signal: AbortSignal): Promise<string> {
		const asked = performance.now();
		const patience = new Patience(signal);
		let snapshot: unknown;
		try {
			const response = await this.settings.fetch(this.url, { redirect: 'error', signal: patience.signal });
			if (!response.ok) throw new Error(`the snapshot: status ${response.status}`);
			snapshot = await response.json();
		} finally {
			patience.end();
		}
		if (!isObject(snapshot) || !Array.isArray(snapshot['entries'])) throw new Error('the snapshot can not be read');
		this.#replace((snapshot['entries'] as unknown[]).map(readEntry));
		this.#knownAt = asked;
		return String(snapshot['position']);
	}

	async #readStream(signal: AbortSignal, heard: () => void): Promise<void> {
		const patience = new Patience(signal);
		const link = new Link(performance.now());
		let latest = this.#position ?? '0';
		try {
			const response = await this.settings.fetch(`${this.url}/stream`, {
				headers: { accept: 'text/event-stream', 'last-event-id': latest },
				redirect: 'error',
				signal: patience.signal
			});
			if (!response.ok || !response.body) throw new Error(`the stream: status ${response.status}`);
			for await (const event of readEvents(response.body, patience.signal)) {
				patience.heard();
				if (event.name === 'revoked') {
					this.#take(readEntry(parse(event.data)));
					latest = event.id ?? latest;
				} else if (event.name === 'reset') {
					return this.#forget();
				} else if (event.name === 'heartbeat') {
					const now = performance.now();
					const vouched = link.heard(at(event.data), now);
					this.#knownAt = Math.max(this.#knownAt, vouched);
					// Not sooner, for an entry may come after one of a higher number.
					this.#position = latest;
					this.mirror.prune(this.clock.now());
					// It is slow, or the clocks have drifted apart: a new one is not.
					if (now - vouched > MAX_LAG / 2) throw new Error('it comes too late');
					heard();
					if (performance.now() - this.#askedAt > IDLE) return this.close();
				}
			}
			patience.signal.throwIfAborted();
			throw new Error('it ended');
		} catch (error) {
			if (error instanceof Unreadable) this.#forget();
			throw error;
		} finally {
			patience.end();
		}
	}

	#take(told: Told): void {
		if (told.kind === 'unknown') this.#unknownKinds.meet(told.unknown);
		else if (this.mirror.apply(told.entry) && told.entry.kind === 'kid') this.keys.expectAnother();
	}

	/** A snapshot takes the place of all that was known. */
	#replace(told: readonly Told[]): void {
		const entries = told.flatMap((one) => (one.kind === 'entry' ? [one.entry] : []));
		this.#unknownKinds.replace(told.flatMap((one) => (one.kind === 'unknown' ? [one.unknown] : [])));
		const removes = entries.some((entry) => entry.kind === 'kid' && !this.mirror.has(entry));
		this.mirror.replace(entries);
		if (removes) this.keys.expectAnother();
	}

	/** Something was missed, and nobody can say what: the snapshot is taken again. */
	#forget(): void {
		this.#position = undefined;
		this.#knownAt = -Infinity;
	}
}

/**
 * One connection. A heartbeat carries the time at which everything before it had been sent, on the
 * sender's clock: the first cannot have been sent before we asked, a later one was sent as long
 * after it as that clock says. So what lay in a buffer shows as age, and a wrong clock does not.
 */
export class Link {
	#first: number | undefined;

	constructor(private readonly asked: number) {}

	/** The moment up to which a heartbeat vouches. `sent` is in seconds, the others in milliseconds. */
	heard(sent: number, now: number): number {
		this.#first ??= sent;
		return Math.min(this.asked + Math.max(0, sent - this.#first - 1) * 1000, now);
	}
}

/**
 * Ends a connection with the feed, or once it was silent for too long. Not `AbortSignal.any`: Node 20 may collect
 * the signal that it makes before it has fired.
 */
class Patience {
	readonly #own = new AbortController();
	readonly #timer = setTimeout(() => this.#own.abort(new Error('it was silent for too long')), SILENCE);
	readonly #stop = () => this.#own.abort(this.outer.reason);

	constructor(private readonly outer: AbortSignal) {
		outer.addEventListener('abort', this.#stop);
		if (outer.aborted) this.#stop();
	}

	get signal(): AbortSignal {
		return this.#own.signal;
	}

	heard(): void {
		this.#timer.refresh();
	}

	end(): void {
		clearTimeout(this.#timer);
		this.outer.removeEventListener('abort', this.#stop);
		this.#own.abort();
	}
}

function at(data: string): number {
	const heartbeat = parse(data);
	if (isObject(heartbeat) && typeof heartbeat['at'] === 'number') return heartbeat['at'];
	throw new Unreadable('a heartbeat can not be read');
}

function sleep(span: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, span);
		timer.unref();
		signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
	});
}
