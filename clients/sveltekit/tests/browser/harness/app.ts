import { execPath } from 'node:process';
import { fixture } from './paths.ts';
import { Process } from './process.ts';
import { freePort } from './ports.ts';

/** One process of the built fixture. */
export type App = { process: Process; port: number };

export async function startApp(origin: string, env: Record<string, string | undefined>): Promise<App> {
	const port = await freePort();
	const settings = {
		HOST: '127.0.0.1',
		PORT: String(port),
		ORIGIN: origin,
		BODY_SIZE_LIMIT: 'Infinity',
		SHUTDOWN_TIMEOUT: '1',
		...env
	};
	const process = new Process([execPath, fixture], settings);
	await process.ready(() => process.log.includes('Listening on'));
	return { process, port };
}
