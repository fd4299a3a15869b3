import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';

const packageFolder = join(import.meta.dirname, '../../..');
const fixture = join(packageFolder, 'tests/fixture');

type Block = { paths: string[]; code: string };

/** The blocks of code between two headings of the README, and the files that the words before each name. */
async function blocks(from: string, to: string): Promise<Block[]> {
	const readme = await readFile(join(packageFolder, 'README.md'), 'utf8');
	const [begin, end] = [readme.indexOf(`\n${from}\n`), readme.indexOf(`\n${to}\n`)];
	if (begin < 0 || end < begin) throw new Error(`the README has no '${from}' before '${to}'`);
	const parts = readme.slice(begin, end).split(/```\w+\n([^]*?)```\n/);
	return parts.flatMap((words, index) => {
		const code = parts[index + 1];
		if (index % 2 === 1 || code === undefined) return [];
		return [{ paths: [...words.matchAll(/`(src\/[^`]+)`/g)].map(([, path]) => path!), code }];
	});
}

/** What differs in the second of two files that the README describes at once. */
function asSaid(path: string, code: string): string {
	if (!path.includes('/login/')) return code;
	return code.replace('actions.signup', 'actions.login').replace('new-password', 'current-password').replaceAll('Sign up', 'Sign in');
}

/** An app in `folder`, made by the README's words alone on top of what `sv create` makes, and built. */
export async function makeAppOfReadme(folder: string): Promise<void> {
	const minute = await blocks('## Five minutes to a protected page', '## An API in another language');
	const [apis, ...more] = await blocks('## An API in another language', '### Without a proxy');
	const tabs = await blocks('## Other tabs, and the back button', '## Reference');
	const files = new Map<string, string>();
	for (const { paths, code } of [...minute, ...more, ...tabs]) {
		for (const path of paths) files.set(path, asSaid(path, code));
	}
	const auth = files.get('src/lib/server/auth.ts')!;
	files.set('src/lib/server/auth.ts', auth.replace(/export const auth = .*\n/, apis!.code));

	for (const path of ['package.json', 'vite.config.ts', 'src/app.html']) await cp(join(fixture, path), join(folder, path));
	const config = `import adapter from '@sveltejs/adapter-node';\nexport default { kit: { adapter: adapter() } };\n`;
	for (const [path, code] of [['svelte.config.js', config], ...files] as const) {
		await mkdir(dirname(join(folder, path)), { recursive: true });
		await writeFile(join(folder, path), code);
	}
	await symlink(join(fixture, 'node_modules'), join(folder, 'node_modules'));
	const vite = join(fixture, 'node_modules/vite/bin/vite.js');
	await promisify(execFile)(execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder });
}
