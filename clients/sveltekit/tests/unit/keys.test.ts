import { beforeEach, describe, expect, test } from 'vitest';
import { ServiceClock } from '../../src/server/clock.js';
import { Keys } from '../../src/server/keys.js';
import { Signer } from '../../src/testing/signer.js';

let now = 0;
let signer: Signer;
let fetched: { headers: Headers }[] = [];
let answer: () => Response | Promise<Response>;

beforeEach(async () => {
	now = 1_000_000;
	fetched = [];
	signer = await Signer.create('ES256');
	answer = () => Response.json(signer.jwks, { headers: { 'cache-control': 'public, max-age=600', etag: '"1"' } });
});

function keys(): Keys {
	const warn = () => undefined;
	const fetch = async (_: unknown, init?: RequestInit) => {
		fetched.push({ headers: new Headers(init?.headers) });
		return answer();
	};
	return new Keys({ service: 'http://auth', fetch: fetch as typeof globalThis.fetch, warn }, new ServiceClock(warn), () => now);
}
const away = () => Promise.reject(new TypeError('fetch failed'));
const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

test('a hundred who need the keys at once cause one fetch', async () => {
	const set = keys();
	const found = await Promise.all(Array.from({ length: 100 }, () => set.find(signer.kid, 'ES256')));
	expect(found.every((key) => typeof key === 'object')).toBe(true);
	expect(fetched).toHaveLength(1);
});

test('a key is asked for with its own algorithm', async () => {
	expect(await keys().find(signer.kid, 'RS256')).toBe('mismatch');
});

test('L7: ten thousand unknown names cause one fetch in a cool-down, and the keys stay', async () => {
	const set = keys();
	await set.find(signer.kid, 'ES256');
	now += 30_000;
	for (let i = 0; i < 10_000; i++) expect(await set.find(`kid-${i}`, 'ES256')).toBe('unknown');
	expect(fetched).toHaveLength(2);
	expect(typeof (await set.find(signer.kid, 'ES256'))).toBe('object');
});

test('a new key is found when the first token of it comes', async () => {
	const set = keys();
	await set.find(signer.kid, 'ES256');
	const kid = await signer.rotate();
	expect(await set.find(kid, 'ES256')).toBe('unknown');
	now += 30_000;
	expect(typeof (await set.find(kid, 'ES256'))).toBe('object');
});

test('a token that the service itself just made is not kept waiting for the cool-down', async () => {
	const set = keys();
	await set.find(signer.kid, 'ES256');
	const kid = await signer.rotate();
	now += 1_000;
	expect(typeof (await set.find(kid, 'ES256', true))).toBe('object');
	expect(fetched).toHaveLength(2);
});

test('a key that was removed has an heir, which is not kept waiting for the cool-down', async () => {
	const set = keys();
	await set.find(signer.kid, 'ES256');
	const kid = await signer.rotate();
	now += 1_000;
	expect(await set.find(kid, 'ES256')).toBe('unknown');
	set.expectAnother();
	expect(typeof (await set.find(kid, 'ES256'))).toBe('object');
	for (let i = 0; i < 100; i++) await set.find(`kid-${i}`, 'ES256');
	expect(fetched).toHaveLength(2);
});

describe('keys that grow old', () => {
	test('are used while new ones are fetched, and asked for by their ETag', async () => {
		const set = keys();
		await set.find(signer.kid, 'ES256');
		now += 600_000;
		answer = () => new Response(null, { status: 304 });
		expect(typeof (await set.find(signer.kid, 'ES256'))).toBe('object');
		await tick();
		expect(fetched).toHaveLength(2);
		expect(fetched[1]?.headers.get('if-none-match')).toBe('"1"');
		expect(typeof (await set.find(signer.kid, 'ES256'))).toBe('object');
	});

	test('survive an issuer that is away for a day, and no longer', async () => {
		const set = keys();
		await set.find(signer.kid, 'ES256');
		answer = away;
		for (let hour = 1; hour <= 24; hour++) {
			now += 3_600_000;
			expect(typeof (await set.find(signer.kid, 'ES256')), `after ${hour} h`).toBe('object');
			await tick();
		}
		now += 1;
		expect(await set.find(signer.kid, 'ES256')).toBe('away');
	});

	test('survive an answer that is none', async () => {
		const set = keys();
		await set.find(signer.kid, 'ES256');
		for (const body of ['', '[]', '{"keys":[]}', '<html>', ' '.repeat(70_000)]) {
			answer = () => new Response(body);
			now += 700_000;
			expect(typeof (await set.find(signer.kid, 'ES256'))).toBe('object');
			await tick();
		}
	});
});

test('an issuer that is away is asked less and less, and an unknown name is not called unknown', async () => {
	answer = away;
	const set = keys();
	for (let second = 0; second < 60; second++) {
		expect(await set.find('x', 'ES256')).toBe('away');
		now += 1_000;
	}
	expect(fetched.length).toBeLessThan(10);
	now += 30_000;
	answer = () => Response.json(signer.jwks);
	expect(typeof (await set.find(signer.kid, 'ES256'))).toBe('object');
});
