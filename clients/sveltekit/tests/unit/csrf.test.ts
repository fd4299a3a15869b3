import type { RequestEvent } from '@sveltejs/kit';
import { expect, test } from 'vitest';
import { isOfProgram, isUnder, refuseCrossSite } from '../../src/server/csrf.js';

const OWN = 'https://app.example';
const rules = { origins: ['https://admin.example'], exempt: ['/webhooks'] };
const TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', 'application/json', undefined];

function refused(method: string, headers: Record<string, string>, path = '/x', isSubRequest = false): boolean {
	const url = new URL(path, OWN);
	const request = new Request(url, { method, headers });
	return refuseCrossSite({ url, request, isSubRequest } as RequestEvent, rules)?.status === 403;
}

// R19
test.each([
	[{ 'sec-fetch-site': 'same-origin' }, false],
	[{ 'sec-fetch-site': 'same-origin', origin: OWN }, false],
	// A page without a referrer sends `null`; the browser knows that it is ours.
	[{ 'sec-fetch-site': 'same-origin', origin: 'null' }, false],
	[{ origin: OWN }, false],
	[{ origin: 'https://admin.example' }, false],
	[{ 'sec-fetch-site': 'cross-site', origin: 'https://admin.example' }, false],
	[{}, true],
	[{ origin: 'null' }, true],
	[{ origin: '' }, true],
	[{ origin: 'https://evil.example' }, true],
	[{ origin: 'https://app.example.evil.example' }, true],
	[{ origin: 'http://app.example' }, true],
	[{ origin: 'https://app.example:444' }, true],
	[{ origin: 'https://APP.example' }, true],
	[{ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, true],
	[{ 'sec-fetch-site': 'cross-site', origin: OWN }, true],
	[{ 'sec-fetch-site': 'same-site', origin: 'https://other.app.example' }, true],
	[{ 'sec-fetch-site': 'same-site' }, true],
	[{ 'sec-fetch-site': 'none' }, true],
	[{ 'sec-fetch-site': 'Same-Origin' }, true],
	[{ referer: `${OWN}/` }, true]
])('%j: refused is %j, whatever the method and the type', (headers, expected) => {
	for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'post'])
		for (const type of TYPES) {
			const all = { ...headers, ...(type !== undefined && { 'content-type': type }) } as Record<string, string>;
			expect(refused(method, all), `${method} ${type}`).toBe(expected);
		}
});

test('what is safe passes from anywhere', () => {
	for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(refused(method, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).toBe(false);
});

test('programs may call at the paths that are theirs, and at no other', () => {
	expect(refused('POST', {}, '/webhooks')).toBe(false);
	expect(refused('POST', {}, '/webhooks/stripe')).toBe(false);
	expect(refused('POST', {}, '/webhooks2')).toBe(true);
	expect(refused('POST', {}, '/x/webhooks')).toBe(true);
});

test('what a program may send is told from what this site sends to the same path', () => {
	const ofProgram = (method: string, headers: Record<string, string>, path = '/webhooks') =>
		isOfProgram({ url: new URL(path, OWN), request: new Request(OWN, { method, headers }), isSubRequest: false } as RequestEvent, rules);
	expect(ofProgram('POST', {})).toBe(true);
	expect(ofProgram('POST', { 'sec-fetch-site': 'same-site' })).toBe(true);
	expect(ofProgram('POST', { 'sec-fetch-site': 'same-origin' })).toBe(false);
	expect(ofProgram('GET', {})).toBe(false);
	expect(ofProgram('POST', {}, '/x')).toBe(false);
});

test('what the server asks of itself was looked at before', () => {
	expect(refused('POST', {}, '/x', true)).toBe(false);
});

test.each([
	['/api', '/api', true],
	['/api/', '/api', true],
	['/api/x', '/api/', true],
	['/apix', '/api', false],
	['/', '/api', false],
	['/x', '/', true]
])('%s is under %s: %j', (path, prefix, expected) => {
	expect(isUnder(path, prefix)).toBe(expected);
});
