/**
 * Goal: a cache that evicts never says anything wrong: what it has is what was stored last, what it lost is missing;
 * limits of entries and memory hold; a value that fits is stored.
 * Oracle: a Map per namespace, of which entries may be missing, and the conservation laws of `verify`.
 * Replay: the seed is printed, set SEED.
 */
import { expect, test } from 'vitest';
import { PolicyId, type PolicyName } from '../../../native-layout/policy.js';
import { Outcome } from '../../../src/table/outcome.js';
import { Actor, evictionShape, makeMemory } from '../../support/actors.js';
import { Random, seedOf } from '../../support/random.js';

interface Course {
  readonly policy: PolicyName;
  readonly memory: number;
  readonly partitions: number;
  readonly limit: number;
  readonly steps: number;
  readonly keys: number;
  readonly maxLength: number;
}

const NAMESPACES = [1, 2];
const POLICIES = (Object.keys(PolicyId) as PolicyName[]).filter((name) => name !== 'none');

function run({ policy, memory, partitions, limit, steps, keys, maxLength }: Course): void {
  const seed = seedOf();
  const random = new Random(seed);
  const shared = makeMemory(memory, partitions, 1, undefined, evictionShape(policy, memory, partitions, limit));
  const actors = [0, 1].map((slot) => new Actor(shared, slot));
  actors[0].table.namespaces.createTuples();
  actors[0].table.namespaces.slotOf('second', 'test');
  const models = new Map(NAMESPACES.map((n) => [n, new Map<string, string>()]));
  let refused = 0;
  let hits = 0;
  for (let step = 0; step < steps; step++) {
    const actor = random.pick(actors);
    const namespace = random.pick(NAMESPACES);
    const model = models.get(namespace)!;
    const key = `key:${Math.floor(random.below(keys) * (random.below(100) / 100))}`;
    const context = `${policy} seed ${seed} step ${step} key ${key}`;
    const roll = random.below(100);
    if (roll < 45) {
      const value = random.text(random.lengthUpTo(maxLength));
      const outcome = actor.put(namespace, key, value, roll < 5);
      if (outcome === Outcome.stored) model.set(key, value);
      else if (outcome === Outcome.full) refused++;
    } else if (roll < 90) {
      const value = roll < 85 ? actor.get(namespace, key) : actor.take(namespace, key);
      if (value !== undefined) {
        hits++;
        expect(value, context).toBe(model.get(key));
      }
      if (roll >= 85) model.delete(key);
    } else if (roll < 97) {
      actor.remove(namespace, key);
      model.delete(key);
    } else if (roll < 99) {
      const rows = Array.from({ length: 3 }, (_, i) => [`${key}:${i}`, `${step}`] as const);
      if (actor.insertAll(namespace, rows) === Outcome.stored) for (const [k, v] of rows) model.set(k, v);
    } else if (random.below(30) === 0) {
      actor.table.clearAll();
      for (const m of models.values()) m.clear();
    }
    if (step % 97 === 0) expect(actor.verify(), context).toBeUndefined();
  }
  expect(actors[0].verify(), `${policy} seed ${seed}`).toBeUndefined();
  for (const [namespace, model] of models) {
    for (const [key, value] of model) {
      const found = actors[0].get(namespace, key);
      if (found !== undefined) expect(found, `${policy} seed ${seed} ${key}`).toBe(value);
    }
  }
  expect(hits).toBeGreaterThan(0);
  expect(refused, `${policy} seed ${seed}: refused`).toBe(0);
}

for (const policy of POLICIES) {
  const limited = { policy, memory: 4 * 2 ** 20, partitions: 2, keys: 3000, maxLength: 60 };
  test(`${policy}: at most 150 entries`, () => run({ ...limited, limit: 150, steps: 12_000 }));
  test(`${policy}: at most 2 entries`, () => run({ ...limited, limit: 2, steps: 1500, keys: 20 }));
  test(`${policy}: little memory`, () =>
    run({ policy, memory: 768 * 1024, partitions: 1, limit: 0, steps: 12_000, keys: 8000, maxLength: 400 }));
  test(`${policy}: values of all sizes`, () =>
    run({ policy, memory: 4 * 2 ** 20, partitions: 3, limit: 0, steps: 3000, keys: 600, maxLength: 200_000 }));
}
