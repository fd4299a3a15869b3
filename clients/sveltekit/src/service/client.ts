import type { paths } from './openapi.js';
import type { Problem } from './schemas.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Operation<P extends keyof paths, M extends Method> = paths[P][M];

/** Administering takes a token of its own, which no session of an app has. */
type Own = Exclude<keyof paths, `/v1/admin/${string}`>;

/** The paths that take this method. */
type PathsOf<M extends Method> = {
	[P in Own]: Operation<P, M> extends { responses: unknown } ? P : never;
}[Own];

type Parameters<O> = O extends { parameters: infer All }
	? { [K in keyof All as K extends 'path' | 'query' ? (All[K] extends undefined ? never : K) : never]: All[K] }
	: unknown;

type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } }
	? { body: B }
	: O extends { requestBody?: { content: { 'application/json': infer B } } }
		? { body?: B }
		: { body?: never };

type ParamsOf<O> = Parameters<O> extends { path: unknown }
	? { params: Parameters<O> }
	: { params?: Parameters<O> };

type Content<R> = R extends { content: { 'application/json': infer D } }
	? D
	: R extends { content: { 'application/jwk-set+json': infer D } }
		? D
		: undefined;

type Success<O> = O extends { responses: infer R }
	? { [S in keyof R]: S extends 200 | 201 | 204 ? Content<R[S]> : never }[keyof R]
	: never;

/** As openapi-fetch answers: `data` or `error`, and the response. */
export type ServiceAnswer<D> =
	| { readonly data: D; readonly error?: never; readonly response: Response }
	| { readonly data?: never; readonly error: Problem; readonly response: Response };

type Init<O> = BodyOf<O> & ParamsOf<O>;

type Call<M extends Method> = <P extends PathsOf<M>>(
	path: P,
	...init: object extends Init<Operation<P, M>> ? [Init<Operation<P, M>>?] : [Init<Operation<P, M>>]
) => Promise<ServiceAnswer<Success<Operation<P, M>>>>;

/**
 * auth-service's API by its OpenAPI document, in the manner of openapi-fetch. A service that is
 * away is an `error` with the code `unavailable`, never a throw.
 */
export interface ServiceClient {
	readonly GET: Call<'get'>;
	readonly POST: Call<'post'>;
	readonly PATCH: Call<'patch'>;
	readonly DELETE: Call<'delete'>;
}
