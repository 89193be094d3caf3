import { permutation, seededRandom } from './random.js';

/** The skew that YCSB uses: about 10 % of the entries get 80 % of the reads at 100k entries. */
export const ZIPF_SKEW = 0.99;

/** Length of a precomputed sequence; a power of two, so that a loop can wrap with a mask. 4 MiB, read in order. */
export const SEQUENCE_LENGTH = 1 << 20;

/** Cumulative distribution over ranks 0 … entries − 1, weight 1 / (rank + 1)^skew; exact, no approximation. */
function cumulative(entries: number, skew: number): Float64Array {
  const sums = new Float64Array(entries);
  let sum = 0;
  for (let rank = 0; rank < entries; rank++) {
    sum += (rank + 1) ** -skew;
    sums[rank] = sum;
  }
  for (let rank = 0; rank < entries; rank++) sums[rank] = (sums[rank] as number) / sum;
  return sums;
}

/** First rank whose cumulative probability reaches `probability`. */
function rankOf(sums: Float64Array, probability: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) < probability) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Entry indexes drawn by a Zipf law. Ranks are scattered over the indexes, the same way for every draw seed, so hot
 * entries are not neighbours in the order of filling and two threads with different seeds share their hot entries.
 */
export function zipfSequence(entries: number, drawSeed: number, length = SEQUENCE_LENGTH): Int32Array {
  const sums = cumulative(entries, ZIPF_SKEW);
  const entryOfRank = permutation(entries, seededRandom(0x5eed));
  const random = seededRandom(drawSeed);
  const sequence = new Int32Array(length);
  for (let i = 0; i < length; i++) sequence[i] = entryOfRank[rankOf(sums, random())] as number;
  return sequence;
}
