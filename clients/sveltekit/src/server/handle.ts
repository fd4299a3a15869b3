import type { Handle, RequestEvent, ResolveOptions } from '@sveltejs/kit';
import { runWith } from './context.js';
import type { Cookie, SessionCookies } from './cookies.js';
import { isOfProgram, refuseCrossSite } from './csrf.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';
import type { Basics } from './settings.js';

/** What openapi-fetch reads of an answer; a universal `load` may read nothing else unless it is named here. */
const READ = ['content-length', 'content-type', 'transfer-encoding'];
const options: ResolveOptions = { filterSerializedResponseHeaders: (name) => READ.includes(name) };

/**
 * In this order: nothing is done for another site; the session is looked at, and refreshed while
 * cookies can still be set; the app answers; the cookies are set. A request without a session, such
 * as any of a build, asks the service nothing.
 */
export function createHandle({ cookies, csrf }: Basics, sessions: Sessions): Handle {
	return async ({ event, resolve }) => {
		const refusal = refuseCrossSite(event, csrf);
		if (refusal) return refusal;
		const session = await sessions.open(event, isOfProgram(event, csrf));
		const answer = async () => resolve(event, options);
		if (event.isSubRequest) return runWith(event, answer);
		try {
			const response = await runWith(event, answer);
			return withCookies(response, session, await session.settle(), cookies);
		} catch (thrown) {
			// SvelteKit sends what was set before a redirect is thrown.
			setThrough(event, await session.settle(), cookies);
			throw thrown;
		}
	};
}

/** Set on the response itself, for what was set through `event.cookies` after a load began may be lost. */
function withCookies(response: Response, session: Session, set: readonly Cookie[], cookies: SessionCookies): Response {
	const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false;
	const isPersonal = session.isKnown && !response.headers.has('cache-control');
	const setsCookies = set.length > 0 || response.headers.has('set-cookie');
	if (!setsCookies && !isPersonal) return response;
	// What an endpoint hands on from `fetch` can't be changed.
	const own = new Response(response.body, response);
	for (const cookie of set) own.headers.append('set-cookie', cookies.serialize(cookie));
	// A page is not even to be shown again by the back button; what else is personal is for this browser alone.
	own.headers.set('cache-control', setsCookies || isPage ? 'private, no-store' : 'private, no-cache');
	return own;
}

function setThrough(event: RequestEvent, set: readonly Cookie[], cookies: SessionCookies): void {
	for (const { name, value, maxAge } of set) {
		try {
			event.cookies.set(name, value, { ...cookies.attributes, maxAge });
		} catch {
			// The app answered and something failed after it; the next request is given the same tokens.
			return;
		}
	}
}
