import { createServer } from 'node:net';
import { once } from 'node:events';

/** A free port below the range from which the kernel takes ports for outgoing connections, so that it can be left and taken again. */
export async function freePort(): Promise<number> {
	for (let attempt = 0; attempt < 100; attempt++) {
		const port = 20_000 + Math.floor(Math.random() * 12_000);
		const server = createServer();
		try {
			server.listen(port, '127.0.0.1');
			await once(server, 'listening');
			return port;
		} catch {
			continue;
		} finally {
			server.close();
		}
	}
	throw new Error('no free port between 20000 and 32000');
}
