import { decodeProtectedHeader } from 'jose';
import { expect } from 'vitest';
import { onStack } from './harness/scenario.ts';
import { newAccount, signInElsewhere } from './harness/service.ts';
import type { Stack } from './harness/stack.ts';
import { until } from './harness/until.ts';
import type { Visitor } from './harness/visitor.ts';

// A rotation that takes two seconds instead of twenty minutes.
const scenario = onStack({
	feed: true,
	service: { AUTH__KEYS__JWKS_MAX_AGE: '1s', AUTH__KEYS__PUBLISH_AHEAD: '2s' }
});

/** Rotates; what tells which key signs now, and which signed before. */
async function rotate(stack: Stack): Promise<string> {
	const account = await newAccount(stack.service);
	const key = async () => decodeProtectedHeader((await signInElsewhere(stack.service, account)).access_token).kid!;
	const old = await key();
	await stack.service.command(['keys', 'rotate']);
	await until('the next key signs', async () => (await key()) !== old);
	return old;
}

async function expectSignedIn(visitor: Visitor): Promise<void> {
	await visitor.goto('/account');
	expect(await visitor.status()).toBe('signed-in');
	expect(await visitor.page.locator('#api-status').textContent()).toBe('200');
}

scenario('a session goes on while the key is rotated, and a new one begins with the next key', { refreshes: 0 }, async (visitor, stack) => {
	// L5
	await visitor.signIn();
	await rotate(stack);
	await expectSignedIn(visitor);
	await visitor.signIn();
	await expectSignedIn(visitor);
});

scenario('a session whose key was taken out in an emergency is refreshed, not lost', { refreshes: 1 }, async (visitor, stack) => {
	await visitor.signIn();
	await stack.service.command(['keys', 'remove', await rotate(stack)]);
	await until('the app knows', async () => {
		await visitor.goto('/account');
		return stack.refreshes() > 0;
	});
	await expectSignedIn(visitor);
});
