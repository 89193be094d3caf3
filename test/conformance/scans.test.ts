/**
 * Goal: a row that is present all the time is seen exactly once by a scan, whatever its visitor does to the cache; a
 * visitor that throws leaves the cache usable.
 * Oracle: the set of rows that nobody touched. Replay: `npx vitest run test/conformance/scans.test.ts`.
 */
import type { SuperCache } from 'supercache';
import { describe, expect, test } from 'vitest';
import { builds, emptiedCache, type Row, thrown } from './subjects.js';

/** How often each key was seen. */
function countKeys(cache: SuperCache<Row>, during: (key: unknown, seen: number) => void): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  cache.scan((row) => {
    counts.set(row[0], (counts.get(row[0]) ?? 0) + 1);
    during(row[0], counts.size);
  }, undefined);
  return counts;
}

function expectOnce(counts: Map<unknown, number>, keys: readonly unknown[]): void {
  expect(keys.filter((key) => counts.get(key) !== 1)).toEqual([]);
}

const fixed = Array.from({ length: 1500 }, (_, i) => `fixed ${i}`);

describe.each([1, 16])('%d partitions', (partitions) => {
  describe.each(builds)('$build', ({ exports }) => {
    const cache = emptiedCache(exports, { partitions, memory: '16mb' });
    const fillFixed = () => cache().putBatch(fixed.map((key) => [key, key]));

    test('inserting during a scan', () => {
      fillFixed();
      let inserted = 0;
      const counts = countKeys(cache(), () => {
        for (let i = 0; i < 5 && inserted < 20_000; i++) cache().put([`new ${inserted++}`, 'x']);
      });
      expectOnce(counts, fixed);
      expect([...counts.values()].every((count) => count === 1)).toBe(true);
      expect(cache().stats().entries).toBe(fixed.length + inserted);
    });

    test('deleting during a scan', () => {
      fillFixed();
      cache().putBatch(Array.from({ length: 1500 }, (_, i) => [`gone ${i}`, i]));
      let deleted = 0;
      const counts = countKeys(cache(), () => {
        if (deleted < 1500) cache().delete([`gone ${deleted++}`]);
      });
      expectOnce(counts, fixed);
      expect(Math.max(...counts.values())).toBe(1);
      expect(cache().toList()).toHaveLength(1500);
    });

    test('overwriting during a scan, by values of other lengths', () => {
      fillFixed();
      let written = 0;
      const counts = countKeys(cache(), () => {
        const key = fixed[(written * 7919) % fixed.length];
        cache().put([key, 'y'.repeat(written % 3000)]);
        written++;
      });
      expectOnce(counts, fixed);
      expect(counts.size).toBe(fixed.length);
    });

    test('taking every row that the visitor sees empties the cache', () => {
      fillFixed();
      const counts = countKeys(cache(), (key) => expect(cache().take(key)).toHaveLength(1));
      expectOnce(counts, fixed);
      expect(cache().toList()).toEqual([]);
    });

    test('moving rows to new keys during a scan ends, and touches no other row', () => {
      fillFixed();
      const counts = countKeys(cache(), (key) => {
        if (String(key).startsWith('moved') || Number(String(key).slice(6)) % 2 === 0) return;
        cache().take(key);
        cache().put([`moved ${String(key)}`, 1]);
      });
      expectOnce(counts, fixed);
      expect(cache().stats().entries).toBe(fixed.length);
    });

    test('deleteAll during a scan: what is seen afterwards is new', () => {
      fillFixed();
      let visits = 0;
      let cleared = false;
      const late = new Set<unknown>();
      cache().scan((row) => {
        visits++;
        if (cleared) late.add(row[0]);
        if (visits === 10) {
          cache().deleteAll();
          cleared = true;
          cache().put(['new', 1]);
        }
      }, undefined);
      expect(visits).toBeLessThanOrEqual(fixed.length + 1);
      expect(cache().toList()).toEqual([['new', 1]]);
    });

    test('nested scans see everything, once each', () => {
      const few = fixed.slice(0, 40);
      cache().putBatch(few.map((key) => [key, 'x'.repeat(Number(key.slice(6)) * 500)]));
      const pairs = new Map<string, number>();
      cache().scan((outer) => {
        cache().scan((inner) => {
          const pair = `${String(outer[0])}/${String(inner[0])}`;
          pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
          expect(inner[1]).toBe('x'.repeat(Number(String(inner[0]).slice(6)) * 500));
        }, undefined);
        expect(cache().get([outer[0]])[0]).toEqual(outer);
      }, undefined);
      expect(pairs.size).toBe(40 * 40);
      expect(new Set(pairs.values())).toEqual(new Set([1]));
    });

    test('long values are scanned too', () => {
      const lengths = [0, 100, 10_000, 70_000, 500_000];
      for (const length of lengths) cache().put([length, 'z'.repeat(length), { length }]);
      const seen = cache().scan((row, sum: number) => {
        expect(String(row[1]).length).toBe(row[0]);
        expect(row[2]).toEqual({ length: row[0] });
        return sum + 1;
      }, 0);
      expect(seen).toBe(lengths.length);
    });

    test('a visitor that throws ends the scan with its own error, and the cache goes on', () => {
      fillFixed();
      const mine = new RangeError('mine');
      for (const at of [1, 2, 17, 1499, 1500]) {
        let visits = 0;
        const error = thrown(() =>
          cache().scan(() => {
            if (++visits === at) throw mine;
          }, undefined),
        );
        expect(error).toBe(mine);
        expect(visits).toBe(at);
        expect(cache().inspect().locks).toEqual([]);
        cache().put([`after ${at}`, at]);
        expect(cache().get([`after ${at}`])).toHaveLength(1);
      }
      expect(cache().toList()).toHaveLength(fixed.length + 5);
    });

    test('the accumulator is passed on as it is', () => {
      cache().putBatch([['a'], ['b'], ['c']]);
      const seen: unknown[] = [];
      const last = cache().scan<unknown>((row, accumulator) => {
        seen.push(accumulator);
        return row[0] === seen.length ? null : undefined;
      }, 'start');
      expect(seen).toEqual(['start', undefined, undefined]);
      expect(last).toBeUndefined();
    });
  });
});
