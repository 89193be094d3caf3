/**
 * Goal: a full cache still replaces values by values of their class: the last free cell of a class is kept for that.
 * Oracle: after an insert was refused, every overwrite by a value of the same length is stored, and the laws hold.
 * Replay: the seed is printed, set SEED.
 */
import { expect, test, vi } from 'vitest';
import { Outcome } from '../../../src/table/outcome.js';
import { Actor, makeMemory } from '../../support/actors.js';
import { Random, seedOf } from '../../support/random.js';
import { scaled } from '../../support/sample.js';

// Far more than it takes on an idle machine.
vi.setConfig({ testTimeout: 300_000 });

const LENGTHS = [900, 400, 100];

function fillAndReplace(seed: number, lengths: readonly number[]): void {
  const random = new Random(seed);
  const actor = new Actor(makeMemory(256 * 1024, 1), 0);
  actor.table.namespaces.createTuples();
  const held = new Map<string, number>();
  let next = 0;
  for (let round = 0; round < 30; round++) {
    const length = random.pick(lengths);
    while (actor.put(1, `key:${String(next).padStart(6, '0')}`, 'v'.repeat(length)) === Outcome.stored) {
      held.set(`key:${String(next++).padStart(6, '0')}`, length);
    }
    for (const [key, own] of held) {
      const context = `seed ${seed} round ${round}: ${key} of ${own} bytes by as many`;
      expect(actor.put(1, key, 'w'.repeat(own)), context).toBe(Outcome.stored);
    }
    const keys = [...held.keys()];
    for (let i = random.below(40); i > 0; i--) {
      const key = random.pick(keys);
      if (held.delete(key)) actor.remove(1, key);
    }
    expect(actor.verify(), `seed ${seed} round ${round}`).toBeUndefined();
  }
}

test('one class', () => {
  const seed = seedOf();
  for (let run = 0; run < scaled(12); run++) fillAndReplace(seed + run, [900]);
});

test.each([1658698971, 192988753, seedOf()])('several classes, seed %i', (seed) => {
  for (let run = 0; run < scaled(12); run++) fillAndReplace(seed + run, LENGTHS);
});
