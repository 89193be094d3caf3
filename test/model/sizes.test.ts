/**
 * Goal: the table does what a Map does, through several actors by turns, where the model of `actors.test.ts` is too
 * small: tens of thousands of keys, whose index grows deep, and values of hundreds of kilobytes.
 * Oracle: a Map per namespace, and the conservation laws of `verify`. Replay: a failure names the seed, set SEED.
 */
import { expect, test, vi } from 'vitest';
import { Outcome } from '../../src/table/outcome.js';
import { Actor, makeMemory } from '../support/actors.js';
import { Random, seedOf } from '../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const NAMESPACES = [1, 2];

function run(memoryLength: number, partitions: number, steps: number, keys: number, maxLength: number): number {
  const seed = seedOf();
  const random = new Random(seed);
  const memory = makeMemory(memoryLength, partitions);
  const actors = [0, 1, 2].map((slot) => new Actor(memory, slot));
  actors[0].table.namespaces.createTuples();
  actors[0].table.namespaces.slotOf('second', 'test');
  const models = new Map(NAMESPACES.map((n) => [n, new Map<string, string>()]));
  let fulls = 0;
  for (let step = 0; step < scaled(steps); step++) {
    const actor = random.pick(actors);
    const namespace = random.pick(NAMESPACES);
    const model = models.get(namespace)!;
    const key = `key:${random.below(keys)}`;
    const context = `seed ${seed} step ${step} key ${key}`;
    const roll = random.below(100);
    if (roll < 45) {
      const value = random.text(random.lengthUpTo(maxLength));
      const outcome = actor.put(namespace, key, value);
      if (outcome === Outcome.stored) model.set(key, value);
      else fulls++;
    } else if (roll < 55) {
      const value = random.text(random.lengthUpTo(maxLength));
      const outcome = actor.put(namespace, key, value, true);
      if (outcome === Outcome.stored) {
        expect(model.has(key), context).toBe(false);
        model.set(key, value);
      } else if (outcome === Outcome.present) expect(model.has(key), context).toBe(true);
    } else if (roll < 80) {
      expect(actor.get(namespace, key), context).toBe(model.get(key));
    } else if (roll < 90) {
      expect(actor.remove(namespace, key), context).toBe(model.delete(key));
    } else if (roll < 99) {
      expect(actor.take(namespace, key), context).toBe(model.get(key));
      model.delete(key);
    } else if (random.below(20) === 0) {
      actor.table.clearAll();
      for (const m of models.values()) m.clear();
    }
    if (step % 97 === 0) expect(actor.verify(), context).toBeUndefined();
    if (step % 53 === 0) expect(actor.table.namespaces.size(namespace), context).toBe(model.size);
  }
  const [actor] = actors;
  expect(actor.verify(), `seed ${seed}`).toBeUndefined();
  for (const [namespace, model] of models) {
    for (const [key, value] of model) expect(actor.get(namespace, key), `seed ${seed} ${key}`).toBe(value);
    expect(actor.table.namespaces.size(namespace)).toBe(model.size);
  }
  console.log(`seed ${seed}: ${fulls} refused`);
  return fulls;
}

test('many small entries, growing index', () => void run(8 * 2 ** 20, 2, 30_000, 20_000, 60));
test('little memory, often full', () => expect(run(512 * 1024, 1, 20_000, 4_000, 3_000)).toBeGreaterThan(0));
test('values of all sizes, chained ones too', () =>
  expect(run(6 * 2 ** 20, 3, 4_000, 300, 200_000)).toBeGreaterThan(0));
