/**
 * Goal: overwrites exchange their cell with the spare of their class, and with it a full cache still replaces values.
 * Oracle: after an insert was refused, every overwrite by a value of the same length is stored, and the laws hold; what
 * was stored last under a key is what is read, whatever its length and that of its key were before.
 * Replay: the seed is printed, set SEED.
 */
import { expect, test, vi } from 'vitest';
import { Outcome } from '../../../src/table/outcome.js';
import { rebuild } from '../../../src/table/rebuild.js';
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

/** Lengths on both sides of every limit of the header's forms, and of a cell. */
const KEY_LENGTHS = [1, 8, 255, 256, 300, 700];
const VALUE_LENGTHS = [0, 1, 12, 100, 116, 117, 118, 500, 3000, 9000];

test('every length replaces every other', () => {
  const actor = new Actor(makeMemory(1024 * 1024, 1), 0);
  actor.table.namespaces.createTuples();
  for (const keyLength of KEY_LENGTHS) {
    const key = 'k'.repeat(keyLength);
    for (const before of VALUE_LENGTHS) {
      for (const after of VALUE_LENGTHS) {
        const context = `key of ${keyLength} bytes: ${before} bytes, then ${after}`;
        expect(actor.put(1, key, 'b'.repeat(before)), context).toBe(Outcome.stored);
        expect(actor.put(1, key, 'a'.repeat(after)), context).toBe(Outcome.stored);
        expect(actor.get(1, key), context).toBe('a'.repeat(after));
        expect(actor.verify(), context).toBeUndefined();
      }
    }
  }
});

test('what is left in a spare does not come back by a rebuild', () => {
  const actor = new Actor(makeMemory(1024 * 1024, 1), 0);
  actor.table.namespaces.createTuples();
  actor.put(1, 'deleted', 'first value');
  actor.put(1, 'deleted', 'other value');
  actor.remove(1, 'deleted');
  const { partitions } = actor.table;
  const header = partitions.enter(0);
  rebuild(partitions, header, 0);
  partitions.leave(header);
  expect(actor.get(1, 'deleted')).toBeUndefined();
  expect(actor.verify()).toBeUndefined();
});
