import { CURRENT, type Holder } from '../client/current.js';

/** What `auth.token` answers. */
interface Token {
	readonly value: string;
	/** A tenth of its life before its end. */
	readonly until: number;
}

export interface BearerOptions {
	/** The route of this site that exports `POST = auth.token`. */
	tokenEndpoint?: string;
	/** In place of the global `fetch`, for tests. */
	fetch?: typeof globalThis.fetch;
}

/**
 * For an API that the browser calls by itself, at an origin of its own: a `fetch` for openapi-fetch's
 * `createClient` that adds this session's access token. The token is kept in memory alone, fetched
 * once for all calls that need it, and fetched anew and the call made again, once, where the API
 * refuses it. No cookie goes to the API. On the server it calls with the `fetch` of the request that is
 * being answered, where `handleFetch` adds the bearer to what `apis` names; nothing is kept there.
 */
export function bearerFetch(options: BearerOptions = {}): { fetch: (request: Request) => Promise<Response> } {
	const { tokenEndpoint = '/auth/token' } = options;
	const call: typeof globalThis.fetch = (input, init) => (options.fetch ?? fetch)(input, init);
	let token: Token | undefined;
	let flight: Promise<Response | Token> | undefined;

	const renewed = (refused?: string) =>
		(flight ??= request(call, tokenEndpoint, refused)
			.then((answer) => {
				token = answer instanceof Response ? undefined : answer;
				return answer;
			})
			.finally(() => (flight = undefined)));
	const current = async () => (token && token.until > Date.now() ? token : renewed());

	return {
		fetch: async (request) => {
			const here = (globalThis as Holder)[CURRENT]?.getStore();
			if (here) return here.fetch(request);
			const first = await current();
			if (first instanceof Response) return first.clone();
			// The copy is for a second call: a body can be sent once.
			const spare = request.clone();
			const response = await send(call, request, first.value).catch((error: unknown) => {
				drop(spare);
				throw error;
			});
			if (response.status !== 401) {
				drop(spare);
				return response;
			}
			const second = token && token.value !== first.value ? token : await renewed(first.value);
			if (second instanceof Response || second.value === first.value) {
				drop(spare);
				return response;
			}
			await response.body?.cancel();
			return send(call, spare, second.value);
		}
	};
}

async function request(call: typeof globalThis.fetch, endpoint: string, refused?: string): Promise<Response | Token> {
	const headers = refused === undefined ? {} : { 'x-refused-token': refused };
	const response = await call(endpoint, { method: 'POST', headers });
	if (!response.ok) return response;
	const { access_token: value, expires_in: left } = (await response.json()) as { access_token: string; expires_in: number };
	return { value, until: Date.now() + left * 900 };
}

function send(call: typeof globalThis.fetch, request: Request, token: string): Promise<Response> {
	const own = new Request(request, { credentials: 'omit' });
	own.headers.set('authorization', `Bearer ${token}`);
	return call(own);
}

/** What was kept of a body is let go. */
function drop(request: Request): void {
	void request.body?.cancel().catch(() => undefined);
}
