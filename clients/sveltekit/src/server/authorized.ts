import type { Bearer } from './access-tokens.js';
import { initOf, takeBody, type Body } from './body.js';
import { isObject, parse } from './issuer.js';
import { unavailable } from './problem.js';
import type { Session } from './session.js';
import type { Which } from './token.js';

/** A call that is to carry a token of the session. */
export interface Outgoing {
	readonly url: string | URL;
	readonly method: string;
	readonly headers: Headers;
	readonly body: Body;
	readonly redirect: RequestRedirect;
	readonly signal?: AbortSignal;
}

/** The codes that a refresh mends, or that a refresh explains. */
const MENDED: readonly unknown[] = ['token_expired', 'token_revoked', 'claims_stale'];
/** An API that refuses even a new token is not asked about it at each call; in seconds. */
const YOUNG = 10;
/** The longest error that is looked into. */
const LIMIT = 16 * 1024;

/**
 * Sends with that token of the session, and if it is refused for what a refresh mends, once more
 * with a new one. A body that can't be sent again is not.
 */
export async function sendAuthorized(session: Session | undefined, which: Which, call: Outgoing, fetch: typeof globalThis.fetch): Promise<Response> {
	const { token, retryAfter }: Bearer = (await session?.bearer(which)) ?? {};
	const response = await send(call, token, fetch);
	if (response.status !== 401 || !session) return response;
	if (!token) return insteadOf(response, retryAfter);
	if (call.body.kind === 'stream') return response;
	const { refused, answer } = await look(response, session.age(which));
	if (!refused) return answer;
	const after = await session.bearerAfter(which, token);
	return after.token ? send(call, after.token, fetch) : insteadOf(answer, after.retryAfter);
}

/** Nobody is told that they are signed out because the service is away. */
async function insteadOf(refusal: Response, retryAfter: number | undefined): Promise<Response> {
	if (retryAfter === undefined) return refusal;
	await refusal.body?.cancel();
	return unavailable('The sign-in service can not be reached.', retryAfter);
}

function send({ url, method, headers, body, redirect, signal }: Outgoing, token: string | undefined, fetch: typeof globalThis.fetch): Promise<Response> {
	const own = new Headers(headers);
	own.delete('authorization');
	if (token) own.set('authorization', `Bearer ${token}`);
	return fetch(url, { method, headers: own, redirect, ...initOf(body), ...(signal && { signal }) });
}

/** Whether a 401 is about the token, and the answer as it was, to be read again. */
async function look(response: Response, age: number): Promise<{ refused: boolean; answer: Response }> {
	const body = await takeBody(response.body, LIMIT);
	const headers = new Headers(response.headers);
	// What fetch has decoded is no longer encoded.
	if (headers.has('content-encoding')) for (const name of ['content-encoding', 'content-length']) headers.delete(name);
	const answer = new Response(initOf(body).body ?? null, { status: response.status, statusText: response.statusText, headers });
	const problem = body.kind === 'whole' ? parse(new TextDecoder().decode(body.bytes)) : undefined;
	const code = isObject(problem) ? problem['code'] : undefined;
	const challenged = /error="?invalid_token/.test(headers.get('www-authenticate') ?? '') && age > YOUNG;
	return { refused: MENDED.includes(code) || challenged, answer };
}
