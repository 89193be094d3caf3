/**
 * Strings inside tagged keys: WTF-8 (Simon Sapin, https://simonsapin.github.io/wtf-8/), that is UTF-8 which also
 * writes lone surrogates, in three bytes.
 *
 * Invariants: bytes compare as the strings do by code point. Every string has one form and every form one string: a
 * surrogate pair is always written in four bytes, and the reader refuses it in twice three. Escaped text holds 0x00
 * only as its end, so it is self-delimiting.
 */
import { KEY_END, KEY_ESCAPE } from '../../native-layout/key-tags.js';

/** Most bytes that one UTF-16 code unit needs, escaped or not. */
export const TEXT_BYTES_PER_UNIT = 3;

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** Writes `text` at `at`, without end mark; returns the position after it. The caller has made room. */
export function putText(bytes: Uint8Array, at: number, text: string, escaped: boolean): number {
  const length = text.length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      if (escaped && unit <= KEY_ESCAPE) bytes[at++] = KEY_ESCAPE;
      bytes[at++] = unit;
      continue;
    }
    if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >>> 6);
      bytes[at++] = 0x80 | (unit & 0x3f);
      continue;
    }
    const next = isHighSurrogate(unit) && i + 1 < length ? text.charCodeAt(i + 1) : 0;
    if (isLowSurrogate(next)) {
      const point = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
      bytes[at++] = 0xf0 | (point >>> 18);
      bytes[at++] = 0x80 | ((point >>> 12) & 0x3f);
      i++;
      bytes[at++] = 0x80 | ((point >>> 6) & 0x3f);
      bytes[at++] = 0x80 | (point & 0x3f);
      continue;
    }
    bytes[at++] = 0xe0 | (unit >>> 12);
    bytes[at++] = 0x80 | ((unit >>> 6) & 0x3f);
    bytes[at++] = 0x80 | (unit & 0x3f);
  }
  return at;
}

/** Code units of the text being read; grows, is never shared and is free between calls. */
let scratch = Buffer.alloc(0);
let units = new Uint16Array(0);

function reserveUnits(count: number): void {
  if (count <= units.length) return;
  scratch = Buffer.alloc(Math.max(256, count * 2) * 2);
  units = new Uint16Array(scratch.buffer, scratch.byteOffset, scratch.length >>> 1);
}

/** What `readText` found: valid until its next call. */
export const textRead = {
  text: '',
  /** Position after the text and, if escaped, after its end mark. */
  at: 0,
  /** Whether all code units are below 0x80. */
  ascii: false,
};

/** The code point of the sequence of `size` bytes that begins at `at`, or -1 if it is none or not the shortest. */
function readSequence(bytes: Uint8Array, at: number, size: number): number {
  let point = bytes[at] & (0x7f >>> size);
  for (let i = 1; i < size; i++) {
    const byte = bytes[at + i];
    if ((byte & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (byte & 0x3f);
  }
  if (size === 2) return point;
  if (size === 3) return point < 0x800 ? -1 : point;
  return point < 0x10000 || point > 0x10ffff ? -1 : point;
}

function sequenceSize(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

function takeUnits(count: number, seen: number): string {
  if (seen > 0xff) return scratch.toString('utf16le', 0, count * 2);
  // Halves the memory of the string. Byte i is written after unit i is read, and unit i never lies before byte i.
  for (let i = 0; i < count; i++) scratch[i] = units[i];
  return scratch.toString('latin1', 0, count);
}

/**
 * Reads text from `at`: escaped up to its end mark, otherwise up to `end`. The result stands in `textRead`; returns
 * false if the bytes are no text that `putText` writes.
 */
export function readText(bytes: Uint8Array, at: number, end: number, escaped: boolean): boolean {
  reserveUnits(end - at);
  let count = 0;
  let seen = 0;
  let closed = !escaped;
  while (at < end) {
    let point = bytes[at++];
    if (point >= 0x80) {
      const size = sequenceSize(point);
      if (size === 0 || at - 1 + size > end) return false;
      point = readSequence(bytes, at - 1, size);
      if (point < 0 || (isLowSurrogate(point) && count > 0 && isHighSurrogate(units[count - 1]))) return false;
      at += size - 1;
    } else if (escaped && point <= KEY_ESCAPE) {
      if (point === KEY_END) {
        closed = true;
        break;
      }
      if (at === end || bytes[at] > KEY_ESCAPE) return false;
      point = bytes[at++];
    }
    seen |= point;
    if (point > 0xffff) {
      units[count++] = 0xd7c0 + (point >>> 10);
      point = 0xdc00 | (point & 0x3ff);
    }
    units[count++] = point;
  }
  if (!closed) return false;
  textRead.text = takeUnits(count, seen);
  textRead.at = at;
  textRead.ascii = seen < 0x80;
  return true;
}
