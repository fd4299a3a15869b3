import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Options, Stack } from './stack.ts';
import { Visitor } from './visitor.ts';
import { givenAway } from './secrets.ts';

type Wanted = {
	/** Calls for a refresh beside the one at each sign-in: exactly, or at least and at most. */
	refreshes: number | readonly [number, number];
	/** The same for the token with which the app calls the service; none where no page does. */
	account?: number | readonly [number, number];
	/** Whether the visitor's browser runs scripts. */
	javaScript?: boolean;
};

type Scenario = (name: string, wanted: Wanted, run: (visitor: Visitor, stack: Stack) => Promise<void>) => void;

/** The least that an access token lives, in milliseconds: up to 5 % less than is set. */
function accessTtl(options: Options): number {
	const set = options.service?.AUTH__TOKENS__ACCESS_TTL ?? '600s';
	return Number.parseInt(set) * 950;
}

/**
 * Starts a stack for a file of tests. Each scenario has a visitor with a fresh browser, says how many
 * refreshes it may cost, and must give away no token.
 */
export function onStack(options: Options = {}): Scenario {
	let stack: Stack;
	beforeAll(async () => {
		stack = await Stack.start(options);
	});
	afterAll(() => stack?.stop());

	return (name, { refreshes, account = 0, javaScript }, run) => {
		test(name, async () => {
			const before = { refreshes: stack.refreshes(), account: stack.accountRefreshes(), seen: stack.site.seen.length, asked: stack.api.asked.length };
			const visitor = await Visitor.arrive(stack, { javaScript });
			const began = Date.now();
			try {
				await run(visitor, stack);
				// On a machine so busy that the steps take longer than a token lives, another one expires meanwhile.
				const lives = Math.floor((Date.now() - began - visitor.waited) / accessTtl(options));
				const expectCount = (what: string, count: number, wanted: number | readonly [number, number]) => {
					const [least, most] = typeof wanted === 'number' ? [wanted, wanted] : wanted;
					expect(count, what).toBeGreaterThanOrEqual(least);
					expect(count, what).toBeLessThanOrEqual(most + lives);
				};
				expectCount('refreshes', stack.refreshes() - before.refreshes, refreshes);
				expectCount('refreshes for the account', stack.accountRefreshes() - before.account, account);
				await nothingGivenAway(visitor, stack, before.seen);
				onlyForApis(stack, before.asked);
			} finally {
				stack.front.faults.clear();
				stack.feed.faults.clear();
				await Promise.all([stack.front.up(), stack.feed.up()]);
				await visitor.leave();
			}
		});
	};
}

/** Neither in what was sent to the browser nor in what scripts can read is a token; cookies are as they must be. */
async function nothingGivenAway(visitor: Visitor, stack: Stack, since: number): Promise<void> {
	for (const { path, answer, headers } of stack.site.seen.slice(since)) {
		const { 'set-cookie': cookies = [], ...others } = headers;
		expect(givenAway(answer), `a token in the body of ${path}`).toBeUndefined();
		expect(givenAway(JSON.stringify(others)), `a token in the headers of ${path}`).toBeUndefined();
		for (const cookie of cookies) {
			// R19
			expect(cookie).toMatch(/^__Host-/);
			for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(attribute);
			expect(cookie).not.toContain('Domain');
			expect(others['cache-control'], `a cookie is set by ${path}`).toEqual(['private, no-store']);
		}
	}
	for (const page of visitor.context.pages()) {
		if (!page.url().startsWith('http')) continue;
		const readable = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
		expect(givenAway(readable), 'a token that scripts can read').toBeUndefined();
		expect(await page.evaluate(() => document.cookie)).toBe('');
	}
}

/** No token that the service takes reached the API. */
function onlyForApis(stack: Stack, since: number): void {
	for (const { path, headers } of stack.api.asked.slice(since)) {
		const token = headers.authorization?.match(/^Bearer (eyJ.+)$/)?.[1];
		if (token) expect(decodeJwt(token).aud, `whom the token sent to ${path} is for`).toEqual(['api']);
	}
}
