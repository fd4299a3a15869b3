import type { RequestEvent, RequestHandler } from '@sveltejs/kit';
import { sendAuthorized } from './authorized.js';
import { REPLAYED, takeBody, type Body } from './body.js';
import type { Core } from './core.js';
import { reasonOf } from './issuer.js';
import { problem } from './problem.js';
import { requestHeaders, responseHeaders } from './proxy-headers.js';
import { locationOf, targetOf } from './proxy-target.js';
import type { Sessions } from './sessions.js';

const NO_BODY = [204, 205, 304];

/** Sends what comes in below a configured prefix on to its API, with the bearer of the session. */
export function createProxy(core: () => Core, sessions: Sessions): RequestHandler {
	return async (event) => {
		const { apis, fetch, warn } = core().settings;
		const target = targetOf(event.url, apis);
		if (target.kind === 'unknown') return problem(404, 'not_found', 'No API is configured for this path.');
		if (target.kind === 'refused') return problem(400, 'malformed', 'The path can not be sent on.');
		if (lostItsBody(event)) return problem(415, 'unsupported_media_type', 'A body needs a Content-Type.');
		const session = sessions.of(event);
		const call = {
			url: target.url,
			method: event.request.method,
			headers: requestHeaders(event),
			body: await bodyOf(event),
			redirect: 'manual',
			signal: event.request.signal
		} as const;
		let response: Response;
		try {
			response = await sendAuthorized(session, 'access', call, fetch);
		} catch (error) {
			if (!event.request.signal.aborted) warn(`${target.api.prefix} can not be reached: ${reasonOf(error)}`);
			return problem(502, 'bad_gateway', 'The API can not be reached.');
		}
		const headers = responseHeaders(response, session.isKnown);
		const location = headers.get('location');
		if (location !== null) headers.set('location', locationOf(location, target));
		const { status, statusText } = response;
		return new Response(NO_BODY.includes(status) ? null : response.body, { status, statusText, headers });
	};
}

/** SvelteKit's adapters drop a body that comes without a Content-Type: better refused than sent on empty. */
function lostItsBody({ request }: RequestEvent): boolean {
	if (request.body || request.method === 'GET' || request.method === 'HEAD') return false;
	return Number(request.headers.get('content-length') ?? 0) > 0 || request.headers.has('transfer-encoding');
}

/** A short body is kept, so that the call can be made again after a refresh; a long one passes through. */
async function bodyOf({ request }: RequestEvent): Promise<Body> {
	if (!request.body || request.method === 'GET' || request.method === 'HEAD') return { kind: 'whole', bytes: undefined };
	const length = Number(request.headers.get('content-length') ?? Infinity);
	return length <= REPLAYED ? takeBody(request.body) : { kind: 'stream', stream: request.body };
}
