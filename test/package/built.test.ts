/**
 * Goal: tests that import `supercache` by name run the very module that worker threads load, not a transformed copy.
 * Oracle: Node's own module cache, asked past the test runner.
 * Replay: `npx vitest run test/package/built.test.ts`.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CacheError } from 'supercache';
import { expect, test } from 'vitest';

test('the package name leads to the built ES module', () => {
  const path = join(import.meta.dirname, '..', '..', 'dist', 'esm', 'src', 'index.js');
  expect(createRequire(import.meta.url)(path).CacheError).toBe(CacheError);
});
