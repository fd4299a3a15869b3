import { Accounts, type Account, type MockSession, type NewUser } from './accounts.js';
import { listen } from './listen.js';
import { Revocations } from './revocations.js';
import { routes, type Route } from './routes.js';
import { Signer } from './signer.js';
import { Tokens } from './tokens.js';
import type { TokenPair, User } from '../service/schemas.js';

export interface MockIssuerOptions {
	/** The `iss` of its tokens; its own address by default. */
	issuer?: string;
	/** What a session is granted beside the issuer itself; `api` by default. */
	audience?: string;
	algorithm?: 'ES256' | 'RS256' | 'EdDSA';
	/** Seconds. */
	accessTtl?: number;
	reuseWindow?: number;
	idleTtl?: number;
	jwksMaxAge?: number;
	heartbeat?: number;
	/** Its clock, in milliseconds. */
	now?: () => number;
}

/** What happens to a call in place of its answer, or before it. */
export type Fault = (request: Request) => Response | undefined | Promise<Response | undefined>;

/** auth-service for tests: real keys, real tokens, the same answers; accounts live in memory. */
export interface MockIssuer {
	/** Its public address, once it listens. */
	readonly url: string;
	/** The `iss` of its tokens. */
	readonly issuer: string;
	readonly feed: string;
	/** Answers without a network: give it to `createAuth({ fetch })`. */
	readonly fetch: typeof globalThis.fetch;
	/** How many calls came to a path, such as `/v1/refresh`. */
	calls(path: string): number;
	addUser(user: NewUser): User;
	/** A session, without a call. */
	signIn(email: string, password: string): Promise<TokenPair>;
	/** Any token at all, signed by the current key; what is `undefined` is left out. */
	sign(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
	revokeSession(sessionId: string): void;
	revokeToken(jti: string): void;
	/** Changes roles: tokens made before are stale. */
	setRoles(userId: string, roles: string[]): void;
	rotateKey(): Promise<string>;
	/** Takes a key out, and says so in the feed. */
	removeKey(kid: string): void;
	/** Lets calls to a path fail, wait or answer otherwise, until it is called with nothing. */
	fault(path: string, fault?: Fault): void;
	readonly revocations: Revocations;
	readonly sessions: ReadonlyMap<string, MockSession>;
	close(): Promise<void>;
}

const nothingHere: Route = () => Response.json({ code: 'not_found' }, { status: 404 });

export async function mockIssuer(options: MockIssuerOptions = {}): Promise<MockIssuer> {
	const now = options.now ?? (() => Date.now());
	const signer = await Signer.create(options.algorithm ?? 'ES256');
	const accounts = new Accounts((options.reuseWindow ?? 30) * 1000, (options.idleTtl ?? 14 * 86_400) * 1000, now);
	const revocations = new Revocations((options.heartbeat ?? 5) * 1000, now);
	const faults = new Map<string, Fault>();
	const counts = new Map<string, number>();
	let handlers: ReadonlyMap<string, Route> = new Map();

	const answer = async (request: Request): Promise<Response> => {
		const { pathname } = new URL(request.url);
		counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
		const fault = await faults.get(pathname)?.(request);
		const route = handlers.get(`${request.method} ${pathname}`) ?? nothingHere;
		const response = fault ?? (await route(request));
		response.headers.set('date', new Date(now()).toUTCString());
		return response;
	};
	const server = await listen(answer);
	const issuer = options.issuer ?? server.url;
	const grant = { audience: [options.audience ?? 'api', issuer], scope: 'account' };
	const tokens = new Tokens(signer, accounts, { issuer, grant, accessTtl: options.accessTtl ?? 600, now });
	handlers = routes({ accounts, tokens, revocations, signer, jwksMaxAge: options.jwksMaxAge ?? 600 });

	const account = (userId: string): Account => {
		const found = accounts.byId(userId);
		if (!found) throw new Error(`the mock issuer knows no user ${userId}`);
		return found;
	};
	const expires_at = () => Math.floor(now() / 1000) + 3_600;
	return {
		url: server.url,
		issuer,
		feed: `${server.url}/v1/revocations`,
		fetch: (input, init) => answer(new Request(input, init)),
		calls: (path) => counts.get(path) ?? 0,
		addUser: (user) => {
			const added = accounts.add(user);
			if (!added) throw new Error(`the mock issuer has a user ${user.email} already`);
			return added.user;
		},
		signIn: (email, password) => {
			const found = accounts.find(email, password);
			if (!found) throw new Error(`the mock issuer has no user ${email} with this password`);
			return tokens.pair(accounts.open(found, grant, { address: null, userAgent: null }));
		},
		sign: (claims, header) => signer.sign(claims, header),
		revokeSession: (id) => tokens.end(id, revocations),
		revokeToken: (value) => revocations.add({ kind: 'jti', value, expires_at: expires_at() }),
		setRoles: (userId, roles) => {
			const found = account(userId);
			found.user = { ...found.user, roles };
			found.ver += 1;
			revocations.add({ kind: 'stale', value: userId, ver: found.ver, expires_at: expires_at() });
		},
		rotateKey: () => signer.rotate(),
		removeKey: (kid) => {
			signer.remove(kid);
			revocations.add({ kind: 'kid', value: kid, expires_at: expires_at() });
		},
		fault: (path, fault) => void (fault ? faults.set(path, fault) : faults.delete(path)),
		revocations,
		sessions: accounts.sessions,
		close: () => {
			revocations.cut();
			return server.close();
		}
	};
}
