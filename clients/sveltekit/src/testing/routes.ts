import type { Account, Accounts, MockSession } from './accounts.js';
import { narrowed, type Grant } from './grant.js';
import type { Revocations } from './revocations.js';
import type { Signer } from './signer.js';
import type { Tokens } from './tokens.js';

export type Route = (request: Request) => Promise<Response> | Response;

interface Parts {
	readonly accounts: Accounts;
	readonly tokens: Tokens;
	readonly revocations: Revocations;
	readonly signer: Signer;
	readonly jwksMaxAge: number;
}

/** The calls that there are. */
export function routes({ accounts, tokens, revocations, signer, jwksMaxAge }: Parts): ReadonlyMap<string, Route> {
	const signedIn = (answer: (session: MockSession, request: Request) => Promise<Response> | Response): Route => {
		return async (request) => {
			const session = await tokens.bearer(request);
			if (typeof session !== 'string') return answer(session, request);
			if (session === 'forbidden') return problem(403, session, { 'www-authenticate': 'Bearer error="insufficient_scope", scope="account"' });
			return problem(401, session, { 'www-authenticate': 'Bearer error="invalid_token"' });
		};
	};
	const from = ({ headers }: Request) => ({ address: headers.get('x-forwarded-for'), userAgent: headers.get('user-agent') });
	const pair = async (session: MockSession, grant?: Grant, status = 200) =>
		Response.json(await tokens.pair(session, grant), { status, headers: { 'cache-control': 'no-store' } });
	const beyond = (field: string) => invalid(field, 'this can not be granted');
	const open = (account: Account, grant: Grant, request: Request, status: number) => pair(accounts.open(account, grant, from(request)), grant, status);

	return new Map<string, Route>([
		[
			'POST /v1/signup',
			async (request) => {
				const given = await body(request);
				if ((given['password'] ?? '').length < 15) return invalid('password', 'a password has at least 15 characters');
				const grant = narrowed(tokens.grant, given);
				if (typeof grant === 'string') return beyond(grant);
				const { email = '', password = '', name } = given;
				const account = accounts.add({ email, password, ...(name !== undefined && { name }) });
				return account ? open(account, grant, request, 201) : problem(409, 'email_taken');
			}
		],
		[
			'POST /v1/login',
			async (request) => {
				const given = await body(request);
				const grant = narrowed(tokens.grant, given);
				if (typeof grant === 'string') return beyond(grant);
				const { email = '', password = '' } = given;
				const account = accounts.find(email, password);
				return account ? open(account, grant, request, 200) : problem(401, 'invalid_credentials');
			}
		],
		[
			'POST /v1/refresh',
			async (request) => {
				const given = await body(request);
				const refreshed = accounts.refresh(given['refresh_token'] ?? '', given);
				if (typeof refreshed === 'object') return pair(refreshed.session, refreshed.grant);
				return refreshed === 'audience' || refreshed === 'scope' ? beyond(refreshed) : problem(401, refreshed);
			}
		],
		[
			'POST /v1/logout',
			async (request) => {
				const named = accounts.named((await body(request))['refresh_token'] ?? '');
				if (!named) return problem(401, 'refresh_token_invalid');
				tokens.end(named.session.id, revocations);
				return new Response(null, { status: 204 });
			}
		],
		['GET /v1/me', signedIn(({ account }) => Response.json(account.user))],
		[
			'PATCH /v1/me',
			signedIn(async ({ account }, request) => {
				const { name } = await body(request);
				account.user = { ...account.user, ...(name !== undefined && { name }) };
				return Response.json(account.user);
			})
		],
		[
			'GET /v1/me/sessions',
			signedIn((own) => Response.json([...accounts.sessions.values()].filter((other) => other.account === own.account && !other.isOver).map((other) => info(other, own))))
		],
		[
			'GET /.well-known/jwks.json',
			() => Response.json(signer.jwks, { headers: { 'content-type': 'application/jwk-set+json', 'cache-control': `public, max-age=${jwksMaxAge}` } })
		],
		['GET /v1/revocations', () => revocations.snapshot()],
		['GET /v1/revocations/stream', (request) => revocations.stream(request.headers.get('last-event-id'))]
	]);
}

function info(session: MockSession, own: MockSession) {
	const { id, address, userAgent, createdAt, lastUsedAt } = session;
	const date = (at: number) => new Date(at).toISOString();
	return { id, address, user_agent: userAgent, created_at: date(createdAt), last_used_at: date(lastUsedAt), expires_at: date(lastUsedAt + 14 * 86_400_000), current: session === own };
}

async function body(request: Request): Promise<Record<string, string | undefined>> {
	return (await request.json().catch(() => ({}))) as Record<string, string | undefined>;
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
	const text = JSON.stringify({ type: 'about:blank', title: code, status, detail: code, code, request_id: 'mock' });
	return new Response(text, { status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers } });
}

function invalid(field: string, message: string): Response {
	const errors = [{ field, code: 'invalid', message }];
	return Response.json({ status: 422, code: 'validation_failed', detail: message, errors }, { status: 422, headers: { 'content-type': 'application/problem+json' } });
}
