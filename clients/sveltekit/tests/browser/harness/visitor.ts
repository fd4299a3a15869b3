import type { BrowserContext, Page } from 'playwright-core';
import { type Account, newAccount } from './service.ts';
import { decodeJwt } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack.ts';
import { until } from './until.ts';

/** Somebody with a browser of their own. */
export class Visitor {
	account?: Account;
	/** Milliseconds that `expire` waited. */
	waited = 0;

	private constructor(
		readonly stack: Stack,
		readonly context: BrowserContext,
		/** The first tab. */
		readonly page: Page,
		private javaScript: boolean
	) {}

	static async arrive(stack: Stack, options: { javaScript?: boolean } = {}): Promise<Visitor> {
		const { javaScript = true } = options;
		const context = await stack.browser.newContext({ baseURL: stack.origin, javaScriptEnabled: javaScript });
		context.setDefaultTimeout(15_000);
		return new Visitor(stack, context, await context.newPage(), javaScript);
	}

	/** Somebody else, or the same with another browser. */
	async another(): Promise<Visitor> {
		return Visitor.arrive(this.stack);
	}

	/** Makes an account and signs in by the form. */
	async signIn(options: { at?: string; account?: Account } = {}): Promise<Account> {
		this.account = options.account ?? (await newAccount(this.stack.service));
		await this.goto(options.at ?? '/login');
		await this.submitLogin(this.account);
		await this.page.waitForURL((url) => url.pathname !== '/login');
		await this.page.locator('#status', { hasText: 'signed-in' }).waitFor();
		return this.account;
	}

	async submitLogin({ email, password }: Account): Promise<void> {
		await this.page.getByLabel('Email').fill(email);
		await this.page.getByLabel('Password').fill(password);
		await this.page.getByRole('main').getByRole('button').click();
	}

	/** Loads a page, hydrated where scripts run; the status of its answer. */
	async goto(path: string, page = this.page): Promise<number> {
		const answer = await page.goto(path);
		if (this.javaScript) await page.locator('body[data-hydrated]').waitFor();
		return answer?.status() ?? 0;
	}

	/** What the page says of the session. */
	async status(page = this.page): Promise<string | null> {
		return page.locator('#status').textContent();
	}

	async tabs(count: number): Promise<Page[]> {
		const more = Array.from({ length: count - 1 }, () => this.context.newPage());
		return [this.page, ...(await Promise.all(more))];
	}

	/** Milliseconds until the access token that this browser's session was given last expires. */
	untilExpiry(): number {
		const exp = decodeJwt(this.stack.latest!.access_token).exp!;
		return exp * 1000 - this.stack.now();
	}

	/** Waits until that has happened, and until the browser has dropped the cookies of both access tokens. */
	async expire(): Promise<void> {
		const began = Date.now();
		await sleep(Math.max(0, this.untilExpiry()));
		await until('the cookies are gone', async () => {
			const names = (await this.context.cookies()).map(({ name }) => name);
			return names.every((name) => name === '__Host-auth-refresh');
		});
		this.waited += Date.now() - began;
	}

	/** Brings at once what `expire` waits for: the browser has dropped the cookie of this token. */
	async skipToExpiry(name: 'access' | 'account' = 'access'): Promise<void> {
		await this.context.clearCookies({ name: `__Host-auth-${name}` });
	}

	/** Its cookies as a request carries them. */
	async cookieHeader(): Promise<string> {
		return (await this.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
	}

	/** A token of its session, which no page can read. */
	async token(name: 'access' | 'account' | 'refresh'): Promise<string | undefined> {
		const cookies = await this.context.cookies();
		return cookies.find((cookie) => cookie.name === `__Host-auth-${name}`)?.value;
	}

	async leave(): Promise<void> {
		await this.context.close();
	}
}
