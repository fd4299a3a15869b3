/**
 * The value of a cookie as the browser sent it (RFC 6265 §4.2.1): not decoded, for tokens need none of it, and no
 * more lenient than the verifier in Rust. Empty where two bear the name: which of them is right can't be told.
 */
export function cookieOf(header: string | null, name: string): string | undefined {
	const values = (header ?? '').split(';').flatMap((pair) => {
		const trimmed = pair.replace(/^[ \t]+|[ \t]+$/g, '');
		const at = trimmed.indexOf('=');
		return at >= 0 && trimmed.slice(0, at) === name ? [trimmed.slice(at + 1)] : [];
	});
	return values.length > 1 ? '' : values[0];
}
