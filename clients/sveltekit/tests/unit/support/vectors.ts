import { readFileSync } from 'node:fs';

/** A file of vectors that the verifier in Rust reads too. */
export function vectors(name: 'credentials' | 'feed' | 'tokens'): unknown {
	return JSON.parse(readFileSync(new URL(`../../../../../shared-claims/tests/vectors/${name}.json`, import.meta.url), 'utf8'));
}
