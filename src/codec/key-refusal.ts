/**
 * The refusals of the key encoder.
 *
 * Invariant: describing a refused key takes bounded time and runs no getter of it, for a refused array may contain
 * itself, be a tree with more paths than atoms, or be a proxy.
 */
import { isProxy } from 'node:util/types';
import { MAX_KEY_DEPTH, MAX_KEY_LENGTH } from '../../native-layout/key-tags.js';
import { type MistakeError, mistake, show } from '../errors.js';

const ALLOWED = 'allowed are null, booleans, numbers, bigints, strings, Uint8Array and arrays of these';

/** As many elements as `show` looks at, and one that makes it say that there are more. */
const SKETCHED_COUNT = 5;

/** Is shown as `[object Array]`. */
const nestedArray: object = Object.create(Array.prototype);
const proxy = Symbol('proxy');
const accessor = Symbol('getter');

/** A copy of the outermost level of `key`, for messages. */
function sketch(key: unknown): unknown {
  if (isProxy(key)) return proxy;
  if (!Array.isArray(key)) return key;
  return Array.from({ length: Math.min(SKETCHED_COUNT, key.length) }, (_, i) => {
    const property = Object.getOwnPropertyDescriptor(key, i);
    const value: unknown = property?.get ? accessor : property?.value;
    if (isProxy(value)) return proxy;
    return Array.isArray(value) ? nestedArray : value;
  });
}

/** `value` is of a type that no key and no element of a key may have. */
export function badType(value: unknown, key: unknown, op: string): MistakeError {
  const outer = sketch(key);
  const what = value === key && !Array.isArray(key) ? `key ${show(outer)}` : `element ${show(sketch(value))} of a key`;
  return mistake('BAD_KEY', `${what} is not allowed: ${ALLOWED}`, { op, key: outer });
}

/** `key` is too long; `length` is its encoded length where that is known. */
export function tooLong(length: number | undefined, key: unknown, op: string): MistakeError {
  const size = length ?? `more than ${MAX_KEY_LENGTH}`;
  return mistake('BAD_KEY', `key is ${size} bytes, allowed ${MAX_KEY_LENGTH}`, { op, key: sketch(key) });
}

/** `key` nests arrays too deep, perhaps because one contains itself. */
export function tooDeep(key: unknown, op: string): MistakeError {
  const outer = sketch(key);
  const message = `key ${show(outer)} nests arrays deeper than ${MAX_KEY_DEPTH} levels or contains itself: ${ALLOWED}`;
  return mistake('BAD_KEY', message, { op, key: outer });
}

/** Reading an element of `key` ran a getter or proxy that used the same encoder. */
export function usedMeanwhile(key: unknown, op: string): MistakeError {
  const outer = sketch(key);
  const message = `reading the elements of key ${show(outer)} used the cache itself: give a plain array`;
  return mistake('BAD_KEY', message, { op, key: outer });
}
