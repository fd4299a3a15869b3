import type { ServiceClock } from './clock.js';
import { MAX_LAG, type Feed } from './feed.js';
import type { Keys } from './keys.js';
import type { Mirror } from './mirror.js';
import type { Settings } from './settings.js';
import { verifyToken, type Proof, type Which } from './token.js';
import type { Claims } from './types.js';

/** What is known of a token. `away`: it can't be told now. */
export type Check = Proof | { readonly kind: 'revoked' } | { readonly kind: 'stale' };

/** For how long an access token of an ended session may still be about, in seconds. */
const LONGEST_LIFE = 3_600;

/** Verifies tokens here, without a call a request. */
export class Verifier {
	constructor(
		private readonly settings: Pick<Settings, 'policies' | 'strict'>,
		private readonly keys: Keys,
		private readonly mirror: Mirror,
		private readonly feed: Feed | undefined,
		readonly clock: ServiceClock
	) {}

	/** `genuine`: the token comes from the service itself and not from a cookie. */
	async check(token: string, which: Which, genuine = false): Promise<Check> {
		await this.feed?.ready();
		const proof = await verifyToken(token, this.keys, this.settings.policies[which], this.clock, genuine);
		if (proof.kind !== 'valid') return proof;
		const { jti, sid, sub, ver } = proof.claims;
		const mark = this.mirror.check({ jti, sub, kid: proof.kid, ...(sid !== undefined && { sid }), ...(ver !== undefined && { ver }) });
		if (mark !== 'accepted') return { kind: mark };
		if (this.settings.strict && this.feed && this.feed.lag > MAX_LAG) return { kind: 'away' };
		return proof;
	}

	/** A session that ended here: known at once, before the feed tells, and without one too. */
	ended(sessionId: string): void {
		const now = this.clock.now();
		this.mirror.prune(now);
		this.mirror.apply({ kind: 'sid', value: sessionId, expires_at: now + LONGEST_LIFE });
	}

	isEnded(claims: Claims): boolean {
		const { jti, sid, sub, ver } = claims;
		return this.mirror.check({ jti, sub, kid: '', ...(sid !== undefined && { sid }), ...(ver !== undefined && { ver }) }) === 'revoked';
	}
}
