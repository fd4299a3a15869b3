/** What a session was granted, or what of it a token has. */
export interface Grant {
	readonly audience: readonly string[];
	readonly scope: string;
}

/** The member of a body that can't be granted. */
export type Beyond = 'audience' | 'scope';

/** What a body asks for of what may be granted: all of it where it does not say. */
export function narrowed(granted: Grant, asked: Readonly<Record<string, unknown>>): Grant | Beyond {
	const { audience = granted.audience, scope = granted.scope } = asked;
	const audiences: unknown[] = [audience].flat();
	const scopes = typeof scope === 'string' ? scope.split(' ') : [scope];
	if (audiences.length === 0 || !isWithin(audiences, granted.audience)) return 'audience';
	if (!isWithin(scopes, granted.scope.split(' '))) return 'scope';
	return { audience: audiences, scope: scopes.join(' ') };
}

function isWithin(asked: readonly unknown[], granted: readonly string[]): asked is readonly string[] {
	return asked.every((one) => typeof one === 'string' && granted.includes(one));
}
