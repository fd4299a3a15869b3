import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where logs and `secrets.txt` go; `make test-clients` searches the ones for the others. */
export const logFolder = process.env.TEST_LOG_DIR ?? mkdtempSync(join(tmpdir(), 'auth-browser-'));

const known = new Set<string>();

/** Notes a password or token that must appear neither in a log nor in what scripts of a page can read. */
export function secret(value: string): string {
	if (!known.has(value)) {
		known.add(value);
		appendFileSync(join(logFolder, 'secrets.txt'), `${value}\n`);
	}
	return value;
}

const tokens = /\brt_[\w-]{20}|\beyJ[\w-]+\.[\w-]+\.[\w-]+/;

/** The token or password that a text gives away, if any. */
export function givenAway(text: string): string | undefined {
	const token = text.match(tokens)?.[0];
	return token ?? [...known].find((value) => text.includes(value));
}
