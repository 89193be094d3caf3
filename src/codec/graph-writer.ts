/**
 * Writes any storable object exactly: cycles, shared references, holes, -0, Map, Set, Date, RegExp, errors, boxed
 * primitives, bytes.
 *
 * Invariants: iterative, so depth costs no stack; no getter runs (save for `stack` of an error and those of
 * arrays); ids are given in the order of the tags, as the reader gives them.
 */
import { types } from 'node:util';
import { ERROR_NAMES, MAX_VALUE_DEPTH, ValueTag } from '../../native-layout/value-tags.js';
import { isByteTag, putBytes } from './byte-kinds.js';
import type { FieldWriter } from './field-writer.js';
import { classify, errorKind, inheritedName } from './object-class.js';
import { badPrimitive, badValue, type Frame, pathOf, propertySegment, type Subject } from './value-refusal.js';

const NONE: readonly never[] = [];
/** Own properties of an error that are kept although they are not enumerable. */
const ERROR_FIELDS: readonly string[] = ['name', 'message', 'stack', 'cause', 'errors'];

function isEnumerable(object: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, key);
}

/** Whether `array` has no holes and no other properties; `values` are all its enumerable ones. */
function isDense(array: readonly unknown[], values: readonly unknown[]): boolean {
  if (values.length !== array.length) return false;
  for (let i = 0; i < values.length; i++) if (array[i] === undefined && !(i in array)) return false;
  return true;
}

/** Own properties of a Map, Set, Date, RegExp or boxed primitive, which have no place in the format. */
function extraKeys(target: object): string[] {
  const keys = Object.keys(target);
  return types.isStringObject(target) ? keys.slice((target as unknown as string).length) : keys;
}

export class GraphWriter {
  readonly #writer: FieldWriter;
  readonly #subject: Subject;
  readonly #ids = new Map<object, number>();
  readonly #frames: Frame[] = [];

  constructor(writer: FieldWriter, subject: Subject) {
    this.#writer = writer;
    this.#subject = subject;
  }

  /** Writes `root` as one node. */
  put(root: unknown): void {
    const frames = this.#frames;
    this.#visit(root);
    while (frames.length > 0) {
      const frame = frames[frames.length - 1];
      if (frame.next === frame.count) frames.pop();
      else if (frame.keys.length > 0) this.#putProperty(frame, frame.keys[frame.next++]);
      else this.#visit(frame.items[frame.next++]);
    }
  }

  #refuse(problem: string, segment = ''): never {
    throw badValue(this.#subject, pathOf(this.#subject, this.#frames) + segment, problem);
  }

  #putProperty(frame: Frame, key: string): void {
    const property = Object.getOwnPropertyDescriptor(frame.target, key);
    let value: unknown = property?.value;
    if (property !== undefined && (property.get !== undefined || property.set !== undefined)) {
      if (frame.tag !== ValueTag.ERROR || key !== 'stack')
        this.#refuse('is a getter or setter; only data can be stored');
      value = (frame.target as Error).stack;
    }
    this.#putKey(key);
    if (frame.tag === ValueTag.ERROR) this.#writer.putByte(isEnumerable(frame.target, key) ? 1 : 0);
    this.#visit(value);
  }

  #putKey(key: string): void {
    const index = (key as unknown as number) | 0;
    if (index >= 0 && String(index) === key) this.#writer.putNumber(index);
    else this.#writer.putString(key);
  }

  #visit(value: unknown): void {
    if (typeof value === 'function' || typeof value === 'symbol') this.#refuse(badPrimitive(value));
    if (typeof value !== 'object' || value === null) return this.#writer.putScalar(value);
    const id = this.#ids.get(value);
    if (id === undefined) {
      this.#ids.set(value, this.#ids.size);
      this.#putObject(value);
    } else {
      this.#writer.putByte(ValueTag.REFERENCE);
      this.#writer.putVarint(id);
    }
  }

  #putObject(target: object): void {
    const tag = classify(target);
    if (typeof tag === 'string') this.#refuse(tag);
    if (isByteTag(tag)) return putBytes(this.#writer, tag, target as ArrayBufferView);
    if (this.#frames.length === MAX_VALUE_DEPTH) this.#refuse(`is nested deeper than ${MAX_VALUE_DEPTH} levels`);
    for (const symbol of Object.getOwnPropertySymbols(target)) {
      if (isEnumerable(target, symbol)) this.#refuse(`has the key ${String(symbol)}; symbol keys cannot be stored`);
    }
    switch (tag) {
      case ValueTag.OBJECT:
      case ValueTag.NULL_OBJECT:
        return this.#openProperties(tag, target, Object.keys(target));
      case ValueTag.ARRAY:
        return this.#openArray(target as unknown[]);
      case ValueTag.ERROR:
        return this.#openError(target as Error);
      default:
        return this.#putBuiltIn(tag, target);
    }
  }

  #open(tag: number, target: object, keys: readonly string[], items: readonly unknown[]): void {
    const count = keys.length + items.length;
    if (count > 0) this.#frames.push({ tag, target, keys, items, count, next: 0 });
  }

  #openProperties(tag: number, target: object, keys: readonly string[]): void {
    this.#writer.putByte(tag);
    this.#writer.putVarint(keys.length);
    this.#open(tag, target, keys, NONE);
  }

  #openArray(target: readonly unknown[]): void {
    const values = Object.values(target);
    const dense = isDense(target, values);
    this.#writer.putByte(dense ? ValueTag.ARRAY : ValueTag.SPARSE_ARRAY);
    this.#writer.putVarint(target.length);
    if (dense) return this.#open(ValueTag.ARRAY, target, NONE, values);
    const keys = Object.keys(target);
    this.#writer.putVarint(keys.length);
    this.#open(ValueTag.SPARSE_ARRAY, target, keys, NONE);
  }

  #openError(target: Error): void {
    const kind = errorKind(target);
    const keys = Object.getOwnPropertyNames(target).filter(
      (key) => ERROR_FIELDS.includes(key) || isEnumerable(target, key),
    );
    const name = keys.includes('name') ? '' : inheritedName(target);
    const hasName = name !== '' && name !== ERROR_NAMES[kind];
    this.#writer.putByte(ValueTag.ERROR);
    this.#writer.putByte(kind);
    this.#writer.putVarint(keys.length + (hasName ? 1 : 0));
    if (hasName) {
      this.#putKey('name');
      this.#writer.putByte(0);
      this.#writer.putString(name);
    }
    this.#open(ValueTag.ERROR, target, keys, NONE);
  }

  #putBuiltIn(tag: number, target: object): void {
    const writer = this.#writer;
    const [extra] = extraKeys(target);
    if (extra !== undefined)
      this.#refuse('is a property of a built-in object; those are not stored', propertySegment(extra));
    writer.putByte(tag);
    switch (tag) {
      case ValueTag.MAP: {
        const items: unknown[] = [];
        Map.prototype.forEach.call(target, (value, key) => items.push(key, value));
        writer.putVarint(items.length / 2);
        return this.#open(tag, target, NONE, items);
      }
      case ValueTag.SET: {
        const items: unknown[] = [];
        Set.prototype.forEach.call(target, (value) => items.push(value));
        writer.putVarint(items.length);
        return this.#open(tag, target, NONE, items);
      }
      case ValueTag.DATE:
        return writer.putFloat64(Date.prototype.getTime.call(target));
      case ValueTag.REGEXP:
        return this.#putRegExp(target as RegExp);
      default:
        return writer.putScalar((target as { valueOf(): unknown }).valueOf());
    }
  }

  #putRegExp(target: RegExp): void {
    const lastIndex: unknown = target.lastIndex;
    if (typeof lastIndex !== 'number') this.#refuse('is a RegExp whose lastIndex is no number');
    this.#writer.putString(target.source);
    this.#writer.putString(target.flags);
    this.#writer.putNumber(lastIndex);
  }
}
