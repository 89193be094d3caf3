/**
 * Values that are bytes: Buffer, typed arrays, DataView, ArrayBuffer. A view is copied by its own range: views that
 * share an ArrayBuffer come back with one each.
 *
 * Invariant: what is read owns its memory (a Buffer: a piece of Node's pool) and shares none with the bytes read.
 */
import { ValueTag } from '../../native-layout/value-tags.js';
import { corrupt, type FieldReader } from './field-reader.js';
import type { FieldWriter } from './field-writer.js';

type ElementArray = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Classes that are an array of elements over an ArrayBuffer. */
const nameOfTag: ReadonlyMap<number, string> = new Map([
  [ValueTag.INT8_ARRAY, 'Int8Array'],
  [ValueTag.UINT8_CLAMPED_ARRAY, 'Uint8ClampedArray'],
  [ValueTag.INT16_ARRAY, 'Int16Array'],
  [ValueTag.UINT16_ARRAY, 'Uint16Array'],
  [ValueTag.INT32_ARRAY, 'Int32Array'],
  [ValueTag.UINT32_ARRAY, 'Uint32Array'],
  [ValueTag.FLOAT16_ARRAY, 'Float16Array'],
  [ValueTag.FLOAT32_ARRAY, 'Float32Array'],
  [ValueTag.FLOAT64_ARRAY, 'Float64Array'],
  [ValueTag.BIGINT64_ARRAY, 'BigInt64Array'],
  [ValueTag.BIGUINT64_ARRAY, 'BigUint64Array'],
  [ValueTag.UINT8_ARRAY, 'Uint8Array'],
]);
const tagOfName: ReadonlyMap<string, number> = new Map([...nameOfTag].map(([tag, name]) => [name, tag]));

/** Up to this length a loop over the bytes beats the call. */
const LOOPED_LENGTH = 32;

/** The tag of a typed array by its class name; undefined if there is no such class here. */
export function typedArrayTag(name: string): number | undefined {
  return tagOfName.get(name);
}

export function isByteTag(tag: number): boolean {
  return tag >= ValueTag.BUFFER && tag <= ValueTag.ARRAY_BUFFER;
}

/** A field of `value`, whose tag is `tag`. */
export function putBytes(writer: FieldWriter, tag: number, value: ArrayBufferView | ArrayBuffer): void {
  writer.putByte(tag);
  if (value instanceof Uint8Array) writer.putSized(value);
  else if (ArrayBuffer.isView(value)) {
    writer.putSized(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else writer.putSized(new Uint8Array(value));
}

function takeBuffer(reader: FieldReader, size: number): Buffer {
  const at = reader.take(size);
  const result = Buffer.allocUnsafe(size);
  reader.bytes.copy(result, 0, at, at + size);
  return result;
}

function takeUint8Array(reader: FieldReader, size: number): Uint8Array<ArrayBuffer> {
  const at = reader.take(size);
  const bytes = reader.bytes;
  const result = new Uint8Array(size);
  if (size <= LOOPED_LENGTH) for (let i = 0; i < size; i++) result[i] = bytes[at + i];
  else result.set(bytes.subarray(at, at + size));
  return result;
}

/** The payload of a byte field with this tag. */
export function takeBytes(reader: FieldReader, tag: number): ArrayBufferView | ArrayBuffer {
  const size = reader.takeCount(1);
  if (tag === ValueTag.BUFFER) return takeBuffer(reader, size);
  const content = takeUint8Array(reader, size);
  if (tag === ValueTag.UINT8_ARRAY) return content;
  if (tag === ValueTag.ARRAY_BUFFER) return content.buffer;
  if (tag === ValueTag.DATA_VIEW) return new DataView(content.buffer);
  const name = nameOfTag.get(tag) ?? '';
  const construct = (globalThis as unknown as Record<string, ElementArray | undefined>)[name];
  if (construct === undefined) throw corrupt(`tag ${tag} is unknown to this version of Node`);
  // Throws if the last element is cut.
  return new construct(content.buffer);
}
