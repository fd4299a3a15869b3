import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, atTime } from './clock.ts';
import { Process } from './process.ts';
import { binary } from './paths.ts';
import type { Proxy } from './proxy.ts';
import { secret } from './secrets.ts';

/** Settings of the service, by the names of its environment. */
export type Settings = Record<`AUTH__${string}`, string>;

const serving = /"message":"serving".*|  listening .*/;

/** The real auth-service on SQLite, behind a proxy that is its issuer address and one that is its feed's. */
export class Service {
	private constructor(
		readonly process: Process,
		readonly publicPort: number,
		readonly internalPort: number,
		private env: Record<string, string>,
		private folder: string
	) {}

	static async start(front: Proxy, feed: Proxy, settings: Settings, clock?: Clock): Promise<Service> {
		const folder = await mkdtemp(join(tmpdir(), 'auth-service-'));
		const env = {
			AUTH__ISSUER: `http://127.0.0.1:${front.port}`,
			AUTH__LISTEN: '127.0.0.1:0',
			AUTH__INTERNAL_LISTEN: '127.0.0.1:0',
			AUTH__DATA_DIR: folder,
			AUTH__LOG__FORMAT: 'json',
			AUTH__PASSWORDS__ARGON2_MEMORY_KIB: '64',
			AUTH__PASSWORDS__ARGON2_ITERATIONS: '1',
			AUTH__HTTP__WORKERS: '1',
			AUTH__TOKENS__INCLUDE_EMAIL: 'true',
			AUTH__HTTP__SHUTDOWN_TIMEOUT: '1s',
			// All the tests' visitors sign up from one address.
			AUTH__LIMITS__SIGN_UP_ADDRESS: '10000/1s',
			AUTH__LIMITS__SIGN_IN_ADDRESS: '10000/1s',
			...settings,
			...atTime(clock)
		};
		const process = new Process([binary('auth-service'), 'serve'], env);
		const [line] = await process.ready(() => process.log.match(serving));
		const [publicPort, internalPort] = [...line.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1]));
		if (!publicPort || !internalPort) throw new Error(`no addresses in: ${line}`);
		front.to(publicPort);
		feed.to(internalPort);
		return new Service(process, publicPort, internalPort, env, folder);
	}

	/** A command of the binary on the same database, such as `keys rotate`. */
	async command(args: string[], input = ''): Promise<void> {
		const running = promisify(execFile)(binary('auth-service'), args, { env: this.env });
		running.child.stdin?.end(input);
		await running;
	}

	/** A call from elsewhere, past the proxies. */
	async call(method: string, path: string, options: { body?: unknown; bearer?: string } = {}): Promise<Response> {
		const headers: Record<string, string> = { 'content-type': 'application/json' };
		if (options.bearer) headers.authorization = `Bearer ${options.bearer}`;
		const body = options.body === undefined ? undefined : JSON.stringify(options.body);
		return fetch(`http://127.0.0.1:${this.publicPort}${path}`, { method, headers, body });
	}

	async stop(): Promise<void> {
		await this.process.stop();
		await rm(this.folder, { recursive: true, force: true });
	}
}

/** `id` where it was made by signing up. */
export type Account = { email: string; password: string; id?: string };
export type Tokens = { access_token: string; refresh_token: string; session_id: string };

/** Signs in as another device would. */
export async function signInElsewhere(service: Service, account: Account, scope?: string): Promise<Tokens> {
	const answer = await service.call('POST', '/v1/login', { body: { email: account.email, password: account.password, scope } });
	if (answer.status !== 200) throw new Error(`login elsewhere: ${answer.status} ${await answer.text()}`);
	return noteTokens((await answer.json()) as Tokens);
}

export function noteTokens(tokens: Tokens): Tokens {
	secret(tokens.access_token);
	secret(tokens.refresh_token);
	return tokens;
}

/** A new account. */
export async function newAccount(service: Service): Promise<Account> {
	const name = crypto.randomUUID();
	const account = { email: `ada-${name}@example.org`, password: secret(`engines of ${crypto.randomUUID()}`) };
	const answer = await service.call('POST', '/v1/signup', { body: account });
	if (answer.status !== 201) throw new Error(`signup: ${answer.status} ${await answer.text()}`);
	const { user, ...tokens } = (await answer.json()) as Tokens & { user: { id: string } };
	noteTokens(tokens);
	return { ...account, id: user.id };
}

/** An account that may administer the service, where it signs in with the scope `admin`. */
export async function newAdmin(service: Service): Promise<Account> {
	const account = { email: `admin-${crypto.randomUUID()}@example.org`, password: secret(`engines of ${crypto.randomUUID()}`) };
	await service.command(['users', 'create', account.email, '--role', 'auth:admin'], `${account.password}\n`);
	return account;
}

/** An administrator gives an account these roles in place of its own. They sign in each time: a change takes a recent sign-in. */
export async function setRoles(service: Service, { email }: Account, roles: string[]): Promise<void> {
	const { access_token: bearer } = await signInElsewhere(service, await newAdmin(service), 'admin');
	const call = async (method: string, path: string, body?: unknown) => {
		const answer = await service.call(method, path, { bearer, body });
		if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
		return answer.json();
	};
	const { items } = (await call('GET', `/v1/admin/users?email=${encodeURIComponent(email)}`)) as { items: { id: string }[] };
	await call('PATCH', `/v1/admin/users/${items[0]!.id}`, { roles });
}
