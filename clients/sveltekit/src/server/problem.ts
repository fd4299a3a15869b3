/** An answer of ours that is an error (RFC 9457). */
export function problem(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
	const body = JSON.stringify({ type: 'about:blank', status, code, detail });
	return new Response(body, {
		status,
		headers: {
			'content-type': 'application/problem+json',
			'cache-control': 'private, no-store',
			...headers
		}
	});
}

/** 503: what the request needs is away for now. */
export function unavailable(detail: string, retryAfter: number): Response {
	return problem(503, 'unavailable', detail, { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) });
}
