import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { setRoles, signInElsewhere } from './harness/service.ts';

const scenario = onStack({ notes: true });

scenario('an upload of 5 MB reaches the API whole', { refreshes: 0 }, async (visitor) => {
	await visitor.signIn();
	const outcome = await visitor.page.evaluate(async () => {
		const bytes = new Uint8Array(5_000_000).map((_, index) => (index * 31) % 251);
		const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
		const answer = await fetch('/api/echo', { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
		const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
		return { status: answer.status, sha256, echo: (await answer.json()) as Record<string, unknown> };
	});
	expect(outcome.status).toBe(200);
	expect(outcome.echo).toMatchObject({ sha256: outcome.sha256, length: 5_000_000, type: 'application/octet-stream' });
});

scenario('an upload without a type, which SvelteKit drops, is refused and not sent on empty', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const asked = stack.api.asked.length;
	const status = await visitor.page.evaluate(async () => (await fetch('/api/echo', { method: 'POST', body: new Uint8Array(1000) })).status);
	expect(status).toBe(415);
	expect(stack.api.asked.length).toBe(asked);
});

scenario('an upload is handed on while it is still being sent', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const cookie = await visitor.cookieHeader();
	// The end is only sent once the API has answered, so a proxy that gathers the body first waits for ever.
	let end = () => {};
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			controller.enqueue(new Uint8Array(1000));
			end = () => controller.close();
		}
	});
	const headers = { cookie, 'content-type': 'application/octet-stream', 'sec-fetch-site': 'same-origin' };
	const request = { method: 'POST', headers, body, duplex: 'half', signal: AbortSignal.timeout(10_000) } as RequestInit;
	const answer = await fetch(`${stack.origin}/api/first-bytes`, request);
	expect(await answer.json()).toEqual({ first: 1000 });
	end();
});

scenario('server-sent events come one by one', { refreshes: 0 }, async (visitor) => {
	await visitor.signIn();
	const events = await visitor.page.evaluate(async () => {
		const source = new EventSource('/api/events');
		const came: { data: string; at: number }[] = [];
		await new Promise<void>((resolve, reject) => {
			source.onmessage = ({ data }: MessageEvent<string>) => {
				came.push({ data, at: Date.now() });
				if (came.length === 3) resolve();
			};
			source.onerror = () => reject(new Error('the stream broke off'));
		});
		source.close();
		return came;
	});
	expect(events.map(({ data }) => data.slice(0, 7))).toEqual(['event 0', 'event 1', 'event 2']);
	// Each is 700 ms after the one before; gathered, they would come at once.
	expect(events[2]!.at - events[0]!.at).toBeGreaterThan(700);
});

scenario('204 and 404 of the API stay what they are', { refreshes: 0 }, async (visitor) => {
	await visitor.signIn();
	const outcome = await visitor.page.evaluate(async () => {
		const gone = await fetch('/api/thing', { method: 'DELETE' });
		const missing = await fetch('/api/nothing-here');
		return [gone.status, await gone.text(), missing.status, await missing.json()];
	});
	expect(outcome).toEqual([204, '', 404, { code: 'not_found' }]);
});

scenario('the API sees the bearer and nothing of the browser’s session', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	await visitor.page.evaluate(() => fetch('/api/whoami', { headers: { authorization: 'Bearer of-the-page', connection: 'x-mine', 'x-mine': '1' } }));
	const { headers } = stack.api.asked.at(-1)!;
	expect(headers.authorization).toMatch(/^Bearer eyJ/);
	expect(headers.cookie).toBeUndefined();
	expect(headers.origin).toBeUndefined();
	expect(headers.host).toBe(new URL(stack.api.url).host);
});

scenario('the API cannot plant cookies on the site', { refreshes: 0 }, async (visitor) => {
	await visitor.signIn();
	const before = await visitor.context.cookies();
	expect(await visitor.page.evaluate(() => fetch('/api/cookies').then(({ status }) => status))).toBe(200);
	expect(await visitor.context.cookies()).toEqual(before);
});

scenario('without a session the API is asked without a bearer, and its 401 is handed back', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.goto('/');
	const status = await visitor.page.evaluate(() => fetch('/api/whoami').then(({ status }) => status));
	expect(status).toBe(401);
	expect(stack.api.asked.at(-1)?.headers.authorization).toBeUndefined();
});

scenario('the one client works in SSR and in the browser', { refreshes: 0 }, async (visitor, stack) => {
	await visitor.signIn();
	const { page } = visitor;
	const calls = stack.site.count('/api/whoami', 'GET');
	await visitor.goto('/client');
	// What SSR was answered is in the page, and is not asked for again.
	expect(stack.site.count('/api/whoami', 'GET')).toBe(calls);
	expect(await page.locator('#api-status').textContent()).toBe('200');
	const sub = await page.locator('#sub').textContent();
	await page.waitForFunction(() => 'api' in globalThis);
	const again = await page.evaluate(async () => {
		const { api } = globalThis as unknown as { api: { GET: (path: string) => Promise<{ data: { sub: string } }> } };
		return (await api.GET('/whoami')).data.sub;
	});
	expect(again).toBe(sub);
});

scenario('the example API in Rust takes the same session', { refreshes: 0 }, async (visitor) => {
	await visitor.signIn();
	const notes = await visitor.page.evaluate(async () => {
		const headers = { 'content-type': 'application/json' };
		const added = await fetch('/notes-api/notes', { method: 'POST', headers, body: '{"text":"buy milk"}' });
		const listed = await fetch('/notes-api/notes');
		return { added: added.status, listed: listed.status, body: await listed.text() };
	});
	expect(notes).toMatchObject({ added: 201, listed: 200 });
	expect(notes.body).toContain('buy milk');
});

// The access token's cookie has gone: the refresh comes before the call, which is made once.
const afterExpiry: Record<string, () => Promise<unknown>> = {
	'an upload': async () => (await fetch('/api/echo', { method: 'POST', body: new Blob([new Uint8Array(1_000_000)], { type: 'image/png' }) })).json(),
	'server-sent events': () =>
		new Promise((resolve, reject) => {
			const source = new EventSource('/api/events');
			source.onmessage = ({ data }: MessageEvent<string>) => (source.close(), resolve({ data: data.slice(0, 7) }));
			source.onerror = () => reject(new Error('the stream broke off'));
		}),
	'a DELETE': async () => ({ status: (await fetch('/api/thing', { method: 'DELETE' })).status })
};
const outcomes: Record<string, object> = {
	'an upload': { length: 1_000_000 },
	'server-sent events': { data: 'event 0' },
	'a DELETE': { status: 204 }
};
for (const [name, call] of Object.entries(afterExpiry)) {
	scenario(`${name} after expiry`, { refreshes: 1 }, async (visitor, stack) => {
		await visitor.signIn();
		await visitor.skipToExpiry();
		const asked = stack.api.asked.length;
		expect(await visitor.page.evaluate(call)).toMatchObject(outcomes[name]!);
		expect(stack.api.asked.length - asked).toBe(1);
	});
}

scenario('an API that follows the feed ends a session for an app that does not', { refreshes: 1 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	const elsewhere = await signInElsewhere(stack.service, account);
	await stack.service.call('DELETE', '/v1/me/sessions', { bearer: elsewhere.access_token });
	const ask = () => visitor.page.evaluate(() => fetch('/notes-api/notes').then(({ status }) => status));
	await expect.poll(ask).toBe(401);
	expect(await visitor.context.cookies()).toEqual([]);
});

scenario('an API that follows the feed asks for new claims, and the call is made again with them', { refreshes: 1 }, async (visitor, stack) => {
	const account = await visitor.signIn();
	await setRoles(stack.service, account, ['editor']);
	const before = stack.refreshes();
	await expect.poll(async () => {
		expect(await visitor.page.evaluate(() => fetch('/notes-api/notes').then(({ status }) => status))).toBe(200);
		return stack.refreshes() - before;
	}).toBe(1);
	await visitor.goto('/');
	expect(await visitor.page.locator('#roles').textContent()).toBe('editor');
});
