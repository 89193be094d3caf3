/**
 * Values as bytes: the tags and limits of the value encoding.
 *
 * Value bytes are fields, one after the other, each `tag · payload` and self-delimiting: one field for a key-value
 * value; for a row its positions in order without the key's. A value that is one string of code units below 0x100
 * may also be stored raw (one byte each, no tag); a flag beside the bytes says so.
 *
 *   length, count, id   unsigned varint: 7 bits a byte, lowest first, high bit on all but the last
 *   int, float          little-endian
 *   elements of typed arrays keep the byte order of the machine: shared memory does not leave it
 *
 * A graph blob is one node. A node is a field that is no blob, or one of the tags from REFERENCE on, which stand
 * nowhere else. Every object, byte values included, takes the next id (from 0) when its tag is met; REFERENCE names it.
 */
import { check } from './struct.js';

export const ValueTag = {
  /** No payload. */
  UNDEFINED: 0x00,
  /** No payload. */
  NULL: 0x01,
  /** No payload. */
  FALSE: 0x02,
  /** No payload. */
  TRUE: 0x03,
  /** 1 byte, signed. */
  INT8: 0x04,
  /** 2 bytes, signed. */
  INT16: 0x05,
  /** 4 bytes, signed. */
  INT32: 0x06,
  /** 8 bytes. -0 and all numbers that are no int32. */
  FLOAT64: 0x07,
  /** 8 bytes, signed: bigints in that range. */
  BIGINT64: 0x08,
  /** Length · magnitude, most significant byte first: larger bigints. */
  BIGINT_POSITIVE: 0x09,
  /** As above, of a negative bigint. */
  BIGINT_NEGATIVE: 0x0a,
  /** Length · one byte for each code unit, all below 0x100. */
  LATIN1: 0x0b,
  /** Length in code units · two bytes for each; lone surrogates are kept. */
  UTF16: 0x0c,
  /** Length in bytes · content: this and the next 14. Comes back as a Buffer. */
  BUFFER: 0x10,
  UINT8_ARRAY: 0x11,
  INT8_ARRAY: 0x12,
  UINT8_CLAMPED_ARRAY: 0x13,
  INT16_ARRAY: 0x14,
  UINT16_ARRAY: 0x15,
  INT32_ARRAY: 0x16,
  UINT32_ARRAY: 0x17,
  FLOAT16_ARRAY: 0x18,
  FLOAT32_ARRAY: 0x19,
  FLOAT64_ARRAY: 0x1a,
  BIGINT64_ARRAY: 0x1b,
  BIGUINT64_ARRAY: 0x1c,
  DATA_VIEW: 0x1d,
  ARRAY_BUFFER: 0x1e,
  /** Length · MessagePack: trees of plain objects and arrays. */
  MSGPACK: 0x1f,
  /** Length, 4 bytes unsigned · one node: every other object. */
  GRAPH: 0x20,

  /** Id of an object that came before in the same blob. */
  REFERENCE: 0x28,
  /** Count · (key · node) each. A key is a string field, or an int field that stands for its decimal text. */
  OBJECT: 0x29,
  /** As OBJECT, with no prototype. */
  NULL_OBJECT: 0x2a,
  /** Length · node each: no holes, no other properties. */
  ARRAY: 0x2b,
  /** Length · count · (key · node) each: holes or other properties. */
  SPARSE_ARRAY: 0x2c,
  /** Count of entries · (node · node) each. */
  MAP: 0x2d,
  /** Count · node each. */
  SET: 0x2e,
  /** 8 bytes: ms since 1970, NaN if invalid. */
  DATE: 0x2f,
  /** Source, flags (string fields) · lastIndex (number field). */
  REGEXP: 0x30,
  /** Index in ERROR_NAMES, 1 byte · count · (key · 1 if enumerable else 0, 1 byte · node) each. */
  ERROR: 0x31,
  /** Number, string, boolean or bigint field, as an object. */
  BOXED: 0x32,

  /** 0x40-0x7f: a string of 0 to 63 code units below 0x100, one byte each; the length is in the tag. */
  SHORT_LATIN1: 0x40,
  /** 0x80-0xff: the integers 0 to 127; the number is in the tag. */
  SMALL_INT: 0x80,
} as const;

/** Longest string whose length is in the tag. */
export const SHORT_LATIN1_MAX = 63;
/** Largest integer in a tag. */
export const SMALL_INT_MAX = 127;

/** Kinds of error, by index: the nearest built-in class. */
export const ERROR_NAMES = [
  'Error',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
  'AggregateError',
] as const;

/** Most bytes of one encoded value: a slab is no longer. */
export const MAX_VALUE_LENGTH = 2 ** 30;
/** Objects may be nested this deep in one value; the outermost counts as 1. */
export const MAX_VALUE_DEPTH = 10_000;

check(ValueTag.SHORT_LATIN1 + SHORT_LATIN1_MAX < ValueTag.SMALL_INT, 'short strings must not reach the small integers');
check(ValueTag.SMALL_INT + SMALL_INT_MAX === 0xff, 'a tag is one byte');
check(MAX_VALUE_LENGTH * 2 <= 2 ** 31, 'positions in a scratch of twice the longest value stay int32');
