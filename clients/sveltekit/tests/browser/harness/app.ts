import { execPath } from 'node:process';
import { Process } from './process.ts';
import { freePort } from './ports.ts';

/** One process of a built app. */
export type App = { process: Process; port: number };

/** `build` is what adapter-node made. */
export async function startApp(build: string, origin: string, env: Record<string, string | undefined>): Promise<App> {
	const port = await freePort();
	const settings = {
		HOST: '127.0.0.1',
		PORT: String(port),
		ORIGIN: origin,
		BODY_SIZE_LIMIT: 'Infinity',
		SHUTDOWN_TIMEOUT: '1',
		...env
	};
	const process = new Process([execPath, build], settings);
	await process.ready(() => process.log.includes('Listening on'));
	return { process, port };
}
