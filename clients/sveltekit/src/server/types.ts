import type { ActionFailure, Handle, HandleFetch, RequestEvent, RequestHandler } from '@sveltejs/kit';
import type { ServiceClient, User } from '../service/index.js';

/** The claims of an access token (RFC 9068 §2.2), and custom claims beside them. */
export interface Claims {
	readonly iss: string;
	readonly sub: string;
	readonly aud: string | readonly string[];
	readonly exp: number;
	readonly iat: number;
	readonly nbf?: number;
	readonly jti: string;
	readonly client_id: string;
	readonly sid?: string;
	readonly scope?: string;
	readonly roles?: readonly string[];
	readonly auth_time?: number;
	readonly acr?: string;
	readonly amr?: readonly string[];
	readonly ver?: number;
	readonly email?: string;
	readonly email_verified?: boolean;
	readonly [custom: string]: unknown;
}

/** What may go to the browser: no token, nothing that can be used as one. */
export interface AuthSummary {
	readonly status: 'signed-in' | 'signed-out' | 'unavailable';
	readonly userId: string | null;
	readonly sessionId: string | null;
	readonly roles: readonly string[];
}

interface Common {
	/** A plain object for `load` to return; `locals.auth` itself can't be serialised. */
	readonly summary: AuthSummary;
	hasRole(role: string): boolean;
	hasScope(scope: string): boolean;
	/** The account as the service knows it now: one call a request, none if nobody is signed in. */
	user(): Promise<User | undefined>;
}

export interface SignedIn extends Common {
	readonly status: 'signed-in';
	readonly claims: Claims;
	readonly userId: string;
	readonly sessionId: string | undefined;
}

export interface SignedOut extends Common {
	readonly status: 'signed-out';
	readonly claims: undefined;
	readonly userId: undefined;
	readonly sessionId: undefined;
}

/** There is a session, but whether it still counts can't be told now. Nobody is logged out by it. */
export interface Unavailable extends Common {
	readonly status: 'unavailable';
	readonly claims: undefined;
	readonly userId: undefined;
	readonly sessionId: undefined;
	/** Seconds after which to try again. */
	readonly retryAfter: number;
}

/** `locals.auth`. */
export type AuthLocals = SignedIn | SignedOut | Unavailable;

/** What a failed login or signup shows in the form again. Never the password. */
export interface SignInFailure {
	/** A code of the service, such as `invalid_credentials`, or `unavailable`. */
	readonly code: string;
	/** One sentence for people. */
	readonly message: string;
	/** By field: what is wrong with it. */
	readonly errors: Partial<Record<'email' | 'password' | 'name', string>>;
	readonly email: string;
	readonly name: string;
	/** Seconds after which to try again, where waiting helps. */
	readonly retryAfter?: number;
}

export type SignInAction = (event: RequestEvent) => Promise<ActionFailure<SignInFailure>>;
export type LogoutAction = (event: RequestEvent) => Promise<never>;

export interface AuthOptions {
	/** The `iss` of the tokens, compared exactly: `https://auth.example.com`. */
	issuer: string | undefined;
	/** Where the service is reached from this server, if not at the issuer. */
	url?: string | undefined;
	/** The audience of the tokens for APIs; `api` by default. */
	audience?: string | undefined;
	/**
	 * Takes tokens of the type `JWT` too, for a service whose `tokens.typ` is `JWT`. Leave it out where that is
	 * `at+jwt`: other JWTs of the issuer could pass for access tokens.
	 */
	acceptTypJwt?: boolean | undefined;
	/** The revocation feed: `http://auth-service:9090/v1/revocations`. */
	feed?: string | undefined;
	/**
	 * What a feed that has fallen silent means. `best-effort` (the default): tokens count until
	 * they expire, ten minutes at most. `strict`: nobody is signed in, the status is `unavailable`.
	 */
	freshness?: 'best-effort' | 'strict' | undefined;
	/** What `proxy` and `handleFetch` send the bearer to: `{ '/api': 'http://api:3000' }`. */
	apis?: Readonly<Record<string, string | undefined>> | undefined;
	/** Further origins whose unsafe requests are allowed. */
	origins?: readonly string[] | undefined;
	/** Paths under which unsafe requests come from programs without a session, such as `/webhooks`. */
	csrfExempt?: readonly string[] | undefined;
	/**
	 * The secret by which this server proves to the service that it may say who its users are: their
	 * address then counts there. The service's `throttle.front_end_hashes` has its hash.
	 */
	clientProof?: string | undefined;
	/** As the routes of the app are, without `paths.base`, which is put before them; `/login`, `/` and `/` by default. */
	paths?: { login?: string; afterLogin?: string; afterLogout?: string } | undefined;
	/** `secure: false` is for development over http in browsers that want https for `Secure`. */
	cookies?: { name?: string; secure?: boolean } | undefined;
	/** Seconds that a request waits for the service; 3 by default. */
	timeout?: number | undefined;
	/** In place of the global `fetch`, for tests. */
	fetch?: typeof globalThis.fetch | undefined;
	/** Where warnings go; `console.warn` by default. They hold no token. */
	warn?: ((message: string) => void) | undefined;
}

export interface Auth {
	readonly handle: Handle;
	readonly handleFetch: HandleFetch;
	/** `export const fallback = auth.proxy` in a rest route under a prefix of `apis`. */
	readonly proxy: RequestHandler;
	/** For the direct mode: `export const POST = auth.token`. Hands the access token for APIs to the page. */
	readonly token: RequestHandler;
	readonly actions: {
		readonly login: SignInAction;
		readonly signup: SignInAction;
		readonly logout: LogoutAction;
	};
	/** The session, or: 303 to the login page, 401 for an API call, 403 without the role, 503. */
	requireSession(event: RequestEvent, need?: { role?: string; scope?: string }): SignedIn;
	/** What the logout action does, without its redirect. `complete`: the service knows. */
	logout(event: RequestEvent): Promise<{ complete: boolean }>;
	/** Refreshes now, as after a change of roles that this very response is to show. */
	refresh(event: RequestEvent): Promise<AuthLocals>;
	/** auth-service itself, with this session's token for it, which nobody else is sent. */
	service(event: RequestEvent): ServiceClient;
	/** Ends what runs in the background: the feed. */
	close(): void;
}
