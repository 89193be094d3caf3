/**
 * Values that do not fit one cell: reserving, filling and giving up the chunks of the value being written.
 *
 * Invariants
 * 1. The chunks of a value under way hang from the writer's registry slot, from the first step that took one. The step
 *    that publishes the entry takes them off. So a dead writer's chunks are found, and nobody else's are freed.
 * 2. Chunks are taken in the partition's critical section, a few per section, last piece first, so that each is
 *    complete but for its bytes when it becomes the head. The bytes are copied outside: nobody reads an unpublished
 *    chunk.
 */
import { Chunk, IDENTITY_CHUNK } from '../../native-layout/entry.js';
import { Registry } from '../../native-layout/registry.js';
import { classOf } from '../../native-layout/size-class.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { ValueView } from '../memory/views.js';
import { writePart } from './entry-shape.js';
import type { Partitions } from './partitions.js';

/** Chunks taken or freed in one critical section. */
const CHUNKS_PER_SECTION = 8;

/** A filled chain, not published yet. */
export interface Reserved {
  readonly head: number;
}

/** A chunk and the part of the value that goes into it, in bytes. */
interface Piece {
  readonly address: number;
  readonly start: number;
  readonly end: number;
}

export class Reservations {
  private readonly partitions: Partitions;
  private readonly slotWord: number;

  constructor(partitions: Partitions) {
    this.partitions = partitions;
    this.slotWord = partitions.self.slotWord;
  }

  /** Takes and fills the chunks of a value. Undefined: there is no room; nothing is kept. */
  fill(partitionIndex: number, value: ValueView): Reserved | undefined {
    this.abandon();
    for (let end = value.length; end > 0; ) {
      const header = this.partitions.enter(partitionIndex);
      const taken: Piece[] = [];
      while (taken.length < CHUNKS_PER_SECTION && end > 0) {
        const piece = this.takeChunk(header, partitionIndex, end);
        if (piece === undefined) break;
        taken.push(piece);
        end = piece.start;
      }
      this.partitions.leave(header);
      for (const piece of taken) this.copy(piece, value);
      if (taken.length === 0) {
        this.abandon();
        return undefined;
      }
    }
    return this.reserved();
  }

  /**
   * The same inside a critical section that the caller is in. Undefined: the caller abandons what there is, outside.
   */
  fillInside(header: number, partitionIndex: number, value: ValueView): Reserved | undefined {
    for (let end = value.length; end > 0; ) {
      const piece = this.takeChunk(header, partitionIndex, end);
      if (piece === undefined) return undefined;
      this.copy(piece, value);
      end = piece.start;
    }
    return this.reserved();
  }

  private reserved(): Reserved {
    return { head: this.partitions.control[this.slotWord + Registry.reservationHead] };
  }

  private copy({ address, start, end }: Piece, value: ValueView): void {
    const bytes = this.partitions.memory.bytes[slabOf(address)];
    writePart(bytes, (cellOf(address) + Chunk.sizeWords) << 2, value, start, end);
  }

  /** Takes the chunk for the last piece of a value that ends at `end`. */
  private takeChunk(header: number, partitionIndex: number, end: number): Piece | undefined {
    const { cells, log, control } = this.partitions;
    const pieceLength = cells.classes.maxCellLength - Chunk.sizeWords * 4;
    const start = Math.floor((end - 1) / pieceLength) * pieceLength;
    const length = end - start;
    const classId = classOf(length + Chunk.sizeWords * 4);
    if (!cells.ensureRoom(header, partitionIndex, classId)) return undefined;
    log.open(header);
    const address = cells.choose(header, classId);
    const slab = slabOf(address);
    const cell = cellOf(address);
    log.stage(slab, cell + Chunk.next, control[this.slotWord + Registry.reservationHead]);
    log.stage(slab, cell + Chunk.identity, IDENTITY_CHUNK);
    log.stage(slab, cell + Chunk.length, length);
    log.stage(0, this.slotWord + Registry.reservationPartition, partitionIndex + 1);
    log.stage(0, this.slotWord + Registry.reservationHead, address);
    cells.stageTake(header);
    log.commit();
    return { address, start, end };
  }

  /** Stages, in the step that publishes the entry, that the chunks are no reservation any more. */
  stagePublish(): void {
    const { log } = this.partitions;
    log.stage(0, this.slotWord + Registry.reservationPartition, 0);
    log.stage(0, this.slotWord + Registry.reservationHead, 0);
  }

  /** Gives up the reservation of this thread, if it has one: also one that an exception left. Outside sections. */
  abandon(): void {
    freeReservation(this.partitions, this.slotWord);
  }
}

/** Frees the chunks reserved by the thread of a registry slot: this one, or one that is gone. */
export function freeReservation(partitions: Partitions, slotWord: number): void {
  const { control, log, cells, slabs } = partitions;
  for (;;) {
    const partitionIndex = control[slotWord + Registry.reservationPartition] - 1;
    if (partitionIndex < 0) return;
    const header = partitions.enter(partitionIndex);
    for (let i = 0; i < CHUNKS_PER_SECTION; i++) {
      const address = control[slotWord + Registry.reservationHead];
      const next = address === 0 ? 0 : slabs[slabOf(address)][cellOf(address) + Chunk.next];
      log.open(header);
      log.stage(0, slotWord + Registry.reservationHead, next);
      if (next === 0) log.stage(0, slotWord + Registry.reservationPartition, 0);
      if (address !== 0) cells.stageFree(header, address);
      log.commit();
      cells.settle(header, partitionIndex);
      if (next === 0) break;
    }
    partitions.leave(header);
  }
}
