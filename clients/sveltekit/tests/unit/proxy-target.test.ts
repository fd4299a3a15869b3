import { expect, test } from 'vitest';
import { locationOf, targetOf } from '../../src/server/proxy-target.js';
import { readSettings } from '../../src/server/settings.js';

const { apis } = readSettings({ issuer: 'http://auth', apis: { '/api': 'http://up:3000', '/api/v2/': 'http://two/base/', '/deep': 'http://up:3000/in/here' } });
const at = (path: string) => targetOf(new URL(path, 'https://app.example'), apis);
const sent = (path: string) => {
	const target = at(path);
	return target.kind === 'found' ? target.url.href : target.kind;
};

test.each([
	['/api', 'http://up:3000/'],
	['/api/', 'http://up:3000/'],
	['/api/x', 'http://up:3000/x'],
	['/api/x/?q=1&q=2', 'http://up:3000/x/?q=1&q=2'],
	['/api/a%2Fb', 'http://up:3000/a%2Fb'],
	['/api/a%20b/%C3%A9', 'http://up:3000/a%20b/%C3%A9'],
	['/api/..x/x..', 'http://up:3000/..x/x..'],
	['/api/x;..;y/;/...;z', 'http://up:3000/x;..;y/;/...;z'],
	['/api/100%25/50%2525', 'http://up:3000/100%25/50%2525'],
	['/api//evil.example/x', 'http://up:3000//evil.example/x'],
	['/api/https://evil.example', 'http://up:3000/https://evil.example'],
	['/api/@evil.example', 'http://up:3000/@evil.example'],
	['/api/v2', 'http://two/base'],
	['/api/v2/x', 'http://two/base/x'],
	['/deep/x', 'http://up:3000/in/here/x'],
	['/api/x/../y', 'http://up:3000/y']
])('%s goes to %s', (path, expected) => {
	expect(sent(path)).toBe(expected);
});

test.each(['/', '/apix', '/other', '/api/../x', '/api/%2e%2e/x', '//api/x', '/API/x'])('%s goes nowhere: there is no such prefix', (path) => {
	expect(sent(path)).toBe('unknown');
});

test.each([
	'/deep/..%2fx',
	'/deep/..%2F..%2Fx',
	'/deep/x%2f..%2f..%2f..%2fy',
	'/deep/%2e%2e%2fx',
	'/deep/..%5cx',
	'/deep/%2e%2e%5cx',
	'/deep/.%2e%2fx',
	'/deep/x%2f..',
	'/deep/x%2f.%2fy',
	'/deep/%252e%252e/x',
	'/deep/%25252e%25252e/x',
	'/deep/x%252f..%252f..%252fy',
	'/deep/x%255c..%255cy',
	'/deep/..;/x',
	'/deep/..;jsessionid=1/x',
	'/deep/.;/x',
	'/deep/..%3b/x',
	'/deep/..%253bx/y',
	'/deep/%2e%2e;/x',
	'/deep/%252e%252e%253b/x',
	'/deep/x/..;',
	'/api/..;/admin',
	'/deep/x%2500',
	'/deep/x%00',
	'/deep/x%0d%0ay',
	'/deep/%',
	'/deep/%ff'
])('%s is refused', (path) => {
	expect(sent(path)).toBe('refused');
});

test('a redirect of the API leads to where it is here', () => {
	const target = at('/deep/x');
	if (target.kind !== 'found') throw new Error();
	expect(locationOf('http://up:3000/in/here/y?z=1#w', target)).toBe('/deep/y?z=1#w');
	expect(locationOf('/in/here/y', target)).toBe('/deep/y');
	expect(locationOf('y', target)).toBe('/deep/y');
	expect(locationOf('/elsewhere', target)).toBe('/elsewhere');
	expect(locationOf('https://other.example/y', target)).toBe('https://other.example/y');
});
