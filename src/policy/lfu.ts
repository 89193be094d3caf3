/**
 * Least frequently used, by sampling: of the oldest few entries the one with the lowest count in the sketch leaves, the
 * others go to the end. Counts are halved now and then, so what was popular once does not stay for good.
 */
import type { Policy, Residents } from './policy.js';

const SAMPLE = 8;

export const lfu: Policy = {
  hits: 'all',
  arrive: () => 0,
  evict(residents: Residents): boolean {
    const sample = Math.min(SAMPLE, residents.length(0));
    let least = Number.POSITIVE_INFINITY;
    let victim = 0;
    // The whole sample is turned round once to be seen, and again up to the victim.
    for (let i = 0; i < sample && residents.front(0); i++) {
      const count = residents.sketch.count(residents.hash);
      if (count < least) {
        least = count;
        victim = residents.hash;
      }
      if (least <= 1) break;
      residents.move(0);
    }
    if (least <= 1) return evictFront(residents);
    return evictByHash(residents, victim);
  },
};

function evictFront(residents: Residents): boolean {
  if (!residents.front(0)) return false;
  residents.evict();
  return true;
}

/** Evicts the entry with this hash, which was moved to the end just now; its record is dropped later. */
function evictByHash(residents: Residents, hash: number): boolean {
  if (!residents.find(hash)) return evictFront(residents);
  residents.evict();
  return true;
}
