/**
 * A thread dies before step k of a mutation, for every k, while others read, write and sweep up after it; the one that
 * sweeps, and so heals, dies too in every second case, at any of its steps. Who is left goes on.
 */
import { Random } from '../support/random.js';
import type { ModeName } from './memory-model.js';
import { wrong } from './oracle.js';
import { runActors } from './run.js';
import { type Scene, sceneOf, textOf } from './scenes.js';
import { scheduler } from './scheduler.js';
import { type Act, mutationsOf } from './small-programs.js';
import { randomStrategy, Scripted } from './strategies.js';
import type { SimulatedThread } from './thread.js';

export interface Victim {
  readonly scene: string;
  /** Name of its mutation. */
  readonly mutation: string;
  /** Accesses of the mutation when nobody else is there. */
  readonly length: number;
}

function prepare(scene: Scene, mode: ModeName, random: Random): void {
  scene.world.restore(mode);
  const { model } = scheduler;
  model.random = () => random.next();
  model.weakness = { flush: random.pick([0.05, 0.3]), stale: 0.2, newest: random.pick([0, 0.5]), capacity: 64 };
  scheduler.watchRaces(random.pick([0, 0.2]));
}

function act(scene: Scene, mutation: string): Act {
  const found = mutationsOf(scene).find(([name]) => name === mutation);
  if (found === undefined) throw new Error(`no mutation ${mutation} in ${scene.name}`);
  return function* (thread) {
    yield* found[1](thread);
  };
}

/** All mutations of a scene, with their lengths. */
export function victimsOf(name: string): Victim[] {
  const scene = sceneOf(name);
  return mutationsOf(scene).map(([mutation]) => {
    prepare(scene, 'sc', new Random(1));
    const thread = scene.world.attach(0);
    thread.actor.body = act(scene, mutation)(thread);
    runActors([thread.actor], new Scripted([]));
    return { scene: name, mutation, length: thread.actor.steps };
  });
}

/** Kills the victim before its step k. Returns what is wrong, or undefined. */
export function killAt({ scene: name, mutation }: Victim, k: number, mode: ModeName, seed: number): string | undefined {
  const random = new Random(seed ^ Math.imul(k, 0x9e3779b1));
  const scene = sceneOf(name);
  prepare(scene, mode, random);
  const keys = [...scene.keys];
  const length = scene.lengths[0];
  const acts: Act[] = [
    act(scene, mutation),
    function* reader(t) {
      for (let i = 0; i < 3; i++) yield* t.get(1, random.pick(keys));
    },
    function* writer(t) {
      yield* t.put(1, random.pick(keys), textOf(`w${k}`, length));
      yield* t.get(1, random.pick(keys));
    },
    function* healer(t) {
      for (let i = 0; i < 3; i++) yield* t.sweep();
    },
  ];
  const threads: SimulatedThread[] = [];
  try {
    acts.forEach((each, id) => {
      const thread = scene.world.attach(id);
      thread.actor.body = each(thread);
      threads.push(thread);
    });
    threads[0].actor.killAt = k;
    if (random.below(2) === 0) threads[3].actor.killAt = 1 + Math.floor(2 ** (random.next() * 9));
    runActors(
      threads.map(({ actor }) => actor),
      randomStrategy(random),
    );
    return wrong(scene, threads, random.below(4) === 0);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
