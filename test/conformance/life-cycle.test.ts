/**
 * Goal: caches start, are found, are left and end as documented, by name and by handle, again and again.
 * Oracle: the reference. Replay: `npx vitest run test/conformance/life-cycle.test.ts`.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { builds, newName, startSmall, thrown } from './subjects.js';

const packagePath = createRequire(import.meta.url).resolve('supercache');

/** Runs the body of a function of `SuperCache` and `workerData` in a worker, and returns what it posts. */
async function inWorker(body: string, workerData: unknown): Promise<unknown> {
  const source = `const { parentPort, workerData } = require('node:worker_threads');
    const { SuperCache } = require(${JSON.stringify(packagePath)});
    let answer;
    try { answer = (() => { ${body} })(); } catch (error) { answer = { code: error.code, message: error.message }; }
    parentPort.postMessage(answer);`;
  const worker = new Worker(source, { eval: true, workerData });
  const [answer] = await once(worker, 'message');
  await worker.terminate();
  return answer;
}

describe.each(builds)('$build', ({ exports }) => {
  const { SuperCache } = exports;

  test('start, use, stop; the stopped cache says so at every call', async () => {
    const cache = await startSmall(exports);
    const map = cache.keyValue<string, number>('map');
    const [handle] = cache.partitions;
    cache.put(['k', 1]);
    expect(cache.started).toBe(true);
    await cache.stop();
    expect(cache.started).toBe(false);
    const calls: Record<string, () => unknown> = {
      put: () => cache.put(['k']),
      putBatch: () => cache.putBatch([['k']]),
      insertNew: () => cache.insertNew(['k']),
      get: () => cache.get(['k']),
      getByKeyPartition: () => cache.getByKeyPartition('k', 'k'),
      getSameKeyPartition: () => cache.getSameKeyPartition('k'),
      member: () => cache.member('k'),
      take: () => cache.take('k'),
      delete: () => cache.delete(['k']),
      deleteByKeyPartition: () => cache.deleteByKeyPartition('k', 'k'),
      deleteSameKeyPartition: () => cache.deleteSameKeyPartition('k'),
      deleteAll: () => cache.deleteAll(),
      scan: () => cache.scan(() => 0, 0),
      toList: () => cache.toList(),
      partitionOf: () => cache.partitionOf('k'),
      keyValue: () => cache.keyValue('other'),
      stats: () => cache.stats(),
      inspect: () => cache.inspect(),
      handle: () => cache.handle(),
      flushSync: () => cache.flushSync(),
      pool: () => cache.pool({ filename: 'none.js' }),
      'map.get': () => map.get('k'),
      'map.set': () => map.set('k', 1),
      'map.has': () => map.has('k'),
      'map.delete': () => map.delete('k'),
      'map.size': () => map.size,
      'handle.put': () => handle.put(['k']),
      'handle.get': () => handle.get('k'),
      'handle.take': () => handle.take('k'),
      'handle.delete': () => handle.delete('k'),
      'handle.scan': () => handle.scan(() => 0, 0),
      'handle.size': () => handle.size,
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = thrown(call);
      expect(error.code, name).toBe('ERR_SUPERCACHE_STOPPED');
      expect(exports.CacheError.is(error), name).toBe(true);
    }
    await expect(cache.flush()).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_STOPPED' });
  });

  test('stop is idempotent, and the data is gone after a new start with other options', async () => {
    const name = newName();
    const first = await startSmall(exports, { name, keyPos: 0, owners: 1 });
    first.put(['k', 'old']);
    await Promise.all([first.stop(), first.stop()]);
    await first.stop();
    const second = await startSmall(exports, { name, keyPos: 1, partitionPos: 1, partitions: 3 });
    expect(second.toList()).toEqual([]);
    second.put(['v', 'k']);
    await first.stop();
    expect(second.get(['any', 'k'])).toEqual([['v', 'k']]);
    expect(SuperCache.attach(name)).toBe(second);
    await second.stop();
  });

  test('B31: a second start under a name is refused and leaves the first alone', async () => {
    const cache = await startSmall(exports);
    cache.put(['k', 1]);
    for (const { exports: other } of builds) {
      await expect(other.SuperCache.start({ name: cache.name })).rejects.toMatchObject({
        code: 'ERR_SUPERCACHE_ALREADY_STARTED',
        op: 'start',
      });
    }
    expect(cache.get(['k'])).toEqual([['k', 1]]);
    await cache.stop();
  });

  test('two starts at the same time under one name: one wins', async () => {
    const name = newName();
    const options = { name, memory: '1mb', owners: 1 };
    const results = await Promise.all([SuperCache.safe.start(options), SuperCache.safe.start(options)]);
    const caches = results.flatMap((result) => (result.ok ? [result.value] : []));
    expect(caches).toHaveLength(1);
    expect(results.find(({ ok }) => !ok)).toMatchObject({ error: { code: 'ERR_SUPERCACHE_ALREADY_STARTED' } });
    await caches[0].stop();
  });

  test('B29: caches of several names live side by side and share nothing', async () => {
    const caches = await Promise.all([1, 2, 3].map((keyPos) => startSmall(exports, { keyPos, partitionPos: keyPos })));
    for (const [i, cache] of caches.entries()) cache.put([i, 'same', 'same', 'same']);
    for (const [i, cache] of caches.entries()) {
      expect(cache.toList()).toEqual([[i, 'same', 'same', 'same']]);
      cache.keyValue<string, number>('same').set('k', i);
    }
    for (const [i, cache] of caches.entries()) expect(cache.keyValue('same').get('k')).toBe(i);
    await caches[0].stop();
    expect(caches[1].get(['x', 'x', 'same'])).toHaveLength(1);
    await Promise.all(caches.map((cache) => cache.stop()));
  });

  test('attach finds by name or handle, the same object each time', async () => {
    const cache = await startSmall(exports);
    expect(SuperCache.attach(cache.name)).toBe(cache);
    expect(SuperCache.attach(cache.handle())).toBe(cache);
    expect(SuperCache.attach(structuredClone(cache.handle()))).toBe(cache);
    const lost = thrown(() => SuperCache.attach('nobody'));
    expect([lost.code, lost.op]).toEqual(['ERR_SUPERCACHE_NOT_STARTED', 'attach']);
    expect(lost.message).toContain('cache.handle()');
    for (const bad of [5, true, {}, { kind: 'supercache' }, Symbol('s')]) {
      expect(thrown(() => SuperCache.attach(bad as never)).code).toBe('ERR_SUPERCACHE_BAD_OPTION');
    }
    const handle = cache.handle();
    await cache.stop();
    expect(thrown(() => SuperCache.attach(cache.name)).code).toBe('ERR_SUPERCACHE_NOT_STARTED');
    expect(['ERR_SUPERCACHE_STOPPED', 'ERR_SUPERCACHE_NOT_STARTED']).toContain(
      thrown(() => SuperCache.attach(structuredClone(handle)).get(['k'])).code,
    );
  });

  test('the thread that started a cache cannot detach', async () => {
    const cache = await startSmall(exports);
    expect(thrown(() => cache.detach()).code).toBe('ERR_SUPERCACHE_NOT_SUPPORTED');
    expect(cache.put(['k'])).toBe(true);
    await cache.stop();
    expect(cache.detach()).toBeUndefined();
  });

  test('the other build of the package attaches in the same thread, and the two see the same rows', async () => {
    const cache = await startSmall(exports, { partitions: 4 });
    const other = builds.find((build) => build.exports !== exports)?.exports.SuperCache.attach(cache.name);
    if (other === undefined) return expect.unreachable();
    cache.put(['k', { a: [1] }]);
    expect(other).not.toBe(cache);
    expect(other.get(['k'])).toEqual([['k', { a: [1] }]]);
    other.keyValue<string, number>('map').set('n', 1);
    expect(cache.keyValue('map').get('n')).toBe(1);
    expect(cache.stats().threads).toBe(2);
    other.detach();
    expect(thrown(() => other.get(['k'])).code).toBe('ERR_SUPERCACHE_NOT_STARTED');
    expect(other.started).toBe(false);
    expect(cache.stats().threads).toBe(1);
    await cache.stop();
  });

  test('using: disposing stops a started cache and detaches an attached one', async () => {
    const name = newName();
    {
      await using cache = await startSmall(exports, { name, owners: 1 });
      cache.put(['k']);
      const other = builds.find((build) => build.exports !== exports)?.exports;
      {
        using attached = other?.SuperCache.attach(name);
        expect(attached?.member('k')).toBe(true);
      }
      expect(cache.stats().threads).toBe(2);
      expect(cache.started).toBe(true);
    }
    expect(thrown(() => SuperCache.attach(name)).code).toBe('ERR_SUPERCACHE_NOT_STARTED');
    const again = await startSmall(exports, { name });
    {
      using disposed = again;
      disposed.put(['k']);
    }
    expect(again.started).toBe(false);
    await again.stop();
  });

  test('workers spawned after the start attach by name, those of a handle by the handle', async () => {
    const cache = await startSmall(exports, { partitions: 4, owners: 1 });
    cache.put(['k', { from: 'main' }]);
    const answer = await inWorker(
      `const cache = SuperCache.attach(workerData); cache.put(['w', 'worker']);
       return [cache.get(['k']), cache.name, cache.started];`,
      cache.name,
    );
    expect(answer).toEqual([[['k', { from: 'main' }]], cache.name, true]);
    expect(cache.get(['w'])).toEqual([['w', 'worker']]);
    expect(await inWorker(`return SuperCache.attach(workerData).take('w');`, cache.handle())).toEqual([
      ['w', 'worker'],
    ]);
    expect(await inWorker(`return SuperCache.attach('nobody');`, undefined)).toMatchObject({
      code: 'ERR_SUPERCACHE_NOT_STARTED',
    });
    await cache.stop();
  });

  test('more threads than maxThreads are refused, and a place that is given back can be taken', async () => {
    const cache = await startSmall(exports, { maxThreads: 2 });
    const other = builds.find((build) => build.exports !== exports)?.exports.SuperCache.attach(cache.name);
    const refused = { code: 'ERR_SUPERCACHE_TOO_MANY_THREADS' };
    expect(await inWorker(`return SuperCache.attach(workerData).name;`, cache.name)).toMatchObject(refused);
    other?.detach();
    expect(await inWorker(`return SuperCache.attach(workerData).name;`, cache.name)).toBe(cache.name);
    await cache.stop();
  });
});
