/** Planted faults in what readers rely on: sequences, hazards, epochs, and the order of stores. */
import type { Fault } from './planted-faults.js';

const lookup = 'src/table/lookup.ts';
const seqlock = 'src/memory/seqlock.ts';

export const READING_FAULTS: Record<string, Fault> = {
  'a raise is no fence': {
    path: seqlock,
    from: 'storeWord(words, index, value);\n    loadWord(words, index);',
    to: 'words[index] = value;',
    scene: 'short',
    mode: 'weak',
  },
  'a raise without the load behind it': {
    path: seqlock,
    from: 'storeWord(words, index, value);\n    loadWord(words, index);',
    to: 'storeWord(words, index, value);',
    scene: 'short',
    mode: 'weak',
  },
  'the second load is not held back': {
    path: seqlock,
    from: 'if (!strong) storeWord(privateWord, 0, 0);',
    to: '',
    scene: 'short',
    mode: 'weak',
  },
  'the first load is plain': {
    path: seqlock,
    from: 'return strong ? words[index] : loadWord(words, index);',
    to: 'return words[index];',
    scene: 'short',
    mode: 'weak',
  },
  'the commit is no fence': {
    path: 'src/memory/redo-log.ts',
    from: 'storeOrdered(control, header + Partition.logState, LogState.committed);',
    to: 'control[header + Partition.logState] = LogState.committed;',
    scene: 'short',
    mode: 'weak',
  },
  'the second load is skipped': {
    path: seqlock,
    from: 'return loadWord(words, index) === sequence;',
    to: 'return sequence === sequence || loadWord(words, index) === sequence;',
    scene: 'short',
    mode: 'sc',
  },
  'a cell is freed before the sequence rises': {
    path: 'src/table/remover.ts',
    from: 'this.stageDeparture();\n    this.stageSequences();\n    this.stageDiscard(header, address);',
    to: 'this.stageDiscard(header, address);\n    this.stageDeparture();\n    this.stageSequences();',
    scene: 'short',
    mode: 'sc',
  },
  'an overwrite frees before the sequence rises': {
    path: 'src/table/writer.ts',
    from: [
      'this.remover.stageSequences();\n',
      '    if (present) this.remover.stageSwap(header, old);\n',
      '    else cells.stageTake(header);',
    ].join(''),
    to: [
      'if (present) this.remover.stageSwap(header, old);\n',
      '    else cells.stageTake(header);\n',
      '    this.remover.stageSequences();',
    ].join(''),
    scene: 'short',
    mode: 'sc',
  },
  'the address is stored before the cell': {
    path: 'src/table/writer.ts',
    from: 'this.fill(header, address, key, value, reserved, pendingNext);',
    to: [
      'slot.words[slot.bucket + Bucket.addresses + slot.slot] = address;\n',
      '    this.fill(header, address, key, value, reserved, pendingNext);',
    ].join(''),
    scene: 'short',
    mode: 'sc',
  },
  'hazards are not looked at': {
    path: 'src/table/upkeep.ts',
    from: 'if (this.isRead(address)) {',
    to: 'if (false && this.isRead(address)) {',
    scene: 'chained',
    mode: 'sc',
  },
  'a hazard is set after the sequence was confirmed': {
    path: lookup,
    from: [
      'const confirmed = endRead(words, bucket, sequence) && this.control[header + Partition.indexEpoch] ',
      '=== epoch;',
    ].join(''),
    to: [
      'storeWord(this.control, this.hazardWord, 0);\n',
      '    const confirmed = endRead(words, bucket, sequence) && this.control[header + ',
      'Partition.indexEpoch] === epoch;\n',
      '    if (chain !== undefined) storeWord(this.control, this.hazardWord, address);',
    ].join(''),
    scene: 'chained',
    mode: 'sc',
  },
  'a hazard is a plain store': {
    path: lookup,
    from: 'chain = this.copy.chainOf(slab, cell);\n        storeWord(this.control, this.hazardWord, address);',
    to: 'chain = this.copy.chainOf(slab, cell);\n        this.control[this.hazardWord] = address;',
    scene: 'chained',
    mode: 'tso',
  },
  'an index page leaves without a new epoch': {
    path: 'src/allocator/cells.ts',
    from: 'log.stageSequence(0, header + Partition.indexEpoch, control[header + Partition.indexEpoch] + 2);',
    to: '',
    scene: 'emptying',
    mode: 'sc',
    open: 'A stale reader would have to take the bytes of a value for a bucket with the right address.',
  },
  'a hit does not look at the epoch': {
    path: lookup,
    from: 'endRead(words, bucket, sequence) && this.control[header + Partition.indexEpoch] === epoch;',
    to: 'endRead(words, bucket, sequence);',
    scene: 'emptying',
    mode: 'sc',
  },
  'a miss does not look at the epoch': {
    path: lookup,
    from: 'control[header + Partition.depth] === depth && control[header + Partition.indexEpoch] === epoch;',
    to: 'control[header + Partition.depth] === depth;',
    scene: 'emptying',
    mode: 'sc',
    open: 'The directory entry is compared too, and a directory that is gone differs.',
  },
  'a miss does not look at the directory': {
    path: lookup,
    from: '|| directory[entryWord] !== entry) return AGAIN;',
    to: ') return AGAIN;',
    scene: 'enlarging',
    mode: 'sc',
    open: 'Needs a segment that is retired, freed and used again between two loads of one read.',
  },
  'a retired segment stays even': {
    path: 'src/memory/redo-log.ts',
    from: 'storeOrdered(words, at, words[at] | 1);',
    to: 'storeOrdered(words, at, words[at]);',
    scene: 'splitting',
    mode: 'sc',
  },
  'a new segment is even while it is filled': {
    path: 'src/table/growth.ts',
    from: 'words[bucket] |= 1;',
    to: 'words[bucket] &= -2;',
    scene: 'splitting',
    mode: 'sc',
    open: 'A stale reader would have to come to a segment whose cell was used before.',
  },
};
