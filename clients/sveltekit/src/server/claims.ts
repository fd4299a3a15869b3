import { readObject, type StrictObject } from './json.js';
import type { Claims } from './types.js';

/** RFC 9068 §2.2. */
const REQUIRED = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];
const TEXTS = ['iss', 'sub', 'jti', 'client_id', 'sid', 'scope', 'acr', 'email'];
const NUMBERS = ['exp', 'iat', 'nbf', 'auth_time', 'ver'];
const LISTS = ['roles', 'amr'];
const NEVER_EMPTY = ['sub', 'jti', 'client_id'];
const WHOLE = /^(0|-?[1-9]\d*)$/;

/** What a payload says, or the rule that it breaks: each claim that there is, is of its type. */
export function readClaims(payload: Uint8Array): Claims | string {
	const object = readObject(payload);
	if (typeof object === 'string') return object === 'malformed' ? 'claims_malformed' : object;
	const { members } = object;
	if (REQUIRED.some((name) => !Object.hasOwn(members, name))) return 'missing';
	if (!fit(object)) return 'claims_malformed';
	if (NEVER_EMPTY.some((name) => members[name] === '')) return 'missing';
	return members as unknown as Claims;
}

function fit({ members, numbers }: StrictObject): boolean {
	const all = (names: readonly string[], fits: (value: unknown, name: string) => boolean) =>
		names.every((name) => !Object.hasOwn(members, name) || fits(members[name], name));
	// Whole numbers that every parser reads alike (RFC 7493 §2.2).
	const isWhole = (value: unknown, name: string) => Number.isSafeInteger(value) && WHOLE.test(numbers.get(name) ?? '');
	return (
		all(TEXTS, isText) &&
		all(NUMBERS, isWhole) &&
		all(LISTS, isTexts) &&
		all(['aud'], (value) => isText(value) || isTexts(value)) &&
		all(['email_verified'], (value) => typeof value === 'boolean')
	);
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}

function isTexts(value: unknown): value is string[] {
	return Array.isArray(value) && value.every(isText);
}
