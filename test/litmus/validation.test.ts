/**
 * Goal: what a reader copied and `endRead` confirmed belongs together, for every way of copying.
 *
 *   writer: complete cell, address = cell, storeOrdered, and at once reuse of the cell before  (seqlock.ts, 2)
 *   reader: s = beginRead, address, copy, endRead(s)                                            (seqlock.ts, 3)
 *
 * There are two cells, so the one just published is overwritten one publication later: the tightest reuse there is.
 * The n-th publication fills its cell with n and raises the sequence to 2n.
 *
 * | outcome   |           |                                                                                    |
 * |-----------|-----------|------------------------------------------------------------------------------------|
 * | current   | allowed   | confirmed; all of the copy is s / 2                                                |
 * | next      | allowed   | confirmed; all of it is s / 2 + 1: the address was new, the sequence not raised yet |
 * | rejected  | allowed   | not confirmed, though the copy was whole                                           |
 * | torn      | allowed   | not confirmed, and the copy was torn: shows that the programs race                 |
 * | WRONG     | forbidden | confirmed, and torn or of another publication                                      |
 * | older     | forbidden | confirmed, and older than what the same reader confirmed before                    |
 *
 * Rules that depend on it: copy in one pass, validate, then decode (`lookup.ts`, `value-copy.ts`, `scan.ts`); writes
 * out of place without an odd phase, a plain first and an atomic second load (`seqlock.ts`); slices as one-pass copies.
 * Oracle: the table. Replay: not by interleaving; more rounds by ROUNDS, see `harness.ts`.
 */
import { describe, test } from 'vitest';
import { race, roundsPer, SEQLOCK } from './harness.js';

const outcomes = {
  allowed: {
    current: 'confirmed, as of the sequence',
    next: 'confirmed, the publication whose raise was still to come',
    rejected: 'not confirmed, whole',
    torn: 'not confirmed, torn',
  },
  forbidden: { WRONG: 'confirmed, but torn or of another publication', older: 'confirmed, but older than before' },
};

/** Cells from word 64 on; word 0 is the sequence, word 32 the address. */
const wordsFor = (cellLength: number) => 64 + 2 * (cellLength >> 2);
const sizes = [64, 1024, 65_536];
const roundsFor = (length: number) => roundsPer(length / 1600);

describe('copies of bytes', () => {
  describe.each(['loop', 'set', 'copy'] as const)('by %s', (way) => {
    test.each(sizes)('of %i bytes', async (length) => {
      await race({
        name: `validated copy by ${way}, ${length} bytes`,
        words: wordsFor(length),
        rounds: roundsFor(length),
        modules: [SEQLOCK],
        data: { length, way },
        threads: [
          ({ words, rounds, product: { storeOrdered }, data, stopped }) => {
            const count = data.length >> 2;
            for (let n = 1; n <= rounds && !stopped(); n++) {
              const cell = 64 + (n & 1) * count;
              for (let i = 0; i < count; i++) words[cell + i] = n;
              words[32] = cell;
              storeOrdered(words, 0, 2 * n);
            }
            return {};
          },
          ({ words, product: { beginRead, endRead }, data, stopped }) => {
            const seen = { current: 0, next: 0, rejected: 0, torn: 0, WRONG: 0, older: 0 };
            const count = data.length >> 2;
            const live = Buffer.from(words.buffer);
            const bytes = Buffer.from(new ArrayBuffer(data.length));
            const copy = new Int32Array(bytes.buffer);
            const ways = {
              loop: (cell: number) => {
                for (let i = 0; i < count; i++) copy[i] = words[cell + i];
              },
              set: (cell: number) => bytes.set(live.subarray(cell << 2, (cell + count) << 2), 0),
              copy: (cell: number) => live.copy(bytes, 0, cell << 2, (cell + count) << 2),
            };
            const take = ways[data.way];
            let newest = 0;
            while (!stopped()) {
              const sequence = beginRead(words, 0);
              const cell = words[32];
              if (cell === 0) continue;
              take(cell);
              const confirmed = endRead(words, 0, sequence);
              const n = copy[0];
              let whole = true;
              for (let i = 1; i < count; i++) if (copy[i] !== n) whole = false;
              if (!confirmed) seen[whole ? 'rejected' : 'torn']++;
              else if (!whole || n < sequence >> 1 || n > (sequence >> 1) + 1) seen.WRONG++;
              else if (n < newest) seen.older++;
              else {
                seen[n === sequence >> 1 ? 'current' : 'next']++;
                newest = n;
              }
            }
            return seen;
          },
        ],
        ...outcomes,
      });
    });
  });
});

describe('copies into strings', () => {
  // ucs2 texts have one-byte and two-byte characters, which V8 keeps differently.
  describe.each(['latin1', 'ucs2'] as const)('by %sSlice', (coding) => {
    test.each(sizes)('of %i bytes', async (length) => {
      await race({
        name: `validated ${coding}Slice, ${length} bytes`,
        words: wordsFor(length),
        rounds: roundsFor(length),
        modules: [SEQLOCK],
        data: { length, coding },
        threads: [
          ({ words, rounds, product: { storeOrdered }, data, stopped }) => {
            const live = Buffer.from(words.buffer);
            const units = data.coding === 'latin1' ? data.length : data.length >> 1;
            const step = data.coding === 'latin1' ? 1 : 3;
            const texts = Array.from({ length: 256 }, (_, n) => String.fromCharCode(n * step).repeat(units));
            for (let n = 1; n <= rounds && !stopped(); n++) {
              const cell = 64 + (n & 1) * (data.length >> 2);
              live.write(texts[n & 255] as string, cell << 2, data.length, data.coding);
              words[32] = cell;
              storeOrdered(words, 0, 2 * n);
            }
            return {};
          },
          ({ words, product: { beginRead, endRead }, data, stopped }) => {
            const seen = { current: 0, next: 0, rejected: 0, torn: 0, WRONG: 0, older: 0 };
            const live = Buffer.from(words.buffer) as unknown as Record<string, (from: number, to: number) => string>;
            const units = data.coding === 'latin1' ? data.length : data.length >> 1;
            const step = data.coding === 'latin1' ? 1 : 3;
            const texts = Array.from({ length: 256 }, (_, n) => String.fromCharCode(n * step).repeat(units));
            const slice = `${data.coding}Slice`;
            while (!stopped()) {
              const sequence = beginRead(words, 0);
              const at = words[32] << 2;
              if (at === 0) continue;
              const text = live[slice](at, at + data.length);
              const confirmed = endRead(words, 0, sequence);
              const n = sequence >> 1;
              if (!confirmed) seen[texts.includes(text) ? 'rejected' : 'torn']++;
              else if (text === texts[n & 255]) seen.current++;
              else if (text === texts[(n + 1) & 255]) seen.next++;
              else seen.WRONG++;
            }
            return seen;
          },
        ],
        ...outcomes,
      });
    });
  });
});
