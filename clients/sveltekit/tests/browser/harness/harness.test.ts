import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { Proxy } from './proxy.ts';
import { givenAway, secret } from './secrets.ts';

// What the scenarios rely on must itself be able to say no.

test('a token or password is found in whatever is around it', () => {
	const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
	expect(decodeJwt(jwt).sub).toBe('ada');
	expect(givenAway(`<script>const data = {"token":"${jwt}"}</script>`)).toBe(jwt);
	expect(givenAway('x "rt_AbCdEfGhIjKlMnOpQrStUvWx" y')).toBeDefined();
	expect(givenAway(`__data.json ${secret('a password of this very test')}`)).toBeDefined();
	expect(givenAway('<p>nothing of that kind, not even part_of_a_word or eyJust</p>')).toBeUndefined();
});

test('the proxy counts, fails as told, refuses while it is down, and comes back', async () => {
	const behind = await Proxy.start();
	behind.faults.set('/', { status: 204 });
	const proxy = await Proxy.start([behind.port]);
	const url = `http://127.0.0.1:${proxy.port}/v1/refresh`;
	const post = () => fetch(url, { method: 'POST', body: 'a body' }).then(({ status }) => status);

	expect(await post()).toBe(204);
	proxy.faults.set('/v1/refresh', { status: 429 });
	expect(await post()).toBe(429);
	expect(behind.count('/v1/refresh')).toBe(1);
	proxy.faults.set('/v1/refresh', { cut: 'before' });
	await expect(post()).rejects.toThrow();
	expect(behind.count('/v1/refresh')).toBe(1);
	proxy.faults.set('/v1/refresh', { cut: 'after' });
	await expect(post()).rejects.toThrow();
	expect(behind.count('/v1/refresh')).toBe(2);
	proxy.faults.clear();
	await proxy.down();
	await expect(post()).rejects.toThrow();
	await proxy.up();
	expect(await post()).toBe(204);
	expect(proxy.count('/v1/refresh')).toBe(5);
	expect(proxy.seen[0]?.request).toBe('a body');
	await Promise.all([proxy.down(), behind.down()]);
});
