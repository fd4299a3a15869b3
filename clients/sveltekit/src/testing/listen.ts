import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

type Answer = (request: Request) => Promise<Response>;

/** Serves on a free port of this machine. */
export async function listen(answer: Answer): Promise<{ url: string; close: () => Promise<void> }> {
	let url = '';
	const server = createServer((incoming, outgoing) => {
		void serve(answer, url, incoming, outgoing);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	if (typeof address !== 'object' || address === null) throw new Error('no port');
	url = `http://127.0.0.1:${address.port}`;
	const close = () =>
		new Promise<void>((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	return { url, close };
}

async function serve(answer: Answer, base: string, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
	const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
	const request = new Request(base + (incoming.url ?? '/'), {
		method: incoming.method ?? 'GET',
		headers: Object.entries(incoming.headersDistinct).flatMap(([name, values]) => (values ?? []).map((value): [string, string] => [name, value])),
		...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' })
	});
	try {
		const response = await answer(request);
		outgoing.writeHead(response.status, [...response.headers].flat());
		if (!response.body) return void outgoing.end();
		const reader = response.body.getReader();
		outgoing.on('close', () => void reader.cancel().catch(() => undefined));
		for (let read = await reader.read(); !read.done; read = await reader.read()) outgoing.write(read.value);
		outgoing.end();
	} catch {
		// A fault that breaks the connection, or a client that went away.
		outgoing.destroy();
	}
}
