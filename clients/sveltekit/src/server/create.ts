import { clientOf } from './client-of.js';
import { createCore, type Core } from './core.js';
import { createHandle } from './handle.js';
import { createHandleFetch } from './handle-fetch.js';
import { createProxy } from './proxy.js';
import { requireSession } from './require.js';
import { serviceClient } from './service.js';
import { Sessions } from './sessions.js';
import { readBasics } from './settings.js';
import { createSignIn } from './sign-in.js';
import { createLogout, createLogoutAction } from './sign-out.js';
import { createTokenEndpoint } from './token-endpoint.js';
import type { Auth, AuthOptions } from './types.js';

/** Everything that an app needs of auth-service. Asks for nothing until the first session comes. */
export function createAuth(options: AuthOptions): Auth {
	const basics = readBasics(options);
	let made: Core | undefined;
	const core = () => (made ??= start());
	const start = () => {
		// adapter-node says so when it shuts down; the feed would keep the process alive.
		process.once('sveltekit:shutdown', close);
		return createCore(options);
	};
	const close = () => {
		process.off('sveltekit:shutdown', close);
		made?.close();
		made = undefined;
	};
	const sessions = new Sessions(core, basics.cookies);
	const logout = createLogout(core, sessions);
	return {
		handle: createHandle(basics, sessions),
		handleFetch: createHandleFetch(core, basics.cookies, sessions),
		proxy: createProxy(core, sessions),
		token: createTokenEndpoint(sessions),
		actions: {
			login: createSignIn('/v1/login', core, sessions),
			signup: createSignIn('/v1/signup', core, sessions),
			logout: createLogoutAction(core, logout)
		},
		logout,
		requireSession: (event, need = {}) => requireSession(event, sessions.of(event).state, options.paths?.login ?? '/login', need),
		refresh: async (event) => {
			const session = sessions.of(event);
			await session.refresh();
			return session.state;
		},
		service: (event) => serviceClient(core(), sessions.of(event), clientOf(event)),
		close
	};
}
