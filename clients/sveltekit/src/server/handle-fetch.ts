import type { HandleFetch, RequestEvent } from '@sveltejs/kit';
import { sendAuthorized } from './authorized.js';
import { takeBody } from './body.js';
import { clientOf } from './client-of.js';
import type { SessionCookies } from './cookies.js';
import type { Core } from './core.js';
import { isUnder } from './csrf.js';
import { clientHeaders } from './issuer.js';
import { climbs } from './proxy-target.js';
import type { Sessions } from './sessions.js';

/**
 * What the server fetches for a request. To itself: with the same session, so that `/api` works in
 * `load` as in the browser. To a configured API: with the bearer. To anyone else: without a token.
 */
export function createHandleFetch(core: () => Core, cookies: SessionCookies, sessions: Sessions): HandleFetch {
	return async ({ event, request, fetch }) => {
		const url = new URL(request.url);
		const session = sessions.find(event);
		if (url.origin === event.url.origin) {
			if (session && request.credentials !== 'omit') sessions.lend(request, session);
			return fetch(request);
		}
		if (session?.isKnown && isApi(core(), url)) {
			const headers = new Headers(request.headers);
			headers.delete('cookie');
			for (const [name, value] of Object.entries(clientHeaders(clientOf(event)))) if (!headers.has(name)) headers.set(name, value);
			const { method, redirect, signal } = request;
			const body = await takeBody(request.body);
			// Not SvelteKit's `fetch`, which sends the cookies of this site to its subdomains.
			return sendAuthorized(session, 'access', { url, method, headers, body, redirect, signal }, core().settings.fetch);
		}
		return fetch(withoutTokens(request, url, event, cookies));
	};
}

function isApi({ settings }: Core, url: URL): boolean {
	return settings.apis.some(({ base }) => url.origin === base.origin && isUnder(url.pathname, base.pathname) && !climbs(url.pathname.slice(base.pathname.length)));
}

/**
 * SvelteKit sends the cookies of a site along to its subdomains and other ports. What is named in the
 * request's own header wins over them, so the tokens are named there with nothing in them.
 */
function withoutTokens(request: Request, url: URL, event: RequestEvent, cookies: SessionCookies): Request {
	const present = cookies.present((name) => event.cookies.get(name));
	if (present.length === 0 || !`.${url.hostname}`.endsWith(`.${event.url.hostname}`)) return request;
	const own = new Request(request);
	const given = own.headers.get('cookie');
	own.headers.set('cookie', [...(given === null ? [] : [given]), ...present.map((name) => `${name}=`)].join('; '));
	return own;
}
