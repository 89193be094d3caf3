/**
 * Keys as bytes: the tags and limits of the tagged key encoding.
 *
 * A key is stored either raw (a string of code units below 0x80, one byte each, no tag) or tagged. A flag beside
 * the bytes says which, so every key has exactly one stored form. Tagged forms, compared byte by byte as unsigned
 * numbers, are ordered as the values are:
 *
 *   null false true       tag
 *   number, bigint        in int32 range: tag INT32 · floor + 2^31, 4 bytes · kind [· double, 8 bytes, if FRACTION]
 *                         beyond: tag BELOW or ABOVE · double not above the value, 8 bytes · kind [· rest if BIGINT]
 *   NaN                   tag
 *   string                tag · WTF-8 to the end of the key; inside an array escaped and closed by END
 *   bytes                 tag · content to the end of the key; inside an array escaped and closed by END
 *   array                 tag · elements, each in tagged form · END
 *
 * All integers are big-endian. A double is stored with its sign bit flipped if it is positive, all bits if it is
 * negative. The rest of a bigint is its distance to the double: length, 2 bytes, then the bytes without leading
 * zeros; where the double is -Infinity it is the magnitude, length and bytes complemented.
 * Escaping puts ESCAPE before 0x00 and 0x01. END sorts below every tag and every escaped byte, so an array sorts
 * before its extensions, and no element is a prefix of another.
 */

/** Longest key in encoded bytes, because its length is kept in 16 bits. */
export const MAX_KEY_LENGTH = 65535;
/** Arrays may be nested this deep; the outermost counts as 1. */
export const MAX_KEY_DEPTH = 64;

export const KEY_END = 0x00;
export const KEY_ESCAPE = 0x01;

export const KEY_NULL = 0x08;
export const KEY_FALSE = 0x10;
export const KEY_TRUE = 0x11;
export const KEY_BELOW = 0x20;
export const KEY_INT32 = 0x21;
export const KEY_ABOVE = 0x22;
export const KEY_NAN = 0x23;
export const KEY_STRING = 0x30;
export const KEY_BYTES = 0x40;
export const KEY_ARRAY = 0x50;

/** The number is exactly what precedes the kind. Numbers sort before equal bigints. */
export const KIND_NUMBER = 0;
/** A bigint: in int32 range exactly what precedes, beyond followed by its rest. */
export const KIND_BIGINT = 1;
/** A number between two int32 values: its double follows. */
export const KIND_FRACTION = 2;
