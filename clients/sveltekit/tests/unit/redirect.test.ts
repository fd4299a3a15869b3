import { expect, test } from 'vitest';
import { safeRedirect } from '../../src/server/index.js';

const url = new URL('https://app.example/login?redirectTo=x');

test.each([
	['/', '/'],
	['/account', '/account'],
	['/account?tab=2&x=%2F#here', '/account?tab=2&x=%2F#here'],
	['/a/../b', '/b'],
	['/größe', '/gr%C3%B6%C3%9Fe'],
	['/search?q=https://evil.example', '/search?q=https://evil.example'],
	['https://app.example/account?x=1', '/account?x=1'],
	['https://app.example', '/']
])('%j stays on the site', (target, expected) => {
	expect(safeRedirect(target, url, '/home')).toBe(expected);
});

test.each([
	undefined,
	null,
	'',
	7,
	['/account'],
	'account',
	'?x',
	'#x',
	'.',
	'//evil.example',
	'///evil.example',
	'/\\evil.example',
	'\\\\evil.example',
	'\\/evil.example',
	'/\t/evil.example',
	'/\n/evil.example',
	'/\r/evil.example',
	'/ /evil.example',
	'\t//evil.example',
	' //evil.example',
	'/\u0000/evil.example',
	'/\u00a0/evil.example',
	'/\u2028/evil.example',
	'/\ufeff/evil.example',
	'/%09/evil.example',
	'/%0a/evil.example',
	'/%0D%0Aset-cookie:x=1',
	'/%2fevil.example',
	'/%5cevil.example',
	'/%5C%5Cevil.example',
	'/.//evil.example',
	'/..//evil.example',
	'/x/..//evil.example',
	'http:evil.example',
	'https:evil.example',
	'https:/evil.example',
	'https:app.example/x',
	'https://evil.example',
	'HTTPS://evil.example/app.example',
	'https://app.example.evil.example/',
	'https://app.example@evil.example/',
	'https://user@app.example/',
	'https://app.example:444/',
	'http://app.example/',
	'javascript:alert(1)',
	'JavaScript:alert(1)',
	'data:text/html,x',
	'blob:https://app.example/x',
	'vbscript:x',
	`/${'a'.repeat(3_000)}`
])('%j leads home', (target) => {
	expect(safeRedirect(target, url, '/home')).toBe('/home');
});

test('whatever comes of it, a browser stays on the site', () => {
	// Every pair of characters that has fooled somebody, before a host.
	const tricks = ['/', '\\', '%2f', '%5c', '%09', '\t', '\n', '\r', '.', '..', ':', '@', '?', '#', ' ', 'https:', '\u3000', ''];
	let followed = 0;
	for (const a of tricks)
		for (const b of tricks)
			for (const c of tricks) {
				const path = safeRedirect(`/${a}${b}${c}evil.example`, url, '/home');
				expect(new URL(path, url).origin).toBe(url.origin);
				expect(path).not.toMatch(/^\/[/\\]|[\t\r\n]/);
				if (path !== '/home') followed += 1;
			}
	expect(followed).toBeGreaterThan(100);
});
