/** The shared memory of one cache as one thread sees it: its slabs, and the views on them. */
import { type Geometry, geometry, type Shape } from '../../native-layout/geometry.js';
import { DEFAULT_RING_LENGTH } from '../../native-layout/ring.js';
import { CacheState, ClockKind, Superblock } from '../../native-layout/superblock.js';
import { LAYOUT_VERSION, MAGIC } from '../../native-layout/units.js';
import { peekWord, pokeWord, storeWord } from './atomics.js';
import { startClock } from './clock.js';

/** Fixed-length views, one per slab, in the order of the slabs. */
export class SharedMemory {
  readonly geometry: Geometry;
  readonly buffers: readonly SharedArrayBuffer[];
  /** Words of each slab. */
  readonly words: Int32Array[];
  /** Bytes of each slab, for block copies and Latin-1 strings. */
  readonly bytes: Buffer[];
  /** Words of slab 0: the control region. */
  readonly control: Int32Array;
  readonly slabCount: number;

  constructor(buffers: readonly SharedArrayBuffer[], shape: Shape) {
    this.buffers = buffers;
    this.geometry = geometry(shape);
    this.slabCount = buffers.length;
    this.words = buffers.map((buffer) => new Int32Array(buffer));
    this.bytes = buffers.map((buffer) => Buffer.from(buffer));
    this.control = this.words[0];
  }

  /** Bytes of all slabs together. */
  get length(): number {
    return this.buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }

  /** Word index of the header of a partition. */
  headerWord(partitionIndex: number): number {
    return this.geometry.partitionWord + partitionIndex * this.geometry.partitionStride;
  }

  /** Creates zeroed slabs and fills in the superblock. The system commits their pages when they are touched. */
  static create(shape: Shape, hashSeed: number, clockKind: number = ClockKind.system): SharedMemory {
    const buffers = shape.slabLengths.map((length) => new SharedArrayBuffer(length));
    const memory = new SharedMemory(buffers, shape);
    const { control } = memory;
    pokeWord(control, Superblock.layoutVersion, LAYOUT_VERSION);
    pokeWord(control, Superblock.hashSeed, hashSeed);
    pokeWord(control, Superblock.partitionCount, shape.partitionCount);
    pokeWord(control, Superblock.pageShift, shape.pageShift);
    pokeWord(control, Superblock.pageCount, memory.geometry.pageCount);
    pokeWord(control, Superblock.threadSlots, shape.threadSlots);
    pokeWord(control, Superblock.namespaceSlots, shape.namespaceSlots);
    pokeWord(control, Superblock.ownerCount, shape.ownerCount);
    pokeWord(control, Superblock.ringLength, shape.ringLength ?? DEFAULT_RING_LENGTH);
    startClock(control, clockKind);
    pokeWord(control, Superblock.magic, MAGIC);
    storeWord(control, Superblock.state, CacheState.running);
    return memory;
  }

  /** Why these slabs cannot be used with this shape by this build, or undefined if they can. */
  mismatch(): string | undefined {
    const { control, geometry: g } = this;
    const agree = (what: string, index: number, expected: number): string | undefined => {
      const found = peekWord(control, index);
      return found === expected ? undefined : `${what} is ${found}, this build expects ${expected}`;
    };
    return (
      agree('magic', Superblock.magic, MAGIC) ??
      agree('layout version', Superblock.layoutVersion, LAYOUT_VERSION) ??
      agree('feature bits', Superblock.featureBits, 0) ??
      agree('partition count', Superblock.partitionCount, g.partitionCount) ??
      agree('page shift', Superblock.pageShift, g.pageShift) ??
      agree('page count', Superblock.pageCount, g.pageCount) ??
      agree('thread slots', Superblock.threadSlots, g.threadSlots) ??
      agree('namespace slots', Superblock.namespaceSlots, g.namespaceSlots)
    );
  }
}
