/**
 * Goal: any sequence of tuple and key-value operations does what Maps do, also while the cache is full again and again.
 * Oracle: a Map of rows and a Map of pairs. Replay: a failure prints seed and path; SEED=… PATH_OF_FAILURE=…
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/property-runs.js';
import { clearing, type Model, pairCommands, tupleCommands } from './model-commands.js';
import { builds, type Positions, startSmall } from './subjects.js';

const keys: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 30 }) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>('a', '1', '', 'é', 0, 1n, Number.NaN, null, true, 0.5) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(['a'], ['a', [1]], [], new Uint8Array([1])) },
);

/** Texts whose lengths fill the memory of these tests quickly, and other values. */
const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>('v', '', null, 7, -1.5, { a: [1, { b: 'c' }] }, [[]]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat({ max: 99 }), fc.constantFrom(10, 100, 900, 5000, 20_000, 90_000))
      .map(([mark, length]) => `${mark}|`.repeat(length).slice(0, length)),
  },
);

const [esm, cjs] = builds;
const shapes: readonly (Positions & {
  build: string;
  exports: typeof esm.exports;
  partitions: number;
  count: number;
})[] = [
  { ...esm, keyPos: 0, partitionPos: 0, partitions: 1, count: 40 },
  { ...cjs, keyPos: 2, partitionPos: 0, partitions: 5, count: 40 },
  { ...esm, keyPos: 1, partitionPos: 1, partitions: 16, count: 40 },
];

test.each(shapes)('$build, $partitions partitions, key $keyPos, partition $partitionPos', async (shape) => {
  const { keyPos, partitionPos, partitions, exports } = shape;
  const place = { keyPos, partitionPos };
  const cache = await startSmall(exports, {
    memory: partitions === 16 ? '1200kb' : '512kb',
    partitions,
    maxThreads: 2,
    ...place,
  });
  const all = [...tupleCommands(place, keys, values), ...pairCommands(keys, values)];
  const commands = fc.commands([...all, ...all, ...all, clearing], { maxCommands: 300, size: 'max' });
  fc.assert(
    fc.property(commands, (list) => {
      cache.deleteAll();
      const model: Model = { ...place, rows: new Map(), pairs: new Map() };
      fc.modelRun(() => ({ model, real: cache }), list);
      expect(cache.toList()).toHaveLength(model.rows.size);
    }),
    runs(shape.count),
  );
  expect(cache.stats().refusedCount).toBeGreaterThan(0);
  expect(cache.stats().putCount).toBeGreaterThan(100);
  await cache.stop();
});
