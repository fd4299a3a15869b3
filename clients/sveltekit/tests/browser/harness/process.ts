import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { logFolder } from './secrets.ts';
import { until } from './until.ts';

/** Linux ends the process with ours, however ours ends. */
const WITH_US = ['--pdeathsig', 'KILL', '--'];

let count = 0;

/** A process that serves, started and stopped by the tests; its log is kept for `scan-logs`. */
export class Process {
	/** What it has printed so far. */
	log = '';
	private child: ChildProcess;
	private error?: Error;

	constructor(
		private command: [string, ...string[]],
		env: Record<string, string | undefined>
	) {
		const child = spawn('/usr/bin/setpriv', [...WITH_US, ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
		child.once('error', (error) => (this.error = error));
		const file = createWriteStream(join(logFolder, `${process.pid}-${count++}.log`));
		child.once('close', () => file.end());
		for (const output of [child.stdout, child.stderr]) {
			output.setEncoding('utf8').on('data', (text: string) => {
				this.log += text;
				file.write(text);
			});
		}
		this.child = child;
	}

	get ended(): boolean {
		return this.child.exitCode !== null || this.child.signalCode !== null;
	}

	/** Waits until it is ready: until its log matches, or the question is answered by something. */
	async ready<T>(question: () => T | Promise<T>): Promise<NonNullable<T>> {
		const name = this.command.join(' ');
		return until(`${name} is ready`, async () => {
			if (this.error || this.ended) throw new Error(`${name} ended: ${this.error?.message ?? this.log}`);
			return question();
		});
	}

	/** Asks it to end, and makes it after `patience` ms; whether it ended by itself. */
	async stop(patience = 3_000): Promise<boolean> {
		if (this.ended) return true;
		const ended = once(this.child, 'exit');
		this.child.kill('SIGTERM');
		const timer = setTimeout(() => this.child.kill('SIGKILL'), patience);
		await ended;
		clearTimeout(timer);
		return this.child.signalCode !== 'SIGKILL';
	}
}
