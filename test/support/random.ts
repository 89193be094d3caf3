/** Seeded randomness for tests: the same seed gives the same run. */

/** The seed of this run: from the environment variable SEED, else new. Tests print it when they fail. */
export function seedOf(): number {
  return process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(process.env.SEED);
}

/** The generator "mulberry32" by Tommy Ettinger. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** A length from 0 to `limit`, small ones as likely as large ones. */
  lengthUpTo(limit: number): number {
    return Math.floor((limit + 1) ** this.next()) - 1;
  }

  /** Text whose characters depend on its length and a number, so that mixed-up values show. */
  text(length: number): string {
    const mark = `${this.below(1e9)}|`;
    return mark.repeat(Math.ceil(length / mark.length)).slice(0, length);
  }
}
