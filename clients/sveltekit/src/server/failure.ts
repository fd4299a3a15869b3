import type { Typed } from './form.js';
import { isObject, type Answer } from './issuer.js';
import type { SignInFailure } from './types.js';

/** What went wrong, for people, by the service's code. */
const MESSAGES: Readonly<Record<string, string>> = {
	invalid_credentials: 'The email address and the password do not belong together.',
	email_taken: 'There is an account with this email address already.',
	validation_failed: 'Please look at the fields again.',
	rate_limited: 'Too many attempts. Please wait a moment.',
	busy: 'The sign-in service is busy. Please try again in a moment.',
	signup_disabled: 'Accounts are made by the operators of this site.',
	unavailable: 'The sign-in service can not be reached. Please try again in a moment.'
};
const FIELDS = ['email', 'password', 'name'] as const;

/** What a form shows for an answer that is no session, and with which status. */
export function failureOf(answer: Exclude<Answer, { kind: 'tokens' }>, typed: Typed): { status: number; failure: SignInFailure } {
	const { status, problem, retryAfter } = answer.kind === 'problem' ? answer : { status: 503, problem: {}, retryAfter: 1 };
	const code = problem.code !== undefined && Object.hasOwn(MESSAGES, problem.code) ? problem.code : 'unavailable';
	return {
		// Whatever it is that we don't know, it is not the fault of whoever filled the form in.
		status: code === 'unavailable' ? 503 : status,
		failure: {
			code,
			message: MESSAGES[code] ?? '',
			errors: errorsOf(problem.errors),
			...typed,
			...(retryAfter !== undefined && { retryAfter })
		}
	};
}

function errorsOf(errors: unknown): SignInFailure['errors'] {
	if (!Array.isArray(errors)) return {};
	const said: Partial<Record<(typeof FIELDS)[number], string>> = {};
	for (const error of errors as unknown[]) {
		if (!isObject(error) || typeof error['message'] !== 'string') continue;
		const field = FIELDS.find((field) => field === error['field']);
		if (field) said[field] ??= error['message'];
	}
	return said;
}
