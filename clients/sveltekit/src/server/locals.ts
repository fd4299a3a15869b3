import type { User } from '../service/schemas.js';
import type { AuthSummary, Claims, SignedIn, SignedOut, Unavailable } from './types.js';

type FetchUser = () => Promise<User | undefined>;

export function signedIn(claims: Claims, fetchUser: FetchUser): SignedIn {
	const roles = claims.roles ?? [];
	const scopes = (claims.scope ?? '').split(' ');
	let user: Promise<User | undefined> | undefined;
	return Object.freeze<SignedIn>({
		status: 'signed-in',
		claims,
		userId: claims.sub,
		sessionId: claims.sid,
		summary: summary('signed-in', claims),
		hasRole: (role) => roles.includes(role),
		hasScope: (scope) => scope !== '' && scopes.includes(scope),
		user: () => (user ??= fetchUser())
	});
}

export function signedOut(): SignedOut {
	return Object.freeze<SignedOut>({ status: 'signed-out', ...nobody('signed-out') });
}

export function unavailable(retryAfter: number): Unavailable {
	return Object.freeze<Unavailable>({ status: 'unavailable', retryAfter, ...nobody('unavailable') });
}

function nobody(status: AuthSummary['status']) {
	return {
		claims: undefined,
		userId: undefined,
		sessionId: undefined,
		summary: summary(status),
		hasRole: () => false,
		hasScope: () => false,
		user: () => Promise.resolve(undefined)
	};
}

function summary(status: AuthSummary['status'], claims?: Claims): AuthSummary {
	return { status, userId: claims?.sub ?? null, sessionId: claims?.sid ?? null, roles: claims?.roles ?? [] };
}
