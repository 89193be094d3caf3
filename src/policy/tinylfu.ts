/**
 * W-TinyLFU (Einziger, Friedman, Manes, 2017) with the climbing window of Caffeine: new entries pass a window; who
 * leaves it stays only if the sketch counts its key more often than that of the entry which would go for it. The rest
 * is a segmented queue: probation, and protected for what was hit in probation.
 *
 * All three are queues with a bit per entry instead of lists in exact order, which lets a hit change nothing but the
 * bit. The window's share climbs towards the better hit ratio, period by period: a recency-biased load gets a large
 * window, a scan or a loop a small one. Figures in bench/README.md.
 */
import { PolicyState } from '../../native-layout/policy.js';
import { type Policy, type Residents, rotateUsed, turnsOf } from './policy.js';

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;

/** Fixed point: shares and ratios are stored as multiples of 2^-20. */
const ONE = 2 ** 20;
const FIRST_SHARE = ONE * 0.01;
const MAX_SHARE = ONE * 0.8;
/** First and largest step of the climb, as a share of the capacity, and what is left of it after each step. */
const STEP = ONE / 16;
const DECAY = 0.98;
/** A change of the hit ratio from which the climb starts again. */
const RESTART = ONE * 0.05;
/** Requests of a period, per entry. */
const PERIOD = 10;
const PROTECTED_SHARE = 0.8;
/** Entries that leave a queue that is too long, at most: per arrival, and per eviction. */
const FILL = 2;
const SHRINK = 32;

/** Compares the hit ratio of the period that ends with the one before, and moves the window's share. */
function climb(residents: Residents): void {
  const { control, state } = residents;
  const requests = control[state + PolicyState.requests];
  if (requests < PERIOD * residents.capacity()) return;
  const rate = Math.round((control[state + PolicyState.hits] / requests) * ONE);
  const change = rate - control[state + PolicyState.rate];
  const step = control[state + PolicyState.step] || STEP;
  const move = change >= 0 ? step : -step;
  const share = (control[state + PolicyState.share] || FIRST_SHARE) + move;
  control[state + PolicyState.share] = Math.min(MAX_SHARE, Math.max(1, share));
  control[state + PolicyState.step] = Math.abs(change) >= RESTART ? Math.sign(move) * STEP : Math.trunc(move * DECAY);
  control[state + PolicyState.rate] = rate;
  control[state + PolicyState.hits] = 0;
  control[state + PolicyState.requests] = 0;
}

function windowLength(residents: Residents): number {
  const { control, state } = residents;
  return Math.max(1, Math.floor((residents.capacity() * (control[state + PolicyState.share] || FIRST_SHARE)) / ONE));
}

function mainLength(residents: Residents): number {
  return residents.length(PROBATION) + residents.length(PROTECTED);
}

/** Positions at the entry of probation that goes next; those that were hit are protected first. */
function mainVictim(residents: Residents, protectedLength: number): boolean {
  for (let left = turnsOf(residents, PROBATION, PROTECTED); left > 0; left--) {
    if (!residents.front(PROBATION)) {
      if (!rotateUsed(residents, PROTECTED)) return false;
      residents.move(PROBATION);
    } else if (residents.takeUsed()) {
      residents.move(PROTECTED);
      for (let n = 0; n < SHRINK && residents.length(PROTECTED) > protectedLength; n++) {
        if (rotateUsed(residents, PROTECTED)) residents.move(PROBATION);
      }
    } else return true;
  }
  return residents.front(PROBATION);
}

export const tinylfu: Policy = {
  hits: 'all',
  /** While the cache fills, who leaves the window stays. */
  arrive(residents: Residents): number {
    const window = windowLength(residents);
    for (let n = 0; n < FILL && residents.length(WINDOW) > window; n++) {
      if (mainLength(residents) >= residents.capacity() - window || !rotateUsed(residents, WINDOW)) break;
      residents.move(PROBATION);
    }
    return WINDOW;
  },
  evict(residents: Residents): boolean {
    climb(residents);
    const window = windowLength(residents);
    const main = residents.capacity() - window;
    const protectedLength = Math.floor(main * PROTECTED_SHARE);
    for (let n = 0; residents.length(WINDOW) >= window || mainLength(residents) === 0; n++) {
      if (!rotateUsed(residents, WINDOW)) break;
      if (mainLength(residents) < main && n < SHRINK) {
        residents.move(PROBATION);
        continue;
      }
      const candidate = residents.hash;
      if (mainVictim(residents, protectedLength)) {
        const { sketch } = residents;
        if (sketch.count(candidate) > sketch.count(residents.hash)) {
          residents.evict();
          if (residents.front(WINDOW)) residents.move(PROBATION);
          return true;
        }
      }
      if (!residents.front(WINDOW)) return false;
      residents.evict();
      return true;
    }
    if (!mainVictim(residents, protectedLength) && !residents.front(WINDOW)) return false;
    residents.evict();
    return true;
  },
};
