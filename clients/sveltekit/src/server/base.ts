import { isUnder } from './csrf.js';

/** Where Vite leaves this package to Node, as for one that only a dependency of the app names, there is no `$app`. */
const paths = await import('$app/paths').catch(() => undefined);

/** As configured: while a page is rendered, SvelteKit has a relative one in its place. */
const base = paths?.base ?? '';

/** A path of the app's routes as browsers know it, with `paths.base` before it. One that has it already keeps it. */
export function withBase(path: string): string {
	const isPath = path.startsWith('/') && !path.startsWith('//');
	return base === '' || !isPath || isUnder(path, base) ? path : base + path;
}
