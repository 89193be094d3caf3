/** The small world of a program: one memory that can be put back to a moment, and threads attached to it. */
import { geometry, type Shape } from '../../native-layout/geometry.js';
import { SharedMemory } from '../../src/memory/slab.js';
import type { Steps } from './actor.js';
import { Mode, type ModeName } from './memory-model.js';
import { scheduler } from './scheduler.js';
import { forgetTokens } from './simulated-liveness.js';
import { SimulatedThread } from './thread.js';

export const HASH_SEED = 0x5eed;

export interface Size {
  readonly slabs: readonly number[];
  readonly partitions: number;
  readonly threads: number;
}

export function shapeOf({ slabs, partitions, threads }: Size): Shape {
  const shape = { slabLengths: slabs, pageShift: 13, partitionCount: partitions, threadSlots: threads + 1 };
  const whole = { ...shape, namespaceSlots: 6, ownerCount: 1 };
  geometry(whole);
  return whole;
}

/** Runs what has steps to its end, with nobody else. */
export function alone<T>(steps: Steps<T>): T {
  const { done, value } = steps.next();
  if (done !== true) throw new Error('stopped although nobody is scheduled');
  return value;
}

export class World {
  readonly memory: SharedMemory;
  #saved: Uint8Array[] = [];

  constructor(size: Size) {
    this.memory = SharedMemory.create(shapeOf(size), HASH_SEED);
    scheduler.adopt(this.memory);
  }

  save(): void {
    this.#saved = this.memory.buffers.map((buffer) => new Uint8Array(buffer).slice());
  }

  /** Back to the saved moment, for a run in this mode. */
  restore(mode: ModeName): void {
    this.memory.buffers.forEach((buffer, i) => {
      new Uint8Array(buffer).set(this.#saved[i]);
    });
    scheduler.adopt(this.memory);
    scheduler.model.reset(Mode[mode], this.memory.length / 4);
    scheduler.strong = mode !== 'weak';
    scheduler.clock = 0;
    scheduler.synchronised = 0;
    forgetTokens();
  }

  /** A thread that is attached, as part of preparing or of looking. */
  attach(id: number): SimulatedThread {
    const thread = new SimulatedThread(this.memory, id);
    scheduler.current = thread.actor;
    alone(thread.attach());
    scheduler.current = undefined;
    return thread;
  }
}
