/**
 * Faults that the simulation must find: an edit of one source each, applied when the engine is compiled for it. If the
 * text to replace is not there any more, compiling says so. `npm run test:sim -- --faults` plants one after the other
 * and says after how many schedules each was found; `--fault NAME` plants one for any other command.
 */
import type { ModeName } from './memory-model.js';

export interface Fault {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Where it is looked for: a scene that reaches it, and the weakest mode that it needs. */
  readonly scene: string;
  readonly mode: ModeName;
}

const lookup = 'src/table/lookup.ts';
const seqlock = 'src/memory/seqlock.ts';

export const FAULTS: Record<string, Fault> = {
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
    from: 'this.remover.stageSequences();\n    if (present) this.remover.stageSwap(header, old);\n    else cells.stageTake(header);',
    to: 'if (present) this.remover.stageSwap(header, old);\n    else cells.stageTake(header);\n    this.remover.stageSequences();',
    scene: 'short',
    mode: 'sc',
  },
  'the address is stored before the cell': {
    path: 'src/table/writer.ts',
    from: 'this.fill(header, address, key, value, reserved, pendingNext);',
    to: 'slot.words[slot.bucket + Bucket.addresses + slot.slot] = address;\n    this.fill(header, address, key, value, reserved, pendingNext);',
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
    from: 'const confirmed = endRead(words, bucket, sequence) && this.control[header + Partition.indexEpoch] === epoch;',
    to: 'storeWord(this.control, this.hazardWord, 0);\n    const confirmed = endRead(words, bucket, sequence) && this.control[header + Partition.indexEpoch] === epoch;\n    if (chain !== undefined) storeWord(this.control, this.hazardWord, address);',
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
  },
  'a miss does not look at the directory': {
    path: lookup,
    from: '|| directory[entryWord] !== entry) return AGAIN;',
    to: ') return AGAIN;',
    scene: 'enlarging',
    mode: 'sc',
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
  },
};

const LATER: Record<string, Fault> = {
  'a rebuild begins without a fence': {
    path: 'src/table/rebuild.ts',
    from: 'storeOrdered(control, header + Partition.indexEpoch',
    to: 'storeWord(control, header + Partition.indexEpoch',
    scene: 'chained',
    mode: 'weak',
  },
  'only the bucket of an entry is raised': {
    path: 'src/table/remover.ts',
    from: 'if (homeBucket !== bucket) log.stageSequence',
    to: 'if (homeBucket === bucket - 1) log.stageSequence',
    scene: 'crowded',
    mode: 'sc',
  },
  'the lock is released before the commit is done': {
    path: 'src/memory/redo-log.ts',
    from: 'this.perform(header, length);\n    control[header + Partition.logState] = LogState.idle;',
    to: 'const holder = control[header + Partition.lock];\n    storeWord(control, header + Partition.lock, 0);\n    this.perform(header, length);\n    control[header + Partition.logState] = LogState.idle;\n    storeWord(control, header + Partition.lock, holder);',
    scene: 'short',
    mode: 'sc',
  },
  'a release is a plain store': {
    path: 'src/memory/lock.ts',
    from: 'storeWord(words, lock, 0);\n  // Plain',
    to: 'words[lock] = 0;\n  // Plain',
    scene: 'short',
    mode: 'weak',
  },
  'a release wakes nobody': {
    path: 'src/memory/lock.ts',
    from: 'wakeOn(words, lock);',
    to: '',
    scene: 'short',
    mode: 'sc',
  },
  'healing does not redo the log': {
    path: 'src/table/heal.ts',
    from: 'log.recover(header);',
    to: 'control[header + Partition.logState] = 0;',
    scene: 'short',
    mode: 'sc',
  },
  'healing forgets the page step': {
    path: 'src/table/heal.ts',
    from: 'cells.pool.settleStep(header, partitionIndex);',
    to: '',
    scene: 'first entries',
    mode: 'sc',
  },
  'healing forgets growing segments': {
    path: 'src/table/heal.ts',
    from: 'new Growth(partitions).freeGrowing(header, partitionIndex);',
    to: '',
    scene: 'enlarging',
    mode: 'sc',
  },
  'healing forgets the list': {
    path: 'src/table/heal.ts',
    from: 'settlePending(partitions, header, partitionIndex);',
    to: '',
    scene: 'lists',
    mode: 'sc',
  },
  'healing forgets the index': {
    path: 'src/table/heal.ts',
    from: 'if ((control[header + Partition.indexEpoch] & 1) !== 0) rebuild',
    to: 'if (header < 0) rebuild',
    scene: 'emptying',
    mode: 'sc',
  },
  'the filled cell is not given back': {
    path: 'src/memory/redo-log.ts',
    from: 'words[cell + FreeCell.identity] = IDENTITY_FREE;',
    to: '',
    scene: 'short',
    mode: 'sc',
  },
  'a pending entry is visible': {
    path: 'src/table/list-insert.ts',
    from: 'return committed ? Visibility.visible : Visibility.hidden;',
    to: 'return committed || transaction > 0 ? Visibility.visible : Visibility.hidden;',
    scene: 'lists',
    mode: 'sc',
  },
  'the transaction is not looked at again': {
    path: 'src/table/list-insert.ts',
    from: 'if (loadWord(control, header + Partition.transaction) !== transaction) return Visibility.undecided;',
    to: '',
    scene: 'lists',
    mode: 'sc',
  },
  'the decision is forgotten too early': {
    path: 'src/table/list-insert.ts',
    from: 'for (const [header, partitionIndex] of locked) settlePending(partitions, header, partitionIndex);\n  storeWord(control, decision, 0);',
    to: 'storeWord(control, decision, 0);\n  for (const [header, partitionIndex] of locked) settlePending(partitions, header, partitionIndex);',
    scene: 'lists',
    mode: 'sc',
  },
  'a reservation is not freed': {
    path: 'src/threads/registry.ts',
    from: 'table.freeReservationOf(at);',
    to: '',
    scene: 'chained',
    mode: 'sc',
  },
  'a slot is freed while its lock is healed': {
    path: 'src/threads/registry.ts',
    from: 'if (isFree && loadWord(control, header + Partition.transaction) !== slot + 1) continue;\n      if (!partitions.passThrough(index)) return false;',
    to: 'if (isFree || loadWord(control, header + Partition.lock) !== lockWord) continue;\n      if (!partitions.passThrough(index)) return false;',
    scene: 'lists',
    mode: 'sc',
  },
  'a claim is stored': {
    path: 'src/threads/registry.ts',
    from: 'if (!this.#swap(at, now, this.#claimed)) return false;',
    to: 'this.#swap(at, now, this.#claimed);',
    scene: 'attaching',
    mode: 'sc',
  },
  'a page is taken without compare-and-swap': {
    path: 'src/allocator/page-pool.ts',
    from: 'if (casWord(control, ownerTableWord + page, PAGE_FREE, owner) === PAGE_FREE) {',
    to: 'storeWord(control, ownerTableWord + page, owner);\n      if (owner > 0) {',
    scene: 'full',
    mode: 'sc',
  },
  'a release without a full fence': {
    path: 'src/memory/lock.ts',
    from: 'storeWord(words, lock, 0);\n  // Plain',
    to: 'words[lock] = 0;\n  // Plain',
    scene: 'short',
    mode: 'tso',
  },
};
Object.assign(FAULTS, LATER);
