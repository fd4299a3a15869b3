import type { RequestEvent } from '@sveltejs/kit';
import { problem } from './problem.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface CsrfRules {
	/** Further origins that may send unsafe requests. */
	readonly origins: readonly string[];
	/** Paths at which programs without a session call. */
	readonly exempt: readonly string[];
}

/**
 * Refuses a request that another site made a browser send, whatever its content type: SvelteKit
 * itself looks at forms and remote functions alone. R19: `Sec-Fetch-Site: same-origin`, or an
 * `Origin` that is known.
 */
export function refuseCrossSite(event: RequestEvent, rules: CsrfRules): Response | undefined {
	if (!isForeign(event, rules) || isExempt(event, rules)) return undefined;
	return problem(403, 'cross_site_request', 'This request came from another site, or does not say where it came from.');
}

/** Whether a program may send this: then no session goes with it, for another site may have sent it as well. */
export function isOfProgram(event: RequestEvent, rules: CsrfRules): boolean {
	return isForeign(event, rules) && isExempt(event, rules);
}

function isForeign({ request, url, isSubRequest }: RequestEvent, { origins }: CsrfRules): boolean {
	return !SAFE.has(request.method) && !isSubRequest && !isFromHere(request.headers, url.origin, origins);
}

function isExempt({ url }: RequestEvent, { exempt }: CsrfRules): boolean {
	return exempt.some((path) => isUnder(url.pathname, path));
}

function isFromHere(headers: Headers, own: string, known: readonly string[]): boolean {
	const site = headers.get('sec-fetch-site');
	const origin = headers.get('origin');
	if (site === 'same-origin') return true;
	if (origin !== null && known.includes(origin)) return true;
	// A browser that sends `Sec-Fetch-Site` knows better than the address that we think we have.
	return site === null && origin === own;
}

/** Whether `path` is `prefix`, or lies below it. */
export function isUnder(path: string, prefix: string): boolean {
	const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
	return path === base || path.startsWith(`${base}/`);
}
