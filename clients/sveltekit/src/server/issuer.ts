import type { ServiceClock } from './clock.js';
import type { Settings } from './settings.js';
import type { Problem, TokenPair } from '../service/schemas.js';

/** Whom a call is made for: the service keeps both with the session. */
export interface Client {
	readonly address?: string;
	readonly userAgent?: string;
	readonly requestId?: string;
}

/** What the service said. */
export type Answer =
	| { readonly kind: 'tokens'; readonly pair: TokenPair }
	| { readonly kind: 'done' }
	| { readonly kind: 'problem'; readonly status: number; readonly problem: Partial<Problem>; readonly retryAfter?: number }
	| { readonly kind: 'away'; readonly reason: string };

/** The largest answer. */
const LIMIT = 256 * 1024;

/** The calls to auth-service that make and end sessions. */
export class Issuer {
	constructor(
		private readonly settings: Pick<Settings, 'service' | 'fetch'> & Partial<Pick<Settings, 'clientProof'>>,
		private readonly clock: ServiceClock
	) {}

	/** Never throws: a service that is away is an answer too. */
	async post(path: string, body: unknown, client: Client, deadline: number): Promise<Answer> {
		const sentAt = Date.now();
		try {
			const response = await this.settings.fetch(this.settings.service + path, {
				method: 'POST',
				headers: { 'content-type': 'application/json', accept: 'application/json', ...clientHeaders(client), ...assertion(client, this.settings) },
				body: JSON.stringify(body),
				redirect: 'error',
				signal: AbortSignal.timeout(deadline)
			});
			this.clock.learn(response.headers, sentAt);
			return await read(response);
		} catch (error) {
			return { kind: 'away', reason: reasonOf(error) };
		}
	}
}

export function clientHeaders({ address, userAgent, requestId }: Client): Record<string, string> {
	return {
		...(address && { 'x-forwarded-for': address }),
		...(userAgent && { 'user-agent': userAgent }),
		...(requestId && { 'x-request-id': requestId })
	};
}

/** For the service alone: whoever reads the secret may say of any request whose it is. */
export function assertion({ address }: Client, { clientProof }: Partial<Pick<Settings, 'clientProof'>>): Record<string, string> {
	if (address === undefined || clientProof === undefined) return {};
	return { 'x-auth-client-address': address, 'x-auth-client-proof': clientProof };
}

async function read(response: Response): Promise<Answer> {
	if (response.status === 204) return { kind: 'done' };
	const text = await response.text();
	const json: unknown = text.length > LIMIT ? undefined : parse(text);
	if (response.ok) return isTokenPair(json) ? { kind: 'tokens', pair: json } : { kind: 'away', reason: 'its answer can not be read' };
	const retryAfter = retryAfterOf(response.headers);
	return {
		kind: 'problem',
		status: response.status,
		problem: isObject(json) ? json : {},
		...(retryAfter !== undefined && { retryAfter })
	};
}

/** RFC 9110 §10.2.3, in seconds. */
export function retryAfterOf(headers: Headers, now = Date.now()): number | undefined {
	const value = headers.get('retry-after');
	if (value === null) return undefined;
	const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
	return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/** Why a call failed, without anything that was sent. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return 'unknown';
	const cause: unknown = error.cause;
	const code = isObject(cause) && typeof cause['code'] === 'string' ? cause['code'] : undefined;
	return code ?? (error.name === 'TimeoutError' ? 'no answer in time' : error.message);
}

export function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTokenPair(value: unknown): value is TokenPair {
	return (
		isObject(value) &&
		typeof value['access_token'] === 'string' &&
		typeof value['refresh_token'] === 'string' &&
		typeof value['session_id'] === 'string' &&
		typeof value['expires_in'] === 'number' &&
		typeof value['refresh_expires_in'] === 'number'
	);
}
