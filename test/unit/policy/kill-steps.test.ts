/**
 * Goal: a thread that ends before any of its stores while it evicts leaves a memory that the next one mends: every
 * entry is as it was, gone, or, for the key that was written, new; no entry is without a record, no page and no cell is
 * lost. The same for who dies while mending.
 * Oracle: `verify` with the laws of the queues, the values before and after, page counts.
 * Replay: each failure names seed, scene and step; set SEED. A run takes a sample of the steps, `EXHAUSTIVE=1` all.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import type { PolicyName } from '../../../native-layout/policy.js';
import { type EvictionScene, evictionScenes } from '../../support/eviction-scenes.js';
import type { State } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { STEPS_TIMEOUT_MS, sampleOf, stepsOf } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

/** Values that a key may have: the one before, or one that the operation wrote. */
function fault(before: State, found: State): string | undefined {
  for (const [name, value] of found) {
    if (before.get(name) === value || name.startsWith('1/new:') || String(value).startsWith('over')) continue;
    return `${name} is ${String(value).slice(0, 20)}, it was ${String(before.get(name)).slice(0, 20)}`;
  }
  return undefined;
}

function killEverywhere({ name, stage, act }: EvictionScene, random: Random): void {
  stage.restore();
  const before = stage.state(stage.actor(2));
  expect(stage.broken(stage.actor(2)), name).toBeUndefined();
  stage.restore();
  const sites = stage.trace(() => act(stage.actor(1)));
  expect(stage.broken(stage.actor(2)), name).toBeUndefined();
  const steps = stepsOf(random, sites.length, Math.max(6, Math.ceil(sites.length / 40)));
  for (const [index, step] of steps.entries()) {
    stage.restore();
    stage.kill(stage.actor(1), step, act);
    const context = `seed ${seed} ${name}, killed at ${step} of ${sites.length}: ${sites[step]}`;
    const healer = stage.actor(2);
    if (index % 6 === 0) {
      const [at] = sampleOf(random, 40, 40);
      stage.kill(stage.actor(3), at, (actor) => stage.sweep(actor, 1));
    }
    stage.sweep(healer, 1);
    stage.sweep(healer, 3);
    expect(stage.broken(healer), context).toBeUndefined();
    expect(fault(before, stage.state(healer)), context).toBeUndefined();
    for (let n = 0; n < 30; n++) {
      const value = random.text(random.lengthUpTo(1500));
      expect(healer.put(1, `new:${n % 8}`, value), context).toBe(1);
      expect(healer.get(1, `new:${n % 8}`), context).toBe(value);
    }
    expect(stage.broken(healer), `${context}, gone on`).toBeUndefined();
    if (index % 4 === 0) expect(stage.drain(healer), `${context}, drained`).toBeUndefined();
  }
  console.log(`${name}: killed at ${steps.length} of ${sites.length} steps, seed ${seed}`);
}

for (const policy of ['tinylfu', 'sieve', 's3-fifo', 'fifo'] satisfies PolicyName[]) {
  test(`${policy}: killed at every step`, () => {
    const random = new Random(seed);
    for (const scene of evictionScenes(engine, policy)) killEverywhere(scene, random);
  });
}
