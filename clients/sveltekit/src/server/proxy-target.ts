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

/** Whether a server that decodes the path sees it climb, or sees a character that no path has. */
function climbs(path: string): boolean {
	let decoded: string;
	try {
		decoded = decodeURIComponent(path);
	} catch {
		return true;
	}
	return /[\u0000-\u001f\u007f]/.test(decoded) || decoded.split(/[/\\]/).some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
}
