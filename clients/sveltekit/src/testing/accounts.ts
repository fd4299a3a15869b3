import { narrowed, type Beyond, type Grant } from './grant.js';
import type { User } from '../service/schemas.js';

export interface NewUser {
	readonly email: string;
	readonly password: string;
	readonly name?: string;
	readonly roles?: string[];
}

export interface Account {
	user: User;
	password: string;
	/** Grows with each change of roles. */
	ver: number;
}

export interface MockSession {
	readonly id: string;
	readonly account: Account;
	readonly granted: Grant;
	readonly createdAt: number;
	generation: number;
	rotatedAt: number | undefined;
	lastUsedAt: number;
	isOver: boolean;
	/** As the service keeps them, of the call that opened the session. */
	readonly address: string | null;
	readonly userAgent: string | null;
}

export type Asked = Readonly<Record<string, unknown>>;
export type RefreshCode = 'refresh_token_invalid' | 'refresh_token_expired' | 'refresh_token_revoked' | 'refresh_token_reused';

/** Who there is, and who is signed in. Times are in milliseconds. */
export class Accounts {
	readonly #byEmail = new Map<string, Account>();
	readonly sessions = new Map<string, MockSession>();

	constructor(
		private readonly reuseWindow: number,
		private readonly idleTtl: number,
		private readonly now: () => number
	) {}

	add({ email, password, name, roles = [] }: NewUser): Account | undefined {
		const key = email.toLowerCase();
		if (this.#byEmail.has(key)) return undefined;
		const at = new Date(this.now()).toISOString();
		const user: User = { id: crypto.randomUUID(), email, email_verified: false, name: name ?? null, roles, created_at: at, updated_at: at };
		const account = { user, password, ver: 1 };
		this.#byEmail.set(key, account);
		return account;
	}

	find(email: string, password: string): Account | undefined {
		const account = this.#byEmail.get(email.toLowerCase());
		return account?.password === password ? account : undefined;
	}

	byId(id: string): Account | undefined {
		return [...this.#byEmail.values()].find(({ user }) => user.id === id);
	}

	open(account: Account, granted: Grant, from: Pick<MockSession, 'address' | 'userAgent'>): MockSession {
		const now = this.now();
		const session = { id: crypto.randomUUID(), account, granted, createdAt: now, generation: 0, rotatedAt: undefined, lastUsedAt: now, isOver: false, ...from };
		this.sessions.set(session.id, session);
		return session;
	}

	tokenOf({ id, generation }: MockSession): string {
		return `rt_${id}.${generation}`;
	}

	/** The session that a refresh token names, of whatever generation. */
	named(token: string): { session: MockSession; generation: number } | undefined {
		const [, id, generation] = /^rt_([0-9a-f-]{36})\.(\d+)$/.exec(token) ?? [];
		const session = id === undefined ? undefined : this.sessions.get(id);
		return session && { session, generation: Number(generation) };
	}

	/**
	 * By the table of the service: parallel callers converge on one successor, a replay ends the
	 * session. Who asks for more than the session was granted is refused, and nothing changes.
	 */
	refresh(token: string, asked: Asked = {}): { session: MockSession; grant: Grant } | RefreshCode | Beyond {
		const named = this.named(token);
		if (!named || named.generation > named.session.generation) return 'refresh_token_invalid';
		const { session, generation } = named;
		const now = this.now();
		if (session.isOver) return 'refresh_token_revoked';
		if (now - session.lastUsedAt > this.idleTtl) return 'refresh_token_expired';
		const grant = narrowed(session.granted, asked);
		if (typeof grant === 'string') return grant;
		const isRecent = session.rotatedAt !== undefined && now - session.rotatedAt < this.reuseWindow;
		if (generation === session.generation) {
			if (!isRecent) {
				session.generation += 1;
				session.rotatedAt = now;
			}
		} else if (generation !== session.generation - 1 || !isRecent) {
			session.isOver = true;
			return 'refresh_token_reused';
		}
		session.lastUsedAt = now;
		return { session, grant };
	}
}
