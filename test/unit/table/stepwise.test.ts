/**
 * Goal: reader and writer advance in turns, store by store and load by load: the reader starts after any number of the
 * writer's stores, and before any of its own loads the writer goes on by any number. Answers are linearizable.
 * How: a writer's run is recorded as the words that each of its steps changed; "going on" is applying the next records.
 * Oracle: the first step after which a reader that runs alone sees the new state divides old from new: who ends before
 * it sees the old value, who starts after it the new one, all others one of the two.
 * `RUNS=10` runs ten times as many random interleavings (`support/sample.ts`). Replay: a failure names the seed, set
 * SEED.
 */
import { beforeAll, expect, test, vi } from 'vitest';
import type { Actor } from '../../support/actors.js';
import {
  entryScenes,
  expiryScenes,
  growthScenes,
  listScenes,
  type Scene,
  upkeepScenes,
} from '../../support/fault-scenes.js';
import { WouldWait } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { STEPS_TIMEOUT_MS, scaled } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

/** Words that changed in one step, as pairs of index and new value. All scenes have one slab. */
type Change = Int32Array;

/** The writer's whole run, step by step. */
function record({ stage, act }: Scene): { start: Int32Array; changes: Change[]; sites: string[] } {
  stage.restore();
  const { control } = stage.memory;
  const start = control.slice();
  const last = control.slice();
  const changes: Change[] = [];
  const sites: string[] = [];
  const note = (): void => {
    const pairs: number[] = [];
    for (let i = 0; i < control.length; i++) {
      if (control[i] === last[i]) continue;
      last[i] = control[i];
      pairs.push(i, control[i]);
    }
    changes.push(Int32Array.from(pairs));
  };
  const writer = stage.actor(1);
  stage.hooked(
    (kind, site) => {
      if (kind === 'load') return;
      note();
      sites.push(`${kind} ${site}`);
    },
    () => act(writer),
  );
  note();
  // Steps that changed nothing are no places to stand.
  const kept = changes
    .map((change, i) => ({ change, site: sites[i - 1] ?? 'start' }))
    .filter((x) => x.change.length > 0);
  return { start, changes: kept.map((x) => x.change), sites: kept.map((x) => x.site) };
}

class Recorded {
  readonly scene: Scene;
  readonly #words: Int32Array;
  readonly #start: Int32Array;
  readonly changes: Change[];
  readonly sites: string[];
  /** Words of the last moment `backTo` made, with what they were. */
  position = 0;

  constructor(scene: Scene) {
    const { start, changes, sites } = record(scene);
    this.scene = scene;
    this.#words = scene.stage.memory.control;
    this.#start = start;
    this.changes = changes;
    this.sites = sites;
    this.backTo(0);
  }

  backTo(position: number): void {
    this.#words.set(this.#start);
    this.position = 0;
    this.forwardTo(position);
  }

  forwardTo(position: number): void {
    for (; this.position < position; this.position++) {
      const change = this.changes[this.position];
      for (let i = 0; i < change.length; i += 2) this.#words[change[i]] = change[i + 1];
    }
  }
}

/** Reads; before its load number `loads[i]` the writer has come to `positions[i]`. Undefined: it would wait. */
function read(recorded: Recorded, reader: Actor, name: string, loads: number[], positions: number[]): unknown {
  const { stage } = recorded.scene;
  const [namespace, key] = [Number(name[0]), name.slice(2)];
  let done = 0;
  try {
    return {
      answer: stage.hooked(
        (kind) => {
          if (kind === 'wait') throw new WouldWait();
          const next = loads.indexOf(done++);
          if (next >= 0) recorded.forwardTo(positions[next]);
        },
        () => reader.get(namespace, key),
      ),
    };
  } catch (error) {
    if (error instanceof WouldWait) return undefined;
    throw error;
  }
}

function turns(scene: Scene, random: Random, runs: number): void {
  const recorded = new Recorded(scene);
  const { stage } = scene;
  const end = recorded.changes.length;
  const before = stage.state(stage.actor(2), false);
  const timedBefore = stage.state(stage.actor(2));
  recorded.backTo(end);
  const after = stage.state(stage.actor(2), false);
  const timedAfter = stage.state(stage.actor(2));
  const names = new Set([...before.keys(), ...after.keys()]);
  if (names.size === 0) return;
  const changed = [...names].filter((name) => timedBefore.get(name) !== timedAfter.get(name)).slice(0, 4);
  const watched = [...changed, ...Array.from({ length: 5 }, () => random.pick([...names]))];
  for (const name of watched) {
    // The first position from which a reader that runs alone sees the new value.
    let turned = 0;
    for (; turned <= end; turned++) {
      recorded.backTo(turned);
      const alone = read(recorded, stage.actor(2), name, [], []) as { answer: unknown } | undefined;
      if (alone?.answer === after.get(name)) break;
    }
    const length = stage.trace(() => read(recorded, stage.actor(2), name, [], []), true).length;
    for (let run = 0; run < scaled(runs); run++) {
      const from = random.below(end + 1);
      const jumps = 1 + random.below(3);
      const ascending = (next: () => number) => Array.from({ length: jumps }, next).sort((a, b) => a - b);
      const loads = ascending(() => random.below(random.below(2) === 0 ? 12 : length * 2));
      const positions = ascending(() => (random.below(3) === 0 ? end : from + random.below(end + 1 - from)));
      recorded.backTo(from);
      const found = read(recorded, stage.actor(2), name, loads, positions) as { answer: unknown } | undefined;
      if (found === undefined) continue;
      const allowed = [
        ...(from < turned ? [before.get(name)] : []),
        ...(recorded.position >= turned ? [after.get(name)] : []),
      ];
      if (allowed.includes(found.answer)) continue;
      const where = [from, ...positions].map((p) => `${p} ${recorded.sites[p] ?? 'end'}`).join(', ');
      const brief = String(found.answer).slice(0, 30);
      expect.fail(
        `seed ${seed} ${scene.name}: ${name} is ${brief} (new from ${turned}), writer at ${where}, loads ${loads}`,
      );
    }
  }
}

test('changes of one entry', () => {
  const random = new Random(seed);
  for (const scene of entryScenes(engine)) turns(scene, random, 1500);
});
test('lists', () => {
  const random = new Random(seed);
  for (const scene of listScenes(engine)) turns(scene, random, 2000);
});
test('growth', () => {
  const random = new Random(seed);
  for (const scene of growthScenes(engine)) turns(scene, random, 2000);
});
test('expiry', () => {
  const random = new Random(seed);
  for (const scene of expiryScenes(engine)) turns(scene, random, 600);
});
test('upkeep', () => {
  const random = new Random(seed);
  for (const scene of upkeepScenes(engine)) turns(scene, random, 600);
});
