import type { RequestEvent } from '@sveltejs/kit';
import { clientOf } from './client-of.js';
import { cookieOf } from './cookie-header.js';
import type { SessionCookies } from './cookies.js';
import type { Core } from './core.js';
import { Session } from './session.js';
import type { AuthLocals } from './types.js';

/** Finds the session of a request again, wherever in the app its event turns up. */
export class Sessions {
	/** By `locals`, the one object that all copies of an event share. */
	readonly #byLocals = new WeakMap<object, Session>();
	/** Requests that the server makes to itself, on behalf of the session of another. */
	readonly #lent = new WeakMap<Request, Session>();

	constructor(
		private readonly core: () => Core,
		private readonly cookies: SessionCookies
	) {}

	/** The session that the request brings, looked at and refreshed; none if it is `anonymous` whatever it brings. */
	async open(event: RequestEvent, anonymous = false): Promise<Session> {
		const lent = this.#lent.get(event.request);
		if (lent) return this.#keep(event, lent);
		const session = new Session({
			core: this.core,
			cookies: this.cookies,
			cookie: (name) => (anonymous ? undefined : cookieOf(event.request.headers.get('cookie'), name)),
			client: clientOf(event),
			changed: (state) => assign(event, state),
			// What a request of the server to itself sets may reach nobody.
			open: !event.isSubRequest
		});
		await session.begin();
		return this.#keep(event, session);
	}

	of(event: RequestEvent): Session {
		const session = this.find(event);
		if (!session) throw new Error('auth.handle did not see this request: export it from src/hooks.server.ts');
		return session;
	}

	find(event: RequestEvent): Session | undefined {
		return this.#byLocals.get(event.locals);
	}

	/** Lets a request of the server to itself use the session of the request that it is made for. */
	lend(request: Request, session: Session): void {
		this.#lent.set(request, session);
	}

	#keep(event: RequestEvent, session: Session): Session {
		this.#byLocals.set(event.locals, session);
		assign(event, session.state);
		return session;
	}
}

function assign(event: RequestEvent, auth: AuthLocals): void {
	(event.locals as { auth: AuthLocals }).auth = auth;
}
