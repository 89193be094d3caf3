/**
 * Goal: nobody can believe a miss in a segment that is still being filled: a cell that a reader knows from an old
 * directory entry can come back as a new segment under the same entry, and nothing else would tell the reader.
 * Oracle: the sequence words of every new segment, odd before it is filled, even and the same to the end once it is
 * published. Replay: the keys are fixed.
 */
import { expect, test, vi } from 'vitest';
import { BUCKET_WORD_SHIFT, GROWN_BIT } from '../../../native-layout/bucket.js';
import { cellOf, slabOf } from '../../../src/memory/address.js';
import { Growth } from '../../../src/table/growth.js';
import { Outcome } from '../../../src/table/outcome.js';
import { bucketCountOf } from '../../../src/table/probe.js';
import type { Slot } from '../../../src/table/slot.js';
import { Actor, makeMemory } from '../../support/actors.js';

interface Internals {
  distribute(slot: Slot, depth: number, low: number, high: number): boolean;
}

test('a segment is odd until it is complete, and even when the directory names it', () => {
  const memory = makeMemory(8 * 2 ** 20, 1);
  const actor = new Actor(memory, 0);
  actor.table.namespaces.createTuples();
  const { partitions } = actor.table;
  const parities = (entry: number): Set<number> => {
    const words = partitions.slabs[slabOf(entry)];
    const first = cellOf(entry & ~GROWN_BIT);
    const count = bucketCountOf(entry, partitions.baseBuckets);
    return new Set(Array.from({ length: count }, (_, i) => words[first + (i << BUCKET_WORD_SHIFT)] & 1));
  };
  const internals = Growth.prototype as unknown as Internals;
  const distribute = internals.distribute;
  const grown: number[] = [];
  const spy = vi.spyOn(internals, 'distribute').mockImplementation(function (this: Growth, slot, depth, low, high) {
    for (const entry of [low, high]) expect(parities(entry)).toEqual(new Set([1]));
    const done = distribute.call(this as unknown as Internals, slot, depth, low, high);
    for (const entry of [low, high]) expect(parities(entry)).toEqual(new Set([1]));
    grown.push(low, high);
    return done;
  });
  for (let i = 0; i < 5000; i++) {
    expect(actor.put(1, `key:${i}`, i)).toBe(Outcome.stored);
    for (const entry of grown.splice(0)) expect(parities(entry)).toEqual(new Set([0]));
  }
  expect(spy.mock.calls.length).toBeGreaterThan(10);
  spy.mockRestore();
  expect(actor.verify()).toBeUndefined();
});
