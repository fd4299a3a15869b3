import type { Entry } from '../server/mirror.js';

/** The revocation feed: a snapshot, and a stream of what comes after it. */
export class Revocations {
	readonly #entries: Entry[] = [];
	readonly #readers = new Set<ReadableStreamDefaultController<Uint8Array>>();
	readonly #timers = new Set<NodeJS.Timeout>();

	constructor(
		private readonly heartbeat: number,
		private readonly now: () => number
	) {}

	add(entry: Entry): void {
		this.#entries.push(entry);
		this.#tell('revoked', entry, this.#entries.length);
	}

	/** The feed can't promise that nothing was missed. */
	reset(): void {
		this.#tell('reset', {});
	}

	/** Cuts every stream, as a proxy or a restart does. */
	cut(): void {
		for (const reader of this.#readers) reader.close();
		this.#readers.clear();
		for (const timer of this.#timers) clearInterval(timer);
		this.#timers.clear();
	}

	get readers(): number {
		return this.#readers.size;
	}

	snapshot(): Response {
		return Response.json({ position: this.#entries.length, entries: this.#entries });
	}

	stream(lastEventId: string | null): Response {
		const from = lastEventId === null ? this.#entries.length : Number(lastEventId);
		let own: ReadableStreamDefaultController<Uint8Array>;
		const body = new ReadableStream<Uint8Array>({
			start: (controller) => {
				own = controller;
				this.#readers.add(controller);
				this.#entries.slice(from).forEach((entry, i) => controller.enqueue(written('revoked', entry, from + i + 1)));
				controller.enqueue(this.#beat());
				const timer = setInterval(() => this.#readers.has(controller) && controller.enqueue(this.#beat()), this.heartbeat);
				timer.unref();
				this.#timers.add(timer);
			},
			cancel: () => void this.#readers.delete(own)
		});
		return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
	}

	#beat(): Uint8Array {
		const position = this.#entries.length;
		return written('heartbeat', { position, at: Math.floor(this.now() / 1000) }, position);
	}

	#tell(name: string, data: object, id?: number): void {
		for (const reader of this.#readers) reader.enqueue(written(name, data, id));
	}
}

function written(name: string, data: object, id?: number): Uint8Array {
	return new TextEncoder().encode(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
