import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestEvent } from '@sveltejs/kit';
import { CURRENT, type CurrentRequest, type Holder } from '../client/current.js';

/**
 * The request that is being answered, for `kitFetch`: the same module runs on the server, where it
 * needs the `fetch` of the request, and in the browser, where it may import nothing of the server.
 * Global, for a development server loads this module more than once.
 */
const holder = globalThis as Holder;
const requests = (holder[CURRENT] ??= new AsyncLocalStorage<CurrentRequest>()) as AsyncLocalStorage<CurrentRequest>;

export function runWith<T>(event: RequestEvent, run: () => T): T {
	return requests.run({ fetch: event.fetch, url: event.url }, run);
}
