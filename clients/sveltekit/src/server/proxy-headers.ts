import type { RequestEvent } from '@sveltejs/kit';
import { clientOf } from './client-of.js';

/** RFC 9110 §7.6.1: for one connection, and not beyond it. */
const HOP_BY_HOP = [
	'connection',
	'keep-alive',
	'proxy-authenticate',
	'proxy-authorization',
	'proxy-connection',
	'te',
	'trailer',
	'transfer-encoding',
	'upgrade'
];
/** What is between the browser and this site, or for this server to say. */
const NOT_SENT = ['cookie', 'host', 'origin', 'authorization', 'expect', 'accept-encoding', 'content-length', 'forwarded', 'x-real-ip', 'x-request-id'];
/** `x-auth-` is how auth-service tells a gateway who is signed in: an API may believe it. */
const NOT_SENT_PREFIXES = ['x-forwarded-', 'x-auth-', 'sec-', 'x-sveltekit-'];
/** An API has no say in this site's cookies, nor in who else may read its answers here. */
const NOT_RETURNED = ['set-cookie', 'alt-svc'];
const NOT_RETURNED_PREFIXES = ['access-control-'];

/** The headers that go to the API; the bearer comes later. */
export function requestHeaders(event: RequestEvent): Headers {
	const headers = without(event.request.headers, NOT_SENT, NOT_SENT_PREFIXES);
	const { address, requestId } = clientOf(event);
	if (address !== undefined) headers.set('x-forwarded-for', address);
	headers.set('x-forwarded-host', event.url.host);
	headers.set('x-forwarded-proto', event.url.protocol.slice(0, -1));
	headers.set('x-request-id', requestId ?? crypto.randomUUID());
	// Bytes pass as they come; fetch would decode them here and leave no length. It says so itself of a range.
	if (!headers.has('range')) headers.set('accept-encoding', 'identity');
	return headers;
}

/** The headers that go back to the browser. */
export function responseHeaders(response: Response, isPersonal: boolean): Headers {
	const headers = without(response.headers, NOT_RETURNED, NOT_RETURNED_PREFIXES);
	if (headers.has('content-encoding')) {
		// fetch has decoded it all the same.
		headers.delete('content-encoding');
		headers.delete('content-length');
	}
	// It is of this site's origin: what is no page must not be taken for one.
	if (!headers.has('x-content-type-options')) headers.set('x-content-type-options', 'nosniff');
	if (isPersonal) headers.set('cache-control', personal(headers.get('cache-control')));
	return headers;
}

/**
 * RFC 9111 §3.5: a shared cache keeps no answer to a request with `Authorization` unless it is told
 * that it may. The browser's request has none, so what went without saying is said.
 */
function personal(said: string | null): string {
	if (said === null) return 'private, no-cache';
	return /(^|[\s,])(public|private|no-store|s-maxage|must-revalidate)\b/i.test(said) ? said : `private, ${said}`;
}

function without(from: Headers, names: readonly string[], prefixes: readonly string[]): Headers {
	const headers = new Headers(from);
	const connection = (from.get('connection') ?? '').split(',').map((name) => name.trim().toLowerCase());
	for (const sent of [...from.keys()]) {
		// Servers that follow CGI can't tell the two apart.
		const name = sent.replaceAll('_', '-');
		const isDropped =
			HOP_BY_HOP.includes(name) || names.includes(name) || connection.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
		if (isDropped) headers.delete(sent);
	}
	return headers;
}
