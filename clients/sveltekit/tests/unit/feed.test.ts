import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Link } from '../../src/server/feed.js';
import { readEvents, type ServerSentEvent } from '../../src/server/sse.js';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

let issuer: MockIssuer;
let app: Process;
let browser: Browser;

async function start(options = {}) {
	issuer = await startIssuer({ heartbeat: 0.05 });
	app = startApp(issuer, { feed: issuer.feed, ...options });
	browser = new Browser(app);
	await browser.login();
}
const status = async () => (await browser.state()).status;

afterEach(async () => {
	app.auth.close();
	await issuer.close();
});

describe('with the feed', () => {
	beforeEach(() => start());

	test('a session that was revoked elsewhere is over at once', async () => {
		const { sessionId } = await browser.state();
		issuer.revokeSession(sessionId ?? '');
		await vi.waitFor(async () => expect(await status()).toBe('signed-out'), { timeout: 1_000 });
		expect(browser.jar.size).toBe(0);
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('roles that changed are there at once, after one refresh', async () => {
		const { userId } = await browser.state();
		issuer.setRoles(userId ?? '', ['admin']);
		await vi.waitFor(async () => expect((await browser.state()).hasRole('admin')).toBe(true), { timeout: 1_000 });
		await status();
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('a key that was taken out signs nobody out', async () => {
		const old = (await issuer.sign({})).split('.')[0] ?? '';
		const { kid } = JSON.parse(Buffer.from(old, 'base64url').toString()) as { kid: string };
		await issuer.rotateKey();
		issuer.removeKey(kid);
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(1));
		await new Promise((resolve) => setTimeout(resolve, 50));
		await status();
		expect(await status()).toBe('signed-in');
		expect(app.refreshes).toEqual(['access', 'access']);
	});

	test('what was revoked while the stream was broken is known when it is back', async () => {
		const { claims } = await browser.state();
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(1));
		issuer.revocations.cut();
		issuer.revokeSession(claims?.sid ?? '');
		await vi.waitFor(async () => expect(await status()).toBe('signed-out'), { timeout: 2_000 });
	});

	test('the snapshot is taken again when something may have been missed', async () => {
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(1));
		expect(issuer.calls('/v1/revocations')).toBe(1);
		issuer.revocations.reset();
		await vi.waitFor(() => expect(issuer.calls('/v1/revocations')).toBe(2), { timeout: 2_000 });
	});

	test('a garbage collection takes nothing away that ends it', async () => {
		// Node 20 may collect a signal of `AbortSignal.any` that has not fired, and one that `fetch` follows.
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(1));
		setFlagsFromString('--expose-gc');
		const collect = runInNewContext('gc') as () => void;
		for (let i = 0; i < 5; i++) {
			await new Promise((resolve) => setTimeout(resolve, 60));
			collect();
		}
		app.auth.close();
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(0), { timeout: 2_000 });
	});

	test('it ends with the app', async () => {
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(1));
		app.auth.close();
		await vi.waitFor(() => expect(issuer.revocations.readers).toBe(0));
	});
});

describe('without a feed that can be reached', () => {
	test('best effort goes on', async () => {
		await start({ feed: 'http://127.0.0.1:1/v1/revocations' });
		expect(await status()).toBe('signed-in');
	});

	test('strict says that it can not be told, and logs nobody out', async () => {
		await start({ feed: 'http://127.0.0.1:1/v1/revocations', freshness: 'strict' });
		expect(await status()).toBe('unavailable');
		expect(browser.jar.size).toBe(2);
	});

	test('strict is content as long as the feed is heard', async () => {
		await start({ freshness: 'strict' });
		expect(await status()).toBe('signed-in');
	});
});

test('without a feed a logout is known at once in this process all the same', async () => {
	await start({ feed: undefined });
	const tab = browser.copy();
	await browser.post('/logout', async (event) => Response.json(await app.auth.logout(event)));
	expect((await tab.state()).status).toBe('signed-out');
	expect(ADA.email).toBeDefined();
});

test('a heartbeat vouches for when it was sent, whatever the clocks say', () => {
	for (const skew of [-120, 0, 120]) {
		const link = new Link(1_000_000);
		expect(link.heard(1_000 + skew, 1_000_000)).toBe(1_000_000);
		expect(link.heard(1_005 + skew, 1_005_000)).toBe(1_004_000);
		// Sent in time, and held up on the way.
		expect(link.heard(1_010 + skew, 1_060_000)).toBe(1_009_000);
		expect(link.heard(9_999 + skew, 1_061_000)).toBe(1_061_000);
		expect(link.heard(skew - 9_999, 1_062_000)).toBe(1_000_000);
	}
});

test('events are the same however the bytes are cut', async () => {
	const text = ': hello\n\nid: 7\nevent: revoked\ndata: {"a":\r\ndata:1}\r\n\r\nretry: 5\nevent: x\n\ndata:  two\n\ndata: \u{e9}\n\nid: 9\ndata: cut off';
	const expected: ServerSentEvent[] = [
		{ name: 'revoked', data: '{"a":\n1}', id: '7' },
		{ name: '', data: ' two' },
		{ name: '', data: '\u{e9}' }
	];
	const bytes = new TextEncoder().encode(text);
	for (let size = 1; size <= bytes.length; size++) {
		const stream = new ReadableStream<Uint8Array>({
			start(controller) {
				for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
				controller.close();
			}
		});
		const events = [];
		for await (const event of readEvents(stream)) events.push(event);
		expect(events, `in pieces of ${size}`).toEqual(expected);
	}
});

test('an event that never ends is cut off', async () => {
	const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n'.repeat(1_000))) });
	await expect(async () => {
		for await (const event of readEvents(stream)) expect(event).toBeUndefined();
	}).rejects.toThrow('over');
});
