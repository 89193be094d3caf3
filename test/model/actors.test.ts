/**
 * Goal: several threads' worth of operations on one table, by turns, with the owner's upkeep and with actors that are
 * killed in the middle of anything, do what a map does; memory is small, so that full, growing, moving of pages and
 * healing happen all the time. Oracle: a map (`table-world.ts`); after every step all that it has is there, and nothing
 * else, by reads, scans, counts and the laws of `verify`. Of a killed deed all is there or nothing.
 * Replay: a failure prints seed and path: SEED=… PATH_OF_FAILURE=… npx vitest run test/model/actors.test.ts
 */
import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { Outcome } from '../../src/table/outcome.js';
import { Stage } from '../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../support/instrument.js';
import { runs } from '../support/property-runs.js';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';
import { clear, type Deed, insertAll, NAMESPACES, ownerStep, put, read, relieve, remove, take } from './table-deeds.js';
import { ACTORS, World } from './table-world.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

const KEYS = Array.from({ length: 70 }, (_, i) => `k${i}`);
const LENGTHS = [0, 6, 20, 60, 200, 700, 1500, 5000, 14_000];

const namespaces = fc.constantFrom(...NAMESPACES);
/** Half of all deeds meet at a few keys. */
const keys = fc.oneof(fc.constantFrom(...KEYS), fc.constantFrom(...KEYS.slice(0, 6)));
const values = fc
  .tuple(fc.nat({ max: 999 }), fc.constantFrom(...LENGTHS))
  .map(([mark, length]) => `${mark}|`.repeat(1 + length / 3).slice(0, length));
const lists = fc
  .uniqueArray(fc.tuple(keys, values), { maxLength: 5, minLength: 1, selector: ([key]) => key })
  .map((list) => list.map(([key, value]) => [key, value] as const));

const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(namespaces, keys, values, fc.constant(false)).map((all) => put(...all)) },
  { weight: 3, arbitrary: fc.tuple(namespaces, keys, values, fc.constant(true)).map((all) => put(...all)) },
  { weight: 3, arbitrary: fc.tuple(namespaces, lists).map((all) => insertAll(...all)) },
  { weight: 3, arbitrary: fc.tuple(namespaces, keys).map((all) => remove(...all)) },
  { weight: 2, arbitrary: fc.tuple(namespaces, keys).map((all) => take(...all)) },
  { weight: 1, arbitrary: fc.tuple(namespaces, keys).map((all) => read(...all)) },
  { weight: 2, arbitrary: fc.nat({ max: 15 }).map(ownerStep) },
  { weight: 1, arbitrary: fc.constant(relieve()) },
  { weight: 1, arbitrary: fc.constant(clear()) },
);

type Step = fc.Command<World, Stage>;

function step(text: string, run: (world: World) => void, who: number): Step {
  return {
    check: () => true,
    run: (world) => {
      run(world);
      world.compare(who);
    },
    toString: () => text,
  };
}

const actors = fc.nat({ max: ACTORS - 1 });
const moments = fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 300 }), fc.nat({ max: 1500 }));
/** Many entries at once, so that the index grows; their removal, so that pages empty. */
const fillings = fc
  .tuple(actors, namespaces, fc.nat({ max: 69 }), fc.constantFrom(0, 20, 900))
  .map(([who, namespace, first, length]) =>
    step(
      `fill ${namespace} from ${first} with ${length}`,
      (world) => {
        for (const key of KEYS.slice(first)) world.perform(put(namespace, key, 'f'.repeat(length), false), who);
      },
      who,
    ),
  );
const emptyings = fc.tuple(actors, namespaces, fc.nat({ max: 69 })).map(([who, namespace, first]) =>
  step(
    `empty ${namespace} from ${first}`,
    (world) => {
      for (const key of KEYS.slice(first)) world.perform(remove(namespace, key), who);
    },
    who,
  ),
);
const steps: fc.Arbitrary<Step>[] = [
  ...Array.from({ length: 5 }, () =>
    fc.tuple(deeds, actors).map(([deed, who]) => step(`${who}: ${deed.text}`, (w) => w.perform(deed, who), who + 1)),
  ),
  ...Array.from({ length: 3 }, () =>
    fc
      .tuple(deeds, actors, moments)
      .map(([deed, who, at]) =>
        step(`${who}, killed after ${at}: ${deed.text}`, (w) => w.perform(deed, who, at), who + 1),
      ),
  ),
  actors.map((who) => step(`${who} passes through all locks`, (w) => w.resolve(who), who + 1)),
  actors.map((who) => step(`${who} sweeps`, (w) => w.sweep(who), who + 1)),
  fillings,
  emptyings,
];

test.each([
  ['one partition', 2 ** 17, 1],
  ['four partitions', 2 ** 18, 4],
  ['sixteen partitions', 2 ** 19, 16],
])('%s', (_, memoryLength, partitions) => {
  const stage = new Stage(engine, memoryLength, partitions);
  stage.save();
  const counts: Record<string, number> = {};
  const commands = fc.commands(steps, { maxCommands: 80, size: 'max' });
  fc.assert(
    fc.property(commands, (list) => {
      const world = new World(stage, KEYS, counts);
      fc.modelRun(() => ({ model: world, real: stage }), list);
      world.finish();
    }),
    runs(500),
  );
  console.log(`${partitions} partitions: ${JSON.stringify(counts)}`);
  expect(counts[`put: ${Outcome.full}`]).toBeGreaterThan(0);
});
