import { type Browser, chromium as playwright } from 'playwright-core';
import { Api } from './api.ts';
import { type App, startApp } from './app.ts';
import { type Clock, atTime, offset } from './clock.ts';
import { NotesApi } from './notes-api.ts';
import { builds, chromium } from './paths.ts';
import { Proxy, type Seen } from './proxy.ts';
import { type Settings, Service, type Tokens, noteTokens } from './service.ts';

export type Options = {
	/** Settings of the service. */
	service?: Settings;
	/** What adapter-node made of the app; the fixture by default. */
	app?: string;
	/** Processes of the app behind its one address. */
	apps?: number;
	/** Whether the app follows the revocation feed. */
	feed?: boolean;
	/** Further environment of the app. */
	env?: Record<string, string>;
	/** How far the app's clock is off. */
	clock?: Clock;
	/**
	 * How far all clocks but the browser's are off: it sees what it would see if its own were off the other way.
	 * Chromium itself does not bear faketime; it spins, and now and then crashes as it starts.
	 */
	serverClocks?: Clock;
	/** What is done to the way between app and service before the app starts. */
	before?: (stack: Stack) => void | Promise<void>;
	/** Whether the example API of the Rust workspace runs too. */
	notes?: boolean;
};

/** Everything at once: browser → site → app processes → front and feed → auth-service, and APIs beside it. */
export class Stack {
	readonly apps: App[] = [];
	/** What the app was given last. */
	latest?: Tokens;
	notes?: NotesApi;

	private constructor(
		/** Between the browser and the app; its address is the app's origin. */
		readonly site: Proxy,
		/** Between the app and the service; its address is the issuer. */
		readonly front: Proxy,
		/** Between the app and the revocation feed. */
		readonly feed: Proxy,
		readonly service: Service,
		readonly api: Api,
		readonly browser: Browser,
		private options: Options
	) {}

	static async start(options: Options = {}): Promise<Stack> {
		const [site, front, feed] = await Promise.all([Proxy.start(), Proxy.start(), Proxy.start()]);
		const [service, browser] = await Promise.all([
			Service.start(front, feed, options.service ?? {}, options.serverClocks),
			playwright.launch({
				executablePath: chromium,
				args: ['--no-sandbox'],
				// As people's browsers have it, and Playwright would not.
				ignoreDefaultArgs: ['--disable-back-forward-cache']
			})
		]);
		const jwks = `http://127.0.0.1:${service.publicPort}/.well-known/jwks.json`;
		const api = await Api.start(`http://127.0.0.1:${front.port}`, jwks, options.serverClocks);
		const stack = new Stack(site, front, feed, service, api, browser, options);
		front.onSeen = (seen) => stack.note(seen);
		if (options.notes) stack.notes = await NotesApi.start(front.port, service.internalPort, options.serverClocks);
		await options.before?.(stack);
		for (let number = 0; number < (options.apps ?? 1); number++) await stack.addApp();
		return stack;
	}

	/** The app's address for browsers. `localhost`, for Chromium takes `Secure` cookies over http from it alone. */
	get origin(): string {
		return `http://localhost:${this.site.port}`;
	}

	async addApp(): Promise<App> {
		const { options } = this;
		const app = await startApp(options.app ?? builds.fixture, this.origin, {
			AUTH_ISSUER: `http://127.0.0.1:${this.front.port}`,
			AUTH_FEED: options.feed ? `http://127.0.0.1:${this.feed.port}/v1/revocations` : undefined,
			API_URL: (options.app === builds.example ? this.notes : this.api)?.url,
			NOTES_API_URL: this.notes?.url ?? this.api.url,
			...atTime(options.clock ?? options.serverClocks),
			...options.env
		});
		this.apps.push(app);
		this.site.to(...this.apps.map(({ port }) => port));
		return app;
	}

	/** Asks an app process to end; whether it did so by itself. */
	async removeApp(app: App): Promise<boolean> {
		this.apps.splice(this.apps.indexOf(app), 1);
		this.site.to(...this.apps.map(({ port }) => port));
		return app.process.stop(5_000);
	}

	/** What the service's clock says, in Unix milliseconds. */
	now(): number {
		return Date.now() + offset(this.options.serverClocks);
	}

	/** Calls of the app to the service for a refresh, failed ones included, but for one at each sign-in and those for the account. */
	refreshes(): number {
		const opened = this.front.seen.filter(({ path, status }) => ['/v1/login', '/v1/signup'].includes(path) && [200, 201].includes(status));
		return this.front.count('/v1/refresh') - opened.length - this.accountRefreshes();
	}

	/** Those by which the app is given the token with which it calls the service itself. */
	accountRefreshes(): number {
		return this.front.seen.filter(({ path, request }) => path === '/v1/refresh' && request.includes('"scope":"account"')).length;
	}

	private note({ answer }: Seen): void {
		if (answer.includes('"refresh_token"')) this.latest = noteTokens(JSON.parse(answer) as Tokens);
	}

	async stop(): Promise<void> {
		await this.browser.close();
		await Promise.all(this.apps.map((app) => app.process.stop()));
		await Promise.all([this.notes?.stop(), this.service.stop(), this.api.stop()]);
		await Promise.all([this.site.down(), this.front.down(), this.feed.down()]);
	}
}

