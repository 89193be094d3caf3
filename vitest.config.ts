import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Worker threads load the built package as it is; the tests must share that very copy, not a transformed one.
    server: { deps: { external: [/\/dist\/(esm|cjs)\//] } },
  },
});
