/**
 * Goal: whoever reads while a writer stands still between any two of its stores sees the old or the new state of the
 * whole operation, never goes back from new to old, and waits only while an index is rebuilt. The same while a healer
 * mends what a killed writer left.
 * Oracle: the states before and after the operation. A run takes a sample of the steps, `EXHAUSTIVE=1` all
 * (`support/sample.ts`). Replay: each failure names seed, scene and step; set SEED.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../support/actors.js';
import { entryScenes, growthScenes, listScenes, type Scene, upkeepScenes } from '../../support/fault-scenes.js';
import { difference, type State, sameState, WouldWait } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { RUN_FACTOR, STEPS_TIMEOUT_MS, stepsOf } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
let engine: Engine;
/** Scenes in which an index is rebuilt, so that readers wait. */
const REBUILDING = ['rebuild', 'clearAll', 'relieve', 'insert into a full memory', 'insertAll into a full memory'];

beforeAll(async () => {
  engine = await loadInstrumented();
});

class Observer {
  readonly scene: Scene;
  readonly before: State;
  readonly after: State;
  waits = 0;
  #newSeen = false;

  constructor(scene: Scene) {
    const { stage } = scene;
    this.scene = scene;
    stage.restore();
    this.before = stage.state(stage.actor(2));
    scene.act(stage.actor(1));
    this.after = stage.state(stage.actor(2));
  }

  forget(): void {
    this.#newSeen = false;
  }

  look(reader: Actor, context: string): void {
    try {
      this.scene.stage.withoutWaiting(() => this.#look(reader, context));
    } catch (error) {
      if (!(error instanceof WouldWait)) throw error;
      this.waits++;
      if (!REBUILDING.includes(this.scene.name)) expect.fail(`${context}: the reader would wait`);
    }
  }

  #look(reader: Actor, context: string): void {
    const { stage, byNamespace } = this.scene;
    const found = stage.state(reader);
    const { before, after } = this;
    if (byNamespace) {
      const part = (state: State, n: number) => new Map([...state].filter(([name]) => name.startsWith(`${n}/`)));
      for (const n of [1, 2]) {
        const [now, old, fresh] = [found, before, after].map((state) => part(state, n));
        if (!sameState(now, old) && !sameState(now, fresh)) expect.fail(`${context}: ${difference(now, old)}`);
      }
      return;
    }
    const isNew = sameState(found, after);
    if (!isNew && !sameState(found, before)) {
      expect.fail(`${context}: not before: ${difference(found, before)}; nor after: ${difference(found, after)}`);
    }
    if (this.#newSeen && !isNew) expect.fail(`${context}: back to the old state: ${difference(found, after)}`);
    if (isNew && !sameState(before, after)) this.#newSeen = true;
    for (const n of [1, 2]) {
      const seen = stage.scan(reader, n);
      const expected = [...found.keys()].filter((name) => name.startsWith(`${n}/`)).map((name) => name.slice(2));
      expect(seen.sort(), `${context}: scan of ${n}`).toEqual(expected.sort());
    }
  }
}

/** Pauses the writer at one step of each `window`. */
function pauseEverywhere(scene: Scene, window: number): void {
  const { stage } = scene;
  const observer = new Observer(scene);
  stage.restore();
  const untroubled = stage.actor(1);
  const sites = stage.trace(() => scene.act(untroubled));
  const steps = stepsOf(new Random(seed), sites.length, window);
  for (const at of steps) {
    stage.restore();
    const reader = stage.actor(2);
    const context = `seed ${seed} ${scene.name}, paused before ${at} of ${sites.length}: ${sites[at]}`;
    const writer = stage.actor(1);
    stage.interrupt(
      at,
      false,
      () => observer.look(reader, context),
      () => scene.act(writer),
    );
    expect(stage.broken(stage.actor(3)), `${context}, then finished`).toBeUndefined();
    expect(difference(stage.state(stage.actor(3)), observer.after), context).toBe('');
  }
  const covered = `${steps.length} of ${sites.length} steps, seed ${seed}`;
  console.log(`${scene.name}: paused at ${covered}; the reader would wait at ${observer.waits}`);
}

/**
 * A writer is killed at one step of each `window`; the reader looks before one of `healerWindow` steps of the healer.
 */
function pauseHealer(scene: Scene, window: number, healerWindow: number): void {
  const { stage } = scene;
  const observer = new Observer(scene);
  stage.restore();
  const untroubled = stage.actor(1);
  const sites = stage.trace(() => scene.act(untroubled));
  const random = new Random(seed);
  for (const killed of stepsOf(random, sites.length, window)) {
    stage.restore();
    stage.kill(stage.actor(1), killed, scene.act);
    const reader = stage.actor(2);
    const { gone } = stage;
    stage.gone = new Set();
    observer.forget();
    // Before anyone heals, a reader must be able to go on as well.
    const context = `seed ${seed} ${scene.name}, killed at ${killed}: ${sites[killed]}`;
    observer.look(stage.actor(2), context);
    stage.gone = gone;
    const healer = stage.actor(3);
    const share = RUN_FACTOR / healerWindow;
    let step = 0;
    stage.hooked(
      (kind, site) => {
        if (kind === 'load') return;
        step++;
        if (random.next() < share) observer.look(reader, `${context}, healer before ${step - 1}: ${site}`);
      },
      () => stage.sweep(healer, 1),
    );
    expect(stage.broken(stage.actor(4))).toBeUndefined();
  }
}

describe('a reader while a writer is paused', () => {
  test('changes of one entry', () => {
    for (const scene of entryScenes(engine)) pauseEverywhere(scene, 1);
  });
  test('lists', () => {
    for (const scene of listScenes(engine)) pauseEverywhere(scene, 1);
  });
  test('growth', () => {
    for (const scene of growthScenes(engine)) pauseEverywhere(scene, 2);
  });
  test('upkeep', () => {
    for (const scene of upkeepScenes(engine)) pauseEverywhere(scene, 5);
  });
});

describe('a reader while a healer is paused', () => {
  test('changes of one entry', () => {
    for (const scene of entryScenes(engine)) pauseHealer(scene, 3, 4);
  });
  test('lists', () => {
    for (const scene of listScenes(engine)) pauseHealer(scene, 12, 6);
  });
  test('growth', () => {
    for (const scene of growthScenes(engine)) pauseHealer(scene, 25, 8);
  });
});
