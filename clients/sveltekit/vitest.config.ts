import { defineConfig } from 'vitest/config';

export default defineConfig({
	// Of SvelteKit, which is not there.
	resolve: { alias: { '$app/paths': new URL('tests/unit/support/app-paths.ts', import.meta.url).pathname } },
	test: { include: ['tests/unit/**/*.test.ts'], environment: 'node', testTimeout: 10_000 }
});
