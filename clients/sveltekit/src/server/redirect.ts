/** Control characters and spaces, which browsers drop from a URL, and the backslash, which is `/` to them. */
const TRICKS = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff\\]/u;

/**
 * `target` as a path on this site, or `fallback`. A path of ours begins with one `/`; an absolute
 * URL is taken if it is of this very origin. Whatever else there is, is not followed: `//evil`,
 * `/\evil`, `https:evil`, `javascript:…`, and anything with a character that browsers drop.
 */
export function safeRedirect(target: unknown, url: URL, fallback = '/'): string {
	if (typeof target !== 'string' || target.length > 2_048 || TRICKS.test(target)) return fallback;
	const isPath = target.startsWith('/') && !target.startsWith('//');
	if (!isPath && !target.startsWith(`${url.origin}/`) && target !== url.origin) return fallback;
	const resolved = parse(target, url);
	if (resolved?.origin !== url.origin || resolved.username || resolved.password) return fallback;
	const path = resolved.pathname + resolved.search + resolved.hash;
	// `/.//evil` has become `//evil`, which is another host to the browser.
	return path.startsWith('//') || hidesTricks(resolved.pathname) ? fallback : path;
}

function parse(target: string, url: URL): URL | undefined {
	try {
		return new URL(target, url);
	} catch {
		return undefined;
	}
}

/** A proxy on the way may decode a path: `/%09/evil`, `/%5cevil`, `/%2fevil`. */
function hidesTricks(path: string): boolean {
	return /^\/(%(0[0-9a-f]|1[0-9a-f]|20|2f|5c|7f))+/i.test(path);
}
