import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until the answer is something, for `limit` ms at most. */
export async function until<T>(what: string, ask: () => T | Promise<T>, limit = 30_000): Promise<NonNullable<T>> {
	const end = Date.now() + limit;
	for (;;) {
		const answer = await ask();
		if (answer) return answer;
		if (Date.now() > end) throw new Error(`waited ${limit} ms in vain until ${what}`);
		await sleep(25);
	}
}
