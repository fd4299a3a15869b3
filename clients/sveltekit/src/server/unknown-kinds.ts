import type { Unknown } from './entry.js';

/** Kinds that are remembered, so that each is warned of once; a feed has a handful. */
const REMEMBERED = 32;

/** The unknown kinds of a feed: which were warned of, and until when a critical one forbids to trust the feed. */
export class UnknownKinds {
	readonly #warned = new Set<string>();
	/** In seconds since the Unix epoch. */
	#distrustedUntil = -Infinity;

	constructor(private readonly warn: (message: string) => void) {}

	meet(unknown: Unknown): void {
		this.#distrustedUntil = Math.max(this.#distrustedUntil, distrustedUntil(unknown));
		const { kind, critical } = unknown;
		const name = `${critical} ${kind}`;
		if (this.#warned.has(name) || this.#warned.size >= REMEMBERED) return;
		this.#warned.add(name);
		const said = JSON.stringify(kind);
		this.warn(
			critical
				? `the feed has an entry of the kind ${said}, which this version does not know and must not pass over: nobody is signed in by \`strict\` while it lives; update this package`
				: `entries of the feed are passed over: this version does not know their kind, ${said}`
		);
	}

	/** Forgets everything critical but these. */
	replace(unknowns: readonly Unknown[]): void {
		this.#distrustedUntil = -Infinity;
		for (const unknown of unknowns) this.meet(unknown);
	}

	/** Whether a critical entry of an unknown kind lives at `now`: then nobody can say which tokens the feed revokes. */
	forbidTrust(now: number): boolean {
		return now < this.#distrustedUntil;
	}
}

function distrustedUntil({ critical, expires_at }: Unknown): number {
	return critical ? (expires_at ?? Infinity) : -Infinity;
}
