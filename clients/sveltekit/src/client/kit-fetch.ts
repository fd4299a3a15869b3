import { CURRENT, type Holder } from './current.js';

/** Options of openapi-fetch's `createClient`. */
export interface KitFetch {
	fetch: (request: Request) => Promise<Response>;
	Request: typeof Request;
}

/**
 * Makes one openapi-fetch client work on the server and in the browser: on the server it calls with
 * the `fetch` of the request that is being answered, and resolves paths against its URL.
 */
export function kitFetch(): KitFetch {
	const current = () => (globalThis as Holder)[CURRENT]?.getStore();
	return {
		fetch: (request) => (current()?.fetch ?? fetch)(request),
		// A function that constructs, for `Request` must be looked up when it is used.
		Request: new Proxy(Request, {
			construct(target, [input, init]: [RequestInfo | URL, RequestInit?]) {
				const base = current()?.url;
				return new target(base && typeof input === 'string' ? new URL(input, base) : input, init);
			}
		})
	};
}
