import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { withBase } from './base.js';
import type { AuthLocals, SignedIn } from './types.js';

export interface Need {
	readonly role?: string;
	readonly scope?: string;
}

/** The session that a page, an action or an endpoint can't do without. */
export function requireSession(event: RequestEvent, auth: AuthLocals, login: string, need: Need): SignedIn {
	if (auth.status === 'unavailable') {
		retryAfter(event, auth.retryAfter);
		error(503, 'The sign-in service can not be reached. Nobody was signed out: try again in a moment.');
	}
	if (auth.status === 'signed-out') {
		if (!isForPeople(event)) error(401, 'Nobody is signed in.');
		redirect(303, `${withBase(login)}?redirectTo=${encodeURIComponent(here(event))}`);
	}
	if (need.role !== undefined && !auth.hasRole(need.role)) error(403, `This takes the role ${need.role}.`);
	if (need.scope !== undefined && !auth.hasScope(need.scope)) error(403, `This takes the scope ${need.scope}.`);
	return auth;
}

/** A program that called an endpoint makes nothing of a login page. */
function isForPeople(event: RequestEvent): boolean {
	const accepts = event.request.headers.get('accept') ?? '';
	return event.isDataRequest || event.isRemoteRequest || accepts.includes('text/html') || isAction(event);
}

/** Where to come back to: the page, without the name of an action. */
function here(event: RequestEvent): string {
	const { pathname, search } = event.url;
	return isAction(event) ? pathname : pathname + search;
}

function isAction({ request, url }: RequestEvent): boolean {
	return request.method === 'POST' && (request.headers.has('x-sveltekit-action') || url.search.startsWith('?/'));
}

function retryAfter(event: RequestEvent, seconds: number): void {
	try {
		event.setHeaders({ 'retry-after': String(seconds) });
	} catch {
		// Another load has said so already.
	}
}
