/**
 * Units of address and length. An address is a 32-bit number that counts 16-byte units over all slabs: its high bits
 * name the slab, its low bits the unit inside it. Address 0 is the superblock, so 0 also says "none".
 */
import { check } from './struct.js';

/** Raised by every change of the binary format. Two builds meet only if they agree. */
export const LAYOUT_VERSION = 5;
/** 'SCN1' read as a little-endian word. */
export const MAGIC = 0x314e4353;

export const WORD_LENGTH = 4;
/** log2 of the bytes of a word. */
export const WORD_BYTE_SHIFT = 2;
/** Bytes of one address unit. */
export const UNIT_LENGTH = 16;
export const UNIT_WORDS = UNIT_LENGTH / WORD_LENGTH;
/** Shift from a unit to a word index. */
export const UNIT_WORD_SHIFT = 2;
/** Shift from a unit to a byte address. */
export const UNIT_BYTE_SHIFT = 4;

/** log2 of the units in a slab of full length. */
export const SLAB_UNIT_SHIFT = 26;
export const SLAB_UNIT_MASK = 2 ** SLAB_UNIT_SHIFT - 1;
export const MAX_SLAB_LENGTH = 2 ** SLAB_UNIT_SHIFT * UNIT_LENGTH;
export const MAX_SLABS = 2 ** (32 - SLAB_UNIT_SHIFT);
export const MAX_MEMORY = MAX_SLABS * MAX_SLAB_LENGTH;

/** Hot words of different threads are kept this far apart (two 64-byte lines: the adjacent line is prefetched). */
export const HOT_LINE_WORDS = 32;

check(MAX_SLAB_LENGTH === 2 ** 30, 'byte addresses inside a slab must stay int32 with room for an end address');
check(UNIT_WORDS === 1 << UNIT_WORD_SHIFT && UNIT_LENGTH === 1 << UNIT_BYTE_SHIFT, 'shifts follow from the unit');
