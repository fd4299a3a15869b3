import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import type { Stack } from './harness/stack.ts';
import type { Visitor } from './harness/visitor.ts';

// R19. Two strangers: another port of the same host is another origin but the same site, so cookies are sent
// along whatever SameSite says; another host is another site.
const scenario = onStack({ env: { TRUSTED_ORIGINS: 'https://trusted.example' } });

let strangers: http.Server;
beforeAll(async () => {
	strangers = http.createServer((_, response) => {
		response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Stranger</title>');
	});
	strangers.listen(0, '127.0.0.1');
	await once(strangers, 'listening');
});
afterAll(() => void strangers.close());

const stranger = (host: string) => `http://${host}:${(strangers.address() as AddressInfo).port}/`;

/** What a page of another origin can send without asking first. */
const attacks: Record<string, RequestInit> = {
	'a form': { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'note=evil' },
	'text/plain': { headers: { 'content-type': 'text/plain' }, body: 'evil' },
	'JSON as text/plain': { headers: { 'content-type': 'text/plain;application/json' }, body: '{"note":"evil"}' },
	'no content type': {}
};

async function attack(page: Page, url: string, init: RequestInit): Promise<void> {
	await page.evaluate(
		async ([url, init]) => {
			const { body, headers } = init as RequestInit;
			// Bytes have no type of their own, so none is sent where none is given.
			const bytes = new TextEncoder().encode((body as string | undefined) ?? 'evil');
			await fetch(url as string, { method: 'POST', mode: 'no-cors', credentials: 'include', headers, body: bytes });
		},
		[url, init] as const
	);
}

/** The statuses of what was sent to the app, and how much of it reached the API. */
async function sent(stack: Stack, run: () => Promise<void>) {
	const [site, api] = [stack.site.seen.length, stack.api.asked.length];
	await run();
	const posts = stack.site.seen.slice(site).filter(({ method }) => method !== 'GET' && method !== 'OPTIONS');
	return { statuses: posts.map(({ status }) => status), asked: stack.api.asked.length - api };
}

async function fromElsewhere(visitor: Visitor, host: string): Promise<Page> {
	const page = await visitor.context.newPage();
	await page.goto(stranger(host));
	return page;
}

for (const host of ['localhost', '127.0.0.1']) {
	for (const [name, init] of Object.entries(attacks)) {
		scenario(`a stranger at ${host} who posts ${name} is refused everywhere`, { refreshes: 0 }, async (visitor, stack) => {
			await visitor.signIn();
			const page = await fromElsewhere(visitor, host);
			for (const path of ['/api/echo', '/form', '/logout', '/login']) {
				const { statuses, asked } = await sent(stack, () => attack(page, stack.origin + path, init));
				expect({ path, statuses, asked }).toEqual({ path, statuses: [403], asked: 0 });
			}
			await visitor.goto('/');
			expect(await visitor.status()).toBe('signed-in');
			await page.close();
		});
	}

	scenario(`a stranger's form at ${host} that is submitted by hand is refused`, { refreshes: 0 }, async (visitor, stack) => {
		await visitor.signIn();
		const page = await fromElsewhere(visitor, host);
		const { statuses } = await sent(stack, async () => {
			await page.setContent(`<form method="POST" action="${stack.origin}/logout"><button>Win a prize</button></form>`);
			await page.getByRole('button').click();
			await page.waitForURL(`${stack.origin}/**`);
		});
		expect(statuses).toEqual([403]);
		await page.close();
		await visitor.goto('/');
		expect(await visitor.status()).toBe('signed-in');
	});

	scenario(`a stranger at ${host} may not ask the API for JSON`, { refreshes: 0 }, async (visitor, stack) => {
		await visitor.signIn();
		const page = await fromElsewhere(visitor, host);
		const asked = stack.api.asked.length;
		const outcome = await page.evaluate(async (origin) => {
			const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', credentials: 'include' } as const;
			const read = fetch(`${origin}/api/whoami`, { credentials: 'include' }).then((answer) => answer.text());
			return (await Promise.allSettled([fetch(`${origin}/api/echo`, json), read])).map(({ status }) => status);
		}, stack.origin);
		expect(outcome).toEqual(['rejected', 'rejected']);
		// The GET and the question beforehand may be sent on, for they change nothing and their answers stay hidden.
		expect(stack.api.asked.slice(asked).map(({ method }) => method)).not.toContain('POST');
		await page.close();
	});
}

/** Requests as no browser of today sends them, or only an old one: by hand, with the visitor's cookies. */
const byHand: [string, Record<string, string>, number][] = [
	['same origin', { 'sec-fetch-site': 'same-origin', origin: 'SELF' }, 200],
	['same site', { 'sec-fetch-site': 'same-site' }, 403],
	['cross site', { 'sec-fetch-site': 'cross-site' }, 403],
	['cross site with our Origin', { 'sec-fetch-site': 'cross-site', origin: 'SELF' }, 403],
	['our Origin alone', { origin: 'SELF' }, 200],
	['another Origin alone', { origin: 'https://evil.example' }, 403],
	['Origin null', { origin: 'null' }, 403],
	['neither', {}, 403]
];

scenario('requests are told apart by Sec-Fetch-Site, else by Origin, whatever their content type', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const cookie = await visitor.cookieHeader();
	for (const [name, headers, wanted] of byHand) {
		for (const type of ['application/json', 'text/plain', undefined]) {
			const own: Record<string, string> = { ...headers, cookie, ...(type && { 'content-type': type }) };
			if (own.origin === 'SELF') own.origin = stack.origin;
			const body = new TextEncoder().encode('{}');
			const answer = await fetch(`${stack.origin}/api/echo`, { method: 'POST', headers: own, body });
			await answer.arrayBuffer();
			// What may pass is told that SvelteKit drops a body without a type.
			expect({ name, type, status: answer.status }).toEqual({ name, type, status: wanted === 200 && !type ? 415 : wanted });
		}
	}
});

scenario('an origin that was configured may ask for JSON, and another with a name like it may not', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const cookie = await visitor.cookieHeader();
	const post = async (origin: string) => {
		const headers = { cookie, origin, 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' };
		return (await fetch(`${stack.origin}/api/echo`, { method: 'POST', headers, body: '{}' })).status;
	};
	expect(await post('https://trusted.example')).toBe(200);
	for (const origin of ['http://trusted.example', 'https://trusted.example:444', 'https://trusted.example.evil.example']) {
		expect({ origin, status: await post(origin) }).toEqual({ origin, status: 403 });
	}
});
