/**
 * Operations on a cache that are thrown out of by `vm` time-outs, again and again, at any instruction; after each the
 * same thread checks what its writes did, and goes on. Used by several threads at once, each with keys of its own.
 */
import vm from 'node:vm';
import { checkedSequence, isDelete, lengthFor, Random, rowOf, stateAfter } from './worker-storm-rows.mjs';

const KEYS = 8;
const LIST_ROWS = 3;
const LARGEST = 400_000;

export class TimeoutLoop {
  timeouts = 0;
  faults = [];
  #cache;
  #name;
  #random;
  #acknowledged = new Array(KEYS).fill(0);
  #lists = 0;
  #context;

  constructor(cache, name, seed) {
    this.#cache = cache;
    this.#name = name;
    this.#random = new Random(seed);
    this.#context = vm.createContext({ step: () => this.#step() });
  }

  /** Runs operations until the time-out throws, `count` times. */
  run(count) {
    for (let i = 0; i < count && this.faults.length === 0; i++) {
      try {
        vm.runInContext('for (;;) step()', this.#context, { timeout: 1 + this.#random.below(5) });
      } catch (error) {
        if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') this.faults.push(`${this.#name}: ${error.stack}`);
        else this.timeouts++;
      }
      this.#check();
    }
  }

  /**
   * What a thrown-out write had reserved, and a thrown-out read had held, is given back by the next one of its
   * thread.
   */
  finish() {
    const name = `${this.#name}:last`;
    this.#cache.put(rowOf(name, 1, LARGEST));
    checkedSequence(name, this.#cache.get([name]));
    this.#cache.delete([name]);
  }

  #keyOf(key) {
    return `${this.#name}:${key}`;
  }

  #listKey(list, row) {
    return `${this.#name}:list:${list}:${row}`;
  }

  #step() {
    const key = this.#random.below(KEYS);
    const sequence = this.#acknowledged[key] + 1;
    const roll = this.#random.below(10);
    if (roll < 6) {
      if (isDelete(sequence)) this.#cache.delete([this.#keyOf(key)]);
      else this.#cache.put(rowOf(this.#keyOf(key), sequence, lengthFor(this.#random, LARGEST)));
      this.#acknowledged[key] = sequence;
    } else if (roll < 9) this.#cache.get([this.#keyOf(key)]);
    else {
      const list = this.#lists++;
      const rows = Array.from({ length: LIST_ROWS }, (_, row) => rowOf(this.#listKey(list, row), 1, 2000));
      this.#cache.insertNew(rows);
      for (const [name] of rows) this.#cache.delete([name]);
    }
  }

  /** Each key holds its last acknowledged write or the one that was thrown out of; the last list is there or not. */
  #check() {
    for (let key = 0; key < KEYS; key++) {
      const name = this.#keyOf(key);
      const acknowledged = this.#acknowledged[key];
      const found = checkedSequence(name, this.#cache.get([name]));
      if (found === stateAfter(acknowledged)) continue;
      if (found === stateAfter(acknowledged + 1)) this.#acknowledged[key] = acknowledged + 1;
      else this.faults.push(`${name}: found write ${found}, acknowledged is ${acknowledged}`);
    }
    // Rows of a list are deleted in their order: what is left of it is always its end.
    const present = Array.from({ length: LIST_ROWS }, (_, row) =>
      this.#cache.member(this.#listKey(this.#lists - 1, row)),
    );
    if (present.indexOf(true) >= 0 && present.lastIndexOf(false) > present.indexOf(true)) {
      this.faults.push(`${this.#name}: the last list is there in part: ${present}`);
    }
    for (let row = 0; row < LIST_ROWS; row++) this.#cache.delete([this.#listKey(this.#lists - 1, row)]);
  }
}
