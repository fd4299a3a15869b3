import { beforeEach, describe, expect, test } from 'vitest';
import { ServiceClock } from '../../src/server/clock.js';
import { Issuer } from '../../src/server/issuer.js';
import { Refresher } from '../../src/server/refresh.js';

let now = 0;
let calls = 0;
let warnings: string[] = [];
let answer: () => Response | Promise<Response>;

beforeEach(() => {
	[now, calls, warnings] = [0, 0, []];
	answer = () => tokens('rt_2');
});

function refresher(timeout = 3_000): Refresher {
	const warn = (message: string) => void warnings.push(message);
	const fetch = (async () => {
		calls += 1;
		return answer();
	}) as typeof globalThis.fetch;
	return new Refresher(new Issuer({ service: 'http://auth', fetch }, new ServiceClock(warn)), { timeout, warn }, () => now);
}
function tokens(refresh_token: string, access_token = `access of ${refresh_token} ${calls}`) {
	return Response.json({ access_token, token_type: 'Bearer', expires_in: 600, refresh_token, refresh_expires_in: 1_000, scope: '', session_id: 's', user: {} });
}
const problem = (status: number, code?: string, headers: Record<string, string> = {}) => () => Response.json({ code }, { status, headers });

describe('what an answer means', () => {
	test.each(['invalid', 'expired', 'revoked', 'reused'])('401 refresh_token_%s: the session is over', async (word) => {
		answer = problem(401, `refresh_token_${word}`);
		expect(await refresher().refresh('rt_1', {})).toEqual({ kind: 'ended', code: `refresh_token_${word}` });
	});

	test.each([
		['401 without a code', problem(401)],
		['401 of a gateway', () => new Response('<html>', { status: 401 })],
		['401 with another code', problem(401, 'token_invalid')],
		['a definite code, but not with 401', problem(500, 'refresh_token_revoked')],
		['400', problem(400, 'malformed')],
		['403', problem(403, 'forbidden')],
		['404', problem(404, 'not_found')],
		['413', problem(413, 'payload_too_large')],
		['422', problem(422, 'validation_failed')],
		['429', problem(429, 'rate_limited')],
		['500', problem(500, 'internal')],
		['502', () => new Response('bad gateway', { status: 502 })],
		['503', problem(503, 'unavailable')],
		['204', () => new Response(null, { status: 204 })],
		['200 without tokens', () => Response.json({})],
		['200 with half a pair', () => Response.json({ access_token: 'a' })],
		['200 that is no JSON', () => new Response('<html>')],
		['a network error', () => Promise.reject(new TypeError('fetch failed'))]
	])('%s: it can not be told, and nobody is logged out', async (_, given) => {
		answer = given;
		expect((await refresher().refresh('rt_1', {})).kind).toBe('unavailable');
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).not.toContain('rt_1');
	});
});

describe('a service that fails', () => {
	test('is left alone for a while, the longer the more often', async () => {
		answer = problem(500);
		const own = refresher();
		for (let tenth = 0; tenth < 300; tenth++) {
			expect((await own.refresh('rt_1', {})).kind).toBe('unavailable');
			now += 100;
		}
		// 30 s: after 1, 2, 4 and then each 5 s.
		expect(calls).toBeLessThanOrEqual(9);
		expect(warnings).toHaveLength(1);
		answer = () => tokens('rt_2');
		now += 5_000;
		expect((await own.refresh('rt_1', {})).kind).toBe('renewed');
	});

	test.each([
		['7', 7],
		['0', 1],
		['3600', 30],
		['soon', 1]
	])('and says Retry-After: %s is left alone for %d s', async (value, seconds) => {
		answer = problem(503, 'unavailable', { 'retry-after': value });
		const own = refresher();
		expect(await own.refresh('rt_1', {})).toEqual({ kind: 'unavailable', retryAfter: seconds });
		now += seconds * 1000 - 1;
		await own.refresh('rt_1', {});
		expect(calls).toBe(1);
		now += 1;
		await own.refresh('rt_1', {});
		expect(calls).toBe(2);
	});
});

test.each([400, 401, 403, 404, 413, 422])('%d is about what was sent: who comes with the same waits, and the others do not', async (status) => {
	answer = problem(status, 'malformed');
	const own = refresher();
	expect((await own.refresh('rt_junk', {})).kind).toBe('unavailable');
	expect((await own.refresh('rt_junk', {})).kind).toBe('unavailable');
	expect(calls).toBe(1);
	answer = () => tokens('rt_2');
	expect((await own.refresh('rt_1', {})).kind).toBe('renewed');
	now += 1_000;
	expect((await own.refresh('rt_junk', {})).kind).toBe('renewed');
});

test('429 is about one session: it waits as long as it is told, the others do not, and nobody is logged out', async () => {
	answer = problem(429, 'rate_limited', { 'retry-after': '7' });
	const own = refresher();
	expect(await own.refresh('rt_busy', {})).toEqual({ kind: 'unavailable', retryAfter: 7 });
	answer = () => tokens('rt_2');
	expect((await own.refresh('rt_1', {})).kind).toBe('renewed');
	now += 6_999;
	expect(await own.refresh('rt_busy', {})).toEqual({ kind: 'unavailable', retryAfter: 1 });
	now += 1;
	expect((await own.refresh('rt_busy', {})).kind).toBe('renewed');
});

describe('who comes with the same token', () => {
	test('at the same time waits for the same call', async () => {
		const own = refresher();
		const results = await Promise.all(Array.from({ length: 50 }, () => own.refresh('rt_1', {})));
		expect(calls).toBe(1);
		expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
	});

	test('a moment later is given the same, unless that is what was refused', async () => {
		const own = refresher();
		const first = await own.refresh('rt_1', {});
		expect(await own.refresh('rt_1', {})).toEqual(first);
		expect(calls).toBe(1);
		const refused = first.kind === 'renewed' ? first.pair.access_token : '';
		const second = await own.refresh('rt_1', {}, refused);
		expect(calls).toBe(2);
		expect(second).not.toEqual(first);
		// Whoever was refused something else is content with it.
		expect(await own.refresh('rt_1', {}, 'another')).toEqual(second);
		expect(calls).toBe(2);
	});

	test('after the session was left is given nothing that was made before', async () => {
		const own = refresher();
		await own.refresh('rt_1', {});
		own.forget('s');
		answer = problem(401, 'refresh_token_revoked');
		expect((await own.refresh('rt_1', {})).kind).toBe('ended');
	});
});

test('a call that takes too long goes on, and its successor is not lost', async () => {
	let arrive: (response: Response) => void = () => undefined;
	answer = () => new Promise((resolve) => (arrive = resolve));
	const own = refresher(20);
	expect((await own.refresh('rt_1', {})).kind).toBe('unavailable');
	// Nobody waits again for what others have waited for in vain.
	now += 21;
	expect((await own.refresh('rt_1', {})).kind).toBe('unavailable');
	arrive(tokens('rt_2'));
	await new Promise((resolve) => setTimeout(resolve, 5));
	expect(await own.refresh('rt_1', {})).toMatchObject({ kind: 'renewed', pair: { refresh_token: 'rt_2' } });
	expect(calls).toBe(1);
});
