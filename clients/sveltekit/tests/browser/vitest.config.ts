import { defineConfig } from 'vitest/config';
import type { TestModule } from 'vitest/node';

/** In CI every test runs. */
function refuseSkipped(modules: readonly TestModule[]): void {
	const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
	if (!process.env.CI || skipped.length === 0) return;
	console.error(`skipped: ${skipped.map((test) => test.fullName).join('; ')}`);
	process.exitCode = 1;
}

export default defineConfig({
	test: {
		dir: import.meta.dirname,
		include: ['**/*.test.ts'],
		// Each file has a service, an app and a browser of its own; most of its time is spent waiting for expiry.
		pool: 'forks',
		maxWorkers: 4,
		testTimeout: 120_000,
		hookTimeout: 60_000,
		teardownTimeout: 20_000,
		reporters: ['default', { onTestRunEnd: refuseSkipped }]
	}
});
