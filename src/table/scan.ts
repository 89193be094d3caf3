/**
 * Copying whole segments, for scans. A row that is present all the time is seen exactly once: an entry keeps its slot
 * until its segment is replaced, every bucket is copied at one moment, and a segment that is replaced meanwhile is
 * copied again from its start. See `walk.ts` for positions.
 *
 * What a racing reader may see: the same as in `lookup.ts`, with the same answers: validate, try again, then lock.
 * Chained values are not copied here, only their keys: `rows` names them, and the caller looks them up one by one, so a
 * batch never holds more than a segment of cells.
 */
import { BUCKET_SLOTS, BUCKET_WORD_SHIFT, Bucket } from '../../native-layout/bucket.js';
import { Entry, Flag, IDENTITY_TAG_SHIFT } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { CacheError } from '../errors.js';
import { cellOf, slabOf } from '../memory/address.js';
import { loadWord } from '../memory/atomics.js';
import { beginRead, endRead } from '../memory/seqlock.js';
import { EntryHash } from './entry-hash.js';
import { isPast } from './entry-times.js';
import { headerWords, isChained, keyLengthOf, valueLengthOf } from './entry-view.js';
import { pendingVisibility, Visibility } from './list-insert.js';
import type { Partitions } from './partitions.js';
import { END_POSITION, positionOf, type SegmentView, segmentAt } from './walk.js';

/** One copied row: byte ranges of `Scan.bytes`. */
export interface ScanRow {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly keyRaw: boolean;
  readonly valueEnd: number;
  readonly valueRaw: boolean;
  /** The value is chained and was not copied. */
  readonly chained: boolean;
}

const MAX_TRIES = 16;
const FIRST_LENGTH = 2 ** 16;

export class Scan {
  /** Private copies of keys and values; the value of a row stands between its key and `valueEnd`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_LENGTH);
  rows: ScanRow[] = [];
  private used = 0;
  private readonly partitions: Partitions;
  private readonly hashes: EntryHash;
  private readonly maxCellLength: number;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.hashes = new EntryHash(partitions);
    this.maxCellLength = partitions.cells.classes.maxCellLength;
  }

  /** Copies the rows from `position` to the end of its segment. Returns the position behind it. */
  copySegment(partitionIndex: number, tag: number, position: number): number {
    const header = this.partitions.headerOf(partitionIndex);
    for (let tries = 0; ; tries++) {
      const locked = tries >= MAX_TRIES;
      if (locked) this.partitions.enter(partitionIndex);
      const end = this.attempt(header, tag, position);
      if (locked) this.partitions.leave(header);
      if (end >= 0) return end;
      if (locked) throw new CacheError('CORRUPT', 'a segment of the index makes no sense');
    }
  }

  /** Returns the position behind the segment, or -1 to start again. */
  private attempt(header: number, tag: number, position: number): number {
    const { control } = this.partitions;
    this.rows = [];
    this.used = 0;
    const epoch = loadWord(control, header + Partition.indexEpoch);
    if ((epoch & 1) !== 0) return -1;
    const view = segmentAt(this.partitions, header, position);
    if (view === undefined) {
      const empty = control[header + Partition.root] === 0;
      return empty && endRead(control, header + Partition.indexEpoch, epoch) ? END_POSITION : -1;
    }
    for (let i = 0; i < view.bucketCount; i++) {
      const bucket = view.segment + (i << BUCKET_WORD_SHIFT);
      if (!this.copyBucket(header, epoch, view, bucket, tag, position)) return -1;
    }
    // Its sequences were even to the end, so this segment was the right one all the time if it still is.
    const now = segmentAt(this.partitions, header, position);
    return now?.segment === view.segment && now.slab === view.slab && now.end === view.end ? view.end : -1;
  }

  /** False: the segment is not what it was. */
  private copyBucket(
    header: number,
    epoch: number,
    view: SegmentView,
    bucket: number,
    tag: number,
    position: number,
  ): boolean {
    const { control } = this.partitions;
    const rowsBefore = this.rows.length;
    const usedBefore = this.used;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const sequence = beginRead(view.words, bucket);
      if ((sequence & 1) !== 0) return false;
      let sound = true;
      for (let slot = 0; slot < BUCKET_SLOTS && sound; slot++) {
        const address = view.words[bucket + Bucket.addresses + slot];
        if (address !== 0) sound = this.copyEntry(header, address, tag, view.start < position ? position : -1);
      }
      const same = endRead(view.words, bucket, sequence) && control[header + Partition.indexEpoch] === epoch;
      if (sound && same) return true;
      this.rows.length = rowsBefore;
      this.used = usedBefore;
      if (control[header + Partition.indexEpoch] !== epoch) return false;
    }
    return false;
  }

  /** False: the entry is garbage or not decided. Entries before `from` (-1: none are) are left out. */
  private copyEntry(header: number, address: number, tag: number, from: number): boolean {
    const { slabs, memory } = this.partitions;
    const slab = slabOf(address);
    if (slab >= slabs.length) return false;
    const words = slabs[slab];
    const cell = cellOf(address);
    if (words[cell + Entry.identity] >>> IDENTITY_TAG_SHIFT !== tag) return true;
    const shape = words[cell + Entry.shape];
    if ((shape & Flag.pending) !== 0) {
      const visibility = pendingVisibility(this.partitions, header);
      if (visibility !== Visibility.visible) return visibility === Visibility.hidden;
    }
    if (isPast(words, cell, this.partitions.clock)) return true;
    if (from >= 0 && positionOf(this.hashes.of(words, cell)) < from) return true;
    const chained = isChained(shape);
    const keyLength = keyLengthOf(shape);
    const length = keyLength + (chained ? 0 : valueLengthOf(words, cell, shape));
    const start = (cell + headerWords(shape)) << 2;
    const end = start + length;
    if (length < keyLength || end - (cell << 2) > this.maxCellLength || end > words.length << 2) return false;
    this.reserve(length);
    memory.bytes[slab].copy(this.bytes, this.used, start, start + length);
    this.rows.push({
      keyStart: this.used,
      keyEnd: this.used + keyLength,
      keyRaw: (shape & Flag.keyRaw) !== 0,
      valueEnd: this.used + length,
      valueRaw: (shape & Flag.valueRaw) !== 0,
      chained,
    });
    this.used += length;
    return true;
  }

  private reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + length));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }
}
