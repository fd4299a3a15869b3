/** What an entry revokes. */
export const KINDS = ['jti', 'sid', 'sub', 'stale', 'kid'] as const;

/** One revocation of the feed. `sub` and `stale` carry the lowest version that is left alone. */
export interface Entry {
	readonly kind: (typeof KINDS)[number];
	readonly value: string;
	readonly ver?: number;
	/** Seconds since the Unix epoch. */
	readonly expires_at: number;
}

/** The names that a token goes by. */
export interface TokenNames {
	readonly jti: string;
	readonly sid?: string;
	readonly sub: string;
	readonly ver?: number;
	readonly kid: string;
}

export type Mark = 'accepted' | 'revoked' | 'stale';

/** Revocations in memory, looked up in constant time. */
export class Mirror {
	#marks = new Marks();

	/** Takes an entry in. Again, or after a newer one, it changes nothing. True if nothing was known of it. */
	apply(entry: Entry): boolean {
		const isNew = !this.has(entry);
		this.#marks.apply(entry);
		return isNew;
	}

	/** Whether something is known of what an entry names. */
	has(entry: Entry): boolean {
		return this.#marks.has(entry);
	}

	/** Forgets everything but these entries, in one step for those who look. */
	replace(entries: Iterable<Entry>): void {
		const marks = new Marks();
		for (const entry of entries) marks.apply(entry);
		this.#marks = marks;
	}

	/** Revoked wins over stale, and a token without a version is below every one. */
	check(token: TokenNames): Mark {
		return this.#marks.check(token);
	}

	/** Forgets what ceased to matter at `now`, in seconds since the Unix epoch. */
	prune(now: number): void {
		this.#marks.prune(now);
	}

	get size(): number {
		return this.#marks.size;
	}
}

interface Lowest {
	readonly ver: number;
	readonly expires_at: number;
}

class Marks {
	/** When each revoked `jti`, `sid` and `kid` ceases to matter. */
	readonly #revoked = new Map<string, number>();
	/** The lowest valid and the lowest fresh version of each `sub`, apart from one another. */
	readonly #lowest = new Map<string, Lowest>();

	get size(): number {
		return this.#revoked.size + this.#lowest.size;
	}

	has({ kind, value }: Entry): boolean {
		const name = `${kind}:${value}`;
		return this.#revoked.has(name) || this.#lowest.has(name);
	}

	/** Of versions and of expiries the greater stays, so that no cut-off hides another (I28). */
	apply({ kind, value, ver = Infinity, expires_at }: Entry): void {
		const name = `${kind}:${value}`;
		if (kind === 'sub' || kind === 'stale') {
			const known = this.#lowest.get(name);
			this.#lowest.set(name, {
				ver: Math.max(ver, known?.ver ?? ver),
				expires_at: Math.max(expires_at, known?.expires_at ?? expires_at)
			});
		} else {
			this.#revoked.set(name, Math.max(expires_at, this.#revoked.get(name) ?? expires_at));
		}
	}

	check({ jti, sid, sub, ver, kid }: TokenNames): Mark {
		const named = [`jti:${jti}`, `kid:${kid}`, ...(sid === undefined ? [] : [`sid:${sid}`])];
		if (named.some((name) => this.#revoked.has(name)) || this.#isBelow(`sub:${sub}`, ver)) return 'revoked';
		return this.#isBelow(`stale:${sub}`, ver) ? 'stale' : 'accepted';
	}

	#isBelow(name: string, ver: number | undefined): boolean {
		const lowest = this.#lowest.get(name);
		return lowest !== undefined && (ver === undefined || ver < lowest.ver);
	}

	prune(now: number): void {
		for (const [name, expiresAt] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(name);
		for (const [name, { expires_at }] of this.#lowest) if (expires_at <= now) this.#lowest.delete(name);
	}
}
