/**
 * Goal: a thread that ends before any of its stores, while it writes lazily, applies lazy writes of others, makes or
 * frees a ring, loses and repeats nothing: complete records are applied once, in order. The same for who dies while
 * mending. Oracle: the state after a prefix of the writes; the versions of the partitions, which count every change
 * that was applied, also one that repeats another; the counted errors; `verify`, `verifyRings`, page counts. Replay:
 * each failure names seed, scene and step; set SEED; `EXHAUSTIVE=1` takes every step, `RUNS=4` four times as many.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import { RingSlot } from '../../../native-layout/ring.js';
import { ringsWithoutPages } from '../../../src/ring/verify-rings.js';
import { countLazyErrors } from '../../../src/stats/rings.js';
import type { Actor } from '../../support/actors.js';
import { difference, type Stage, type State, sameState } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { consumerScenes, producerScenes, type RingScene, versions, withWrites } from '../../support/ring-scenes.js';
import { STEPS_TIMEOUT_MS, sampleOf, stepsOf } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

interface Start {
  readonly state: State;
  readonly versions: number;
  readonly errors: number;
  readonly sites: string[];
}

function begin(scene: RingScene): void {
  scene.stage.restore();
  if (scene.orphaned) scene.stage.gone.add(scene.stage.actor(3).lockWord);
}

function startOf(scene: RingScene): Start {
  const { stage, act } = scene;
  begin(scene);
  const state = stage.state(stage.actor(2));
  const before = versions(stage);
  const errors = countLazyErrors(stage.memory);
  const victim = stage.actor(1);
  const sites = stage.trace(() => act(victim));
  return { state, versions: before, errors, sites };
}

/** The one who finds the dead thread: sweeps it up at once, or first meets what it left in some other way. */
const FINDERS: readonly ((stage: Stage, by: Actor) => void)[] = [
  () => {},
  (_, by) => by.table.lazy.flush(),
  (_, by) => by.table.lazy.drainColumn(0),
];

function mend(stage: Stage, by: Actor, slot: number, finder: number, context: string): void {
  FINDERS[finder % FINDERS.length](stage, by);
  stage.sweep(by, slot);
  const { drain } = by.table;
  for (let other = 0; other < drain.slots; other++) {
    const holder = stage.memory.control[drain.wordOf(0, other) + RingSlot.lock];
    expect(holder, `${context}: lock of ring ${other}`).not.toBe(stage.actor(slot).lockWord);
  }
}

/** What waits is made visible by somebody else, and then everything is asked. */
function check(scene: RingScene, start: Start, by: Actor, context: string): void {
  const { stage, pending, writes } = scene;
  by.table.lazy.flush();
  if (scene.orphaned) stage.sweep(by, 3);
  expect(stage.broken(by), context).toBeUndefined();
  const changes = versions(stage) - start.versions;
  const errors = countLazyErrors(stage.memory) - start.errors;
  const found = stage.state(by);
  const count = changes + errors - pending.length;
  expect(count >= 0 && count <= writes.length, `${context}: ${changes} changes, ${errors} errors`).toBe(true);
  if (scene.refusing) {
    expect(errors, `${context}: errors`).toBeGreaterThan(0);
    return;
  }
  const expected = withWrites(start.state, [...pending, ...writes.slice(0, count)]);
  if (!sameState(found, expected)) expect.fail(`${context}: after ${count} writes ${difference(found, expected)}`);
}

/** The healer dies too, at some of its steps. */
function killHealer(scene: RingScene, start: Start, context: string, window: number, random: Random): void {
  const { stage } = scene;
  const left = stage.copy();
  const gone = new Set(stage.gone);
  const again = (): void => {
    stage.restore(left);
    for (const word of gone) stage.gone.add(word);
  };
  const finder = random.below(FINDERS.length);
  const heal = (actor: Actor): void => {
    mend(stage, actor, 1, finder, context);
    actor.table.lazy.flush();
  };
  const healer = stage.actor(2);
  const steps = stage.trace(() => heal(healer)).length;
  for (const step of sampleOf(random, steps, window)) {
    again();
    const died = stage.kill(stage.actor(2), step, heal);
    const last = stage.actor(4);
    mend(stage, last, 1, random.below(FINDERS.length), context);
    if (died) stage.sweep(last, 2);
    check(scene, start, last, `${context}, healer killed at ${step}`);
  }
  again();
}

function killEverywhere(scene: RingScene, windows: readonly [victim: number, followed: number, healer: number]): void {
  const { stage, act } = scene;
  const start = startOf(scene);
  check(scene, start, stage.actor(2), `${scene.name}, not killed`);
  const random = new Random(seed);
  const steps = stepsOf(random, start.sites.length, windows[0]);
  const followed = new Set(sampleOf(random, steps.length, windows[1]).map((index) => steps[index]));
  for (const step of steps) {
    begin(scene);
    stage.kill(stage.actor(1), step, act);
    const context = `seed ${seed} ${scene.name}, killed at ${step} of ${start.sites.length}: ${start.sites[step]}`;
    expect(ringsWithoutPages(stage.memory), context).toBeUndefined();
    if (followed.has(step)) killHealer(scene, start, context, windows[2], random);
    const healer = stage.actor(2);
    mend(stage, healer, 1, random.below(FINDERS.length), context);
    check(scene, start, healer, context);
    // Every ring that is left belongs to a thread that lives.
    if (!scene.orphaned) stage.sweep(healer, 3);
    expect(stage.drain(healer), `${context}, drained`).toBeUndefined();
  }
  console.log(`${scene.name}: killed at ${steps.length} of ${start.sites.length} steps, seed ${seed}`);
}

test('who writes lazily', () => {
  for (const scene of producerScenes(engine)) killEverywhere(scene, [4, 12, 40]);
});
test('who applies', () => {
  for (const scene of consumerScenes(engine)) killEverywhere(scene, [3, 12, 30]);
});
