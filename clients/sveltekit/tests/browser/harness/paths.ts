import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../../..');

/** A binary of the workspace, built by `make test-clients`. */
export function binary(name: string): string {
	const path = join(process.env.TEST_BIN_DIR ?? join(root, 'target/debug'), name);
	if (!existsSync(path)) throw new Error(`${path} is missing: run the tests by 'make test-clients'`);
	return path;
}

/** The apps that are built for these tests: the one made for them, and the example. */
export const builds = {
	fixture: join(import.meta.dirname, '../../fixture/build/index.js'),
	example: join(import.meta.dirname, '../../../example/build/index.js')
};

/** Debian's Chromium, past the script that starts it. */
export const chromium = process.env.TEST_CHROMIUM ?? '/usr/lib/chromium/chromium';

/** The library that makes a process's clock wrong. */
export function faketime(): string {
	const found = readdirSync('/usr/lib', { withFileTypes: true })
		.map(({ name }) => join('/usr/lib', name, 'faketime/libfaketime.so.1'))
		.find((path) => existsSync(path));
	if (!found) throw new Error("libfaketime is missing: run 'tests/tools/ensure chromium'");
	return found;
}
