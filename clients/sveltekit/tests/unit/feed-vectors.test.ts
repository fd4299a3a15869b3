import { afterEach, describe, expect, test, vi } from 'vitest';
import { Feed, MAX_LAG } from '../../src/server/feed.js';
import { Mirror } from '../../src/server/mirror.js';
import { vectors } from './support/vectors.js';

interface Case {
	readonly name: string;
	readonly snapshot: readonly unknown[];
	readonly stream: readonly unknown[];
	readonly known: number;
	readonly unreadable?: boolean;
	readonly strict?: string;
	readonly best_effort?: string;
}
const { now, cases } = vectors('feed') as { now: number; cases: readonly Case[] };
const TOKEN = { jti: 'token-1', sid: 'session-1', sub: 'user-1', ver: 3, kid: 'another' };
const LAST = { kind: 'jti', value: 'the last', expires_at: now + 700 };

let feed: Feed | undefined;
afterEach(() => feed?.close());

/** A feed that says what it is told to, and who follows it. */
function followed(snapshot: readonly unknown[]) {
	const mirror = new Mirror();
	const warnings: string[] = [];
	const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
	const clock = { at: now, now: () => clock.at };
	const counts = { snapshots: 0, removals: 0 };
	const said = { snapshot };
	const fetch = (async (url: string) => {
		if (!url.endsWith('/stream')) {
			counts.snapshots += 1;
			return Response.json({ position: 5, entries: said.snapshot });
		}
		return new Response(new ReadableStream<Uint8Array>({ start: (controller) => void streams.push(controller) }));
	}) as unknown as typeof globalThis.fetch;
	feed = new Feed({ fetch, warn: (message) => warnings.push(message) }, 'http://feed', mirror, clock, { expectAnother: () => (counts.removals += 1) });
	const say = (text: string) => streams.at(-1)?.enqueue(new TextEncoder().encode(text));
	return { feed, mirror, warnings, streams, clock, counts, said, say };
}
type Followed = ReturnType<typeof followed>;

const event = (name: string, data: unknown, id = 6) => `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const opened = ({ streams }: Followed, count = 1) => vi.waitFor(() => expect(streams.length).toBe(count), { timeout: 2_000 });

function judged({ feed, mirror }: Followed) {
	const mark = mirror.check(TOKEN);
	const known = mark === 'accepted' ? 'ok' : mark;
	return { strict: known === 'ok' && feed.lag > MAX_LAG ? 'blind' : known, best_effort: known };
}

describe('I38: what the verifier in Rust makes of a feed', () => {
	test.each(cases)('$name', async ({ snapshot, stream, known, unreadable = false, strict, best_effort }) => {
		const own = followed(snapshot);
		void own.feed.ready();
		if (unreadable && snapshot.length > 0) {
			await vi.waitFor(() => expect(own.counts.snapshots).toBeGreaterThan(1), { timeout: 2_000 });
			expect(own.feed.lag).toBe(Infinity);
			return;
		}
		await opened(own);
		for (const entry of stream) own.say(event('revoked', entry));
		if (unreadable) {
			await vi.waitFor(() => expect(own.counts.snapshots).toBe(2), { timeout: 2_000 });
			return;
		}
		own.say(event('revoked', LAST) + event('heartbeat', { position: 6, at: now }));
		await vi.waitFor(() => expect(own.mirror.size).toBe(known + 1));
		expect(judged(own)).toEqual({ strict, best_effort });
		expect(own.counts.snapshots).toBe(1);
	});
});

test('I38: the trust comes back when the critical entry has died, and when a snapshot lacks it', async () => {
	const critical = { kind: 'planet', value: 'mars', expires_at: now + 3, critical: true };
	const own = followed([critical]);
	void own.feed.ready();
	await opened(own);
	expect(judged(own).strict).toBe('blind');
	own.clock.at += 3;
	expect(judged(own).strict).toBe('ok');
	own.say(event('revoked', { kind: 'planet', critical: true }) + event('revoked', LAST));
	await vi.waitFor(() => expect(own.mirror.size).toBe(1));
	own.clock.at += 1_000_000;
	expect(judged(own).strict).toBe('blind');
	own.said.snapshot = [];
	own.say(event('reset', {}));
	await vi.waitFor(() => expect(judged(own).strict).toBe('ok'), { timeout: 2_000 });
});

test('I38: an unknown kind is warned of once, and a hundred kinds not without end', async () => {
	const own = followed([{ kind: 'planet' }, { kind: 'planet' }]);
	void own.feed.ready();
	await opened(own);
	for (let i = 0; i < 5; i++) own.say(event('revoked', { kind: 'planet', value: String(i) }));
	own.say(event('revoked', { kind: 'planet', critical: true, expires_at: 1 }) + event('revoked', LAST));
	await vi.waitFor(() => expect(own.mirror.size).toBe(1));
	expect(own.warnings).toEqual([expect.stringContaining('passed over'), expect.stringContaining('must not pass over')]);
	for (let i = 0; i < 100; i++) own.say(event('revoked', { kind: `kind-${i}` }));
	own.say(event('revoked', { ...LAST, value: 'the very last' }));
	await vi.waitFor(() => expect(own.mirror.size).toBe(2));
	expect(own.warnings).toHaveLength(32);
});

test('L7: a key that is removed lifts the cool-down of the keys, once, and from a snapshot too', async () => {
	const own = followed([{ kind: 'kid', value: 'a', expires_at: now + 700 }]);
	void own.feed.ready();
	await opened(own);
	expect(own.counts.removals).toBe(1);
	for (const value of ['a', 'b', 'b']) own.say(event('revoked', { kind: 'kid', value, expires_at: now + 700 }));
	own.say(event('revoked', LAST));
	await vi.waitFor(() => expect(own.mirror.size).toBe(3));
	expect(own.counts.removals).toBe(2);
});

describe('a link', () => {
	afterEach(() => vi.useRealTimers());
	/** The follower waits for answers between the steps of the clock. */
	const settle = async () => {
		for (let i = 0; i < 20; i++) await Promise.resolve();
	};
	const pass = async (ms: number) => {
		await vi.advanceTimersByTimeAsync(ms);
		await settle();
	};

	test('that comes late is opened anew, and what was heard vouches for when it was sent', async () => {
		vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
		const own = followed([]);
		void own.feed.ready();
		await pass(10);
		expect(own.streams).toHaveLength(1);
		own.say(event('heartbeat', { position: 6, at: 5_000 }));
		await pass(7_000);
		// Sent at once, and seven seconds on the way.
		own.say(event('heartbeat', { position: 6, at: 5_001 }));
		await pass(500);
		expect(own.streams).toHaveLength(2);
		expect(own.feed.lag).toBeGreaterThan(6_900);
	});

	test('that is silent for eight seconds is opened anew', async () => {
		vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
		const own = followed([]);
		void own.feed.ready();
		await pass(10);
		await pass(7_900);
		expect(own.streams).toHaveLength(1);
		await pass(400);
		expect(own.streams).toHaveLength(2);
	});
});
