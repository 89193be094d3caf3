/**
 * Strings in and out of private buffers by code unit: the methods that every Node Buffer has and that
 * @types/node leaves out.
 *
 * Invariant: offsets are inside the buffer; the callers have checked them.
 */

/** A Buffer with its own methods for one and two bytes a code unit. */
export interface TextBuffer extends Buffer {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
  ucs2Write(text: string, offset: number, length: number): number;
  ucs2Slice(start: number, end: number): string;
  hexWrite(text: string, offset: number, length: number): number;
  hexSlice(start: number, end: number): string;
}

interface UnicodeString {
  isWellFormed(): boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of one byte begins at 0.
const WIDE = /[^\x00-\xff]/;

/** Whether every code unit of `text` is below 0x100. V8 answers at once for strings that it keeps as one byte. */
export function isLatin1(text: string): boolean {
  return !WIDE.test(text);
}

/** Whether `text` has no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as UnicodeString).isWellFormed();
}

/** A zeroed or unzeroed buffer with an ArrayBuffer of its own, so that its `byteOffset` is 0. */
export function privateBuffer(length: number): TextBuffer {
  return Buffer.allocUnsafeSlow(length) as TextBuffer;
}
