// What reaches the browser, minified and gzipped, entry by entry. Fails above the limit.
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 2048;
let total = 0;
for (const entry of ['client', 'openapi-fetch']) {
	const result = await build({
		configFile: false,
		logLevel: 'error',
		build: { write: false, minify: 'esbuild', target: 'es2022', lib: { entry: `dist/${entry}/index.js`, formats: ['es'] } }
	});
	const [{ output }] = [result].flat();
	const code = output.map((chunk) => chunk.code ?? '').join('');
	const size = gzipSync(code, { level: 9 }).length;
	total += size;
	console.log(`${entry.padEnd(15)}${String(code.length).padStart(6)} B${String(size).padStart(6)} B gzipped`);
}
console.log(`${'both'.padEnd(15)}        ${String(total).padStart(6)} B gzipped, of ${LIMIT} B at most`);
if (total > LIMIT) process.exit(1);
