/**
 * S3-FIFO (Yang et al., SOSP 2023): a small queue of a tenth for new entries, a main queue for those that were hit in
 * it, or that come back soon after they left it. In the place of a ghost queue stands the sketch: a key it has seen
 * more than once comes back.
 */
import { type Policy, type Residents, turnsOf } from './policy.js';

const SMALL = 0;
const MAIN = 1;
const SMALL_SHARE = 0.1;
/** Count from which a key is known: its own arrival counts once. */
const KNOWN = 2;

export const s3Fifo: Policy = {
  hits: 'all',
  arrive: (residents, hash) => (residents.sketch.count(hash) >= KNOWN ? MAIN : SMALL),
  evict(residents: Residents): boolean {
    const small = Math.max(1, Math.floor(residents.capacity() * SMALL_SHARE));
    for (let left = turnsOf(residents, SMALL, MAIN); left > 0; left--) {
      const fromSmall = residents.length(SMALL) >= small || residents.length(MAIN) === 0;
      const queue = residents.front(fromSmall ? SMALL : MAIN) ? (fromSmall ? SMALL : MAIN) : fromSmall ? MAIN : SMALL;
      if (!residents.front(queue)) return false;
      if (!residents.takeUsed()) {
        residents.evict();
        return true;
      }
      residents.move(MAIN);
    }
    if (!residents.front(0) && !residents.front(1)) return false;
    residents.evict();
    return true;
  },
};
