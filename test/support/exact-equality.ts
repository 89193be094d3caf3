/**
 * The oracle of round trips: the first difference between two values, stricter than deepStrictEqual. It looks at
 * prototypes, -0, holes, the order of keys and entries, enumerability of the fields of errors, kinds of typed arrays,
 * and at identity: what is shared or cyclic on one side must be so on the other, and nothing else may be.
 */
import { types } from 'node:util';

const ERROR_FIELDS = ['name', 'message', 'stack', 'cause', 'errors'];

type Pairing = { forth: Map<object, object>; back: Map<object, object> };

/** Path and kind of the first difference, or '' if there is none. */
export function exactDifference(actual: unknown, expected: unknown): string {
  return differ(actual, expected, 'value', { forth: new Map(), back: new Map() });
}

function differ(actual: unknown, expected: unknown, path: string, pairs: Pairing): string {
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(actual, expected) ? '' : `${path}: ${String(actual)} is not ${String(expected)}`;
  }
  if (typeof actual !== 'object' || actual === null) return `${path}: ${String(actual)} is no object`;
  const partner = pairs.forth.get(expected);
  if (partner !== undefined || pairs.back.has(actual)) {
    return partner === actual ? '' : `${path}: identity differs`;
  }
  pairs.forth.set(expected, actual);
  pairs.back.set(actual, expected);
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return `${path}: prototypes differ`;
  if (Array.isArray(actual) !== Array.isArray(expected)) return `${path}: one is an array`;
  return differInSlots(actual, expected, path, pairs) || differInProperties(actual, expected, path, pairs);
}

function differInList(actual: unknown[], expected: unknown[], path: string, pairs: Pairing): string {
  if (actual.length !== expected.length) return `${path}: ${actual.length} parts, not ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const difference = differ(actual[i], expected[i], `${path}{${i}}`, pairs);
    if (difference !== '') return difference;
  }
  return '';
}

function bytesOf(value: ArrayBufferView | ArrayBuffer): Buffer {
  if (!ArrayBuffer.isView(value)) return Buffer.from(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function slotOf(value: object): unknown {
  if (types.isDate(value)) return value.getTime();
  if (types.isRegExp(value)) return `${value.source}/${value.flags}/${value.lastIndex}`;
  if (types.isBoxedPrimitive(value)) return value.valueOf();
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return bytesOf(value as ArrayBufferView).toString('hex');
  if (types.isNativeError(value)) return 'error';
  return Array.isArray(value) ? value.length : '';
}

function differInSlots(actual: object, expected: object, path: string, pairs: Pairing): string {
  if (expected instanceof Map) {
    if (!(actual instanceof Map)) return `${path}: is no Map`;
    return differInList([...actual].flat(), [...expected].flat(), path, pairs);
  }
  if (expected instanceof Set) {
    return actual instanceof Set ? differInList([...actual], [...expected], path, pairs) : `${path}: is no Set`;
  }
  if (ArrayBuffer.isView(actual) && !Buffer.isBuffer(actual) && actual.byteLength !== actual.buffer.byteLength) {
    return `${path}: does not own its memory`;
  }
  return Object.is(slotOf(actual), slotOf(expected)) ? '' : `${path}: contents differ`;
}

function comparedKeys(object: object): string[] {
  if (ArrayBuffer.isView(object)) return [];
  const isError = types.isNativeError(object);
  return Object.getOwnPropertyNames(object).filter((key) => {
    const enumerable = Object.prototype.propertyIsEnumerable.call(object, key);
    return enumerable || (isError && ERROR_FIELDS.includes(key));
  });
}

function differInProperties(actual: object, expected: object, path: string, pairs: Pairing): string {
  const keys = comparedKeys(expected);
  const found = comparedKeys(actual);
  if (JSON.stringify(found) !== JSON.stringify(keys)) return `${path}: keys ${found} are not ${keys}`;
  for (const key of keys) {
    const enumerable = (object: object) => Object.prototype.propertyIsEnumerable.call(object, key);
    if (enumerable(actual) !== enumerable(expected)) return `${path}.${key}: enumerability differs`;
    const read = (object: object) => (object as Record<string, unknown>)[key];
    const difference = differ(read(actual), read(expected), `${path}.${key}`, pairs);
    if (difference !== '') return difference;
  }
  return '';
}
