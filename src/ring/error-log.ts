/**
 * The notes of lazy writes that could not be stored, from which the threads that subscribed learn of them. Writers hold
 * the control lock; readers take none.
 *
 * Invariants
 * 1. A note is complete before `count` counts it. A writer that dies before leaves no note.
 * 2. Note n stands in place n modulo ERROR_LOG_LENGTH until note n + ERROR_LOG_LENGTH is begun. So a copy of it is good
 *    if afterwards `count` is less than n + ERROR_LOG_LENGTH; who comes later has missed it, and knows how many.
 */
import { ERROR_LOG_LENGTH, ErrorLog, ErrorNote, NOTED_KEY_WORDS } from '../../native-layout/ring.js';
import { WORD_LENGTH } from '../../native-layout/units.js';
import { loadWord, storeWord } from '../memory/atomics.js';
import type { SharedMemory } from '../memory/slab.js';
import type { KeyView } from '../memory/views.js';

export interface Note {
  readonly reason: number;
  readonly namespaceSlot: number;
  /** Encoded key, or as much of it as the note has room for; undefined: of that record the key is not known. */
  readonly key: Buffer;
  readonly keyRaw: boolean;
  /** Bytes of the whole key. */
  readonly keyLength: number;
}

function noteWord(memory: SharedMemory, index: number): number {
  return memory.geometry.errorLogWord + ErrorLog.sizeWords + (index & (ERROR_LOG_LENGTH - 1)) * ErrorNote.sizeWords;
}

/** Writes a note. The caller holds the control lock. */
export function writeNote(memory: SharedMemory, reason: number, namespaceSlot: number, key: KeyView): void {
  const { control } = memory;
  const counter = memory.geometry.errorLogWord + ErrorLog.count;
  const index = control[counter];
  const at = noteWord(memory, index);
  control[at + ErrorNote.reason] = reason;
  control[at + ErrorNote.namespace] = namespaceSlot;
  control[at + ErrorNote.keyRaw] = key.raw ? 1 : 0;
  control[at + ErrorNote.keyLength] = key.length;
  const words = Math.min(NOTED_KEY_WORDS, (key.length + 3) >> 2);
  for (let i = 0; i < words; i++) control[at + ErrorNote.keyLength + 1 + i] = key.words[i];
  storeWord(control, counter, (index + 1) | 0);
}

/** Reads the notes from one number on. */
export class NoteReader {
  private readonly memory: SharedMemory;
  private readonly counter: number;
  private next: number;

  /** Starts behind the notes that are there. */
  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.counter = memory.geometry.errorLogWord + ErrorLog.count;
    this.next = loadWord(memory.control, this.counter);
  }

  /** Goes behind the notes that are there. */
  skip(): void {
    this.next = loadWord(this.memory.control, this.counter);
  }

  /** Calls `visit` with each new note, and `missed` with the number of those that were overwritten before. */
  read(visit: (note: Note) => void, missed: (count: number) => void): void {
    const { control } = this.memory;
    while (this.next !== loadWord(control, this.counter)) {
      const index = this.next;
      const note = this.copy(index);
      const ahead = (loadWord(control, this.counter) - index) | 0;
      if (ahead < ERROR_LOG_LENGTH) {
        this.next = (index + 1) | 0;
        visit(note);
      } else {
        const lost = ahead - ERROR_LOG_LENGTH + 1;
        this.next = (index + lost) | 0;
        missed(lost);
      }
    }
  }

  private copy(index: number): Note {
    const { control, buffers } = this.memory;
    const at = noteWord(this.memory, index);
    const keyLength = control[at + ErrorNote.keyLength];
    const kept = Math.max(0, Math.min(keyLength, NOTED_KEY_WORDS * WORD_LENGTH));
    return {
      reason: control[at + ErrorNote.reason],
      namespaceSlot: control[at + ErrorNote.namespace],
      keyRaw: control[at + ErrorNote.keyRaw] !== 0,
      keyLength,
      key: Buffer.from(new Uint8Array(buffers[0], (at + ErrorNote.sizeWords - NOTED_KEY_WORDS) * WORD_LENGTH, kept)),
    };
  }
}
