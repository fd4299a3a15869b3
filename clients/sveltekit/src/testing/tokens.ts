import { decodeJwt, jwtVerify, createLocalJWKSet } from 'jose';
import type { Accounts, MockSession } from './accounts.js';
import type { Grant } from './grant.js';
import type { Revocations } from './revocations.js';
import type { Signer } from './signer.js';
import type { TokenPair } from '../service/schemas.js';

interface Rules {
	readonly issuer: string;
	/** What a session is granted. */
	readonly grant: Grant;
	readonly accessTtl: number;
	readonly now: () => number;
}

/** Makes tokens for sessions, and finds the session of one. */
export class Tokens {
	constructor(
		private readonly signer: Signer,
		private readonly accounts: Accounts,
		private readonly rules: Rules
	) {}

	get grant(): Grant {
		return this.rules.grant;
	}

	async pair(session: MockSession, { audience, scope } = session.granted): Promise<TokenPair> {
		const { issuer, accessTtl, now } = this.rules;
		const { user, ver } = session.account;
		const iat = Math.floor(now() / 1000);
		const access_token = await this.signer.sign({
			iss: issuer,
			sub: user.id,
			aud: audience,
			exp: iat + accessTtl,
			iat,
			jti: crypto.randomUUID(),
			sid: session.id,
			client_id: 'first-party',
			scope,
			// As the service has it: what is empty is left out.
			...(user.roles.length > 0 && { roles: user.roles }),
			auth_time: Math.floor(session.createdAt / 1000),
			amr: ['pwd'],
			ver
		});
		return {
			access_token,
			token_type: 'Bearer',
			expires_in: accessTtl,
			refresh_token: this.accounts.tokenOf(session),
			refresh_expires_in: 14 * 86_400,
			scope,
			session_id: session.id,
			user
		};
	}

	/** The session of a bearer that is for the service itself, or the code with which it is refused. */
	async bearer(request: Request): Promise<MockSession | string> {
		const [, token] = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '') ?? [];
		if (token === undefined) return 'token_missing';
		try {
			const { issuer } = this.rules;
			await jwtVerify(token, createLocalJWKSet(this.signer.jwks), { currentDate: new Date(0), issuer, audience: issuer });
		} catch {
			return 'token_invalid';
		}
		const { sid, exp = 0, ver, scope } = decodeJwt(token);
		if (exp < this.rules.now() / 1000) return 'token_expired';
		const session = this.accounts.sessions.get(String(sid));
		if (!session || session.isOver) return 'token_revoked';
		if (Number(ver) < session.account.ver) return 'claims_stale';
		return String(scope).split(' ').includes('account') ? session : 'forbidden';
	}

	end(sessionId: string, revocations: Revocations): void {
		const session = this.accounts.sessions.get(sessionId);
		if (!session || session.isOver) return;
		session.isOver = true;
		revocations.add({ kind: 'sid', value: sessionId, expires_at: Math.floor(this.rules.now() / 1000) + 3_600 });
	}
}
