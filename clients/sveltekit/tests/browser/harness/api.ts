import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { type Clock, offset } from './clock.ts';

export type Asked = { method: string; path: string; headers: http.IncomingHttpHeaders; body: string };

/** A protected API in another program, which verifies the bearer by itself. */
export class Api {
	readonly asked: Asked[] = [];
	/** Seconds for which a token counts after it expired. */
	leeway = 10;
	private server: http.Server;
	private jwks;

	private constructor(
		private issuer: string,
		jwksUrl: string,
		private clock?: Clock
	) {
		this.jwks = createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 0 });
		this.server = http.createServer((request, response) => {
			this.answer(request, response).catch(() => response.destroy());
		});
	}

	static async start(issuer: string, jwksUrl: string, clock?: Clock): Promise<Api> {
		const api = new Api(issuer, jwksUrl, clock);
		api.server.listen(0, '127.0.0.1');
		await once(api.server, 'listening');
		return api;
	}

	get url(): string {
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.server.close();
		this.server.closeAllConnections();
	}

	private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
		const { method = '', headers } = request;
		const path = (request.url ?? '').split('?')[0] ?? '';
		const asked: Asked = { method, path, headers, body: '' };
		this.asked.push(asked);
		const json = (status: number, body: unknown) => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		};
		const bearer = headers.authorization?.match(/^Bearer (.+)$/)?.[1];
		if (!bearer) return json(401, { code: 'token_missing' });
		const { subject, code } = await this.verify(bearer);
		if (!subject) return json(401, { code });

		switch (`${method} ${path}`) {
			case 'GET /whoami':
				return json(200, { sub: subject });
			case 'POST /echo': {
				const hash = createHash('sha256');
				let length = 0;
				for await (const chunk of request as AsyncIterable<Buffer>) {
					hash.update(chunk);
					length += chunk.length;
					if (asked.body.length < 10_000) asked.body += chunk.toString();
				}
				return json(200, { sha256: hash.digest('hex'), length, type: headers['content-type'] ?? null, subject });
			}
			case 'POST /first-bytes': {
				// Answers while the rest is still on its way: a proxy that gathers the body first would wait for ever.
				const [chunk] = (await once(request, 'data')) as [Buffer];
				request.resume();
				return json(200, { first: chunk.length });
			}
			case 'GET /events':
				response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
				for (let number = 0; number < 3; number++) {
					response.write(`id: ${number}\ndata: event ${number} at ${Date.now()}\n\n`);
					await sleep(700);
				}
				return void response.end();
			case 'DELETE /thing':
				response.writeHead(204);
				return void response.end();
			case 'GET /cookies':
				response.writeHead(200, { 'set-cookie': ['planted=1; Path=/', '__Host-planted=1; Path=/; Secure'] });
				return void response.end('{}');
			default:
				return json(404, { code: 'not_found' });
		}
	}

	private async verify(token: string): Promise<{ subject?: string; code?: string }> {
		const currentDate = new Date(Date.now() + offset(this.clock));
		const rules = { issuer: this.issuer, audience: 'api', typ: 'at+jwt', clockTolerance: this.leeway, currentDate };
		try {
			return { subject: (await jwtVerify(token, this.jwks, rules)).payload.sub };
		} catch (error) {
			return { code: error instanceof errors.JWTExpired ? 'token_expired' : 'token_invalid' };
		}
	}
}
