import type { RequestEvent } from '@sveltejs/kit';
import { isRedirect } from '@sveltejs/kit';
import { createAuth, type Auth, type AuthLocals, type AuthOptions, type User } from '../../../src/server/index.js';
import { mockIssuer, type MockIssuer, type MockIssuerOptions } from '../../../src/testing/index.js';

export const ADA = { email: 'ada@example.org', password: 'a lovelace of engines', name: 'Ada', roles: ['reader'] };
export const SITE = 'http://localhost:5173';

export type Handler = (event: RequestEvent & { locals: { auth: AuthLocals } }) => unknown;

/** A process of an app: what it warned of is kept, and for which access token each of its refreshes was. */
export interface Process {
	readonly auth: Auth;
	readonly warnings: string[];
	readonly refreshes: ('access' | 'account')[];
}

export function startApp(issuer: MockIssuer, options: Partial<AuthOptions> = {}): Process {
	const warnings: string[] = [];
	const refreshes: Process['refreshes'] = [];
	const fetch: typeof globalThis.fetch = (input, init) => {
		if (input === `${issuer.url}/v1/refresh`) refreshes.push(String(init?.body).includes('"scope":"account"') ? 'account' : 'access');
		return (options.fetch ?? globalThis.fetch)(input, init);
	};
	const auth = createAuth({ issuer: issuer.issuer, url: issuer.url, warn: (message) => warnings.push(message), ...options, fetch });
	return { auth, warnings, refreshes };
}

export async function startIssuer(options: MockIssuerOptions = {}): Promise<MockIssuer> {
	const issuer = await mockIssuer(options);
	issuer.addUser(ADA);
	return issuer;
}

export interface Sent {
	method?: string;
	headers?: Record<string, string>;
	body?: BodyInit;
	signal?: AbortSignal;
}

/** A browser: keeps cookies, and says where its requests come from as browsers do. */
export class Browser {
	readonly jar = new Map<string, string>();
	/** Every `Set-Cookie` that it was ever sent. */
	readonly seen: string[] = [];

	constructor(private readonly app: Process) {}

	/** As this browser was at some time: for another tab that comes with what it had then. */
	copy(app = this.app): Browser {
		const other = new Browser(app);
		for (const [name, value] of this.jar) other.jar.set(name, value);
		return other;
	}

	async request(path: string, sent: Sent, handler: Handler): Promise<Response> {
		const request = new Request(new URL(path, SITE), { ...sent, ...(sent.body && { duplex: 'half' }) } as RequestInit);
		const response = await this.app.auth.handle(make(request, this.jar, handler, this.app.auth));
		for (const line of response.headers.getSetCookie()) this.#keep(line);
		return response;
	}

	get(path: string, handler: Handler = () => new Response('ok')): Promise<Response> {
		return this.request(path, { headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' } }, handler);
	}

	post(path: string, handler: Handler, fields: Record<string, string> = {}): Promise<Response> {
		const body = new URLSearchParams(fields);
		return this.request(path, { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' }, body }, handler);
	}

	/** Through a page that asks the service who it is: one refresh for the account token, unless there is one. */
	async user(): Promise<User | undefined> {
		let user: User | undefined;
		await this.get('/me', async ({ locals }) => {
			user = await locals.auth.user();
			return new Response('ok');
		});
		return user;
	}

	/** Through the login action: one refresh for the API token. */
	login(who: { email: string; password: string } = ADA): Promise<Response> {
		return this.post('/login', action(this.app.auth.actions.login), { email: who.email, password: who.password });
	}

	/** What the app thinks of this browser. */
	async state(): Promise<AuthLocals> {
		let state: AuthLocals | undefined;
		await this.get('/', ({ locals }) => {
			state = locals.auth;
			return new Response('ok');
		});
		if (!state) throw new Error('the app was not reached');
		return state;
	}

	#keep(line: string): void {
		this.seen.push(line);
		const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
		if (/max-age=0(;|$)/i.test(line)) this.jar.delete(name);
		else this.jar.set(name, value);
	}
}

/** A form action, as SvelteKit answers to JavaScript: what `fail` was given, or a redirect. */
export function action(run: (event: RequestEvent) => Promise<unknown>): Handler {
	return async (event) => Response.json(await run(event));
}

interface Made {
	readonly event: RequestEvent;
	readonly resolve: (event: RequestEvent) => Promise<Response>;
}

/** What SvelteKit makes of a request, as far as a handle sees it. */
function make(request: Request, jar: ReadonlyMap<string, string>, handler: Handler, auth: Auth, isSubRequest = false): Made {
	const url = new URL(request.url);
	const brought = [request.headers.get('cookie'), ...[...jar].map((pair) => pair.join('='))].filter(Boolean).join('; ');
	if (brought) request.headers.set('cookie', brought);
	const set = new Map<string, string>();
	let isOver = false;
	const cookies = {
		get: (name: string) => jar.get(name),
		set: (name: string, value: string, { maxAge }: { maxAge: number }) => {
			if (isOver) throw new Error('Cannot use `cookies.set(...)` after the response has been generated');
			set.set(name, `${name}=${value}; Max-Age=${maxAge}`);
		}
	};
	// To this site without a network and with the cookies of this request, to others through one.
	const send = (own: Request): Promise<Response> => {
		if (new URL(own.url).origin !== url.origin) return fetch(own);
		const inner = make(own, own.credentials === 'omit' ? new Map() : jar, handler, auth, true);
		return Promise.resolve(auth.handle(inner));
	};
	const event = {
		url,
		request,
		cookies,
		isSubRequest,
		locals: {},
		params: {},
		route: { id: null },
		platform: undefined,
		isDataRequest: false,
		isRemoteRequest: false,
		getClientAddress: () => '192.0.2.7',
		setHeaders: () => undefined,
		fetch: (input: RequestInfo | URL, init?: RequestInit) => {
			const own = input instanceof Request ? input : new Request(new URL(input, url), init);
			return auth.handleFetch({ event, request: own, fetch: send as typeof fetch });
		}
	} as unknown as RequestEvent;
	const resolve = async (given: RequestEvent) => {
		try {
			// SvelteKit hands copies of the event on.
			return withCookies((await handler({ ...given } as Parameters<Handler>[0])) as Response, set);
		} catch (thrown) {
			if (!isRedirect(thrown)) throw thrown;
			return withCookies(new Response(null, { status: thrown.status, headers: { location: thrown.location } }), set);
		} finally {
			isOver = true;
		}
	};
	return { event, resolve };
}

function withCookies(response: Response, set: ReadonlyMap<string, string>): Response {
	for (const line of set.values()) response.headers.append('set-cookie', line);
	return response;
}
