import { beforeEach, describe, expect, test } from 'vitest';
import { ServiceClock } from '../../src/server/clock.js';
import type { Refreshed } from '../../src/server/exchange.js';
import { Issuer } from '../../src/server/issuer.js';
import { Refresher } from '../../src/server/refresh.js';
import { readSettings } from '../../src/server/settings.js';

let now = 0;
let calls = 0;
let bodies: Record<string, unknown>[] = [];
let warnings: string[] = [];
let answer: () => Response | Promise<Response>;

beforeEach(() => {
	[now, calls, bodies, warnings] = [0, 0, [], []];
	answer = () => tokens('rt_2');
});

function refresher(timeout = 3_000): Refresher {
	const warn = (message: string) => void warnings.push(message);
	const fetch = (async (_: unknown, init?: RequestInit) => {
		calls += 1;
		bodies.push(JSON.parse(String(init?.body)) as Record<string, unknown>);
		return answer();
	}) as typeof globalThis.fetch;
	const { policies } = readSettings({ issuer: 'https://auth.example' });
	return new Refresher(new Issuer({ service: 'http://auth', fetch }, new ServiceClock(warn)), { policies, timeout, warn }, () => now);
}
function tokens(refresh_token: string, access_token = `access of ${refresh_token} ${calls}`) {
	return Response.json({ access_token, token_type: 'Bearer', expires_in: 600, refresh_token, refresh_expires_in: 1_000, scope: '', session_id: 's', user: {} });
}
const problem = (status: number, code?: string, headers: Record<string, string> = {}) => () => Response.json({ code }, { status, headers });

describe('what an answer means', () => {
	test.each(['invalid', 'expired', 'revoked', 'reused'])('401 refresh_token_%s: the session is over', async (word) => {
		answer = problem(401, `refresh_token_${word}`);
		expect(await refresher().refresh('rt_1', 'access', {})).toEqual({ kind: 'ended', code: `refresh_token_${word}` });
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
		expect((await refresher().refresh('rt_1', 'access', {})).kind).toBe('unavailable');
		expect(warnings).toHaveLength(1);
		expect(warnings[0]).not.toContain('rt_1');
	});
});

describe('a service that fails', () => {
	test('is left alone for a while, the longer the more often', async () => {
		answer = problem(500);
		const own = refresher();
		for (let tenth = 0; tenth < 300; tenth++) {
			expect((await own.refresh('rt_1', 'access', {})).kind).toBe('unavailable');
			now += 100;
		}
		// 30 s: after 1, 2, 4 and then each 5 s.
		expect(calls).toBeLessThanOrEqual(9);
		expect(warnings).toHaveLength(1);
		answer = () => tokens('rt_2');
		now += 5_000;
		expect((await own.refresh('rt_1', 'access', {})).kind).toBe('renewed');
	});

	test.each([
		['7', 7],
		['0', 1],
		['3600', 30],
		['soon', 1]
	])('and says Retry-After: %s is left alone for %d s', async (value, seconds) => {
		answer = problem(503, 'unavailable', { 'retry-after': value });
		const own = refresher();
		expect(await own.refresh('rt_1', 'access', {})).toEqual({ kind: 'unavailable', retryAfter: seconds });
		now += seconds * 1000 - 1;
		await own.refresh('rt_1', 'access', {});
		expect(calls).toBe(1);
		now += 1;
		await own.refresh('rt_1', 'access', {});
		expect(calls).toBe(2);
	});
});

test.each([400, 401, 403, 404, 413, 422])('%d is about what was sent: who comes with the same waits, and the others do not', async (status) => {
	answer = problem(status, 'malformed');
	const own = refresher();
	expect((await own.refresh('rt_junk', 'access', {})).kind).toBe('unavailable');
	expect((await own.refresh('rt_junk', 'access', {})).kind).toBe('unavailable');
	expect(calls).toBe(1);
	answer = () => tokens('rt_2');
	expect((await own.refresh('rt_1', 'access', {})).kind).toBe('renewed');
	now += 1_000;
	expect((await own.refresh('rt_junk', 'access', {})).kind).toBe('renewed');
});

test('429 is about one session: it waits as long as it is told, the others do not, and nobody is logged out', async () => {
	answer = problem(429, 'rate_limited', { 'retry-after': '7' });
	const own = refresher();
	expect(await own.refresh('rt_busy', 'access', {})).toEqual({ kind: 'unavailable', retryAfter: 7 });
	answer = () => tokens('rt_2');
	expect((await own.refresh('rt_1', 'access', {})).kind).toBe('renewed');
	now += 6_999;
	expect(await own.refresh('rt_busy', 'access', {})).toEqual({ kind: 'unavailable', retryAfter: 1 });
	now += 1;
	expect((await own.refresh('rt_busy', 'access', {})).kind).toBe('renewed');
});

describe('who comes with the same token', () => {
	test('at the same time waits for the same call', async () => {
		const own = refresher();
		const results = await Promise.all(Array.from({ length: 50 }, () => own.refresh('rt_1', 'access', {})));
		expect(calls).toBe(1);
		expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
	});

	test('a moment later is given the same, unless that is what was refused', async () => {
		const own = refresher();
		const first = await own.refresh('rt_1', 'access', {});
		expect(await own.refresh('rt_1', 'access', {})).toEqual(first);
		expect(calls).toBe(1);
		const refused = first.kind === 'renewed' ? first.pair.access_token : '';
		const second = await own.refresh('rt_1', 'access', {}, refused);
		expect(calls).toBe(2);
		expect(second).not.toEqual(first);
		// Whoever was refused something else is content with it.
		expect(await own.refresh('rt_1', 'access', {}, 'another')).toEqual(second);
		expect(calls).toBe(2);
	});

	test('after the session was left is given nothing that was made before', async () => {
		const own = refresher();
		await own.refresh('rt_1', 'access', {});
		own.forget('s');
		answer = problem(401, 'refresh_token_revoked');
		expect((await own.refresh('rt_1', 'access', {})).kind).toBe('ended');
	});
});

describe('another access token with the same refresh token', () => {
	/** As a service without a reuse window answers: each token counts once, and one call at a time. */
	function strictly() {
		let [counting, underWay] = [1, 0];
		answer = async () => {
			const { refresh_token, audience } = bodies.at(-1) ?? {};
			const isFirst = (underWay += 1) === 1;
			await new Promise((resolve) => setTimeout(resolve, 5));
			underWay -= 1;
			if (refresh_token !== `rt_${counting}` || !isFirst) return problem(401, 'refresh_token_reused')();
			counting += 1;
			return tokens(`rt_${counting}`, `${String(audience)} ${counting}`);
		};
	}
	const given = async (result: Promise<Refreshed>) => {
		const { kind, ...rest } = await result;
		return kind === 'renewed' && 'pair' in rest ? [rest.pair.refresh_token, rest.pair.access_token] : kind;
	};
	const ISSUER = 'https://auth.example';

	test('waits for the call that is under way, and goes on with its successor', async () => {
		strictly();
		const own = refresher();
		const both = [own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {}), own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})];
		expect(await Promise.all(both.map(given))).toEqual([['rt_2', 'api 2'], ['rt_3', `${ISSUER} 3`], ['rt_2', 'api 2'], ['rt_3', `${ISSUER} 3`]]);
		expect(bodies).toEqual([
			{ refresh_token: 'rt_1', audience: 'api' },
			{ refresh_token: 'rt_2', audience: ISSUER, scope: 'account' }
		]);
		expect((await own.successor('rt_1'))?.refresh_token).toBe('rt_3');
		expect((await own.successor('rt_2'))?.refresh_token).toBe('rt_3');
		expect(await own.successor('rt_3')).toBeUndefined();
	});

	test('is waited for by whoever asks what came of a token', async () => {
		strictly();
		const own = refresher();
		const calls = [own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})];
		await calls[0];
		expect((await own.successor('rt_1'))?.refresh_token).toBe('rt_3');
		await Promise.all(calls);
	});

	test('goes on with the successor that is remembered, from whichever token somebody comes', async () => {
		strictly();
		const own = refresher();
		expect(await given(own.refresh('rt_1', 'account', {}))).toEqual(['rt_2', `${ISSUER} 2`]);
		expect(await given(own.refresh('rt_1', 'access', {}))).toEqual(['rt_3', 'api 3']);
		expect(await given(own.refresh('rt_2', 'account', {}, `${ISSUER} 2`))).toEqual(['rt_4', `${ISSUER} 4`]);
		expect(await given(own.refresh('rt_1', 'access', {}, 'api 3'))).toEqual(['rt_5', 'api 5']);
		expect(await given(own.refresh('rt_1', 'account', {}, 'another'))).toEqual(['rt_4', `${ISSUER} 4`]);
		own.forget('s');
		expect(await own.successor('rt_1')).toBeUndefined();
	});

	test('in parallel, however often: none is sent twice, and no two at the same time', async () => {
		strictly();
		const own = refresher();
		let rejected: (string | undefined)[] = [undefined, undefined];
		for (let round = 0; round < 5; round++) {
			const results = await Promise.all(Array.from({ length: 20 }, (_, i) => given(own.refresh('rt_1', i % 2 ? 'account' : 'access', {}, rejected[i % 2]))));
			expect(new Set(results.map(String)).size).toBe(2);
			rejected = [results[0]?.[1], results[1]?.[1]];
		}
		expect(new Set(bodies.map(({ refresh_token }) => refresh_token)).size).toBe(calls);
		expect(calls).toBe(10);
	});

	test('is given the same refresh token within the window, and both access tokens are remembered', async () => {
		answer = () => tokens('rt_2');
		const own = refresher();
		const [one, two] = [await given(own.refresh('rt_2', 'access', {})), await given(own.refresh('rt_2', 'account', {}))];
		expect(one).not.toEqual(two);
		expect([await given(own.refresh('rt_2', 'access', {})), await given(own.refresh('rt_2', 'account', {}))]).toEqual([one, two]);
		expect([calls, await own.successor('rt_2')]).toEqual([2, undefined]);
	});

	test('learns with the first that the session is over, and asks no more', async () => {
		answer = problem(401, 'refresh_token_revoked');
		const own = refresher();
		expect(await Promise.all([own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})].map(given))).toEqual(['ended', 'ended']);
		expect(calls).toBe(1);
	});

	test('waits as long as the first after a failure', async () => {
		answer = problem(503, 'unavailable');
		const own = refresher();
		expect(await Promise.all([own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})].map(given))).toEqual(['unavailable', 'unavailable']);
		expect(calls).toBe(1);
	});

	test('is not sent for as long as the first is under way, however long that takes', async () => {
		let arrive: (response: Response) => void = () => undefined;
		answer = () => new Promise((resolve) => (arrive = resolve));
		const own = refresher(20);
		expect(await Promise.all([own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})].map(given))).toEqual(['unavailable', 'unavailable']);
		now += 21;
		expect(await given(own.refresh('rt_1', 'account', {}))).toBe('unavailable');
		expect(calls).toBe(1);
		arrive(tokens('rt_2'));
		await new Promise((resolve) => setTimeout(resolve, 5));
		answer = () => tokens('rt_3');
		expect(await given(own.refresh('rt_1', 'account', {}))).toEqual(['rt_3', expect.any(String)]);
		expect(bodies.map(({ refresh_token }) => refresh_token)).toEqual(['rt_1', 'rt_2']);
	});

	test('goes on where the first was refused for what it asked', async () => {
		const refusal = (field: string) => Response.json({ code: 'validation_failed', errors: [{ field }] }, { status: 422 });
		answer = () => (bodies.at(-1)?.['audience'] === 'api' ? refusal('audience') : tokens('rt_2'));
		const own = refresher();
		expect(await Promise.all([own.refresh('rt_1', 'access', {}), own.refresh('rt_1', 'account', {})].map(given))).toEqual(['unavailable', ['rt_2', expect.any(String)]]);
		expect(warnings.join()).toContain('tokens.audience');
		answer = () => refusal('scope');
		expect(await given(own.refresh('rt_9', 'account', {}))).toBe('unavailable');
		expect(warnings.join()).toContain('tokens.scope');
		expect(warnings.join()).not.toMatch(/rt_/);
	});
});

test('a call that takes too long goes on, and its successor is not lost', async () => {
	let arrive: (response: Response) => void = () => undefined;
	answer = () => new Promise((resolve) => (arrive = resolve));
	const own = refresher(20);
	expect((await own.refresh('rt_1', 'access', {})).kind).toBe('unavailable');
	// Nobody waits again for what others have waited for in vain.
	now += 21;
	expect((await own.refresh('rt_1', 'access', {})).kind).toBe('unavailable');
	arrive(tokens('rt_2'));
	await new Promise((resolve) => setTimeout(resolve, 5));
	expect(await own.refresh('rt_1', 'access', {})).toMatchObject({ kind: 'renewed', pair: { refresh_token: 'rt_2' } });
	expect(calls).toBe(1);
});
