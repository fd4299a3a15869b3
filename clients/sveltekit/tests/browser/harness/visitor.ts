import type { BrowserContext, Page } from 'playwright-core';
import { type Account, newAccount } from './service.ts';
import { decodeJwt } from 'jose';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack.ts';

/** Somebody with a browser of their own. */
export class Visitor {
	account?: Account;

	private constructor(
		readonly stack: Stack,
		readonly context: BrowserContext,
		/** The first tab. */
		readonly page: Page
	) {}

	static async arrive(stack: Stack, options: { javaScript?: boolean } = {}): Promise<Visitor> {
		const context = await stack.browser.newContext({
			baseURL: stack.origin,
			javaScriptEnabled: options.javaScript ?? true
		});
		context.setDefaultTimeout(15_000);
		return new Visitor(stack, context, await context.newPage());
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
		return exp * 1000 - Date.now();
	}

	/** Waits until that has happened. */
	async expire(): Promise<void> {
		await sleep(Math.max(0, this.untilExpiry()) + 100);
	}

	async leave(): Promise<void> {
		await this.context.close();
	}
}
