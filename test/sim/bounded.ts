/**
 * All schedules of a small program with at most so many preemptions, by running it again from its start. A preemption
 * is placed only before an access that another actor's access conflicts with: moving it elsewhere changes no answer
 * under sequential consistency. Which accesses conflict is learned from all runs so far (after Musuvathi & Qadeer,
 * "Iterative context bounding for systematic testing of multithreaded programs", PLDI 2007).
 */
import { Random } from '../support/random.js';
import { Kind, type TraceStep } from './access-unit.js';
import type { ModeName } from './memory-model.js';
import { wrong } from './oracle.js';
import { runActors } from './run.js';
import type { Scene } from './scenes.js';
import { scheduler } from './scheduler.js';
import type { Act } from './small-programs.js';
import { Scripted, type Switch } from './strategies.js';
import type { SimulatedThread } from './thread.js';

export interface Explored {
  readonly schedules: number;
  /** What is wrong, with the schedule that shows it. */
  readonly failure?: { readonly message: string; readonly schedule: readonly Switch[] };
}

/** Stores become visible only when they must, in their order where there is a choice: the schedule decides alone. */
const LAZY = { flush: 0, stale: 0, newest: 0, capacity: 48 };

/** Runs the program under one schedule. */
export function runScripted(
  scene: Scene,
  acts: readonly Act[],
  schedule: readonly Switch[],
  mode: ModeName,
): string | undefined {
  scene.world.restore(mode);
  scheduler.model.random = () => 0;
  scheduler.model.weakness = LAZY;
  scheduler.watchRaces(0);
  const threads: SimulatedThread[] = [];
  try {
    acts.forEach((act, id) => {
      const thread = scene.world.attach(id);
      thread.actor.body = act(thread);
      threads.push(thread);
    });
    runActors(
      threads.map(({ actor }) => actor),
      new Scripted(schedule),
    );
    const late = threads.find(({ actor }) => actor.timeOuts > 0);
    if (late !== undefined && acts.length === 2) return `actor ${late.actor.id} was woken by time only`;
    return wrong(scene, threads, false);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const WRITES = new Set<number>([Kind.store, Kind.atomicStore, Kind.swap, Kind.add, Kind.wideSwap]);

/** Who touches which location, over all runs. */
class Conflicts {
  readonly #readers = new Map<number, number>();
  readonly #writers = new Map<number, number>();

  note({ actor, kind, location }: TraceStep): void {
    const bits = WRITES.has(kind) ? this.#writers : this.#readers;
    bits.set(location, (bits.get(location) ?? 0) | (1 << actor));
  }

  has({ actor, kind, location }: TraceStep): boolean {
    const writers = this.#writers.get(location) ?? 0;
    const touching = WRITES.has(kind) ? writers | (this.#readers.get(location) ?? 0) : writers;
    return (touching & ~(1 << actor)) !== 0;
  }
}

interface Run {
  readonly schedule: readonly Switch[];
  readonly trace: readonly TraceStep[];
}

/**
 * Places of one more preemption, behind the last one, by the actor that is interrupted: the short ones among them must
 * not drown in a sample.
 */
function extensions({ schedule, trace }: Run, conflicts: Conflicts, found: Switch[][][]): void {
  const last = schedule.length === 0 ? 0 : schedule[schedule.length - 1][0];
  const endOf = found.map((_, id) => trace.findLastIndex((step) => step.actor === id));
  trace.forEach((step, i) => {
    if (step.step <= last || !conflicts.has(step)) return;
    for (let id = 0; id < found.length; id++) {
      if (id !== step.actor && endOf[id] > i) found[step.actor].push([...schedule, [step.step, id]]);
    }
  });
}

/** Up to `limit` schedules, from each list in turn. */
function sampled(lists: Switch[][][], limit: number, random: Random): Switch[][] {
  const chosen: Switch[][] = [];
  while (chosen.length < limit && lists.some((list) => list.length > 0)) {
    for (const list of lists) {
      if (list.length === 0) continue;
      const i = random.below(list.length);
      [list[i], list[list.length - 1]] = [list[list.length - 1], list[i]];
      chosen.push(list.pop() as Switch[]);
    }
  }
  return chosen;
}

export interface Bounds {
  readonly mode: ModeName;
  readonly preemptions: number;
  /** Most schedules of each number of preemptions: a sample that the seed decides, if there are more. */
  readonly limit: number;
  readonly seed: number;
}

export function explore(scene: Scene, acts: readonly Act[], { mode, preemptions, limit, seed }: Bounds): Explored {
  const random = new Random(seed);
  const conflicts = new Conflicts();
  let schedules = 0;
  let trace: TraceStep[] = [];
  scheduler.onStep = (step) => {
    trace.push(step);
    conflicts.note(step);
  };
  try {
    let level: Switch[][] = acts.map((_, id) => [[0, id]]);
    for (let count = 0; ; count++) {
      const runs: Run[] = [];
      for (const schedule of level) {
        trace = [];
        const message = runScripted(scene, acts, schedule, mode);
        schedules++;
        if (message !== undefined) return { schedules, failure: { message, schedule } };
        runs.push({ schedule, trace });
      }
      if (count === preemptions) return { schedules };
      const lists = acts.map((): Switch[][] => []);
      for (const run of runs) extensions(run, conflicts, lists);
      level = sampled(lists, limit, random);
    }
  } finally {
    scheduler.onStep = undefined;
  }
}
