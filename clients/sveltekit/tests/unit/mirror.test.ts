import { describe, expect, test } from 'vitest';
import { Mirror, type Entry, type TokenNames } from '../../src/server/mirror.js';

const token: TokenNames = { jti: 'j', sid: 's', sub: 'u', ver: 5, kid: 'k' };
const entry = (kind: Entry['kind'], value: string, ver?: number, expires_at = 100): Entry => ({ kind, value, expires_at, ...(ver !== undefined && { ver }) });

function marked(entries: readonly Entry[], of: TokenNames = token) {
	const mirror = new Mirror();
	for (const one of entries) mirror.apply(one);
	return mirror.check(of);
}

test.each([
	['jti', 'j', undefined, 'revoked'],
	['sid', 's', undefined, 'revoked'],
	['kid', 'k', undefined, 'revoked'],
	['sub', 'u', undefined, 'revoked'],
	['sub', 'u', 6, 'revoked'],
	['sub', 'u', 5, 'accepted'],
	['sub', 'u', 4, 'accepted'],
	['stale', 'u', undefined, 'stale'],
	['stale', 'u', 6, 'stale'],
	['stale', 'u', 5, 'accepted'],
	['jti', 's', undefined, 'accepted'],
	['sid', 'j', undefined, 'accepted'],
	['sub', 'j', undefined, 'accepted'],
	['kid', 'u', undefined, 'accepted']
] as const)('%s %s %s: %s', (kind, value, ver, expected) => {
	expect(marked([entry(kind, value, ver)])).toBe(expected);
});

describe('I28: no cut-off hides another', () => {
	const cutOffs = [undefined, 4, 5, 6, 7].flatMap((ver) => [entry('sub', 'u', ver), entry('stale', 'u', ver)]);
	const severity = { accepted: 0, stale: 1, revoked: 2 };
	test('of every pair, in either order, the harder counts', () => {
		for (const a of cutOffs)
			for (const b of cutOffs) {
				const hardest = Math.max(severity[marked([a])], severity[marked([b])]);
				expect(severity[marked([a, b])], JSON.stringify([a, b])).toBe(hardest);
			}
	});
});

test('a token without a version is below every one', () => {
	const { ver: _, ...unversioned } = token;
	expect(marked([entry('sub', 'u', 0)], unversioned)).toBe('revoked');
	expect(marked([entry('stale', 'u', 0)], unversioned)).toBe('stale');
	expect(marked([], unversioned)).toBe('accepted');
});

test('an entry lives as long as the longest of its kind, and no longer', () => {
	const mirror = new Mirror();
	mirror.apply(entry('sid', 's', undefined, 200));
	mirror.apply(entry('sid', 's', undefined, 100));
	mirror.apply(entry('sub', 'u', 9, 100));
	mirror.prune(150);
	expect(mirror.size).toBe(1);
	expect(mirror.check(token)).toBe('revoked');
	mirror.prune(200);
	expect(mirror.check(token)).toBe('accepted');
});

test('a snapshot takes the place of everything', () => {
	const mirror = new Mirror();
	mirror.apply(entry('sid', 's'));
	mirror.replace([entry('stale', 'u', 6)]);
	expect(mirror.check(token)).toBe('stale');
});
