import type { RequestHandler } from '@sveltejs/kit';
import { problem, unavailable } from './problem.js';
import type { Sessions } from './sessions.js';

/**
 * For an app that calls an API of another origin by itself: the session's access token for APIs,
 * and neither of the others. POST, so that the check against other sites applies.
 */
export function createTokenEndpoint(sessions: Sessions): RequestHandler {
	return async (event) => {
		if (event.request.method !== 'POST') return problem(405, 'method_not_allowed', 'This takes POST.', { allow: 'POST' });
		// What a `load` fetches here goes into the page's HTML.
		if (event.isSubRequest) return problem(403, 'forbidden', 'Only a browser is given a token.');
		const session = sessions.of(event);
		const refused = event.request.headers.get('x-refused-token');
		const token = (refused === null ? undefined : (await session.bearerAfter('access', refused)).token) ?? (await session.bearer('access')).token;
		const { state } = session;
		if (state.status === 'unavailable') return unavailable('The sign-in service can not be reached.', state.retryAfter);
		if (token === undefined) return problem(401, 'token_missing', 'Nobody is signed in.');
		return Response.json({ access_token: token, expires_in: session.left }, { headers: { 'cache-control': 'private, no-store' } });
	};
}
