/**
 * The redo log of a partition: makes a list of word changes one step, as far as healing is concerned. Only the holder
 * of the partition's lock may call.
 *
 * Invariants
 * 1. Steps are staged while the state is idle; nothing staged has any effect. `commit` stores the state, performs the
 *    steps in order, and stores idle.
 * 2. A holder that died before the commit changed nothing, except the spare cell it was filling, which the allocator
 *    marks as free again. One that died after it is redone: steps are plain values, so performing them again is
 *    harmless, and no reader has acted on a step that would be undone.
 * 3. A thread dies between two of its instructions; all its earlier stores are visible to whoever saw its death. So the
 *    log needs program order only, which plain stores keep: V8 does not reorder stores to typed arrays.
 *
 * What a racing reader may see: any prefix of the steps. The order of steps is therefore the order of publication that
 * `seqlock.ts` asks for: address, sequences, then free space.
 */
import { BUCKET_WORD_SHIFT, Bucket, ROOT_CHUNKS } from '../../native-layout/bucket.js';
import { directoryChunkShift } from '../../native-layout/page.js';
import {
  LOG_STEPS,
  LogAction,
  LogState,
  Partition,
  SEQUENCE_STEP,
  STEP_WORDS,
  Swap,
} from '../../native-layout/partition.js';
import { cellOf, slabOf } from './address.js';
import { storeWord } from './atomics.js';
import { storeOrdered } from './seqlock.js';
import type { SharedMemory } from './slab.js';

/** Where an entry stands: in which slab, its slot, and the words of the sequences of its bucket and of its home. */
export interface SwapPlace {
  readonly slab: number;
  readonly words: Int32Array;
  readonly slotWord: number;
  readonly bucket: number;
  readonly homeBucket: number;
  readonly address: number;
}

const NO_MARK = -1;

export class RedoLog {
  private readonly words: Int32Array[];
  private readonly control: Int32Array;
  /** log2 of the directory entries in one chunk. */
  private readonly chunkShift: number;
  private header = 0;
  /** Words of the control region: where the log starts, where the next step goes, where it must end. */
  private first = 0;
  private at = 0;
  private end = 0;
  /** One more word that the next change of an entry sets, if the slab is not negative. */
  private markSlab = NO_MARK;
  private markWord = 0;
  private markValue = 0;

  constructor(memory: SharedMemory) {
    this.words = memory.words;
    this.control = memory.control;
    this.chunkShift = directoryChunkShift(memory.geometry.pageShift);
  }

  /** Starts a list of steps for the partition whose header stands at `header`. */
  open(header: number): void {
    this.header = header;
    this.first = header + Partition.log;
    this.at = this.first;
    this.end = this.first + LOG_STEPS * STEP_WORDS;
  }

  /** Stages: word `word` of slab `slab` becomes `value`. */
  stage(slab: number, word: number, value: number): void {
    const at = this.at;
    if (at === this.end) throw new Error('redo log overflow');
    const control = this.control;
    control[at] = slab;
    control[at + 1] = word;
    control[at + 2] = value;
    this.at = at + STEP_WORDS;
  }

  stageSequence(slab: number, word: number, value: number): void {
    this.stage(slab | SEQUENCE_STEP, word, value);
  }

  stageFillDirectory(pattern: number, depth: number, entry: number): void {
    this.stage(LogAction.fillDirectory - depth, pattern, entry);
  }

  stageRetireSegment(address: number, bucketCount: number): void {
    this.stage(LogAction.retireSegment, address, bucketCount);
  }

  /** The change that follows also sets this word, in the same step, after everything else of it. */
  mark(slab: number, word: number, value: number): void {
    this.markSlab = slab;
    this.markWord = word;
    this.markValue = value;
  }

  unmark(): void {
    this.markSlab = NO_MARK;
  }

  /** Stages the mark, if there is one, as the last of the change. */
  stageMark(): void {
    if (this.markSlab >= 0) this.stageSequence(this.markSlab, this.markWord, this.markValue);
  }

  commit(): void {
    const control = this.control;
    const header = this.header;
    const length = this.at - this.first;
    control[header + Partition.logLength] = length;
    // Readers see the address only after the cell that was filled before.
    storeOrdered(control, header + Partition.logState, LogState.committed);
    this.perform(header, length);
    control[header + Partition.logState] = LogState.idle;
    this.at = this.first;
  }

  /**
   * Stages and commits the most frequent change in one: the entry in a spare cell, which `spareWord` names, takes the
   * place of another of its size class, whose cell is the next spare.
   */
  swap(header: number, place: SwapPlace, spareWord: number, low: number, high: number): void {
    const control = this.control;
    const { words, slotWord, bucket, homeBucket, address: replaced } = place;
    const address = control[spareWord];
    const record = header + Partition.log;
    control[record + Swap.slab] = place.slab;
    control[record + Swap.slotWord] = slotWord;
    control[record + Swap.bucket] = bucket;
    control[record + Swap.homeBucket] = homeBucket;
    control[record + Swap.address] = address;
    control[record + Swap.replaced] = replaced;
    control[record + Swap.spareWord] = spareWord;
    control[record + Swap.versionLow] = low;
    control[record + Swap.versionHigh] = high;
    const marked = this.markSlab >= 0;
    if (marked) {
      control[record + Swap.markSlab] = this.markSlab;
      control[record + Swap.markWord] = this.markWord;
      control[record + Swap.markValue] = this.markValue;
    }
    // Readers see the address only after the cell that was filled before.
    storeOrdered(control, header + Partition.logState, marked ? LogState.swappingMarked : LogState.swapping);
    words[slotWord] = address;
    storeOrdered(words, bucket, (words[bucket] + 2) | 0);
    if (homeBucket !== bucket) storeOrdered(words, homeBucket, (words[homeBucket] + 2) | 0);
    control[header + Partition.versionLow] = low;
    control[header + Partition.versionHigh] = high;
    control[spareWord] = replaced;
    if (marked) storeOrdered(this.words[this.markSlab], this.markWord, this.markValue);
    control[header + Partition.logState] = LogState.idle;
  }

  /** Performs a swap again. A sequence may rise twice: that makes readers look again, and nothing else. */
  private redoSwap(header: number, marked: boolean): void {
    const control = this.control;
    const record = header + Partition.log;
    const words = this.words[control[record + Swap.slab]];
    const bucket = control[record + Swap.bucket];
    const homeBucket = control[record + Swap.homeBucket];
    words[control[record + Swap.slotWord]] = control[record + Swap.address];
    storeOrdered(words, bucket, (words[bucket] + 2) | 0);
    if (homeBucket !== bucket) storeOrdered(words, homeBucket, (words[homeBucket] + 2) | 0);
    control[header + Partition.versionLow] = control[record + Swap.versionLow];
    control[header + Partition.versionHigh] = control[record + Swap.versionHigh];
    control[control[record + Swap.spareWord]] = control[record + Swap.replaced];
    if (!marked) return;
    const marks = this.words[control[record + Swap.markSlab]];
    storeOrdered(marks, control[record + Swap.markWord], control[record + Swap.markValue]);
  }

  /** Finishes what a former holder committed. Idempotent: whoever dies in it is followed by another. */
  recover(header: number): void {
    const control = this.control;
    const state = control[header + Partition.logState];
    if (state === LogState.committed) this.perform(header, control[header + Partition.logLength]);
    else if (state !== LogState.idle) this.redoSwap(header, state === LogState.swappingMarked);
    storeWord(control, header + Partition.logState, LogState.idle);
  }

  private perform(header: number, length: number): void {
    const control = this.control;
    const words = this.words;
    const first = header + Partition.log;
    for (let at = first; at < first + length; at += STEP_WORDS) {
      const slab = control[at];
      if (slab < 0) this.act(header, slab, control[at + 1], control[at + 2]);
      else if (slab < SEQUENCE_STEP) words[slab][control[at + 1]] = control[at + 2];
      else storeOrdered(words[slab - SEQUENCE_STEP], control[at + 1], control[at + 2]);
    }
  }

  private act(header: number, action: number, word: number, value: number): void {
    if (action === LogAction.retireSegment) this.retireSegment(word, value);
    else this.fillDirectory(header, word, LogAction.fillDirectory - action, value);
  }

  private fillDirectory(header: number, pattern: number, depth: number, entry: number): void {
    const control = this.control;
    const length = 1 << control[header + Partition.depth];
    const mask = (1 << this.chunkShift) - 1;
    for (let index = pattern; index < length; index += 1 << depth) {
      const chunk = control[header + Partition.root + ((index >>> this.chunkShift) & (ROOT_CHUNKS - 1))];
      const start = cellOf(chunk);
      this.words[slabOf(chunk)][start + (index & mask)] = entry;
    }
  }

  private retireSegment(address: number, bucketCount: number): void {
    const words = this.words[slabOf(address)];
    let at = cellOf(address) + Bucket.sequence;
    for (let bucket = 0; bucket < bucketCount; bucket++, at += 1 << BUCKET_WORD_SHIFT) {
      storeOrdered(words, at, words[at] | 1);
    }
  }
}
