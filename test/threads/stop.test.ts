/**
 * Goal: stop ends a cache for all threads, from any thread, at any moment, and gives its memory back.
 * Oracle: error codes in every thread; the bytes of array buffers that the process holds.
 * Replay: `npx vitest run test/threads/stop.test.ts`.
 */
import { SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';
import { runModule } from '../support/worker-process.js';
import { RemoteThread } from '../support/worker-remote.js';

const SMALL = { memory: '16mb', owners: 1, partitions: 4 } as const;
const STOPPED = expect.objectContaining({ code: 'ERR_SUPERCACHE_STOPPED' });
const HAMMERS = 4;
/** Four caches: the last ones may be referred to by frames and workers that are not gone yet; all eight must not. */
const ALLOWED_LENGTH = 4 * 64 * 2 ** 20;
const threads: RemoteThread[] = [];

function spawn(): RemoteThread {
  const thread = new RemoteThread();
  threads.push(thread);
  return thread;
}

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.end()));
});

test('stop is idempotent, and every later call throws', async () => {
  const cache = await SuperCache.start(SMALL);
  const handle = cache.handle();
  const keyValue = cache.keyValue('numbers');
  const [partition] = cache.partitions;
  expect(cache.started).toBe(true);
  await Promise.all([cache.stop(), cache.stop()]);
  await cache.stop();
  expect(cache.started).toBe(false);
  const calls = [
    () => cache.get(['key']),
    () => cache.put(['key', 1]),
    () => cache.insertNew([['key', 1]]),
    () => cache.stats(),
    () => cache.handle(),
    () => cache.keyValue('numbers'),
    () => keyValue.get('key'),
    () => keyValue.size,
    () => partition.size,
    () => cache.flushSync(),
    () => cache.deleteAll(),
    () => cache.toList(),
    () => cache.pool({ filename: 'none.mjs' }),
    () => SuperCache.attach(handle),
  ];
  for (const call of calls) expect(call, String(call)).toThrow(STOPPED);
  expect(() => SuperCache.attach()).toThrow(expect.objectContaining({ code: 'ERR_SUPERCACHE_NOT_STARTED' }));
  cache.detach();
});

test('threads that work when the cache stops get STOPPED and nothing else', async () => {
  const cache = await SuperCache.start(SMALL);
  const counters = new Int32Array(new SharedArrayBuffer(4 * HAMMERS));
  const codes = Array.from({ length: HAMMERS }, async (_, index) => {
    const thread = spawn();
    await thread.run('attach');
    return thread.run('hammer', [counters.buffer, index]);
  });
  for (let index = 0; index < HAMMERS; index++) {
    while (Atomics.load(counters, index) < 100) await new Promise(setImmediate);
  }
  await cache.stop();
  expect(await Promise.all(codes)).toEqual(new Array(HAMMERS).fill('ERR_SUPERCACHE_STOPPED'));
  for (const thread of threads) await expect(thread.call('get', [1])).rejects.toEqual(STOPPED);
});

test('an attached worker can stop the cache; the name is free again for the starter', async () => {
  const cache = await SuperCache.start(SMALL);
  const [stopper, other] = [spawn(), spawn()];
  await Promise.all([stopper.run('attach'), other.run('attach')]);
  await stopper.call('stop');
  await expect(other.call('get', ['key'])).rejects.toEqual(STOPPED);
  expect(() => cache.get(['key'])).toThrow(STOPPED);
  await cache.stop();
  const again = await SuperCache.start(SMALL);
  again.put(['key', 1]);
  expect(again.get(['key'])).toEqual([['key', 1]]);
  await again.stop();
});

test('disposing stops a started cache and detaches an attached one', async () => {
  let used: SuperCache;
  {
    await using cache = await SuperCache.start(SMALL);
    used = cache;
    const thread = spawn();
    await thread.run('attach');
    await thread.run('call', ['detach']);
    expect(cache.started).toBe(true);
  }
  expect(() => used.get(['key'])).toThrow(STOPPED);
});

test('stop gives the memory back', async () => {
  const { output, errors } = await runModule(
    `import { SuperCache } from 'supercache';
     const text = 'x'.repeat(1 << 20);
     for (let round = 0; round < 8; round++) {
       const cache = await SuperCache.start({ memory: '64mb', owners: 1 });
       for (let key = 0; key < 40; key++) cache.put([key, text]);
       await cache.stop();
     }
     const held = () => (gc(), process.memoryUsage().arrayBuffers);
     for (let i = 0; i < 100 && held() >= ${ALLOWED_LENGTH}; i++) await new Promise((end) => setTimeout(end, 50));
     console.log(held());`,
    ['--expose-gc'],
  );
  expect(errors).toBe('');
  expect(Number(output)).toBeLessThan(ALLOWED_LENGTH);
});
