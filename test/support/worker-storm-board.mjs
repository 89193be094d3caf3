/** The words by which the threads of a storm tell each other what they did; they outlive every thread. */

/** Keys of its own that each victim writes. */
export const VICTIM_KEYS = 16;
/** Victims that may live at the same time. */
export const LANES = 2;
const LANE_WORDS = 32;
const SURVIVOR_WORDS = 32;
const MOST_SURVIVORS = 4;

export class Board {
  words;

  constructor(buffer = new SharedArrayBuffer((1 + LANES * LANE_WORDS + MOST_SURVIVORS * SURVIVOR_WORDS) * 4)) {
    this.words = new Int32Array(buffer);
  }

  get stopping() {
    return Atomics.load(this.words, 0) !== 0;
  }

  stop() {
    Atomics.store(this.words, 0, 1);
  }

  #lane(lane, word) {
    return 1 + lane * LANE_WORDS + word;
  }

  /** Number of the last acknowledged write of a lane to one of its keys. */
  acknowledged(lane, key) {
    return Atomics.load(this.words, this.#lane(lane, key));
  }

  acknowledge(lane, key, sequence) {
    Atomics.store(this.words, this.#lane(lane, key), sequence);
  }

  /** Lists that the victim began to insert, and that it knows to be inserted. */
  lists(lane) {
    const at = this.#lane(lane, VICTIM_KEYS);
    return { begun: Atomics.load(this.words, at), done: Atomics.load(this.words, at + 1) };
  }

  setLists(lane, begun, done) {
    const at = this.#lane(lane, VICTIM_KEYS);
    Atomics.store(this.words, at, begun);
    Atomics.store(this.words, at + 1, done);
  }

  #survivor(id) {
    return 1 + LANES * LANE_WORDS + id * SURVIVOR_WORDS;
  }

  /** Operations that a survivor has finished. */
  operations(id) {
    return Atomics.load(this.words, this.#survivor(id));
  }

  countOperation(id) {
    Atomics.add(this.words, this.#survivor(id), 1);
    Atomics.notify(this.words, this.#survivor(id));
  }

  /** Blocks this thread until the survivor has done `count` more operations. False: not within `timeoutMs`. */
  awaitOperations(id, count, timeoutMs) {
    const target = this.operations(id) + count;
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const now = this.operations(id);
      if (now >= target) return true;
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return false;
      Atomics.wait(this.words, this.#survivor(id), now, leftMs);
    }
  }
}

export const victimKey = (lane, key) => `victim:${lane}:${key}`;
export const sharedKey = (key) => `shared:${key}`;
export const survivorKey = (id, key) => `survivor:${id}:${key}`;
/** Key of a row of a list: no two lists of a storm share keys. */
export const listKey = (lane, round, list, row) => `list:${lane}:${round}:${list}:${row}`;
export const LIST_ROWS = 5;
export const SHARED_KEYS = 24;
