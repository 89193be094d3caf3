/** One simulated thread, as the scheduler and the memory models see it. */
import type { SharedView } from './shared-view.js';

export type Steps<T = unknown> = Generator<void, T, void>;

/** ready: can go on · parked: waits for a word · done: came to its end · dead: killed, never goes on. */
export type ActorState = 'ready' | 'parked' | 'done' | 'dead';

/** A store that the actor has made and that others do not see yet. */
export interface BufferedStore {
  readonly view: SharedView;
  readonly index: number;
  readonly location: number;
  readonly value: number;
  /** It may become visible only after all earlier ones. */
  readonly release: boolean;
}

/** An address that the actor loaded, and the moment whose memory that load saw. */
export interface LoadedAddress {
  readonly location: number;
  readonly moment: number;
}

export class SimulatedActor {
  readonly id: number;
  state: ActorState = 'ready';
  /** Accesses done or about to be done. */
  steps = 0;
  /** Dies before this access. */
  killAt = Number.POSITIVE_INFINITY;
  body: Steps<void> | undefined;
  /** The access that is about to be done, and the number of its step. */
  asked = 0;
  kind = 0;
  site = 0;
  view: SharedView | undefined;
  index = 0;
  value: number | bigint = 0;
  expected: number | bigint = 0;
  /** Location the actor is parked on. */
  parkedOn = -1;
  /** How often it was woken by time only. */
  timeOuts = 0;
  error: unknown;

  /** Stores that others do not see yet, in program order. */
  readonly buffer: BufferedStore[] = [];
  /** Weak mode: later loads see at least what was visible at this moment. */
  floor = 0;
  /** Weak mode: the moment of the last releasing store, which a later acquiring load sees at least. */
  released = 0;
  /** Weak mode: the message that was last read or written, by location: no older one is read again. */
  readonly seen = new Map<number, number>();
  /** Weak mode: the latest loaded addresses; a ring. */
  readonly addresses: LoadedAddress[] = [];
  nextAddress = 0;

  constructor(id: number) {
    this.id = id;
  }
}
