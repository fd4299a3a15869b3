import type { ServiceAnswer } from '@auth-service/sveltekit/server';
import { error, fail, redirect } from '@sveltejs/kit';

/** The data of an answer of auth-service, for `load`; else the error page. */
export function dataOf<Data>(answer: ServiceAnswer<Data>): Data {
	if (answer.error?.status === 401) redirect(303, '/login');
	if (answer.error) error(answer.error.status, sentences[answer.error.code] ?? answer.error.detail);
	return answer.data;
}

/** What a form shows of an answer; `form` says which one, where a page has several. */
export function outcome(form: string, answer: ServiceAnswer<unknown>) {
	if (!answer.error) return { form, done: true };
	const { status, code, errors } = answer.error;
	return fail(status, {
		form,
		message: sentences[code] ?? 'That did not work. Try again in a moment.',
		errors: Object.fromEntries((errors ?? []).map(({ field, message }) => [field, message]))
	});
}

const sentences: Partial<Record<string, string>> = {
	validation_failed: 'Something needs a correction.',
	wrong_password: 'The current password is not right.',
	rate_limited: 'Too many attempts. Try again in a little while.',
	unavailable: 'The sign-in service can’t be reached. Try again in a moment.'
};
