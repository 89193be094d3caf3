/**
 * Goal: the ES module and the CommonJS build meet in one cache, in one thread and across threads.
 * Oracle: rows that one stores and the other reads. Replay: `npx vitest run test/threads/builds.test.ts`.
 */
import { createRequire } from 'node:module';
import { CacheError, SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';
import { RemoteThread } from '../support/worker-remote.js';

type Library = typeof import('supercache');
const commonJs = createRequire(import.meta.url)('../../dist/cjs/src/index.js') as Library;
const SMALL = { memory: '16mb', owners: 1, partitions: 4 } as const;
let thread: RemoteThread | undefined;

afterEach(() => thread?.end());

test('both in one thread', async () => {
  await using cache = await SuperCache.start(SMALL);
  const other = commonJs.SuperCache.attach(cache.handle());
  expect(other).not.toBeInstanceOf(SuperCache);
  other.put(['key', new Map([[1, 'one']])]);
  expect(cache.get(['key'])).toEqual([['key', new Map([[1, 'one']])]]);
  cache.keyValue('numbers').set('n', 1);
  expect(other.keyValue('numbers').get('n')).toBe(1);
  other.detach();
  expect(cache.get(['key'])).toHaveLength(1);
});

test.each([
  ['an ES module', 'CommonJS', SuperCache, 'cjs'],
  ['CommonJS', 'an ES module', commonJs.SuperCache, 'esm'],
])('started by %s, attached by %s in a worker', async (_starter, _attacher, library, build) => {
  await using cache = await library.start(SMALL);
  thread = new RemoteThread({ workerData: { build } });
  // Environment data is the same for both builds, so not even the handle is needed.
  await thread.run('attach');
  await thread.call('put', ['key', 'from the other build']);
  expect(cache.get(['key'])).toEqual([['key', 'from the other build']]);
  expect(cache.inspect().threads.filter(({ alive }) => alive)).toHaveLength(3);
  await cache.stop();
  const error = await thread.call('get', ['key']).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ERR_SUPERCACHE_STOPPED' });
});

test('errors of both builds recognise each other', () => {
  const result = commonJs.SuperCache.safe.attach('nobody');
  expect(result.ok).toBe(false);
  if (!result.ok) expect(CacheError.is(result.error)).toBe(true);
});
