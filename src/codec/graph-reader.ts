/**
 * Reads what GraphWriter writes.
 *
 * Invariants: iterative, so depth costs no stack; an object exists before its parts are read, so cycles close by
 * themselves; containers grow as their parts arrive, so a wrong count allocates nothing.
 */
import { ERROR_NAMES, MAX_VALUE_DEPTH, ValueTag } from '../../native-layout/value-tags.js';
import { isByteTag, takeBytes } from './byte-kinds.js';
import { corrupt, type FieldReader, NOT_SCALAR } from './field-reader.js';

/** An object being read, and how many parts of it are missing. */
interface Frame {
  readonly tag: number;
  // biome-ignore lint/suspicious/noExplicitAny: an object, array, Map, Set or error, as `tag` says.
  readonly target: any;
  left: number;
  /** The key of a Map whose value comes next. */
  key: unknown;
}

interface ErrorClass {
  new (message?: string): Error;
  new (errors: readonly unknown[]): Error;
}

function setProperty(target: object, key: PropertyKey, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

/** An array of holes, for which no memory is taken. */
function sparseArray(length: number): unknown[] {
  const array: unknown[] = [];
  if (length > 0) {
    array[length - 1] = 0;
    delete array[length - 1];
  }
  return array;
}

/** An error without own properties. */
function bareError(kind: number): Error {
  const name = ERROR_NAMES[kind];
  if (name === undefined) throw corrupt('an error is of no known class');
  const construct = globalThis[name] as unknown as ErrorClass;
  const error = name === 'AggregateError' ? new construct([]) : new construct();
  for (const key of Object.getOwnPropertyNames(error)) delete (error as unknown as Record<string, unknown>)[key];
  return error;
}

export class GraphReader {
  /** Whether all objects read are plain objects and arrays. */
  plain = true;
  /** All objects read, by id. */
  readonly objects: object[] = [];
  readonly #reader: FieldReader;
  readonly #frames: Frame[] = [];

  constructor(reader: FieldReader) {
    this.#reader = reader;
  }

  /** Reads one node. */
  take(): unknown {
    const frames = this.#frames;
    const root = this.#takeNode();
    while (frames.length > 0) {
      const frame = frames[frames.length - 1];
      if (frame.left === 0) frames.pop();
      else this.#takePart(frame);
    }
    return root;
  }

  #takePart(frame: Frame): void {
    frame.left--;
    switch (frame.tag) {
      case ValueTag.ARRAY:
        frame.target.push(this.#takeNode());
        return;
      case ValueTag.SET:
        frame.target.add(this.#takeNode());
        return;
      case ValueTag.MAP:
        if (frame.left % 2 === 1) frame.key = this.#takeNode();
        else frame.target.set(frame.key, this.#takeNode());
        return;
      case ValueTag.ERROR: {
        const key = this.#takeKey();
        const enumerable = this.#reader.takeByte() === 1;
        setProperty(frame.target, key, this.#takeNode(), enumerable);
        return;
      }
      default: {
        const key = this.#takeKey();
        if (key === '__proto__') setProperty(frame.target, key, this.#takeNode(), true);
        else frame.target[key] = this.#takeNode();
      }
    }
  }

  #takeKey(): string | number {
    const key = this.#takeScalar();
    if (typeof key === 'string' || (typeof key === 'number' && key >= 0)) return key;
    throw corrupt('a property name is no string');
  }

  #takeNode(): unknown {
    const tag = this.#reader.takeByte();
    const scalar = this.#reader.takeScalar(tag);
    if (scalar !== NOT_SCALAR) return scalar;
    if (tag === ValueTag.REFERENCE) {
      const id = this.#reader.takeVarint();
      if (id >= this.objects.length) throw corrupt('a reference leads nowhere');
      return this.objects[id];
    }
    const object = isByteTag(tag) ? takeBytes(this.#reader, tag) : this.#openObject(tag);
    if (tag < ValueTag.OBJECT || tag > ValueTag.SPARSE_ARRAY) this.plain = false;
    this.objects.push(object);
    return object;
  }

  #open<T extends object>(tag: number, target: T, left: number): T {
    if (this.#frames.length === MAX_VALUE_DEPTH) throw corrupt('it is nested too deep');
    if (left > 0) this.#frames.push({ tag, target, left, key: undefined });
    return target;
  }

  #openObject(tag: number): object {
    const reader = this.#reader;
    switch (tag) {
      case ValueTag.OBJECT:
        return this.#open(tag, {}, reader.takeCount(2));
      case ValueTag.NULL_OBJECT:
        return this.#open(tag, Object.create(null), reader.takeCount(2));
      case ValueTag.ARRAY:
        return this.#open(tag, [], reader.takeCount(1));
      case ValueTag.SPARSE_ARRAY: {
        const length = reader.takeVarint();
        return this.#open(tag, sparseArray(length), reader.takeCount(2));
      }
      case ValueTag.MAP:
        return this.#open(tag, new Map(), 2 * reader.takeCount(2));
      case ValueTag.SET:
        return this.#open(tag, new Set(), reader.takeCount(1));
      case ValueTag.ERROR: {
        const kind = reader.takeByte();
        return this.#open(tag, bareError(kind), reader.takeCount(3));
      }
      case ValueTag.DATE:
        return new Date(reader.takeFloat64());
      case ValueTag.REGEXP:
        return this.#takeRegExp();
      case ValueTag.BOXED:
        return this.#takeBoxed();
      default:
        throw corrupt(`tag ${tag} is unknown`);
    }
  }

  #takeScalar(): unknown {
    return this.#reader.takeScalar(this.#reader.takeByte());
  }

  #takeRegExp(): RegExp {
    const source = this.#takeScalar();
    const flags = this.#takeScalar();
    const lastIndex = this.#takeScalar();
    if (typeof source !== 'string' || typeof flags !== 'string' || typeof lastIndex !== 'number') {
      throw corrupt('a regular expression is none');
    }
    const result = new RegExp(source, flags);
    result.lastIndex = lastIndex;
    return result;
  }

  #takeBoxed(): object {
    const value = this.#takeScalar();
    if (value === undefined || value === null || value === NOT_SCALAR) throw corrupt('a boxed primitive is none');
    return Object(value);
  }
}
