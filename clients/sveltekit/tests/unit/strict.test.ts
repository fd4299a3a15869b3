import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MockIssuer } from '../../src/testing/index.js';
import { ADA, Browser, startApp, startIssuer, type Process } from './support/app.js';

// A service without a reuse window: every refresh token counts once, and what comes a second time ends the session.
let issuer: MockIssuer;
let app: Process;
let browser: Browser;

beforeEach(async () => {
	issuer = await startIssuer({ reuseWindow: 0 });
	app = startApp(issuer);
	browser = new Browser(app);
	await browser.login();
	// As over a network, where a call takes a while.
	issuer.fault('/v1/refresh', async () => {
		await new Promise((resolve) => setTimeout(resolve, 5));
		return undefined;
	});
});

afterEach(async () => {
	vi.useRealTimers();
	app.auth.close();
	await issuer.close();
});

const later = (seconds: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
const isOver = () => [...issuer.sessions.values()].some((session) => session.isOver);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A process that remembers nothing takes what this browser has: it is the newest. */
async function expectNewest(of = browser) {
	const fresh = startApp(issuer);
	const copy = of.copy(fresh);
	await copy.get('/', async (event) => Response.json((await fresh.auth.refresh(event)).status));
	expect([isOver(), (await copy.state()).status, fresh.refreshes.length]).toEqual([false, 'signed-in', 1]);
	fresh.auth.close();
}

const visits: Record<string, (tab: Browser) => Promise<unknown>> = {
	page: (tab) => tab.state(),
	user: (tab) => tab.user(),
	both: (tab) => tab.get('/', async (event) => {
		const [state, user] = await Promise.all([app.auth.refresh(event), event.locals.auth.user()]);
		return Response.json([state.status, user?.email]);
	}),
	'one after the other': (tab) => tab.get('/', async (event) => {
		const user = await event.locals.auth.user();
		await app.auth.refresh(event);
		return Response.json(user);
	})
};

describe.each([0, 575, 700])('%d s after the sign-in, requests with one refresh token that need both access tokens', (seconds) => {
	test.each(Object.keys(visits))('at once, with %s last: the session goes on', async (last) => {
		later(seconds);
		const names = [...Object.keys(visits), ...Object.keys(visits).reverse(), last];
		// One browser with many tabs: each answer sets its cookies when it comes.
		await Promise.all(names.map((name) => visits[name]?.(browser)));
		expect(isOver()).toBe(false);
		await expectNewest();
	});

	test('one after the other', async () => {
		later(seconds);
		for (const visit of [...Object.values(visits), ...Object.values(visits)]) await visit(browser);
		expect(isOver()).toBe(false);
		await expectNewest();
	});

	test('begun together, and answered in whatever order', async () => {
		later(seconds);
		const slow = browser.get('/', async () => (await wait(60), new Response('ok')));
		const slower = browser.get('/', async ({ locals }) => {
			await wait(120);
			return Response.json(await locals.auth.user());
		});
		await browser.user();
		await browser.get('/', async (event) => Response.json((await app.auth.refresh(event)).status));
		await Promise.all([slow, slower]);
		expect(isOver()).toBe(false);
		await expectNewest();
	});
});

test('a tab that comes with what it had before is given what there is now, and uses nothing up', async () => {
	const tab = browser.copy();
	await browser.user();
	expect((await tab.user())?.email).toBe(ADA.email);
	expect(app.refreshes).toEqual(['access', 'account']);
	await expectNewest(tab);
});

test('what was used before ends the session, in this mode as in the other', async () => {
	const old = startApp(issuer);
	const thief = browser.copy(old);
	await browser.user();
	await thief.user();
	expect(isOver()).toBe(true);
	old.auth.close();
});
