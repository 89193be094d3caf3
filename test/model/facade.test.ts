/**
 * Goal: any sequence of operations of the public interface (tuples, handles on partitions, lists, key-values of several
 * names, clearing) does what Maps do, also while the cache is full again and again. Oracle: Maps
 * (`facade-world.ts`); after every step all that they have is there, and nothing else, and the laws of `verify` hold.
 * Replay: a failure prints seed and path; SEED=… PATH_OF_FAILURE=… npx vitest run test/model/facade.test.ts
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builds, type Positions, startSmall } from '../conformance/subjects.js';
import { runs } from '../support/property-runs.js';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';
import { clearing, pairCommands, tupleCommands } from './facade-commands.js';
import { FacadeWorld } from './facade-world.js';

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
      .tuple(fc.nat({ max: 99 }), fc.constantFrom(10, 100, 900, 5000, 20_000, 60_000))
      .map(([mark, length]) => `${mark}|`.repeat(length).slice(0, length)),
  },
);

const [esm, cjs] = builds;
const shapes: readonly (Positions & {
  build: string;
  exports: typeof esm.exports;
  partitions: number;
  memory: string;
})[] = [
  { ...esm, keyPos: 0, partitionPos: 0, partitions: 1, memory: '300kb' },
  { ...cjs, keyPos: 2, partitionPos: 0, partitions: 5, memory: '400kb' },
  { ...esm, keyPos: 1, partitionPos: 1, partitions: 16, memory: '1150kb' },
];

test.each(shapes)(
  '$build, $partitions partitions, key $keyPos, partition $partitionPos',
  { timeout: STEPS_TIMEOUT_MS },
  async ({ keyPos, partitionPos, partitions, memory, exports }) => {
    const place = { keyPos, partitionPos };
    const cache = await startSmall(exports, { memory, partitions, maxThreads: 3, ...place });
    const laws = FacadeWorld.lawsOf(cache);
    const all = [...tupleCommands(place, keys, values), ...pairCommands(keys, values)];
    const commands = fc.commands([...all, ...all, ...all, clearing], { maxCommands: 120, size: 'max' });
    fc.assert(
      fc.property(commands, (list) => {
        cache.deleteAll();
        const world = new FacadeWorld(cache, place, laws);
        fc.modelRun(() => ({ model: world, real: {} }), list);
      }),
      runs(40),
    );
    const { refusedCount, putCount } = cache.stats();
    console.log(`${partitions} partitions: ${putCount} writes, ${refusedCount} refused`);
    // With many partitions a run may have none by chance.
    if (partitions < 16) expect(refusedCount).toBeGreaterThan(0);
    expect(putCount).toBeGreaterThan(100);
    await cache.stop();
  },
);
