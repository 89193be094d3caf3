/**
 * What an eviction policy is: given the queues of one partition, it says where a new entry goes and which entry leaves.
 * A policy holds no state of its own; everything is in the partition's policy state, under the partition's lock. A
 * thread that dies leaves it between two steps of `Residents`, each of which is right before and after.
 *
 * Hits reach a policy as a bit per entry, and as counts in the sketch; see `hit-buffer.ts`.
 */
import type { Sketch } from './sketch.js';

/** The entries of one partition in queues, as a policy sees them. `front` positions; the others act on that entry. */
export interface Residents {
  /** Entries that the partition may hold. */
  capacity(): number;
  readonly sketch: Sketch;
  /** Index hash of the entry at the front that was asked for last. */
  readonly hash: number;
  /** Word index of the policy state, in the control region. */
  readonly state: number;
  readonly control: Int32Array;
  /** Records of a queue: those of entries that left otherwise count, until they come to the front. */
  length(queue: number): number;
  /** Positions at the oldest entry of a queue that can be evicted. False: there is none. */
  front(queue: number): boolean;
  /** Positions at the entry with this hash, wherever its record is, which stays behind. False: there is none. */
  find(hash: number): boolean;
  /** Whether the entry was hit since it came or since the last time; forgets it. */
  takeUsed(): boolean;
  /** Moves the entry to the end of a queue: the same or another. */
  move(queue: number): void;
  evict(): void;
}

export interface Policy {
  /** What it wants to know of hits: nothing, whether an entry was hit at all, or every one, for the sketch. */
  readonly hits: 'none' | 'first' | 'all';
  /** The queue for a new entry with this hash. */
  arrive(residents: Residents, hash: number): number;
  /** Evicts one entry. False: there was nothing to evict. */
  evict(residents: Residents): boolean;
}

/** Most entries that one search turns round: a critical section is bounded, whatever was hit. */
export const MAX_TURNS = 256;

/** Entries that a search over two queues turns round at most. */
export function turnsOf(residents: Residents, first: number, second: number): number {
  return Math.min(MAX_TURNS, 2 * (residents.length(first) + residents.length(second)) + 2);
}

/** Moves entries that were hit from the front of a queue to its end. Positions at one that was not. */
export function rotateUsed(residents: Residents, queue: number): boolean {
  for (let left = Math.min(MAX_TURNS, residents.length(queue) + 1); left > 0; left--) {
    if (!residents.front(queue)) return false;
    if (!residents.takeUsed()) return true;
    residents.move(queue);
  }
  return residents.front(queue);
}
