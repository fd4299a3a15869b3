import { fail, redirect } from '@sveltejs/kit';
import { clientOf } from './client-of.js';
import type { Core } from './core.js';
import { failureOf } from './failure.js';
import { missing, readForm } from './form.js';
import { safeRedirect } from './redirect.js';
import type { Sessions } from './sessions.js';
import { tellService } from './sign-out.js';
import type { SignInAction } from './types.js';

/** Beside the usual patience, in milliseconds: hashing takes a while, and so does the wait for a turn. */
const HASHING = 10_000;

/** The action behind a login or a signup form. */
export function createSignIn(path: '/v1/login' | '/v1/signup', core: () => Core, sessions: Sessions): SignInAction {
	return async (event) => {
		const session = sessions.of(event);
		const { issuer, settings } = core();
		const { typed, password, redirectTo } = await readForm(event);
		const empty = missing(typed, password);
		if (empty) return fail(422, empty);

		const { email, name } = typed;
		const body = { email, password, ...(path === '/v1/signup' && name !== '' && { name }) };
		const answer = await issuer.post(path, body, clientOf(event), settings.timeout + HASHING);
		if (answer.kind !== 'tokens') {
			const { status, failure } = failureOf(answer, typed);
			if (failure.code === 'unavailable') settings.warn(`${path} failed: ${answer.kind === 'away' ? answer.reason : 'its answer is of no use'}`);
			return fail(status, failure);
		}
		const before = session.refreshToken;
		await session.adopt(answer.pair);
		// Whoever was signed in here is not any more.
		if (before !== undefined) void tellService(core(), event, before);
		redirect(303, safeRedirect(redirectTo, event.url, settings.paths.afterLogin));
	};
}
