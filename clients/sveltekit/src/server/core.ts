import { decodeJwt } from 'jose';
import { ServiceClock } from './clock.js';
import { Feed } from './feed.js';
import { Issuer } from './issuer.js';
import { Keys } from './keys.js';
import { Mirror } from './mirror.js';
import { Refresher } from './refresh.js';
import { readSettings, type Settings } from './settings.js';
import type { Policy, Which } from './token.js';
import type { AuthOptions } from './types.js';
import { Verifier } from './verifier.js';

/** What all requests of this process share. */
export interface Core {
	readonly settings: Settings;
	readonly issuer: Issuer;
	readonly verifier: Verifier;
	readonly refresher: Refresher;
	/** Why a token that came from the service itself isn't accepted here, for whoever configures this. */
	explain(token: string, which: Which, rule: string): string;
	close(): void;
}

export function createCore(options: AuthOptions): Core {
	const settings = readSettings(options);
	const clock = new ServiceClock(settings.warn);
	const issuer = new Issuer(settings, clock);
	const mirror = new Mirror();
	const keys = new Keys(settings, clock);
	const feed = settings.feed === undefined ? undefined : new Feed(settings, settings.feed, mirror, clock, keys);
	return {
		settings,
		issuer,
		verifier: new Verifier(settings, keys, mirror, feed, clock),
		refresher: new Refresher(issuer, settings),
		explain: (token, which, rule) => explain(settings.policies[which], token, rule),
		close: () => feed?.close()
	};
}

function explain({ issuer, audience }: Policy, token: string, rule: string): string {
	let said = '';
	try {
		const { iss, aud } = decodeJwt(token);
		said = `; it is of '${iss}' for '${aud}', and here 'issuer' is '${issuer}', and the audience is to be '${audience}'`;
	} catch {
		// Nothing can be read out of it.
	}
	return `a token that the service just made is not accepted here: ${rule}${said}`;
}
