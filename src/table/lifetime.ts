/**
 * How long entries live: what a writer asks for, and the time words of an entry that follow from it.
 *
 * An entry without a lifetime has no time words, and nobody reads the clock for it. One with a lifetime has expiry
 * words: the time of the cache clock from which it is gone. One with an idle time also has idle words, the idle time
 * itself and the limit: what its `ttl` allows, however often it is read. Its expiry is then never behind the limit.
 * Entries with a chained value always have expiry words, so that their lifetime can change in place.
 */
import { Flag, NEVER } from '../../native-layout/entry.js';
import { EXPIRY_MARK_SHIFT, MAX_EXPIRY_MARK } from '../../native-layout/page.js';

/** Milliseconds, `Infinity` where there is no end; `jitter` is a share of `ttl`, from 0 to 1. */
export interface Lifetime {
  readonly ttl: number;
  readonly idleTtl: number;
  readonly jitter: number;
}

/** The mark by which pages and partitions remember an expiry: never later than it. Never 0. */
export function markOf(expiry: number): number {
  return Math.min(MAX_EXPIRY_MARK, 1 + Math.floor(expiry / 2 ** EXPIRY_MARK_SHIFT));
}

/** The earlier of two marks, 0 being none. */
export function earlierMark(a: number, b: number): number {
  if (a === 0) return b;
  return b !== 0 && b < a ? b : a;
}

/** Whether something with this mark may have expired `lateness` milliseconds ago. */
export function isDue(mark: number, now: number, lateness: number): boolean {
  return mark !== 0 && (mark - 1) * 2 ** EXPIRY_MARK_SHIFT + lateness <= now;
}

/** The time words of the entry being written. */
export class EntryTimes {
  expiry = NEVER;
  limit = NEVER;
  /** 0: none. */
  idle = 0;

  /** Decides them, and returns the flags of the words that are needed. An entry never lives less than its time. */
  start({ ttl, idleTtl, jitter }: Lifetime, now: number): number {
    const lifetime = jitter === 0 ? ttl : ttl * (1 - jitter * Math.random());
    this.limit = timeAfter(now, lifetime);
    this.idle = idleTtl === Number.POSITIVE_INFINITY ? 0 : Math.ceil(idleTtl);
    this.renew(now);
    return this.idle === 0 ? Flag.expires : Flag.expires | Flag.idles;
  }

  /**
   * How long after the last renewal of the idle time it is, in eighths of that time; 0 where nothing is to be renewed:
   * there is no idle time, or the limit comes first.
   */
  staleness(now: number): number {
    if (this.idle === 0 || this.expiry >= this.limit) return 0;
    return Math.floor(((now - (this.expiry - this.idle)) * 8) / this.idle);
  }

  /** Starts the idle time anew. */
  renew(now: number): void {
    this.expiry = this.idle === 0 ? this.limit : Math.min(this.limit, timeAfter(now, this.idle));
  }

  /** No end. */
  clear(): void {
    this.expiry = NEVER;
    this.limit = NEVER;
    this.idle = 0;
  }
}

/** The whole millisecond at which a time after `now` is over. */
export function timeAfter(now: number, ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? NEVER : Math.ceil(now + ms);
}
