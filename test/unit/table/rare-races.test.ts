/**
 * Goal: races that need two or three things to go wrong at once, each built by hand: a stale reader and an abandoned
 * growth; a list insert and a clear; a clear that dies after a sweep overtook it; a reader led by garbage lengths.
 * Oracle: stated at each test. Replay: deterministic.
 */
import { closeSync } from 'node:fs';
import { beforeAll, expect, test, vi } from 'vitest';
import { Entry, Flag } from '../../../native-layout/entry.js';
import { Partition } from '../../../native-layout/partition.js';
import { unpackClaim } from '../../../native-layout/registry.js';
import { Superblock } from '../../../native-layout/superblock.js';
import type { Actor } from '../../support/actors.js';
import { Stage, WouldWait } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';

// Far more than it takes on an idle machine.
vi.setConfig({ testTimeout: 300_000 });

const MEMORY = 512 * 1024;
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

/** Inserts until a segment was enlarged and the next is about to split; kills the one that splits; heals. */
function abandonGrowth(stage: Stage): void {
  for (let i = 0; ; i++) {
    const saved = stage.copy();
    const sites = stage.trace(() => stage.actor(3).put(1, `filler:${i}`, ''));
    if (sites.filter((site) => site.startsWith('store src/table/probe.ts')).length < 2) continue;
    stage.restore(saved);
    const placed = sites.findLastIndex((site) => site.startsWith('store src/table/growth.ts'));
    stage.kill(stage.actor(3), placed + 1, (actor) => actor.put(1, `filler:${i}`, ''));
    stage.sweep(stage.actor(4), 3);
    return;
  }
}

/**
 * The reader has loaded a directory entry and stands still. Its segment is enlarged and freed, taken again as one
 * half of a split, filled, and given up because the grower dies. The reader finds its key in it and stands still
 * again: then the key is overwritten and its cell reused. Oracle: the reader answers with a value the key had.
 */
test('a segment that was being filled aside and was given up confirms no reader', () => {
  const wrong: string[] = [];
  for (const key of ['a', 'b', 'c', 'd']) {
    const stage = new Stage(engine, MEMORY, 1);
    stage.actor(0).put(1, key, 'first value');
    stage.actor(0).put(1, 'z', 'third value');
    for (let i = 0; i < 60; i++) stage.actor(0).put(1, `early:${i}`, '');
    stage.save();
    const untroubled = stage.actor(1);
    const steps = stage.trace(() => untroubled.get(1, key), true);
    abandonGrowth(stage);
    const aside = stage.copy();
    for (let first = 0; first < steps.length; first++) {
      for (let second = first + 1; second < first + 40; second++) {
        stage.restore();
        let done = 0;
        const { hooks } = engine;
        const reader = stage.actor(1);
        const answer = stage.hooked(
          () => {
            const own = hooks.step;
            hooks.step = undefined;
            if (done === first) stage.restore(aside);
            if (done === second) {
              const writer = stage.actor(2);
              writer.put(1, key, 'other value');
              writer.put(1, 'z', 'wrong value');
            }
            hooks.step = own;
            done++;
          },
          () => reader.get(1, key),
        );
        if (answer === 'first value' || answer === 'other value') continue;
        wrong.push(`${key}: ${answer}, paused before ${steps[first]} and ${second - first} steps later`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** Oracle: a clear comes before or after a list insert, so all of the list is there or nothing of it. */
test('a clear during a list insert clears all of it or nothing', () => {
  const stage = new Stage(engine, MEMORY, 1);
  stage.actor(0).put(1, 'there', 'before');
  stage.save();
  const list = ['a', 'b', 'c'].map((key) => [key, `value of ${key}`] as const);
  const count = stage.trace(() => stage.actor(1).insertAll(1, list)).length;
  const partial: string[] = [];
  for (let at = 0; at < count; at++) {
    stage.restore();
    const writer = stage.actor(1);
    const clearer = stage.actor(2);
    const clear = (): void => {
      try {
        // The clear itself never waits; only the sweep that follows it does, which others may do.
        stage.withoutWaiting(() => clearer.table.clearAll());
      } catch (error) {
        if (!(error instanceof WouldWait)) throw error;
      }
    };
    stage.interrupt(at, false, clear, () => writer.insertAll(1, list));
    const there = list.filter(([key]) => stage.actor(3).has(1, key)).length;
    if (there !== 0 && there !== list.length && partial.length < 5)
      partial.push(`cleared before ${at} of ${count}: ${there} of 3 are there`);
  }
  expect(partial).toEqual([]);
});

/** Oracle: once every partition says it is swept, no cleared entry takes memory. */
test('a clear that dies after a sweep overtook it is not forgotten', () => {
  const stage = new Stage(engine, MEMORY, 1);
  for (let i = 0; i < 10; i++) stage.actor(0).put(1, `key:${i}`, 'value');
  stage.save();
  const sites = stage.trace(() => stage.actor(1).table.clearAll());
  const prefix = Math.min(sites.length, 40);
  const left: string[] = [];
  const sweep = (): void => {
    const { upkeep } = stage.actor(2).table;
    for (let work = 1; work > 0; ) work = upkeep.slice(0);
  };
  for (let at = 0; at < prefix; at++) {
    for (let killed = at + 1; killed < prefix; killed++) {
      stage.restore();
      const victim = stage.actor(1);
      try {
        let step = 0;
        stage.kill(victim, killed, (actor) => {
          const { hooks } = engine;
          const own = hooks.step;
          hooks.step = (kind, site) => {
            own?.(kind, site);
            if (kind === 'load' || step++ !== at) return;
            const inner = hooks.step;
            hooks.step = (k) => {
              if (k === 'wait') throw new WouldWait();
            };
            try {
              sweep();
            } finally {
              hooks.step = inner;
            }
          };
          actor.table.clearAll();
        });
      } catch (error) {
        if (!(error instanceof WouldWait)) throw error;
        continue; // The victim holds the lock: no sweep can overtake it.
      }
      // As who sweeps the slot of the dead thread does: takes its control lock over.
      const { partitions } = stage.actor(3).table;
      partitions.enterControl();
      partitions.leaveControl();
      stage.sweep(stage.actor(3), 1);
      sweep();
      const held = stage.field(0, Partition.entryCount);
      const visible = stage.actor(3).table.namespaces.size(1);
      if (held !== visible) {
        const when = `swept before ${at} ${sites[at]}, killed before ${killed} ${sites[killed]}`;
        left.push(`${when}: ${held} held, ${visible} visible`);
      }
    }
  }
  expect(left).toEqual([]);
});

/** An actor that has a real registry slot, as a thread of its own would. */
function registered(stage: Stage): { actor: Actor; registry: InstanceType<Engine['ThreadRegistry']> } {
  const registry = new engine.ThreadRegistry(stage.memory, 0);
  const actor = stage.actor(0);
  const table = new engine.Table(stage.memory, registry);
  registry.sweepInto(table);
  Object.assign(actor, { table, lockWord: registry.lockWord });
  return { actor, registry };
}

/**
 * A thread dies when its list insert is decided, before anything of it is settled. One thread heals; while it
 * heals the second partition, another sweeps the registry: no lock names the dead thread, so its slot is freed.
 * Oracle: all of the list is there, since it was decided, and it was visible.
 */
test('a slot is not freed while a healer still needs its decision', () => {
  const stage = new Stage(engine, MEMORY, 2);
  const list = [...Array(8)].map((_, i) => [`key:${i}`, `value ${i}`] as const);
  const dying = registered(stage);
  const healer = registered(stage);
  const sweeper = registered(stage);
  const partial: string[] = [];
  stage.save();
  const sites = stage.trace(() => dying.actor.insertAll(1, list));
  const decided = sites.findIndex((_, i) => {
    stage.restore();
    const victim = registered(stage).actor;
    stage.kill(victim, i, (actor) => actor.insertAll(1, list));
    return list.every(([key]) => healer.actor.has(1, key));
  });
  stage.restore();
  const victim = registered(stage);
  stage.kill(victim.actor, decided, (actor) => actor.insertAll(1, list));
  const claims = new BigInt64Array(stage.memory.buffers[0]);
  closeSync(unpackClaim(claims[victim.registry.slotWord / 2]).descriptor);
  const { partitions } = healer.actor.table;
  partitions.leave(partitions.enter(0));
  const saved = stage.copy();
  const heal = (): void => partitions.leave(partitions.enter(1));
  const steps = stage.trace(heal);
  for (let at = 0; at < steps.length; at++) {
    stage.restore(saved);
    stage.interrupt(at, false, () => sweeper.registry.sweepGone(), heal);
    const there = list.filter(([key]) => healer.actor.has(1, key)).length;
    if (there !== list.length) partial.push(`swept before ${at} (${steps[at]}): ${there} of ${list.length} are there`);
  }
  expect(partial).toEqual([]);
});

/** Oracle: an entry that is not chained fits a cell, so a reader copies at most a cell, whatever a torn header says. */
test('lengths are clamped to a cell before they are copied', () => {
  const stage = new Stage(engine, MEMORY, 1);
  const actor = stage.actor(1);
  actor.put(1, 'key', 'value');
  const { partitions, copy } = actor.table;
  const { maxCellLength } = partitions.cells.classes;
  const words = stage.memory.control;
  // A header as a racing reader may see it: the cell is part of a longer value by now.
  const cell = words.length - 90_000;
  words[cell + Entry.shape] = Flag.wide;
  words[cell + Entry.sizeWords] = 300_000;
  copy.take(0, cell, Flag.wide);
  expect(copy.end - copy.start).toBeLessThanOrEqual(maxCellLength);
  expect(copy.bytes.length).toBeLessThanOrEqual(4 * maxCellLength);
  expect(words[Superblock.magic]).not.toBe(0);
});
