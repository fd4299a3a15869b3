/** What is wrong with a text that is to be one JSON object. */
export type Fault = 'malformed' | 'duplicate_member';

/** One JSON object that means the same to every parser, and its own numbers as they were written. */
export interface StrictObject {
	readonly members: Readonly<Record<string, unknown>>;
	readonly numbers: ReadonlyMap<string, string>;
}

/** As deep as the verifier in Rust follows. */
const DEPTH = 127;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],]/g;
/** Half of a character, which is none. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * JSON without ambiguity. `JSON.parse` takes the last of two members of one name, a number that is none, bytes
 * that are no text; another parser may take the first, or refuse (RFC 7515 §4, RFC 7519 §4, RFC 8259 §4).
 */
export function readObject(bytes: Uint8Array): StrictObject | Fault {
	let json: unknown;
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
		json = JSON.parse(text);
	} catch {
		return 'malformed';
	}
	const numbers = scan(text);
	if (typeof numbers === 'string') return numbers;
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'malformed';
	return { members: json as Record<string, unknown>, numbers };
}

/** Goes over a text that is JSON, and looks for what `JSON.parse` lets pass. */
function scan(text: string): ReadonlyMap<string, string> | Fault {
	const numbers = new Map<string, string>();
	/** The names of each object that is open; none of an array. */
	const open: (Set<string> | undefined)[] = [];
	let expectsName = false;
	let name = '';
	for (const [token] of text.matchAll(TOKEN)) {
		if (token === '{' || token === '[') {
			expectsName = token === '{';
			if (open.push(expectsName ? new Set() : undefined) > DEPTH) return 'malformed';
		} else if (token === '}' || token === ']') {
			open.pop();
			expectsName = false;
		} else if (token === ',') {
			expectsName = open.at(-1) !== undefined;
		} else if (token.startsWith('"')) {
			const said = JSON.parse(token) as string;
			if (LONE_SURROGATE.test(said)) return 'malformed';
			if (!expectsName) continue;
			const names = open.at(-1);
			if (names?.has(said)) return 'duplicate_member';
			names?.add(said);
			name = said;
			expectsName = false;
		} else {
			if (!Number.isFinite(Number(token))) return 'malformed';
			if (open.length === 1) numbers.set(name, token);
		}
	}
	return numbers;
}
