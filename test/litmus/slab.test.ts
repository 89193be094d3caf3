/**
 * Goal: what the largest slab, 1 GiB, can do and costs.
 *
 * | fact                                                                     | must                             |
 * |--------------------------------------------------------------------------|----------------------------------|
 * | resident memory after making it, and after touching one page of it       | grow by less than an eighth of it |
 * | its words, where the memory was used by a dropped one before             | are 0                            |
 * | atomic store, load and notify on its last word, from two threads         | work, wrap nowhere               |
 * | latin1Write, latin1Slice, ucs2Write, ucs2Slice, copy, set at its end     | give back what was written       |
 * | a slice whose end lies beyond it                                         | throw, or be cut: never read on  |
 * | its last byte offset, as `word << 2`                                     | be a positive int32              |
 *
 * Rules that depend on it: slabs are at most 1 GiB so that byte offsets stay int32; an empty cache costs almost no
 * memory; lengths are clamped before use (`value-copy.ts`). Oracle: the table. Replay: `npx vitest run
 * test/litmus/slab.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { loadWord, storeWord } from '../../src/memory/atomics.js';
import { ended, spawn } from './harness.js';

const LENGTH = 2 ** 30;
const LAST = (LENGTH >> 2) - 1;

interface TextBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number, length: number): number;
  ucs2Slice(start: number, end: number): string;
  ucs2Write(text: string, at: number, length: number): number;
}

/** Nothing writes zeros into a new slab: entries, lists and locks of another life would be taken for its own. */
test('a slab is zeroed, also where its memory was used before', () => {
  const LENGTH = 2 ** 22;
  const dirty: number[] = [];
  for (let round = 0; round < 64; round++) {
    const words = new Float64Array(new SharedArrayBuffer(LENGTH));
    dirty.push(words.findIndex((word) => word !== 0));
    // Dropped at once: the next ones may be given the same memory.
    words.fill(Math.PI);
  }
  expect(dirty.filter((at) => at !== -1)).toEqual([]);
});

describe('a slab of 1 GiB', () => {
  const before = process.memoryUsage.rss();
  const buffer = new SharedArrayBuffer(LENGTH);
  const words = new Int32Array(buffer);
  const bytes = Buffer.from(buffer) as TextBuffer;
  const grown = process.memoryUsage.rss() - before;

  test('is committed when it is touched', () => {
    expect(grown).toBeLessThan(LENGTH / 8);
    const start = process.memoryUsage.rss();
    words[LAST >> 1] = 1;
    expect(words[0]).toBe(0);
    expect(process.memoryUsage.rss() - start).toBeLessThan(LENGTH / 8);
  });

  test('has a last word for atomics', async () => {
    storeWord(words, LAST, -5);
    const worker = spawn(({ data }) => {
      Atomics.add(data, data.length - 1, 7);
      Atomics.notify(data, data.length - 1);
    }, words);
    const gone = ended(worker);
    while (loadWord(words, LAST) === -5) Atomics.wait(words, LAST, -5, 10);
    await gone;
    expect([loadWord(words, LAST), words[LAST], words[LAST - 1]]).toEqual([2, 2, 0]);
    expect(bytes.readInt32LE(LAST << 2)).toBe(2);
    expect(LAST << 2).toBe(LENGTH - 4);
    expect(Atomics.notify(words, LAST)).toBe(0);
    expect(() => Atomics.load(words, LAST + 1)).toThrow(RangeError);
  });

  test.each([1, 15, 100, 5000, 2_000_000])('keeps texts of %i characters at its end', (length) => {
    const latin1 = 'aé\xff\0'.repeat(length).slice(0, length);
    bytes.latin1Write(latin1, LENGTH - length, length);
    expect(bytes.latin1Slice(LENGTH - length, LENGTH) === latin1).toBe(true);
    const ucs2 = 'a€\ud83d\ude00\udc00'.repeat(length).slice(0, length);
    bytes.ucs2Write(ucs2, LENGTH - 2 * length, 2 * length);
    expect(bytes.ucs2Slice(LENGTH - 2 * length, LENGTH) === ucs2).toBe(true);
    const copy = Buffer.alloc(2 * length);
    expect(bytes.copy(copy, 0, LENGTH - 2 * length, LENGTH)).toBe(2 * length);
    expect(copy.toString('utf16le') === ucs2).toBe(true);
    bytes.fill(0, LENGTH - 2 * length);
    bytes.set(copy, LENGTH - copy.length);
    expect(bytes.ucs2Slice(LENGTH - 2 * length, LENGTH) === ucs2).toBe(true);
  });

  test('gives nothing from beyond its end', () => {
    const length = (start: number, end: number) => {
      try {
        return bytes.latin1Slice(start, end).length;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect([10, 'ERR_OUT_OF_RANGE']).toContain(length(LENGTH - 10, LENGTH + 10));
    expect([0, 'ERR_OUT_OF_RANGE']).toContain(length(LENGTH, LENGTH));
    expect([0, 'ERR_OUT_OF_RANGE']).toContain(length(10, 5));
    expect(length(-1, 5)).toBe('ERR_OUT_OF_RANGE');
  });
});
