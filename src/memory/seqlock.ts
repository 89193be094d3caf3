/**
 * Sequence words: how a reader knows that what it copied belongs together. Any thread may read; only the holder of the
 * partition's lock writes.
 *
 * Invariants
 * 1. A sequence word is even while its bucket is part of a live segment, odd once the segment is retired.
 * 2. A change of an entry is: the new cell is complete, then one address word changes, then the sequences of the
 *    bucket it stands in and of its home rise by two, then the old cell is freed. Nothing is changed in place but
 *    single words whose old and new value are both right.
 * 3. A reader loads the sequence, then everything it bases its answer on, then loads the sequence again. If it is the
 *    same even number, no cell that the reader was led to had been freed before the last load.
 *
 * What a racing reader may see
 * - the old address and the old cell: a value that was current when the read began;
 * - the new address before the sequence rises: a complete new cell, current;
 * - the old address and a cell that is freed or used again: the sequence rose before the cell was freed, so the
 *   second load differs and the reader starts again. Until then it must treat lengths and addresses as garbage.
 *
 * Order. x64 keeps loads in order and stores in order, and V8 does not reorder typed-array accesses in practice: the
 * first load may be plain, and a raise may be plain because the next reuse of the cell is a later store. The second
 * load is atomic, because two plain loads might be folded into one. On other processors a JavaScript atomic store is a
 * release and an atomic load an acquire, which leaves three gaps. The cell that was filled may become visible after its
 * address, and a later plain store may overtake a raise: both are closed by `storeOrdered`, an atomic store followed by
 * an atomic load of the same word, which later accesses cannot pass; the commit of the redo log is one, between the
 * cell and its address. An earlier plain load may sink below the second load of a reader: an atomic store to a private
 * word before it holds it back, as sequentially consistent operations keep their order (argued from the Arm memory
 * model, and shown by `test/sim` on its model of it; the test machines are x64).
 */
import { loadWord, storeWord } from './atomics.js';

/** Whether plain loads and plain stores each keep their order on this processor. */
const strong = process.arch === 'x64' || process.arch === 'ia32';
const privateWord = new Int32Array(new SharedArrayBuffer(4));

/** First load of a sequence. */
export function beginRead(words: Int32Array, index: number): number {
  return strong ? words[index] : loadWord(words, index);
}

/** Second load: whether everything read since `beginRead` belongs together. */
export function endRead(words: Int32Array, index: number, sequence: number): boolean {
  if (!strong) storeWord(privateWord, 0, 0);
  return loadWord(words, index) === sequence;
}

/** Stores a word after every earlier store and before every later one: how sequences are raised. */
export function storeOrdered(words: Int32Array, index: number, value: number): void {
  if (strong) {
    words[index] = value;
  } else {
    storeWord(words, index, value);
    loadWord(words, index);
  }
}
