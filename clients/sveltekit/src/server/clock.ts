/** Beyond this, a difference is a fault to mend and not one to live with. */
const MOST = 15 * 60_000;
/** `Date` has whole seconds and took a while to come: a difference below this is none. */
const LEAST = 3_000;
/** An answer that took longer says too little about when it was sent. */
const SLOWEST = 5_000;

/**
 * The service's time. Tokens are judged by it, so that an app whose clock is minutes off neither
 * refuses every token nor accepts old ones. It is learnt from the `Date` of each answer.
 */
export class ServiceClock {
	#offset = 0;
	#warned = false;

	constructor(
		private readonly warn: (message: string) => void,
		private readonly local: () => number = () => Date.now()
	) {}

	/** Seconds since the Unix epoch. */
	now(): number {
		return (this.local() + this.#offset) / 1000;
	}

	/** `sentAt` is the local time at which the question was sent, in milliseconds. */
	learn(headers: Headers, sentAt: number): void {
		const received = this.local();
		const date = Date.parse(headers.get('date') ?? '');
		const took = received - sentAt;
		if (Number.isNaN(date) || took < 0 || took > SLOWEST) return;
		const age = Number(headers.get('age') ?? 0);
		const offset = date + (Number.isFinite(age) ? age * 1000 : 0) - (received - took / 2);
		if (Math.abs(offset) > MOST) {
			this.#offset = 0;
			if (!this.#warned) {
				const minutes = Math.round(Math.abs(offset) / 60_000);
				this.warn(`the clocks of this server and of auth-service are ${minutes} minutes apart: mend the one that is wrong`);
			}
			this.#warned = true;
			return;
		}
		this.#offset = Math.abs(offset) < LEAST ? 0 : offset;
	}
}
