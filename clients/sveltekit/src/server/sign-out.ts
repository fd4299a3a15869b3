import { redirect, type RequestEvent } from '@sveltejs/kit';
import { clientOf } from './client-of.js';
import type { Core } from './core.js';
import { readForm } from './form.js';
import { safeRedirect } from './redirect.js';
import type { Sessions } from './sessions.js';
import type { Auth, LogoutAction } from './types.js';

/** Ends the session here whatever happens, and at the service if it can be told. */
export function createLogout(core: () => Core, sessions: Sessions): Auth['logout'] {
	return async (event) => {
		const session = sessions.of(event);
		const { refreshToken } = session;
		session.leave();
		return { complete: refreshToken === undefined || (await tellService(core(), event, refreshToken)) };
	};
}

/** The action behind a logout button. Where the service could not be told, the page may say so. */
export function createLogoutAction(core: () => Core, logout: Auth['logout']): LogoutAction {
	return async (event) => {
		const { redirectTo } = await readForm(event);
		const to = safeRedirect(redirectTo, event.url, core().settings.paths.afterLogout);
		const { complete } = await logout(event);
		redirect(303, complete ? to : withNote(to, event.url));
	};
}

/** Ends a session at the service. False: it could not be told. */
export async function tellService({ issuer, settings }: Core, event: RequestEvent, refreshToken: string): Promise<boolean> {
	const answer = await issuer.post('/v1/logout', { refresh_token: refreshToken }, clientOf(event), settings.timeout);
	const isOver = answer.kind === 'done' || (answer.kind === 'problem' && answer.status === 401);
	if (!isOver) settings.warn('the service could not be told of a logout: that session ends there when it expires');
	return isOver;
}

function withNote(to: string, url: URL): string {
	const noted = new URL(to, url);
	noted.searchParams.set('logout', 'incomplete');
	return noted.pathname + noted.search + noted.hash;
}
