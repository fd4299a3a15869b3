/** The longest event. */
const LIMIT = 64 * 1024;

export interface ServerSentEvent {
	readonly name: string;
	readonly data: string;
	readonly id?: string;
}

/**
 * Server-sent events (WHATWG HTML §9.2.6), as much of them as the feed needs, in bounded memory, until `signal` ends
 * them: once a response is there, Node's `fetch` may have lost sight of its own.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<ServerSentEvent> {
	const decoder = new TextDecoder();
	const reader = stream.getReader();
	const stop = () => void reader.cancel().catch(() => undefined);
	signal?.addEventListener('abort', stop);
	let text = '';
	try {
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			text += decoder.decode(value, { stream: true });
			// A CR at the end may be the first half of a CRLF.
			const blocks = text.replace(/\r\n|\r(?=[^])/g, '\n').split('\n\n');
			text = blocks.pop() ?? '';
			if (text.length > LIMIT) throw new Error(`an event is over ${LIMIT} characters`);
			for (const block of blocks) {
				const event = parse(block);
				if (event) yield event;
			}
		}
	} finally {
		signal?.removeEventListener('abort', stop);
		await reader.cancel().catch(() => undefined);
	}
}

function parse(block: string): ServerSentEvent | undefined {
	let name = '';
	let id: string | undefined;
	const data: string[] = [];
	for (const line of block.split('\n')) {
		const colon = line.indexOf(':');
		const field = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
		if (field === 'event') name = value;
		else if (field === 'data') data.push(value);
		else if (field === 'id') id = value;
	}
	if (data.length === 0) return undefined;
	return { name, data: data.join('\n'), ...(id !== undefined && { id }) };
}
