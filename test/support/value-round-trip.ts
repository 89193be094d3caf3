/** Encoding and decoding of one value or row, as the layers above do it, with traps for shared memory. */

import { decodeRow, decodeValue, type ValueMode } from '../../src/codec/value-decoder.js';
import { ValueEncoder } from '../../src/codec/value-encoder.js';

const encoder = new ValueEncoder();

/** Bytes before and after an encoded value that no decoder may touch. */
const MARGIN = 24;

/** A copy of what is encoded, in the middle of a buffer filled with `filler`; raw Latin-1 is not expected here. */
export function surrounded(content: Uint8Array, filler: number): { bytes: Buffer; start: number; end: number } {
  const bytes = Buffer.alloc(content.length + 2 * MARGIN, filler);
  bytes.set(content, MARGIN);
  return { bytes, start: MARGIN, end: MARGIN + content.length };
}

/** The bytes of one field; of a string that is stored raw, null. */
export function encodeField(value: unknown): Buffer | null {
  encoder.encodeValue(value, 'set', 'key');
  return encoder.latin1 === null ? Buffer.from(encoder.bytes.subarray(0, encoder.length)) : null;
}

export function decodeField(content: Uint8Array, mode: ValueMode = 'copy', filler = 0xff): unknown {
  const { bytes, start, end } = surrounded(content, filler);
  const value = decodeValue(bytes, start, end, mode);
  bytes.fill(0xa5);
  return value;
}

/** `value` after it was stored and read. */
export function roundTrip(value: unknown, mode: ValueMode = 'copy'): unknown {
  const content = encodeField(value);
  return content === null ? encoder.latin1 : decodeField(content, mode);
}

export function roundTripRow(row: readonly unknown[], keyPos: number, mode: ValueMode = 'copy'): unknown[] {
  encoder.encodeRow(row, keyPos, 'put');
  if (encoder.latin1 !== null) {
    const other = encoder.latin1;
    return keyPos === 0 ? [row[0], other] : [other, row[1]];
  }
  const { bytes, start, end } = surrounded(encoder.bytes.subarray(0, encoder.length), 0xff);
  const result = decodeRow(bytes, start, end, row[keyPos], keyPos, mode);
  bytes.fill(0xa5);
  return result;
}
