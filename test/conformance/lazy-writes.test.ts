/**
 * Goal: lazy writes are visible after a flush, in order with all other writes of their thread; what cannot be stored is
 * counted and told; nothing else differs from a direct write. Oracle: a Map, the counts of `stats`, the messages on the
 * diagnostics channel. Replay: `npx vitest run test/conformance/lazy-writes.test.ts`; failures name a seed, set SEED.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { LazyErrorMessage, SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { Random, seedOf } from '../support/random.js';
import { builds, type Row, startSmall, thrown } from './subjects.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Hears the messages about lazy writes until `stop`. */
function listen(): { messages: LazyErrorMessage[]; stop: () => void } {
  const messages: LazyErrorMessage[] = [];
  const hear = (message: unknown): void => {
    messages.push(message as LazyErrorMessage);
  };
  subscribe('supercache:lazy-error', hear);
  return { messages, stop: () => unsubscribe('supercache:lazy-error', hear) };
}

async function untilHeard(messages: LazyErrorMessage[], count: number): Promise<void> {
  const heard = () => messages.reduce((sum, message) => sum + message.count, 0);
  while (heard() < count) await turn();
}

/** Fills a cache until it refuses; returns how many rows it took. */
function fill(cache: SuperCache<Row>): number {
  for (let i = 0; ; i++) if (!cache.safe.put([`fill ${i}`, 'x'.repeat(900)]).ok) return i;
}

describe.each(builds)('$build', ({ exports }) => {
  describe.each([0, 1, 3])('%i owners', (owners) => {
    const start = (more = {}) => startSmall(exports, { memory: '8mb', partitions: 6, owners, ...more });

    test('random writes, lazy and direct, end as their order says', async () => {
      const seed = seedOf();
      const random = new Random(seed);
      const cache = await start({ lazy: { ring: '8kb' } });
      const map = cache.keyValue<number, unknown>('map');
      const model = new Map<number, unknown>();
      for (let i = 0; i < 6000; i++) {
        const key = random.below(60);
        const value = random.below(3) === 0 ? random.text(random.lengthUpTo(20_000)) : { i };
        const kind = random.below(20);
        if (kind === 0) expect(map.delete(key), `seed ${seed}`).toBe(model.delete(key));
        else if (kind < 4) map.set(key, value);
        else map.lazySet(key, value);
        if (kind > 0) model.set(key, value);
        if (kind === 5 && random.below(20) === 0) {
          cache.flushSync();
          expect(map.get(key), `seed ${seed}`).toEqual(model.get(key));
        }
      }
      await cache.flush();
      for (let key = 0; key < 60; key++) expect(map.get(key), `seed ${seed}, ${key}`).toEqual(model.get(key));
      expect(cache.stats().lazyErrors).toBe(0);
      await cache.stop();
    });

    test('a lazy write becomes visible without a flush', async () => {
      const cache = await start();
      expect(cache.lazyPut(['a', 1])).toBeUndefined();
      while (!cache.member('a')) await turn();
      expect(cache.get(['a'])).toEqual([['a', 1]]);
      await cache.stop();
    });

    test('every kind of direct write waits for the lazy ones before it', async () => {
      const cache = await start();
      cache.lazyPut(['k', 1]);
      expect(cache.insertNew(['k', 2])).toBe(false);
      cache.lazyPut(['k', 3]);
      expect(cache.take('k')).toEqual([['k', 3]]);
      cache.lazyPut(['k', 4]);
      expect(cache.delete(['k'])).toBe(1);
      cache.lazyPut(['k', 5]);
      cache.lazyPut(['l', 5]);
      expect(cache.insertNew([['m'], ['l']])).toBe(false);
      cache.deleteAll();
      cache.flushSync();
      expect(cache.toList()).toEqual([]);
      cache.lazyPut(['k', 6]);
      cache.putBatch([['k', 7]]);
      cache.lazyPut(['k', 'x'.repeat(200_000)]);
      cache.lazyPut(['k', 8]);
      cache.flushSync();
      expect(cache.get(['k'])).toEqual([['k', 8]]);
      await cache.stop();
    });

    test('what does not fit is counted and told with key and reason, and nothing else is lost', async () => {
      const { messages, stop } = listen();
      const cache = await start({ memory: '1mb', partitions: 3 });
      cache.lazyPut(['first', 'y']);
      cache.flushSync();
      const stored = fill(cache);
      const before = cache.stats();
      // One by one: the log keeps the last few.
      for (let i = 0; i < 40; i++) {
        cache.lazyPut([`more ${i}`, 'z'.repeat(3000)]);
        cache.flushSync();
        await untilHeard(messages, cache.stats().lazyErrors);
      }
      const { lazyErrors } = cache.stats();
      expect(lazyErrors).toBeGreaterThan(0);
      const arrived = Array.from({ length: 40 }, (_, i) => `more ${i}`).filter((key) => cache.member(key));
      expect(arrived.length + lazyErrors).toBe(40);
      const told = messages.map(({ key }) => key);
      expect([...arrived, ...told].sort()).toEqual(Array.from({ length: 40 }, (_, i) => `more ${i}`).sort());
      expect(messages[0]).toMatchObject({ cache: cache.name, reason: 'full', namespace: undefined, count: 1 });
      expect(cache.stats().entries).toBe(before.entries + arrived.length);
      for (let i = 0; i < stored; i++) expect(cache.member(`fill ${i}`)).toBe(true);
      await cache.stop();
      stop();
    });

    test('failures that come too fast to note each are told as missed', async () => {
      const { messages, stop } = listen();
      const cache = await start({ memory: '1mb', partitions: 3 });
      const map = cache.keyValue<unknown, string>('long keys');
      fill(cache);
      for (let i = 0; i < 100; i++) map.lazySet(['n'.repeat(400), i], 'z'.repeat(3000));
      map.lazySet('s'.repeat(400), 'z'.repeat(100_000));
      cache.flushSync();
      const { lazyErrors } = cache.stats();
      expect(lazyErrors).toBeGreaterThan(50);
      await untilHeard(messages, lazyErrors);
      expect(messages.reduce((sum, { count }) => sum + count, 0)).toBe(lazyErrors);
      expect(messages.at(-1)).toMatchObject({ reason: 'full', namespace: 'long keys', keyCut: true });
      expect('s'.repeat(400).startsWith(messages.at(-1)?.key as string)).toBe(true);
      await cache.stop();
      stop();
    });

    test('rings take at most an eighth of the pages, and what they take is given back', async () => {
      const cache = await start({ memory: '2mb', lazy: { ring: '16mb' } });
      const { total } = cache.inspect().pages;
      for (let i = 0; i < 100; i++) cache.lazyPut([i, i]);
      cache.flushSync();
      const { rings, pages, pageLength } = cache.inspect();
      expect(rings.length).toBeGreaterThan(0);
      const ringed = rings.reduce((sum, { length }) => sum + length, 0) / pageLength;
      expect(ringed).toBeLessThanOrEqual(total / 8);
      expect(rings.every(({ pending }) => pending === 0)).toBe(true);
      const held = cache.stats().partitions.reduce((sum, partition) => sum + partition.pages, 0);
      expect(pages.free + ringed + held).toBe(total);
      await cache.stop();
    });
  });

  test('lazy writes with a lifetime keep their order and end', async () => {
    const cache = await startSmall(exports, { clock: 'manual' });
    const map = cache.keyValue<string, number>('map');
    map.lazySet('k', 1);
    map.lazySet('k', 2, { ttl: 100 });
    cache.lazyPut(['row', 1]);
    cache.lazyPut(['row', 2], { ttl: '1s' });
    await cache.flush();
    expect([map.get('k'), map.ttl('k'), cache.get(['row'])]).toEqual([2, 100, [['row', 2]]]);
    cache.clock.advance(1000);
    expect([map.get('k'), cache.get(['row'])]).toEqual([undefined, []]);
    await cache.stop();
  });

  test('a bad row or value throws at once', async () => {
    const cache = await startSmall(exports);
    const map = cache.keyValue<unknown, unknown>('map');
    const codes = [
      () => cache.lazyPut([() => 1, 2]),
      () => cache.lazyPut('row' as never),
      () => cache.lazyPut(['k', Symbol('s')]),
      () => cache.lazyPut(['k', 'x'.repeat(17 * 2 ** 20)]),
      () => cache.lazyPut(['k'], { ttl: 0 }),
      () => map.lazySet('k', undefined),
      () => map.lazySet({}, 1),
      () => map.lazySet('k', 1, { tags: ['x'] } as never),
    ].map((run) => thrown(run).code?.replace('ERR_SUPERCACHE_', ''));
    expect(codes).toEqual([
      'BAD_KEY',
      'BAD_ROW',
      'BAD_VALUE',
      'TOO_LARGE',
      'BAD_OPTION',
      'BAD_VALUE',
      'BAD_KEY',
      'NOT_SUPPORTED',
    ]);
    expect(cache.safe.lazyPut(['k', () => 1])).toMatchObject({ ok: false, error: { op: 'lazyPut' } });
    expect(cache.safe.lazyPut(['k', 1])).toEqual({ ok: true, value: undefined });
    expect(await cache.promises.keyValue('map').lazySet('k', 1)).toBeUndefined();
    await cache.stop();
    expect(thrown(() => cache.lazyPut(['k', 1]))).toMatchObject({ code: 'ERR_SUPERCACHE_STOPPED', op: 'lazyPut' });
  });

  test.each([
    [{ ring: '7kb' }, 'lazy.ring is "7kb"'],
    [{ ring: '17mb' }, 'lazy.ring is "17mb"'],
    [{ ring: null }, 'lazy.ring is null'],
    [{ rings: 1 }, 'lazy.rings is 1'],
    ['1mb', 'lazy is "1mb"'],
  ])('the option lazy: %o is refused', async (lazy, message) => {
    await expect(startSmall(exports, { lazy } as never)).rejects.toThrow(message);
  });
});
