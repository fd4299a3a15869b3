import { expect, test } from 'vitest';
import { SessionCookies, type Cookie } from '../../src/server/cookies.js';

const cookies = new SessionCookies();
const set = (access: string, present: readonly string[] = [], of = cookies) => [...of.set('access', access, 600, present), ...of.set('refresh', 'rt_abc', 1_209_600, present)];

function jarOf(set: readonly Cookie[], jar = new Map<string, string>()): Map<string, string> {
	for (const { name, value, maxAge } of set) maxAge === 0 ? jar.delete(name) : jar.set(name, value);
	return jar;
}
const reader = (jar: Map<string, string>) => (name: string) => jar.get(name);

test('what is set can be read, in as many pieces as it takes', () => {
	for (const length of [1, 700, 3_599, 3_600, 3_601, 7_200, 8_192]) {
		const access = 'a'.repeat(length - 1) + 'b';
		const jar = jarOf(set(access));
		expect(cookies.read(reader(jar))).toEqual({ access, refresh: 'rt_abc' });
		for (const [name, value] of jar) expect(name.length + value.length).toBeLessThan(4_000);
	}
});

test('a shorter token leaves no piece of a longer one behind', () => {
	const jar = jarOf(set('a'.repeat(8_000)));
	expect(jar.size).toBe(4);
	const present = cookies.present(reader(jar));
	jarOf(set('b'.repeat(5_000), present), jar);
	expect(cookies.read(reader(jar)).access).toBe('b'.repeat(5_000));
	expect(jar.size).toBe(3);
});

test('the account token has cookies of its own', () => {
	const jar = jarOf([...set('a'.repeat(8_000)), ...cookies.set('account', 'b'.repeat(5_000), 600, [])]);
	expect(jar.size).toBe(6);
	expect(cookies.read(reader(jar))).toEqual({ access: 'a'.repeat(8_000), account: 'b'.repeat(5_000), refresh: 'rt_abc' });
	jarOf(cookies.clear(cookies.present(reader(jar)), ['account']), jar);
	expect(cookies.read(reader(jar))).toEqual({ access: 'a'.repeat(8_000), refresh: 'rt_abc' });
	expect(jar.size).toBe(4);
});

test('clearing takes away whatever there is', () => {
	const jar = jarOf([...set('a'.repeat(8_000)), ...cookies.set('account', 'b'.repeat(5_000), 600, [])]);
	jarOf(cookies.clear(cookies.present(reader(jar))), jar);
	expect(jar.size).toBe(0);
	// Also what the request did not bring, for another one may have set it.
	expect(cookies.clear([]).map(({ name }) => name)).toEqual(['__Host-auth-access', '__Host-auth-account', '__Host-auth-refresh']);
});

test('R19: the attributes are those that the prefix demands', () => {
	const [first] = set('abc');
	expect(first && cookies.serialize(first)).toBe('__Host-auth-access=abc; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax');
	expect(cookies.attributes).toEqual({ path: '/', httpOnly: true, secure: true, sameSite: 'lax' });
});

test('another name, and http in development', () => {
	const plain = new SessionCookies({ name: 'shop', secure: false });
	const [first] = set('abc', [], plain);
	expect(first && plain.serialize(first)).toBe('shop-access=abc; Max-Age=600; Path=/; HttpOnly; SameSite=Lax');
});

test('what can be no token is none', () => {
	for (const value of ['', ' ', 'a b', 'a;b', 'a\r\nb', 'é', '%00', '"a"']) {
		const jar = new Map([
			['__Host-auth-access', value],
			['__Host-auth-account', value],
			['__Host-auth-refresh', value]
		]);
		expect(cookies.read(reader(jar))).toEqual({});
	}
});
