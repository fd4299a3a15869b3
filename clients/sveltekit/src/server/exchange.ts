import { isObject, type Client, type Issuer } from './issuer.js';
import type { Settings } from './settings.js';
import type { Policy, Which } from './token.js';
import type { Problem, TokenPair } from '../service/schemas.js';

/** What came of a refresh. Only `ended` logs anybody out. */
export type Refreshed =
	| { readonly kind: 'renewed'; readonly pair: TokenPair }
	| { readonly kind: 'ended'; readonly code: string }
	| { readonly kind: 'unavailable'; readonly retryAfter: number };

/** The answers that are definite: the session is no more. */
const ENDED: readonly (string | undefined)[] = [
	'refresh_token_invalid',
	'refresh_token_expired',
	'refresh_token_revoked',
	'refresh_token_reused'
];
/** A call goes on after those who wait have given up, so that its successor is not lost. */
const DEADLINE = 20_000;
/** After a failure nobody asks again for this long: at first, and at most, in seconds. */
const PAUSE = { least: 1, most: 5 };
/** `Retry-After` is believed up to here. */
const LONGEST_RETRY = 30;

/** The call for a refresh, and how long to wait before another where it fails. */
export class Exchange {
	readonly #refusedUntil = new Map<string, number>();
	#failures = 0;
	#closedUntil = -Infinity;

	constructor(
		private readonly issuer: Issuer,
		private readonly settings: Pick<Settings, 'policies' | 'warn'>,
		private readonly now: () => number
	) {}

	/** Never throws. */
	async call(token: string, which: Which, client: Client): Promise<Refreshed> {
		const wait = this.#wait(token, which);
		if (wait > 0) return { kind: 'unavailable', retryAfter: Math.ceil(wait) };
		const policy = this.settings.policies[which];
		const { audience, scope } = policy;
		const body = { refresh_token: token, audience, ...(scope !== undefined && { scope }) };
		const answer = await this.issuer.post('/v1/refresh', body, client, DEADLINE);
		if (answer.kind === 'tokens') {
			this.#failures = 0;
			this.#closedUntil = -Infinity;
			return { kind: 'renewed', pair: answer.pair };
		}
		if (answer.kind === 'problem') {
			const { status, problem, retryAfter } = answer;
			if (status === 401 && ENDED.includes(problem.code)) return { kind: 'ended', code: problem.code ?? '' };
			if (status >= 500) return this.#failed(`status ${status}`, retryAfter);
			// Another access token may be granted all the same.
			if (status === 422 && isBeyondGrant(problem)) return this.#refused(`${which} ${token}`, `status 422: ${whatToSet(policy)}`);
			return this.#refused(token, `status ${status}`, retryAfter);
		}
		return this.#failed(answer.kind === 'away' ? answer.reason : 'no tokens');
	}

	/** Seconds. */
	#wait(token: string, which: Which): number {
		const refused = [token, `${which} ${token}`].map((what) => this.#refusedUntil.get(what) ?? -Infinity);
		return (Math.max(this.#closedUntil, ...refused) - this.now()) / 1000;
	}

	/** It is about what was sent: whoever comes with the same waits for a while, and the others do not. */
	#refused(what: string, reason: string, retryAfter: number = PAUSE.least): Refreshed {
		const wait = Math.min(Math.max(retryAfter, PAUSE.least), LONGEST_RETRY);
		this.settings.warn(`a refresh was refused, nobody is logged out by it: ${reason}`);
		this.#refusedUntil.set(what, this.now() + wait * 1000);
		setTimeout(() => this.#refusedUntil.delete(what), wait * 1000).unref();
		return { kind: 'unavailable', retryAfter: wait };
	}

	#failed(reason: string, retryAfter?: number): Refreshed {
		const pause = Math.min(PAUSE.least * 2 ** this.#failures, PAUSE.most);
		const wait = Math.min(Math.max(retryAfter ?? pause, PAUSE.least), LONGEST_RETRY);
		if (this.#failures === 0) this.settings.warn(`a refresh failed, nobody is logged out by it: ${reason}`);
		this.#failures += 1;
		this.#closedUntil = this.now() + wait * 1000;
		return { kind: 'unavailable', retryAfter: wait };
	}
}

/** Whether a refresh asked for more than the session was granted. */
function isBeyondGrant({ errors }: Partial<Problem>): boolean {
	return Array.isArray(errors) && errors.some((error: unknown) => isObject(error) && ['audience', 'scope'].includes(String(error['field'])));
}

function whatToSet({ audience, scope }: Policy): string {
	if (scope === undefined) return `the session was not granted the audience '${audience}'; set \`audience\` to one of the service's \`tokens.audience\``;
	return `the session was not granted the scope '${scope}' at '${audience}'; the service's \`tokens.scope\` must have it, and \`issuer\` must be the service's own`;
}
