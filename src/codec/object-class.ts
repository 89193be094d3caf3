/**
 * What an object is: its node tag, or why it cannot be stored.
 *
 * Invariants: decided by internal slots and prototype, without running code of the object (save for traps of a
 * proxy, and none for a class); objects of another realm (a vm context) count as ours.
 */
import { types } from 'node:util';
import { ERROR_NAMES, ValueTag } from '../../native-layout/value-tags.js';
import { typedArrayTag } from './byte-kinds.js';

const typedArrayName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get!;

/** The value of an own data property; runs no getter. */
function ownData(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}

/** Name of the class that `prototype` belongs to, or ''. */
export function className(prototype: object | null): string {
  const owner = prototype === null ? undefined : ownData(prototype, 'constructor');
  if (typeof owner !== 'function') return '';
  const name = ownData(owner, 'name');
  return typeof name === 'string' ? name : '';
}

/** How many prototypes are above `object`, counted up to 4. */
function ancestry(object: object): number {
  let count = 0;
  for (let next = Object.getPrototypeOf(object); next !== null && count < 4; count++) {
    next = Object.getPrototypeOf(next);
  }
  return count;
}

/** Whether `value` is an instance of the built-in class itself, here `count` prototypes deep, and not of a subclass. */
function isInstance(value: object, name: string, count: number): boolean {
  const prototype = Object.getPrototypeOf(value);
  const ours = (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name];
  return prototype === ours?.prototype || (className(prototype) === name && ancestry(value) === count);
}

function badClass(value: object): string {
  const name = className(Object.getPrototypeOf(value)) || '(anonymous)';
  return `is an instance of class ${name}; only plain objects, arrays and built-in types can be stored`;
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength !== 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Why memory cannot be read, '' if it can; `view` says what is on it. */
function badMemory(buffer: ArrayBufferLike, view: string): string {
  if (types.isSharedArrayBuffer(buffer)) {
    return `is ${view}a SharedArrayBuffer; shared memory cannot be stored, copy it`;
  }
  return isDetached(buffer) ? `is ${view}a detached ArrayBuffer; its content has been transferred` : '';
}

function classifyView(view: ArrayBufferView): number | string {
  const prototype = Object.getPrototypeOf(view);
  const name = (typedArrayName.call(view) as string | undefined) ?? 'DataView';
  const fault = badMemory(view.buffer, `a ${name} on `);
  if (fault !== '') return fault;
  if (prototype === Buffer.prototype) return ValueTag.BUFFER;
  if (name === 'DataView') return isInstance(view, name, 2) ? ValueTag.DATA_VIEW : badClass(view);
  return isInstance(view, name, 3) ? (typedArrayTag(name) ?? badClass(view)) : badClass(view);
}

function classifyBoxed(value: object): number | string {
  const names = ['Number', 'String', 'Boolean', 'BigInt'];
  if (types.isSymbolObject(value)) return 'is a Symbol object; symbols cannot be stored';
  return names.some((name) => isInstance(value, name, 2)) ? ValueTag.BOXED : badClass(value);
}

function refuse(value: object): string {
  if (types.isPromise(value)) return 'is a Promise; promises cannot be stored, await it';
  const name = className(Object.getPrototypeOf(value));
  if (types.isWeakMap(value) || types.isWeakSet(value) || name === 'WeakRef') {
    return `is a ${name}; weak references cannot be stored`;
  }
  return types.isSharedArrayBuffer(value) ? badMemory(value, '') : badClass(value);
}

/** Tag of an object that is no array and has a prototype other than Object.prototype and null. */
function classifyInstance(value: object): number | string {
  if (ArrayBuffer.isView(value)) return classifyView(value);
  if (types.isMap(value)) return isInstance(value, 'Map', 2) ? ValueTag.MAP : badClass(value);
  if (types.isSet(value)) return isInstance(value, 'Set', 2) ? ValueTag.SET : badClass(value);
  if (types.isDate(value)) return isInstance(value, 'Date', 2) ? ValueTag.DATE : badClass(value);
  if (types.isNativeError(value)) return ValueTag.ERROR;
  if (types.isRegExp(value)) return isInstance(value, 'RegExp', 2) ? ValueTag.REGEXP : badClass(value);
  if (types.isArrayBuffer(value)) {
    const fault = badMemory(value, '');
    if (fault !== '') return fault;
    return isInstance(value, 'ArrayBuffer', 2) ? ValueTag.ARRAY_BUFFER : badClass(value);
  }
  if (types.isBoxedPrimitive(value)) return classifyBoxed(value);
  const isForeignPlain = ancestry(value) === 1 && className(Object.getPrototypeOf(value)) === 'Object';
  return isForeignPlain ? ValueTag.OBJECT : refuse(value);
}

/** The node tag of `value`, or the text that says, after its path, why it cannot be stored. */
export function classify(value: object): number | string {
  if (Array.isArray(value)) return isInstance(value, 'Array', 2) ? ValueTag.ARRAY : badClass(value);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return ValueTag.OBJECT;
  return prototype === null ? ValueTag.NULL_OBJECT : classifyInstance(value);
}

/** Index in ERROR_NAMES of the nearest built-in class of an error. */
export function errorKind(error: object): number {
  for (let next = Object.getPrototypeOf(error); next !== null; next = Object.getPrototypeOf(next)) {
    const name = className(next);
    const kind = (ERROR_NAMES as readonly string[]).indexOf(name);
    const prototypesAbove = name === 'Error' ? 1 : 2;
    if (kind >= 0 && ancestry(next) === prototypesAbove) return kind;
  }
  return 0;
}

/** The name that an error inherits, if it is data: '' otherwise. */
export function inheritedName(error: object): string {
  for (let next = Object.getPrototypeOf(error); next !== null; next = Object.getPrototypeOf(next)) {
    const property = Object.getOwnPropertyDescriptor(next, 'name');
    if (property !== undefined) return typeof property.value === 'string' ? property.value : '';
  }
  return '';
}
