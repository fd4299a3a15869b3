import { isUnder } from './csrf.js';
import type { Api } from './settings.js';

/** Where a request to this site goes, or why it goes nowhere. */
export type Target = { readonly kind: 'found'; readonly url: URL; readonly api: Api } | { readonly kind: 'unknown' } | { readonly kind: 'refused' };

/** Only below a configured prefix, and only to below the URL that it stands for. */
export function targetOf(url: URL, apis: readonly Api[]): Target {
	const api = apis.find(({ prefix }) => isUnder(url.pathname, prefix));
	if (!api) return { kind: 'unknown' };
	const rest = url.pathname.slice(api.prefix.length);
	if (climbs(rest)) return { kind: 'refused' };
	const base = api.base.pathname.replace(/\/+$/, '');
	const target = new URL(api.base);
	target.pathname = base + rest;
	target.search = url.search;
	return isUnder(target.pathname, base) ? { kind: 'found', url: target, api } : { kind: 'refused' };
}

/** `Location` of an API, as the browser is to follow it. */
export function locationOf(location: string, { url, api }: Extract<Target, { kind: 'found' }>): string {
	if (!URL.canParse(location, url)) return location;
	const to = new URL(location, url);
	const base = api.base.pathname.replace(/\/+$/, '');
	if (to.origin !== api.base.origin || !isUnder(to.pathname, base)) return location;
	return api.prefix + to.pathname.slice(base.length) + to.search + to.hash;
}

/**
 * Whether a server sees the path climb, or sees a character that no path has: one that decodes it, once or more often,
 * takes a backslash for a slash, or takes parameters off a segment (`..;x`, RFC 3986 §3.3) as those of Java do.
 */
export function climbs(path: string): boolean {
	let decoded = decode(path);
	if (decoded === undefined) return true;
	for (;;) {
		const segments = decoded.split(/[/\\]/);
		if (/[\u0000-\u001f\u007f]/.test(decoded) || segments.some((segment) => /^\.{1,2}(;|$)/.test(segment))) return true;
		const deeper = decode(decoded);
		if (deeper === undefined || deeper === decoded) return false;
		decoded = deeper;
	}
}

function decode(path: string): string | undefined {
	try {
		return decodeURIComponent(path);
	} catch {
		return undefined;
	}
}
