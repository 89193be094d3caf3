/**
 * Goal: writes of a full cache that evicts at the edges of what it may evict: a list that cannot be stored is refused
 * before anything is evicted for it; an entry that is overwritten while it is the next victim is stored.
 * Oracle: the entries before, the count of evictions, `verify`.
 * Replay: nothing is random.
 */
import { expect, test } from 'vitest';
import { PolicyState } from '../../../native-layout/policy.js';
import { Outcome } from '../../../src/table/outcome.js';
import { Actor, evictionShape, makeMemory } from '../../support/actors.js';

const MEMORY = 512 * 1024;

function actorOf(policy: 'fifo' | 'tinylfu', partitions: number, limit: number): Actor {
  const shape = evictionShape(policy, MEMORY, partitions, limit);
  const actor = new Actor(makeMemory(MEMORY, partitions, 1, undefined, shape), 0);
  actor.table.namespaces.createTuples();
  return actor;
}

function evictions({ table: { memory } }: Actor): number {
  const { partitionCount, policyOffset } = memory.geometry;
  let sum = 0;
  for (let i = 0; i < partitionCount; i++) {
    sum += memory.control[memory.headerWord(i) + policyOffset + PolicyState.evictions];
  }
  return sum;
}

const rowsOf = (count: number, length: number) =>
  Array.from({ length: count }, (_, n) => [`row:${n}`, 'r'.repeat(length)] as const);

test.each([
  ['more entries than the limit', 1, 20, rowsOf(21, 8)],
  ['more entries of one partition than its share of the limit', 2, 20, rowsOf(20, 8)],
  ['more pages than there are', 1, 0, rowsOf(1000, 900)],
  ['more bytes in chains than there are', 1, 0, rowsOf(40, 20_000)],
])('a list of %s evicts nothing', (_name, partitions, limit, rows) => {
  const actor = actorOf('fifo', partitions, limit);
  for (let n = 0; n < 100; n++) actor.put(1, `kept:${n}`, 'k'.repeat(900));
  const before = evictions(actor);
  const kept = Array.from({ length: 100 }, (_, n) => actor.has(1, `kept:${n}`));
  expect(kept).toContain(true);
  expect(actor.insertAll(1, rows)).toBe(Outcome.full);
  expect(evictions(actor)).toBe(before);
  expect(Array.from({ length: 100 }, (_, n) => actor.has(1, `kept:${n}`))).toEqual(kept);
  expect(actor.verify()).toBeUndefined();
});

test.each([24, 22, 20, 18])('a list of %s chains, hardly less than all memory, comes to an end', (count) => {
  const actor = actorOf('fifo', 1, 0);
  for (let n = 0; n < 100; n++) actor.put(1, `kept:${n}`, 'k'.repeat(900));
  const rows = rowsOf(count, 20_000);
  const outcome = actor.insertAll(1, rows);
  expect(rows.every(([key]) => actor.has(1, key) === (outcome === Outcome.stored))).toBe(true);
  expect(actor.verify()).toBeUndefined();
  expect(actor.put(1, 'after', 'x'.repeat(30_000))).toBe(Outcome.stored);
});

test('a list with a key that is there evicts nothing; as many as the limit are stored', () => {
  const actor = actorOf('tinylfu', 1, 20);
  for (let n = 0; n < 20; n++) actor.put(1, `kept:${n}`, 'k');
  expect(actor.insertAll(1, [...rowsOf(5, 8), ['kept:7', 'again']])).toBe(Outcome.present);
  expect(evictions(actor)).toBe(0);
  expect(actor.insertAll(1, rowsOf(20, 8))).toBe(Outcome.stored);
  expect(rowsOf(20, 8).every(([key]) => actor.has(1, key))).toBe(true);
  expect(evictions(actor)).toBe(20);
  expect(actor.verify()).toBeUndefined();
});

test.each([8, 100, 700, 5000])('fifo: the next victim is overwritten by %s bytes while memory is full', (length) => {
  const actor = actorOf('fifo', 1, 0);
  let stored = 0;
  while (evictions(actor) === 0) actor.put(1, `key:${stored++}`, 'x'.repeat(900));
  let oldest = 0;
  while (!actor.has(1, `key:${oldest}`)) oldest++;
  for (let n = 0; n < 5; n++, oldest++) {
    while (!actor.has(1, `key:${oldest}`)) oldest++;
    const value = `${n}`.padEnd(length, 'o');
    const before = evictions(actor);
    expect(actor.put(1, `key:${oldest}`, value)).toBe(Outcome.stored);
    if (n === 0) expect(evictions(actor)).toBeGreaterThan(before);
    expect(actor.get(1, `key:${oldest}`)).toBe(value);
    expect(actor.verify()).toBeUndefined();
  }
});
