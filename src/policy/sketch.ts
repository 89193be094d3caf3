/**
 * How often keys were asked for lately: a count-min sketch (Cormode, Muthukrishnan, 2005) with counters of four bits,
 * halved all together after a period (Einziger et al.). One per partition, under its lock. It is a hint: whatever
 * stands in it is a valid sketch, so a thread may die anywhere.
 */
import { SKETCH_BLOCK_WORDS as BLOCK_WORDS, PolicyState } from '../../native-layout/policy.js';
import { mixWord } from '../memory/hash.js';

/** A hash has all its counters in one block of 64 bytes, one in each quarter: an access touches one line. */
const ROWS = 4;
const ROW_WORDS = BLOCK_WORDS / ROWS;
/** Bits that choose one of the counters of a row: 4 words of 8. */
const ROW_BITS = 5;
const MAX_COUNT = 15;
/** Additions between two halvings, per entry that the sketch has room for: eight counters for each, a word. */
const PERIOD = 10;

export class Sketch {
  private readonly control: Int32Array;
  private readonly words: number;
  private readonly blocks: number;
  private readonly period: number;
  private state = 0;
  private first = 0;

  /** `words` is the length of the sketch of one partition. */
  constructor(control: Int32Array, words: number) {
    this.control = control;
    this.words = words;
    this.blocks = words / BLOCK_WORDS;
    this.period = Math.max(64, words * PERIOD);
  }

  /** Chooses the partition whose policy state stands at this word. */
  open(state: number): void {
    this.state = state;
    this.first = state + PolicyState.sizeWords;
  }

  /** Word of the block of a mixed hash. */
  private blockOf(mixed: number): number {
    return this.first + Math.floor(((mixed >>> 0) * this.blocks) / 2 ** 32) * BLOCK_WORDS;
  }

  /** How often a hash was added, roughly, up to 15. */
  count(hash: number): number {
    const mixed = mixWord(hash);
    let bits = mixWord(mixed);
    let least = MAX_COUNT;
    let row = this.blockOf(mixed);
    for (const end = row + BLOCK_WORDS; row < end; row += ROW_WORDS) {
      const word = this.control[row + ((bits >>> 3) & 3)];
      least = Math.min(least, (word >>> ((bits & 7) << 2)) & MAX_COUNT);
      bits >>>= ROW_BITS;
    }
    return least;
  }

  add(hash: number): void {
    const { control } = this;
    const mixed = mixWord(hash);
    let bits = mixWord(mixed);
    let added = false;
    let row = this.blockOf(mixed);
    for (const end = row + BLOCK_WORDS; row < end; row += ROW_WORDS) {
      const at = row + ((bits >>> 3) & 3);
      const shift = (bits & 7) << 2;
      bits >>>= ROW_BITS;
      const word = control[at];
      if (((word >>> shift) & MAX_COUNT) === MAX_COUNT) continue;
      control[at] = word + (1 << shift);
      added = true;
    }
    if (!added) return;
    const additions = control[this.state + PolicyState.additions] + 1;
    control[this.state + PolicyState.additions] = additions;
    if (additions >= this.period) this.halve();
  }

  private halve(): void {
    const { control, state } = this;
    const end = this.first + this.words;
    for (let at = this.first; at < end; at++) control[at] = (control[at] >>> 1) & 0x77777777;
    control[state + PolicyState.additions] >>= 1;
  }
}
