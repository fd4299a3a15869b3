import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';

const scenario = onStack();

/** `redirectTo` as given, and where signing in must lead. */
const table: [string, string][] = [
	['/account', '/account'],
	['/account?tab=1#top', '/account?tab=1'],
	['/', '/'],
	['', '/'],
	['SELF/account', '/account'],
	['SELF.evil.example/', '/'],
	['SELF@evil.example/', '/'],
	['https://evil.example/', '/'],
	['HTTPS:evil.example', '/'],
	['//evil.example/', '/'],
	['///evil.example', '/'],
	['/\\evil.example', '/'],
	['\\\\evil.example', '/'],
	['/\t/evil.example', '/'],
	['\t//evil.example', '/'],
	['/\n//evil.example', '/'],
	['/%09/evil.example', '/'],
	[' //evil.example', '/'],
	['/.//evil.example', '/'],
	['/..//evil.example', '/'],
	['/account/..//evil.example', '/'],
	['javascript:alert(1)', '/'],
	['data:text/html,x', '/'],
	['http:/evil.example', '/'],
	['@evil.example', '/'],
	['/account\r\nset-cookie: a=b', '/'],
	['\u0000/account', '/']
];

for (const javaScript of [true, false]) {
	scenario(`signing in leads only to pages of the site, ${javaScript ? 'with' : 'without'} JavaScript`, { refreshes: 0, javaScript }, async (visitor, stack) => {
		const account = await visitor.signIn();
		for (const [template, wanted] of table) {
			const given = template.replace('SELF', stack.origin);
			await visitor.goto(`/login?redirectTo=${encodeURIComponent(given)}`);
			await visitor.submitLogin(account);
			await visitor.page.waitForURL((url) => url.pathname !== '/login').catch(() => {
				throw new Error(`${JSON.stringify(given)} led nowhere: ${visitor.page.url()}`);
			});
			const url = new URL(visitor.page.url());
			const told = `for ${JSON.stringify(given)}`;
			expect(url.origin, told).toBe(stack.origin);
			expect(url.pathname + url.search, told).toBe(wanted);
		}
	});
}
