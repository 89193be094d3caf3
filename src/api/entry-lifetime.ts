/** How long the entries of a write live: its own options, else those of its key-value, else those of the cache. */
import { checkDuration, checkJitter } from '../durations.js';
import type { Lifetime } from '../table/lifetime.js';
import type { EntryOptions } from '../types.js';
import { optionsRecord, refuseOption } from './outcome.js';

const KNOWN = ['ttl', 'idleTtl', 'ttlJitter'];

/** What applies where a write says nothing. */
export class Lifetimes {
  readonly #ttl: number;
  readonly #idleTtl: number;
  readonly #jitter: number;
  /** Undefined: entries stay. */
  readonly usual: Lifetime | undefined;

  constructor({ ttl, idleTtl, ttlJitter }: { ttl: number; idleTtl: number; ttlJitter: number }) {
    this.#ttl = ttl;
    this.#idleTtl = idleTtl;
    this.#jitter = ttlJitter;
    this.usual = this.#make(ttl, idleTtl, ttlJitter);
  }

  #make(ttl: number, idleTtl: number, jitter: number): Lifetime | undefined {
    if (ttl === Number.POSITIVE_INFINITY && idleTtl === Number.POSITIVE_INFINITY) return undefined;
    return { ttl, idleTtl, jitter: ttl === Number.POSITIVE_INFINITY ? 0 : jitter };
  }

  /** The durations in options, checked, with what applies in place of those that are missing. */
  #filled(options: EntryOptions, op: string): [ttl: number, idleTtl: number, jitter: number] {
    const { ttl, idleTtl, ttlJitter } = options;
    return [
      ttl === undefined ? this.#ttl : checkDuration(ttl, 'ttl', op),
      idleTtl === undefined ? this.#idleTtl : checkDuration(idleTtl, 'idleTtl', op),
      ttlJitter === undefined ? this.#jitter : checkJitter(ttlJitter, op),
    ];
  }

  /** The lifetime that a write's options ask for. Throws `BAD_OPTION`, `NOT_SUPPORTED`. */
  of(given: unknown, op: string): Lifetime | undefined {
    const options = optionsRecord(given, op) as EntryOptions;
    for (const name in options) if (!KNOWN.includes(name)) refuseOption({ [name]: options[name as never] }, op);
    return this.#make(...this.#filled(options, op));
  }

  /** What applies in a part of the cache with options of its own. */
  within(options: EntryOptions, op: string): Lifetimes {
    const [ttl, idleTtl, ttlJitter] = this.#filled(options, op);
    return new Lifetimes({ ttl, idleTtl, ttlJitter });
  }
}
