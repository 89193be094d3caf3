/** The index hash of a stored entry, recomputed from its key: entries do not keep their hash. */
import { Entry, Flag, IDENTITY_TAG_SHIFT } from '../../native-layout/entry.js';
import { Superblock } from '../../native-layout/superblock.js';
import { hashBytes } from '../memory/hash.js';
import type { KeyView } from '../memory/views.js';
import { headerWords, keyLengthOf } from './entry-view.js';
import type { Partitions } from './partitions.js';
import { indexHash, slotOfTag } from './probe.js';

/** Also the key of the last entry asked for, as a view. */
export class EntryHash implements KeyView {
  words = new Int32Array(64);
  length = 0;
  raw = false;
  hash = 0;
  private readonly seed: number;

  constructor(partitions: Partitions) {
    this.seed = partitions.control[Superblock.hashSeed];
  }

  /** Without the lock the result is as good as the words were: garbage lengths give a garbage hash. */
  of(words: Int32Array, cell: number): number {
    const shape = words[cell + Entry.shape];
    const length = keyLengthOf(shape);
    const start = cell + headerWords(shape);
    const count = (length + 3) >> 2;
    if (count > this.words.length) this.words = new Int32Array(count * 2);
    const scratch = this.words;
    for (let i = 0; i < count; i++) scratch[i] = words[start + i];
    const rest = length & 3;
    if (rest !== 0) scratch[count - 1] &= (1 << (rest << 3)) - 1;
    this.length = length;
    this.raw = (shape & Flag.keyRaw) !== 0;
    this.hash = hashBytes(scratch, length, this.seed);
    return indexHash(this.hash, slotOfTag(words[cell + Entry.identity] >>> IDENTITY_TAG_SHIFT));
  }
}
