import { type Clock, atTime } from './clock.ts';
import { binary } from './paths.ts';
import { freePort } from './ports.ts';
import { Process } from './process.ts';

/** The example API of the Rust workspace, which verifies with shared-claims and follows the feed. */
export class NotesApi {
	private constructor(
		private process: Process,
		readonly url: string
	) {}

	static async start(issuerPort: number, internalPort: number, clock?: Clock): Promise<NotesApi> {
		const listen = `127.0.0.1:${await freePort()}`;
		const process = new Process([binary('notes-api')], {
			ISSUER: `http://127.0.0.1:${issuerPort}`,
			FEED: `http://127.0.0.1:${internalPort}/v1/revocations`,
			LISTEN: listen,
			...atTime(clock)
		});
		const url = `http://${listen}`;
		await process.ready(() => fetch(`${url}/readyz`).then((answer) => answer.ok, () => false));
		return new NotesApi(process, url);
	}

	async stop(): Promise<void> {
		await this.process.stop();
	}
}
