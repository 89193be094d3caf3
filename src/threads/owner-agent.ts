/**
 * The work of one owner thread, as a steppable actor: applying lazy writes, upkeep of its partitions, removing what
 * expired in them, and sweeping up after threads that are gone. Owners hold no state that others need; any thread can
 * do without them.
 */
import type { Table } from '../table/table.js';
import type { Attachment } from './attachment.js';

/** Longest time one step works, in milliseconds. */
const SLICE_MS = 5;
/** Longest time it waits awake for a ring that another thread drains, in milliseconds. */
const PATIENCE_MS = 0.2;
/** Time between two looks at the registry, in milliseconds. */
const SWEEP_INTERVAL_MS = 250;
/** Time between two looks for expired entries, in milliseconds. */
const EXPIRY_INTERVAL_MS = 250;
/** A page is looked at when its first entry expired so long ago: then more of it has, and it has rest in between. */
const EXPIRY_LATENESS_MS = 250;

export class OwnerAgent {
  readonly #attachment: Attachment;
  readonly #index: number;
  readonly #first: number;
  readonly #end: number;
  readonly #now: () => number;
  #next: number;
  #sweptAtMs = Number.NEGATIVE_INFINITY;
  #expiredAtMs = Number.NEGATIVE_INFINITY;

  /** The owner with this index keeps a contiguous range of partitions. `now` gives milliseconds. */
  constructor(attachment: Attachment, ownerIndex: number, now: () => number = () => performance.now()) {
    const { partitionCount, ownerCount } = attachment.open('upkeep').memory.geometry;
    this.#attachment = attachment;
    this.#index = ownerIndex;
    this.#first = Math.ceil((ownerIndex * partitionCount) / ownerCount);
    this.#end = Math.ceil(((ownerIndex + 1) * partitionCount) / ownerCount);
    this.#next = this.#first;
    this.#now = now;
  }

  /** Works at most a slice of time. Returns the amount of work done; 0: there was none. */
  doWork(): number {
    if (this.#attachment.stopped || this.#attachment.detached) return 0;
    const table = this.#attachment.open('upkeep');
    const startMs = this.#now();
    let work = this.#drain(table, startMs);
    if (startMs - this.#sweptAtMs >= SWEEP_INTERVAL_MS) {
      work += this.#attachment.registry('upkeep').sweepGone();
      this.#sweptAtMs = startMs;
    }
    for (let visited = 0; visited < this.#end - this.#first; visited++) {
      work += table.upkeep.slice(this.#next);
      if (++this.#next >= this.#end) this.#next = this.#first;
      if (this.#now() - startMs >= SLICE_MS) break;
    }
    return work + this.#expire(table, startMs);
  }

  /** Begins a sweep of expired entries, if it is time, or goes on with it until the slice is over. */
  #expire(table: Table, startMs: number): number {
    const { expiry } = table.upkeep;
    if (!expiry.isRunning) {
      if (startMs - this.#expiredAtMs < EXPIRY_INTERVAL_MS) return 0;
      this.#expiredAtMs = startMs;
      expiry.begin(this.#first, this.#end, EXPIRY_LATENESS_MS);
    }
    let steps = 0;
    for (; expiry.isRunning; steps++) {
      expiry.step();
      if (this.#now() - startMs >= SLICE_MS) break;
    }
    return steps;
  }

  /** Applies the lazy writes for this owner, for a slice of time. */
  #drain(table: Table, startMs: number): number {
    let taken = 0;
    let idleMs = 0;
    for (let lastMs = startMs; ; ) {
      const some = table.lazy.drainColumn(this.#index);
      const nowMs = this.#now();
      taken += some;
      // A producer with a full ring is applying a batch: more is about to come.
      idleMs = some > 0 ? 0 : idleMs + nowMs - lastMs;
      if (some === 0 && (!table.lazy.sawBusy || idleMs >= PATIENCE_MS)) return taken;
      if (nowMs - startMs >= SLICE_MS) return taken;
      lastMs = nowMs;
    }
  }

  /** Before parking: false if there are lazy writes after all. From then on the first one rings the doorbell. */
  rest(): boolean {
    if (this.#attachment.stopped || this.#attachment.detached) return true;
    return this.#attachment.open('upkeep').lazy.rest(this.#index);
  }

  /** After parking. */
  rise(): void {
    if (this.#attachment.stopped || this.#attachment.detached) return;
    this.#attachment.open('upkeep').lazy.rise(this.#index);
  }
}
