import { sendAuthorized } from './authorized.js';
import type { Core } from './core.js';
import { assertion, clientHeaders, isObject, parse, reasonOf, type Client } from './issuer.js';
import { problem, unavailable } from './problem.js';
import type { Session } from './session.js';
import type { ServiceClient } from '../service/client.js';
import type { Problem, User } from '../service/schemas.js';

interface Init {
	readonly params?: { readonly path?: Record<string, unknown>; readonly query?: Record<string, unknown> };
	readonly body?: unknown;
}

/** auth-service itself, with this session's token for it. */
export function serviceClient(core: Core, session: Session, client: Client): ServiceClient {
	const call = (method: string) => async (path: string, init: Init = {}) => {
		const response = await request(core, session, client, method, path, init);
		const json = parse(await response.text());
		if (response.ok) return { data: json, response };
		return { error: problemOf(response, json), response };
	};
	// The types say which paths there are and what they answer; the service holds to its document.
	return { GET: call('GET'), POST: call('POST'), PATCH: call('PATCH'), DELETE: call('DELETE') } as ServiceClient;
}

export async function fetchUser(core: Core, session: Session, client: Client): Promise<User | undefined> {
	const { data } = await serviceClient(core, session, client).GET('/v1/me');
	return data;
}

async function request(core: Core, session: Session, client: Client, method: string, path: string, init: Init): Promise<Response> {
	const { service, fetch, timeout } = core.settings;
	const headers = new Headers({ accept: 'application/json', ...clientHeaders(client), ...assertion(client, core.settings) });
	if (init.body !== undefined) headers.set('content-type', 'application/json');
	const bytes = init.body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(init.body));
	const named = filled(path, init.params?.path);
	if (named === undefined) return problem(400, 'malformed', 'A part of the path is missing, or leads elsewhere.');
	const url = service + named + query(init.params?.query);
	// Hashing a password may take as long again as it takes to wait for a turn.
	const signal = AbortSignal.timeout(timeout + 5_000);
	try {
		return await sendAuthorized(session, 'account', { url, method, headers, body: { kind: 'whole', bytes }, redirect: 'error', signal }, fetch);
	} catch (error) {
		return unavailable(`auth-service can not be reached: ${reasonOf(error)}`, 1);
	}
}

/** A URL takes `.` and `..` for steps, even out of what was meant to be one name. */
function filled(path: string, values: Record<string, unknown> = {}): string | undefined {
	const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => values[name]);
	if (parts.some((part) => part === undefined || ['', '.', '..'].includes(String(part)))) return undefined;
	return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}

function query(values: Record<string, unknown> = {}): string {
	const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
	const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
	return search && `?${search}`;
}

function problemOf(response: Response, json: unknown): Problem {
	const given = isObject(json) ? json : {};
	const { status } = response;
	const code = status >= 500 ? 'unavailable' : 'malformed';
	return { type: 'about:blank', title: '', detail: '', request_id: '', status, code, ...given } as Problem;
}
