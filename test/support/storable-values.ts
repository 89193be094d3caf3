/**
 * Arbitrary values of every kind that can be stored. Trees are generated first; then references from one container
 * to another are added, which makes shared and cyclic ones.
 */
import fc from 'fast-check';

/** Strings of any code units, lone surrogates included, with a bias to the short, the one-byte and the awkward. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 90 }),
  fc.array(fc.integer({ min: 0, max: 0xff }), { maxLength: 90 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 70 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '\ufeff', `\ufeff${'b'.repeat(80)}`, '\ud800', '\udc00\ud800', 'é'.repeat(64), '€'.repeat(70)),
);

const numbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.integer({ min: -300, max: 300 }),
  fc.double(),
  fc.constantFrom(
    -0,
    0,
    127,
    128,
    -128,
    -129,
    32767,
    32768,
    -32768,
    -32769,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53,
    NaN,
  ),
);

const bigints: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.constantFrom(0n, -1n, 2n ** 63n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n, -(2n ** 600n)),
);

export const scalars: fc.Arbitrary<unknown> = fc.oneof(
  numbers,
  texts,
  bigints,
  fc.boolean(),
  fc.constantFrom(null, undefined),
);

const keys = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'hasOwnProperty', 'length', '', '0', '17', '4294967295', '-0'),
  texts,
);

function setOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function objectFrom(prototype: object | null, entries: readonly (readonly [string, unknown])[]): object {
  const object = Object.create(prototype);
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}

const elementClasses = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** Byte values of every kind, some of them a part of a larger buffer. */
export const byteValues: fc.Arbitrary<object> = fc
  .tuple(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 2 }), fc.nat({ max: elementClasses.length + 2 }))
  .map(([content, skipped, kind]) => {
    const elements = elementClasses[kind];
    const size = elements === undefined ? 1 : elements.BYTES_PER_ELEMENT;
    const buffer = Uint8Array.from([...new Array(skipped * size).fill(7), ...content, ...new Array(8).fill(9)]).buffer;
    const count = Math.floor(content.length / size);
    if (elements !== undefined) return new elements(buffer, skipped * size, count);
    if (kind === elementClasses.length) return Buffer.from(buffer, skipped, count);
    return kind === elementClasses.length + 1 ? new DataView(buffer, skipped, count) : buffer;
  });

const errorClasses = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

function errorFrom([message, kind, fields, cause]: [string, number, [string, unknown][], unknown]): Error {
  const options = cause === null ? undefined : { cause };
  const construct = errorClasses[kind];
  const error = construct === undefined ? new AggregateError([cause], message) : new construct(message, options);
  for (const [key, value] of fields) if (key !== 'stack') setOwn(error, key, value);
  return error;
}

function arrayFrom([elements, holes, fields]: [unknown[], number[], [string, unknown][]]): unknown[] {
  const array = [...elements];
  for (const hole of holes) if (hole < array.length) delete array[hole];
  for (const [key, value] of fields) if (key !== 'length' && !/^\d+$/.test(key)) setOwn(array, key, value);
  return array;
}

const leaves: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: scalars },
  { weight: 1, arbitrary: byteValues },
  { weight: 1, arbitrary: fc.oneof(fc.date({ noInvalidDate: false }), fc.constantFrom(new Date(NaN), new Date(-1))) },
  { weight: 1, arbitrary: fc.constantFrom(/a(b)/gi, /[\u20ac/]/u, /\ud800/y, /(?:)/) },
  {
    weight: 1,
    arbitrary: fc.oneof(numbers, texts, fc.boolean(), bigints).map((value) => Object(value)),
  },
);

const { tree } = fc.letrec<{ tree: unknown }>((tie) => {
  const entries = fc.uniqueArray(fc.tuple(keys, tie('tree')), { maxLength: 5, selector: ([key]) => key });
  const rarely = <T>(list: fc.Arbitrary<T[]>) => fc.oneof({ weight: 5, arbitrary: fc.constant<T[]>([]) }, list);
  const elements = fc.array(tie('tree'), { maxLength: 5 });
  return {
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaves,
      entries.map((list) => objectFrom(Object.prototype, list)),
      fc.tuple(elements, rarely(fc.array(fc.nat({ max: 4 }))), rarely(entries)).map(arrayFrom),
      entries.map((list) => objectFrom(null, list)),
      fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 4 }).map((list) => new Map(list)),
      elements.map((list) => new Set(list)),
      fc.tuple(texts, fc.nat({ max: 7 }), rarely(entries), tie('tree')).map(errorFrom),
    ),
  };
});

/** The objects in `root` that can hold others, each once. */
function containersOf(root: unknown): object[] {
  const found = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || found.has(value)) return;
    const isMap = value instanceof Map;
    const isHolder = isMap || value instanceof Set || Array.isArray(value) || value instanceof Error;
    if (!isHolder && Object.getPrototypeOf(value) !== Object.prototype) return;
    found.add(value);
    if (isMap || value instanceof Set) for (const part of value) visit(part);
    for (const part of Object.values(value)) visit(part);
  };
  visit(root);
  return [...found].filter((object) => !(Array.isArray(object) && Object.isFrozen(object)));
}

function addReference(from: object, to: object): void {
  if (from instanceof Map) from.set(from.size % 2 === 0 ? to : from.size, to);
  else if (from instanceof Set) from.add(to);
  else if (Array.isArray(from)) from.push(to);
  else setOwn(from, 'ref', to);
}

/** Any storable value; the objects in it are fresh for each run, save for dates and regular expressions. */
export const storableValues: fc.Arbitrary<unknown> = fc
  .tuple(tree, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 }))
  .map(([root, references]) => {
    const containers = containersOf(root);
    for (const [from, to] of containers.length === 0 ? [] : references) {
      addReference(containers[from % containers.length], containers[to % containers.length]);
    }
    return root;
  });

/** Plain objects, arrays and scalars without oddities, as most values are. */
export const everydayValues: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 5 })
  .chain((value) =>
    fc
      .array(fc.record({ id: fc.integer(), name: fc.string(), score: fc.double(), tags: fc.array(fc.string()) }))
      .map((records) => (records.length === 0 ? value : { records, value })),
  );
