import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

/** What goes wrong with a request. */
export type Fault = {
	/** Milliseconds that the request is held before it is handed on. */
	delay?: number;
	/** Answered in the place of the server. */
	status?: number;
	headers?: http.OutgoingHttpHeaders;
	/** The connection is cut: before the server hears of it, or in the place of its answer. */
	cut?: 'before' | 'after';
};

/** A request that came by, and how it was answered (0: not at all). */
export type Seen = {
	method: string;
	path: string;
	status: number;
	request: string;
	answer: string;
	/** Of the answer. */
	headers: Partial<Record<string, string[]>>;
};

/** The longest body that is kept for tests to look at. */
const KEPT = 1024 * 1024;

/** HTTP to some servers in turn, which counts, remembers and fails as it is told. */
export class Proxy {
	readonly seen: Seen[] = [];
	/** Faults by how the path begins. */
	readonly faults = new Map<string, Fault>();
	onSeen: (seen: Seen) => void = () => {};
	private server: http.Server;
	private turn = 0;
	// A connection is not kept for another request: a server that went away must not answer for the next.
	private agent = new http.Agent({ keepAlive: false });

	private constructor(
		readonly port: number,
		private targets: number[]
	) {
		this.server = this.serve();
	}

	static async start(targets: number[] = []): Promise<Proxy> {
		const proxy = new Proxy(await freePort(), targets);
		await proxy.up();
		return proxy;
	}

	to(...ports: number[]): void {
		this.targets = ports;
	}

	count(path: string, method = 'POST'): number {
		return this.seen.filter((seen) => seen.method === method && seen.path === path).length;
	}

	/** Accepts connections (again). */
	async up(): Promise<void> {
		if (this.server.listening) return;
		this.server = this.serve();
		this.server.listen(this.port, '127.0.0.1');
		await once(this.server, 'listening');
	}

	/** Refuses connections, and cuts those there are. */
	async down(): Promise<void> {
		if (!this.server.listening) return;
		const closed = once(this.server, 'close');
		this.server.close();
		this.server.closeAllConnections();
		await closed;
	}

	private serve(): http.Server {
		return http.createServer((request, response) => {
			this.pass(request, response).catch(() => response.destroy());
		});
	}

	private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
		const { method = '', url = '' } = request;
		const path = url.split('?')[0] ?? '';
		const seen: Seen = { method, path, status: 0, request: '', answer: '', headers: {} };
		this.seen.push(seen);
		const fault = [...this.faults].find(([prefix]) => path.startsWith(prefix))?.[1] ?? {};
		if (fault.delay) await sleep(fault.delay);
		if (fault.cut === 'before') return void request.destroy();
		if (fault.status) {
			seen.status = fault.status;
			request.resume();
			response.writeHead(fault.status, { 'content-type': 'application/problem+json', ...fault.headers });
			response.end(JSON.stringify({ code: 'injected', status: fault.status }));
			return;
		}
		const port = this.targets[this.turn++ % this.targets.length];
		const onward = http.request({ port, host: '127.0.0.1', method, path: url, headers: request.headers, agent: this.agent });
		request.on('data', (chunk: Buffer) => {
			if (seen.request.length < KEPT) seen.request += chunk.toString();
		});
		onward.on('error', () => response.destroy());
		request.pipe(onward);
		response.once('close', () => onward.destroy());
		const [answer] = (await once(onward, 'response')) as [http.IncomingMessage];
		seen.status = answer.statusCode ?? 0;
		seen.headers = answer.headersDistinct;
		if (fault.cut !== 'after') {
			const { connection: _, 'keep-alive': __, ...headers } = answer.headersDistinct;
			response.writeHead(seen.status, headers as http.OutgoingHttpHeaders);
			response.flushHeaders();
		}
		for await (const chunk of answer as AsyncIterable<Buffer>) {
			if (seen.answer.length < KEPT) seen.answer += chunk.toString();
			if (fault.cut !== 'after' && !response.write(chunk)) {
				await Promise.race([once(response, 'drain'), once(response, 'close')]);
			}
		}
		// Before the end is sent on, so that whoever waited for the answer finds it noted.
		this.onSeen(seen);
		if (fault.cut === 'after') response.destroy();
		else response.end();
	}
}
