import { isObject } from './issuer.js';
import { KINDS, type Entry } from './mirror.js';

/** What a feed tells of in one entry. */
export type Told = { readonly kind: 'entry'; readonly entry: Entry } | { readonly kind: 'unknown'; readonly unknown: Unknown };

/** An entry of a kind that this version does not know: it is passed over, unless it is critical. */
export interface Unknown {
	readonly kind: string;
	/** Whether who does not know the kind must not trust the feed while the entry lives. */
	readonly critical: boolean;
	/** When it ceases to matter, in seconds since the Unix epoch, if it says so. */
	readonly expires_at?: number;
}

/** What must be read, and can't be. */
export class Unreadable extends Error {}

/** What an unknown kind makes of a member is its own affair; of a known one each must be right. */
export function readEntry(json: unknown): Told {
	if (!isObject(json)) throw new Unreadable('an entry is no object');
	const { kind, value, expires_at } = json;
	const ver = json['ver'] ?? undefined;
	const critical = json['critical'] ?? false;
	if (typeof kind !== 'string') throw new Unreadable('the kind of an entry is no text');
	if (typeof critical !== 'boolean') throw new Unreadable('whether an entry is critical can not be read');
	const known = KINDS.find((one) => one === kind);
	if (known === undefined) return { kind: 'unknown', unknown: { kind, critical, ...(isWhole(expires_at) && { expires_at }) } };
	if (typeof value !== 'string' || !isWhole(expires_at) || (ver !== undefined && !isWhole(ver))) throw new Unreadable('an entry can not be read');
	return { kind: 'entry', entry: { kind: known, value, expires_at, ...(ver !== undefined && { ver }) } };
}

function isWhole(value: unknown): value is number {
	return Number.isInteger(value);
}
