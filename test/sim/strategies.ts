/** Who goes on, and for how long: the choices that make a schedule. */
import type { Random } from '../support/random.js';
import type { SimulatedActor } from './actor.js';
import { scheduler } from './scheduler.js';

export interface Strategy {
  /** One of the ready actors. `last` had the turn before; it may be ready no more. */
  choose(ready: readonly SimulatedActor[], last: SimulatedActor | undefined): SimulatedActor;
  /** Accesses until it decides again. */
  burst(): number;
  /** Whether the time of somebody who is parked is up although others are ready. */
  hurries(): boolean;
}

/** Switches with the same chance before every access. */
class Uniform implements Strategy {
  readonly #random: Random;
  readonly #chance: number;
  readonly #hurry: number;

  constructor(random: Random) {
    this.#random = random;
    this.#chance = random.pick([0.5, 0.2, 0.08, 0.03, 0.01, 0.004]);
    this.#hurry = random.pick([0, 0.02, 0.2]);
  }

  choose(ready: readonly SimulatedActor[]): SimulatedActor {
    return this.#random.pick(ready);
  }

  burst(): number {
    return 1 + Math.floor(Math.log(1 - this.#random.next()) / Math.log(1 - this.#chance));
  }

  hurries(): boolean {
    return this.#random.next() < this.#hurry;
  }
}

/**
 * Priorities that change at a few moments: finds what needs few switches in the right places with a known chance
 * (Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010).
 */
class Priorities implements Strategy {
  readonly #random: Random;
  readonly #priorities = new Map<number, number>();
  readonly #changes: number[];

  constructor(random: Random) {
    this.#random = random;
    const length = 2 ** (4 + random.next() * 8);
    this.#changes = Array.from({ length: 1 + random.below(4) }, () => random.below(length)).sort((a, b) => a - b);
  }

  choose(ready: readonly SimulatedActor[], last: SimulatedActor | undefined): SimulatedActor {
    if (this.#changes.length > 0 && scheduler.steps >= this.#changes[0]) {
      this.#changes.shift();
      if (last !== undefined) this.#priorities.set(last.id, -this.#random.next());
    }
    const of = ({ id }: SimulatedActor): number => {
      if (!this.#priorities.has(id)) this.#priorities.set(id, this.#random.next());
      return this.#priorities.get(id) as number;
    };
    return ready.reduce((best, actor) => (of(actor) > of(best) ? actor : best));
  }

  burst(): number {
    return this.#changes.length === 0 ? Number.POSITIVE_INFINITY : Math.max(1, this.#changes[0] - scheduler.steps);
  }

  hurries(): boolean {
    return false;
  }
}

export function randomStrategy(random: Random): Strategy {
  return random.below(3) === 0 ? new Priorities(random) : new Uniform(random);
}

/** Before the step with this number, the actor with this id gets the turn. */
export type Switch = readonly [step: number, actor: number];

/** Follows a list of switches; else an actor goes on until it ends or waits. */
export class Scripted implements Strategy {
  readonly #switches: readonly Switch[];
  #next = 0;

  constructor(switches: readonly Switch[]) {
    this.#switches = switches;
  }

  choose(ready: readonly SimulatedActor[], last: SimulatedActor | undefined): SimulatedActor {
    const due = this.#switches[this.#next];
    if (due !== undefined && scheduler.steps >= due[0]) {
      this.#next++;
      const wanted = ready.find(({ id }) => id === due[1]);
      if (wanted !== undefined) return wanted;
    }
    return last !== undefined && ready.includes(last) ? last : ready[0];
  }

  burst(): number {
    const due = this.#switches[this.#next];
    return due === undefined ? Number.POSITIVE_INFINITY : Math.max(1, due[0] - scheduler.steps);
  }

  hurries(): boolean {
    return false;
  }
}
