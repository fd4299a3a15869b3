import type { RequestEvent } from '@sveltejs/kit';
import type { Client } from './issuer.js';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Whom a request comes from, as the adapter tells it: what the client claims of itself counts for nothing. */
export function clientOf(event: RequestEvent): Client {
	const address = addressOf(event);
	const userAgent = event.request.headers.get('user-agent');
	const requestId = event.request.headers.get('x-request-id');
	return {
		...(address !== undefined && { address }),
		...(userAgent !== null && { userAgent }),
		...(requestId !== null && REQUEST_ID.test(requestId) && { requestId })
	};
}

function addressOf(event: RequestEvent): string | undefined {
	try {
		return event.getClientAddress();
	} catch {
		// Prerendering, or an adapter that can't tell.
		return undefined;
	}
}
