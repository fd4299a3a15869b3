/** A body as far as it was read: all of it, so that it can be sent again, or a stream that can't. */
export type Body =
	| { readonly kind: 'whole'; readonly bytes: Uint8Array<ArrayBuffer> | undefined }
	| { readonly kind: 'stream'; readonly stream: ReadableStream<Uint8Array> };

/** Up to here a body is kept, so that a call can be made again after a refresh. */
export const REPLAYED = 64 * 1024;

/** Reads up to `limit` bytes. What is longer comes back as the stream that it was. */
export async function takeBody(stream: ReadableStream<Uint8Array> | null, limit = REPLAYED): Promise<Body> {
	if (!stream) return { kind: 'whole', bytes: undefined };
	const reader = stream.getReader();
	const chunks: Uint8Array[] = [];
	let length = 0;
	while (length <= limit) {
		const { value, done } = await reader.read();
		if (done) return { kind: 'whole', bytes: joined(chunks, length) };
		chunks.push(value);
		length += value.length;
	}
	return { kind: 'stream', stream: resumed(chunks, reader) };
}

export function initOf(body: Body): { body?: BodyInit; duplex?: 'half' } {
	if (body.kind === 'stream') return { body: body.stream, duplex: 'half' };
	return body.bytes ? { body: body.bytes } : {};
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(length);
	let at = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, at);
		at += chunk.length;
	}
	return bytes;
}

function resumed(chunks: Uint8Array[], reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
	return new ReadableStream({
		async pull(controller) {
			const chunk = chunks.shift();
			if (chunk) return controller.enqueue(chunk);
			const { value, done } = await reader.read();
			if (done) controller.close();
			else controller.enqueue(value);
		},
		cancel: (reason) => reader.cancel(reason)
	});
}
