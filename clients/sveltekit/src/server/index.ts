export { createAuth } from './create.js';
export { safeRedirect } from './redirect.js';
export type {
	Auth,
	AuthLocals,
	AuthOptions,
	AuthSummary,
	Claims,
	LogoutAction,
	SignedIn,
	SignedOut,
	SignInAction,
	SignInFailure,
	Unavailable
} from './types.js';
export type { FieldError, paths, Problem, ServiceAnswer, ServiceClient, SessionInfo, TokenPair, User } from '../service/index.js';
