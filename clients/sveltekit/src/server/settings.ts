import { withBase } from './base.js';
import { SessionCookies } from './cookies.js';
import type { Policy, Which } from './token.js';
import type { AuthOptions } from './types.js';

/** A prefix of this site, and where what is below it goes. */
export interface Api {
	readonly prefix: string;
	readonly base: URL;
}

/** What was configured, checked. */
export interface Settings {
	/** Where the service is, without a `/` at the end. */
	readonly service: string;
	readonly policies: Readonly<Record<Which, Policy>>;
	readonly feed: string | undefined;
	readonly strict: boolean;
	/** The longest prefix first. */
	readonly apis: readonly Api[];
	readonly paths: { readonly login: string; readonly afterLogin: string; readonly afterLogout: string };
	readonly clientProof: string | undefined;
	readonly timeout: number;
	readonly fetch: typeof globalThis.fetch;
	readonly warn: (message: string) => void;
}

/** What is needed before anything else is, and can't be wrong. */
export interface Basics {
	readonly cookies: SessionCookies;
	readonly csrf: { readonly origins: readonly string[]; readonly exempt: readonly string[] };
}

export function readBasics({ cookies, origins = [], csrfExempt = [] }: AuthOptions): Basics {
	return { cookies: new SessionCookies(cookies), csrf: { origins, exempt: csrfExempt.map(withBase) } };
}

/** Throws with what is wrong and what to set. Called when first needed: a build has no environment. */
export function readSettings(options: AuthOptions): Settings {
	const { issuer } = options;
	if (!issuer) throw new Error('createAuth: `issuer` is not set; it is the `issuer` of auth-service, such as https://auth.example.com');
	httpUrl('issuer', issuer);
	const service = trimmed(options.url || issuer);
	httpUrl('url', service);
	if (options.feed) httpUrl('feed', options.feed);
	return {
		service,
		policies: readPolicies(issuer, options.audience ?? 'api', options.acceptTypJwt ?? false),
		feed: options.feed ? trimmed(options.feed) : undefined,
		strict: options.freshness === 'strict',
		apis: readApis(options.apis ?? {}),
		paths: readPaths(options.paths),
		clientProof: readProof(options.clientProof),
		timeout: (options.timeout ?? 3) * 1000,
		fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
		warn: options.warn ?? ((message) => console.warn(`auth-service: ${message}`))
	};
}

/** No API is sent a token that the service itself takes: it could act on the account with it. */
function readPolicies(issuer: string, audience: string, acceptTypJwt: boolean): Settings['policies'] {
	if (audience === issuer) throw new Error('createAuth: `audience` is the issuer, which is the audience of auth-service alone; set one of its `tokens.audience`');
	return { access: { issuer, audience, never: issuer, acceptTypJwt }, account: { issuer, audience: issuer, scope: 'account', acceptTypJwt } };
}

/** A redirect leads to where the browser knows it. */
function readPaths({ login = '/login', afterLogin = '/', afterLogout = '/' }: AuthOptions['paths'] = {}): Settings['paths'] {
	return { login: withBase(login), afterLogin: withBase(afterLogin), afterLogout: withBase(afterLogout) };
}

function readApis(apis: Readonly<Record<string, string | undefined>>): Api[] {
	return Object.entries(apis)
		.map(([prefix, url]) => {
			if (!/^\/[^/]/.test(prefix)) throw new Error(`createAuth: apis: '${prefix}' is no prefix; it begins with '/', such as '/api'`);
			if (!url) throw new Error(`createAuth: apis: '${prefix}' has no URL`);
			return { prefix: withBase(trimmed(prefix)), base: httpUrl(`apis['${prefix}']`, trimmed(url)) };
		})
		.sort((a, b) => b.prefix.length - a.prefix.length);
}

/** Never shown: it is a secret. */
function readProof(secret: string | undefined): string | undefined {
	if (!secret) return undefined;
	if (!/^[\x21-\x7e]{32,}$/.test(secret)) throw new Error('createAuth: `clientProof` is no secret: make one with `openssl rand -base64 32`');
	return secret;
}

function httpUrl(name: string, text: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new Error(`createAuth: \`${name}\` is no http URL: ${text}`);
	return url;
}

function trimmed(text: string): string {
	return text.replace(/\/+$/, '');
}
