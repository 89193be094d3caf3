/**
 * Goal: a thread that ends before any of its stores leaves a memory that the next one mends: the operation was done
 * or not done, nothing else changed, no page and no cell is lost. The same for who dies while mending. Oracle:
 * `verify`, the state before and after the whole operation, page and scan counts. Every store to shared memory is a
 * step (`support/instrument.ts`); a run takes a sample of them, `EXHAUSTIVE=1` all (`support/sample.ts`). Replay: each
 * failure names seed, scene and step; set SEED.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../support/actors.js';
import {
  chunkScene,
  entryScenes,
  expiryScenes,
  growthScenes,
  listScenes,
  type Scene,
  upkeepScenes,
} from '../../support/fault-scenes.js';
import { difference, type Stage, type State, sameState } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { STEPS_TIMEOUT_MS, sampleOf, stepsOf } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

interface Ends {
  readonly before: State;
  readonly after: State;
  readonly sites: string[];
}

function ends({ stage, act }: Scene): Ends {
  stage.restore();
  const before = stage.state(stage.actor(2));
  expect(stage.broken(stage.actor(2))).toBeUndefined();
  const victim = stage.actor(1);
  const sites = stage.trace(() => act(victim));
  const after = stage.state(stage.actor(2));
  expect(stage.broken(stage.actor(2))).toBeUndefined();
  return { before, after, sites };
}

/** Whether a state is one of the two, or, namespace by namespace, one of the two. */
function isAllowed(scene: Scene, { before, after }: Ends, found: State): boolean {
  if (!scene.byNamespace) return sameState(found, before) || sameState(found, after);
  const part = (state: State, n: number) => new Map([...state].filter(([name]) => name.startsWith(`${n}/`)));
  return [1, 2].every((n) => sameState(part(found, n), part(before, n)) || sameState(part(found, n), part(after, n)));
}

function mustBeSound(scene: Scene, both: Ends, by: Actor, context: string): void {
  expect(scene.stage.broken(by), context).toBeUndefined();
  const found = scene.stage.state(by);
  const message = () =>
    `${context}: against before: ${difference(found, both.before)}; after: ${difference(found, both.after)}`;
  if (!isAllowed(scene, both, found)) expect.fail(message());
}

/** The others go on: random operations against a model, then everything is deleted. */
function live(stage: Stage, by: Actor, random: Random, context: string): void {
  const model = new Map(stage.state(by, false));
  for (let i = 0; i < 24; i++) {
    const [namespace, key] = random.pick(stage.universe);
    const name = `${namespace}/${key}`;
    if (random.below(3) === 0) {
      expect(by.take(namespace, key), context).toBe(model.get(name));
      model.delete(name);
    } else {
      const value = random.text(random.lengthUpTo(3000));
      if (by.put(namespace, key, value) === 1) model.set(name, value);
    }
    expect(by.get(namespace, key), context).toBe(model.get(name));
  }
  const found = stage.state(by, false);
  if (!sameState(found, model)) expect.fail(`${context}: ${difference(found, model)}`);
  expect(stage.drain(by), `${context}, drained`).toBeUndefined();
}

/** The healer dies too, at some of its steps. */
function killHealer(scene: Scene, both: Ends, context: string, window: number, random: Random): void {
  const { stage } = scene;
  const left = stage.copy();
  const gone = new Set(stage.gone);
  const again = (): void => {
    stage.restore(left);
    for (const word of gone) stage.gone.add(word);
  };
  const healer = stage.actor(2);
  const steps = stage.trace(() => stage.sweep(healer, 1)).length;
  for (const step of sampleOf(random, steps, window)) {
    again();
    const died = stage.kill(stage.actor(2), step, (actor) => stage.sweep(actor, 1));
    const last = stage.actor(3);
    stage.sweep(last, 1);
    if (died) stage.sweep(last, 2);
    mustBeSound(scene, both, last, `${context}, healer killed at ${step}`);
  }
  again();
}

/**
 * How many steps share one that is tried: of the victim, of victims that one with a dying healer follows, of the
 * healer.
 */
type Windows = readonly [victim: number, followed: number, healer: number];

function killEverywhere(scene: Scene, [victimWindow, followedWindow, healerWindow]: Windows): void {
  const { stage } = scene;
  const both = ends(scene);
  const random = new Random(seed);
  const steps = stepsOf(random, both.sites.length, victimWindow);
  const followed = new Set(sampleOf(random, steps.length, followedWindow).map((index) => steps[index]));
  for (const [index, step] of steps.entries()) {
    stage.restore();
    stage.kill(stage.actor(1), step, scene.act);
    const context = `seed ${seed} ${scene.name}, killed at ${step} of ${both.sites.length}: ${both.sites[step]}`;
    if (followed.has(step)) killHealer(scene, both, context, healerWindow, random);
    const healer = stage.actor(2);
    stage.sweep(healer, 1);
    mustBeSound(scene, both, healer, context);
    if (index % 5 === 0) live(stage, healer, random, context);
  }
  console.log(`${scene.name}: killed at ${steps.length} of ${both.sites.length} steps, seed ${seed}`);
}

describe('killed at every step', () => {
  test('changes of one entry', () => {
    for (const scene of entryScenes(engine)) killEverywhere(scene, [2, 4, 12]);
  });
  test('lists', () => {
    for (const scene of listScenes(engine)) killEverywhere(scene, [2, 6, 12]);
  });
  test('growth of the index', () => {
    for (const scene of growthScenes(engine)) killEverywhere(scene, [3, 10, 25]);
  });
  test('growth of the directory', () => killEverywhere(chunkScene(engine), [40, 12, 60]));
  test('expiry', () => {
    for (const scene of expiryScenes(engine)) killEverywhere(scene, [scene.name.includes('all') ? 12 : 4, 6, 20]);
  });
  test('upkeep', () => {
    for (const scene of upkeepScenes(engine)) killEverywhere(scene, [scene.name === 'rebuild' ? 16 : 8, 10, 20]);
  });
});
