/**
 * Trees of plain objects and arrays as MessagePack, and the check that msgpackr returns a value exactly.
 *
 * Invariants: `fits` accepts only what comes back as it was: no -0, lone surrogate or byte order mark, hole, array
 * with named properties, `__proto__`, object that occurs twice, class, getter, symbol key, bigint beyond 64 bits,
 * and nothing deeper than MAX_DEPTH, for msgpackr recurses. It runs no code of the value but proxy traps and
 * getters of array elements. What it refuses is the graph's business, also to find fault with.
 */
import { Packr } from 'msgpackr/pack';
import { isWellFormed, privateBuffer } from './buffer-text.js';
import type { FieldWriter } from './field-writer.js';

const MAX_DEPTH = 64;
/** Larger values are left to the graph: msgpackr never gives its buffer back. Estimated as this many bytes. */
const MAX_ESTIMATE = 2 ** 19;
/** What a number or a key costs, about. */
const NODE_ESTIMATE = 8;
/** Up to this many objects are compared one by one before a Set is worth its price. */
const LISTED_COUNT = 24;
/** Blobs up to this length are copied to the start of a buffer, for which msgpackr has its fast paths. */
const COPIED_LENGTH = 2 ** 14;

/** Flags of `pack`: return msgpackr's own buffer with `start` and `end`, and let it be used again. */
const REUSE_BUFFER = 512 + 1024;

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  useToJSON: false,
  copyBuffers: true,
  structuredClone: false,
} as ConstructorParameters<typeof Packr>[0]);

interface PackedBuffer extends Buffer {
  start: number;
  end: number;
}

/** Whether msgpackr returns this string as it is. It writes UTF-8 and may strip a byte order mark. */
function isPlainText(text: string): boolean {
  return isWellFormed(text) && text.charCodeAt(0) !== 0xfeff;
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Checks one value at a time; keeps no reference to it. */
export class PlainTreeCheck {
  readonly #listed: (object | undefined)[] = new Array(LISTED_COUNT).fill(undefined);
  #count = 0;
  #others: Set<object> | undefined;
  #estimate = 0;

  /** Whether `root` is a tree that msgpackr returns exactly. */
  fits(root: object): boolean {
    try {
      return this.#objectFits(root, 0);
    } finally {
      for (let i = Math.min(this.#count, LISTED_COUNT) - 1; i >= 0; i--) this.#listed[i] = undefined;
      this.#count = 0;
      this.#others = undefined;
      this.#estimate = 0;
    }
  }

  #valueFits(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'number':
        return value !== 0 || 1 / value > 0;
      case 'string':
        this.#estimate += value.length;
        return isPlainText(value);
      case 'object':
        return value === null || this.#objectFits(value, depth);
      case 'bigint':
        return isInt64(value);
      default:
        return typeof value === 'boolean' || value === undefined;
    }
  }

  #objectFits(value: object, depth: number): boolean {
    if (depth === MAX_DEPTH || !this.#isNew(value)) return false;
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#propertiesFit(value as Record<string, unknown>, depth + 1);
    return prototype === Array.prototype && Array.isArray(value) && this.#elementsFit(value, depth + 1);
  }

  #isNew(value: object): boolean {
    const count = this.#count++;
    const listed = this.#listed;
    for (let i = Math.min(count, LISTED_COUNT) - 1; i >= 0; i--) if (listed[i] === value) return false;
    if (count < LISTED_COUNT) {
      listed[count] = value;
      return true;
    }
    this.#others ??= new Set();
    return this.#others.size !== this.#others.add(value).size;
  }

  #elementsFit(array: readonly unknown[], depth: number): boolean {
    const length = array.length;
    this.#estimate += length * NODE_ESTIMATE;
    if (this.#estimate > MAX_ESTIMATE) return false;
    // Fewer values than `length` mean holes, more mean named properties; as many of both are found below.
    if (Object.values(array).length !== length || Object.getOwnPropertySymbols(array).length !== 0) return false;
    for (let i = 0; i < length; i++) {
      const element = array[i];
      if (!this.#valueFits(element, depth) || (element === undefined && !(i in array))) return false;
    }
    return true;
  }

  #propertiesFit(object: Record<string, unknown>, depth: number): boolean {
    if (Object.getOwnPropertySymbols(object).length !== 0) return false;
    for (const key in object) {
      const property = Object.getOwnPropertyDescriptor(object, key);
      if (property === undefined) continue;
      if (property.get !== undefined || property.set !== undefined) return false;
      // msgpackr renames the former.
      if (key === '__proto__' || !isPlainText(key)) return false;
      this.#estimate += key.length + NODE_ESTIMATE;
      if (!this.#valueFits(property.value, depth)) return false;
    }
    return this.#estimate <= MAX_ESTIMATE;
  }
}

/** Length and blob of a tree that `fits`. */
export function putPlainTree(writer: FieldWriter, root: object): void {
  const packed = packr.pack(root, REUSE_BUFFER) as PackedBuffer;
  const size = packed.end - packed.start;
  writer.putVarint(size);
  writer.reserve(size);
  packed.copy(writer.bytes, writer.length, packed.start, packed.end);
  writer.length += size;
}

const scratch = privateBuffer(COPIED_LENGTH);

/**
 * The tree in [start, end) of `bytes`. Wrong bytes give any value or any error; a string in such a value may hold
 * bytes of trees read before.
 */
export function readPlainTree(bytes: Buffer, start: number, end: number): unknown {
  const size = end - start;
  if (size > COPIED_LENGTH) return packr.unpack(bytes.subarray(start, end));
  bytes.copy(scratch, 0, start, end);
  return packr.unpack(scratch, size as unknown as undefined);
}
