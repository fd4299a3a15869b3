/** What a call made on the server needs of the request that it is made for. */
export interface CurrentRequest {
	readonly fetch: typeof globalThis.fetch;
	readonly url: URL;
}

export const CURRENT = Symbol.for('@auth-service/sveltekit');

export type Holder = typeof globalThis & { [CURRENT]?: { getStore(): CurrentRequest | undefined } };
