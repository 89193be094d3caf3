/**
 * Goal: sweeps of expired entries give everything back, hold no lock for more than a bounded number of entries, look at
 * nothing without need, and never take a fresh value for an expired one, whatever others do between any two of their
 * steps. Oracle: what was put and when, `verify`, and the steps of the instrumented engine (`support/instrument.ts`).
 * Replay: a failure names seed and step; set SEED.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Page } from '../../../native-layout/page.js';
import { Partition } from '../../../native-layout/partition.js';
import { REMOVALS_PER_SECTION } from '../../../src/table/expiry-sweep.js';
import { Outcome } from '../../../src/table/outcome.js';
import { Actor, makeMemory } from '../../support/actors.js';
import { Stage } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
const lasting = (ttl: number) => ({ ttl, idleTtl: Infinity, jitter: 0 });
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

/** Entries with 100 ms to live. */
function filled(count: number, partitions = 2): Actor {
  const actor = new Actor(makeMemory(4 * 2 ** 20, partitions), 0);
  actor.table.namespaces.createTuples();
  for (let i = 0; i < count; i++) actor.put(1, `key:${i}`, i, false, lasting(100));
  return actor;
}

describe('what a sweep does', () => {
  test('all memory comes back, each entry is counted once', () => {
    const actor = filled(10_000);
    const { partitions, upkeep } = actor.table;
    actor.advance(99);
    expect(upkeep.expiry.sweepAll()).toBe(0);
    actor.advance(1);
    expect(upkeep.expiry.sweepAll()).toBe(10_000);
    expect([actor.expired, actor.table.namespaces.size(1), actor.verify()]).toEqual([10_000, 0, undefined]);
    upkeep.relieve();
    for (let index = 0; index < partitions.count; index++) {
      expect(partitions.control[partitions.headerOf(index) + Partition.pageCount]).toBeLessThanOrEqual(2);
    }
    expect(upkeep.expiry.begin(0, partitions.count, 0)).toBe(false);
  });

  test('a critical section removes a bounded number of entries', () => {
    const actor = filled(10_000);
    actor.advance(100);
    const { expiry } = actor.table.upkeep;
    expect(expiry.begin(0, 2, 0)).toBe(true);
    let [before, sections] = [0, 0];
    for (; expiry.isRunning; sections++) {
      expiry.step();
      expect(actor.expired - before).toBeLessThanOrEqual(REMOVALS_PER_SECTION);
      expect(actor.verify()).toBeUndefined();
      before = actor.expired;
    }
    expect(sections).toBeGreaterThan(10_000 / REMOVALS_PER_SECTION);
  });

  test('H6: nothing is looked at while nothing has expired, and pages that are not due are passed over', () => {
    const actor = filled(5000, 1);
    const { partitions, upkeep } = actor.table;
    const { control, cells } = partitions;
    for (let i = 0; i < 5000; i++) actor.put(1, `late:${i}`, i, false, lasting(100_000));
    expect(upkeep.expiry.begin(0, 1, 0)).toBe(false);
    actor.advance(100);
    expect(upkeep.expiry.sweepAll()).toBe(5000);
    expect(upkeep.expiry.begin(0, 1, 0)).toBe(false);
    // A page whose mark says that it has time is not looked at: one that lies is found out by nobody.
    const { pageCount, ownerTableWord } = partitions.memory.geometry;
    const held = Array.from({ length: pageCount }, (_, page) => page).filter((page) => control[ownerTableWord + page]);
    const marked = held.map((page) => cells.recordOf(page)).filter((record) => control[record + Page.earliest] !== 0);
    expect(marked.length).toBeGreaterThan(3);
    for (const record of marked.slice(1)) control[record + Page.earliest] += 1_000_000;
    actor.advance(100_000);
    const few = upkeep.expiry.sweepAll();
    expect(few).toBeGreaterThan(0);
    expect(few).toBeLessThan(5000 / 2);
  });

  test('a full memory gives up what expired, and only then', () => {
    const actor = new Actor(makeMemory(512 * 1024, 2), 0);
    actor.table.namespaces.createTuples();
    let count = 0;
    while (actor.put(1, `key:${count}`, 'x'.repeat(300), false, lasting(100)) === Outcome.stored) count++;
    actor.advance(99);
    expect(actor.put(1, 'late', 'x'.repeat(300))).toBe(Outcome.full);
    actor.advance(1);
    for (let i = 0; i < count; i++) expect(actor.put(1, `new:${i}`, 'x'.repeat(300)), String(i)).toBe(Outcome.stored);
    expect(actor.expired).toBe(count);
  });

  test('a sweep that another one overtook sets no mark', () => {
    const first = filled(200, 1);
    const second = new Actor(first.table.memory, 1);
    for (let i = 0; i < 200; i++) first.put(1, `other:${i}`, 'x'.repeat(700), false, lasting(100));
    first.advance(100);
    const [overtaken, last] = [first, second].map((actor) => actor.table.upkeep.expiry);
    overtaken.begin(0, 1, 0);
    while (first.expired < 250) overtaken.step();
    for (let i = 0; i < 300; i++) second.put(1, `new:${i}`, i, false, lasting(5000));
    last.begin(0, 1, 0);
    while (overtaken.isRunning) overtaken.step();
    expect(second.verify()).toBeUndefined();
    // The last one dies: what it left is for the next.
    first.advance(5000);
    new Actor(first.table.memory, 2).table.upkeep.expiry.sweepAll();
    expect(first.table.namespaces.size(1)).toBe(0);
  });

  test('sweeps of two threads in turns, begun and given up, and writes between their steps lose no mark', () => {
    const random = new Random(seed);
    const first = filled(0, 1);
    const second = new Actor(first.table.memory, 1);
    const writer = new Actor(first.table.memory, 2);
    let written = 0;
    for (let turn = 0; turn < scaled(4000); turn++) {
      const { expiry } = random.pick([first, second]).table.upkeep;
      const roll = random.below(20);
      if (roll < 2) expiry.begin(0, 1, 0);
      else if (roll < 11 && expiry.isRunning) expiry.step();
      else if (roll < 19) {
        const length = random.pick([1, 300, 700]);
        writer.put(1, `new:${written++}`, 'x'.repeat(length), false, lasting(1 + random.below(600)));
      } else writer.advance(random.below(200));
      expect(writer.verify(), `seed ${seed} turn ${turn}`).toBeUndefined();
    }
    writer.advance(1000);
    new Actor(first.table.memory, 3).table.upkeep.expiry.sweepAll();
    expect([writer.table.namespaces.size(1), writer.expired], `seed ${seed}`).toEqual([0, written]);
  });
});

const COUNT = 150;

/** Runs `act`, by another thread, before every step of a sweep of some expired entries at which the lock is free. */
function betweenSteps(act: (other: Actor) => void, check: (other: Actor, context: string) => void): void {
  const stage = new Stage(engine, 512 * 1024, 1);
  const first = stage.actor(0);
  for (let i = 0; i < COUNT; i++) first.put(1, `key:${i}`, i === 7 ? 'long.'.repeat(900) : 'old', false, lasting(10));
  first.put(1, 'idle', 'old', false, { ttl: Infinity, idleTtl: 100, jitter: 0 });
  first.advance(10);
  stage.save();
  const sweep = (): number => stage.actor(1).table.upkeep.expiry.sweepAll();
  const free: number[] = [];
  let steps = 0;
  stage.hooked((kind) => {
    if (kind === 'load') return;
    if (stage.field(0, Partition.lock) === 0) free.push(steps);
    steps++;
  }, sweep);
  expect(free.length).toBeGreaterThan(2 * (COUNT / REMOVALS_PER_SECTION));
  for (const step of free) {
    stage.restore();
    const other = stage.actor(2);
    stage.interrupt(step, false, () => act(other), sweep);
    const context = `step ${step} of ${steps}`;
    check(other, context);
    expect(other.verify(), context).toBeUndefined();
  }
}

describe('between the steps of a sweep', () => {
  test('H18: a fresh value under an expired key stays', () => {
    const keys = ['key:3', 'key:7', 'key:80', 'key:149'];
    betweenSteps(
      (other) => {
        for (const key of keys) other.put(1, key, 'fresh', false, lasting(50));
      },
      (other, context) => {
        for (const key of keys) expect(other.get(1, key), `${context} ${key}`).toBe('fresh');
        expect(other.get(1, 'key:4'), context).toBeUndefined();
      },
    );
  });

  test('the clock jumps: whatever expires meanwhile goes now or with the next sweep', () => {
    betweenSteps(
      (other) => other.advance(100_000),
      (other, context) => {
        other.advance(100_000);
        other.table.upkeep.expiry.sweepAll();
        expect([other.table.namespaces.size(1), other.expired], context).toEqual([0, COUNT + 1]);
      },
    );
  });

  test('an entry is read while others expire', () => {
    betweenSteps(
      (other) => {
        other.advance(60);
        other.get(1, 'idle');
      },
      (other, context) => expect(other.get(1, 'idle'), context).toBe('old'),
    );
  });
});
