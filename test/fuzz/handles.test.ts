/**
 * Goal: whatever is given to `attach` as a handle, and whatever stands in the superblock of its memory, the answer is a
 * cache that works or an error with a code; nothing hangs, and no slab is touched beyond its end.
 * Oracle: the kind of error; with untouched counts in the superblock the cache reads what was written.
 * Replay: with the seed and path that fast-check prints, as test/support/property-runs.ts says.
 */
import fc from 'fast-check';
import { SuperCache } from 'supercache';
import { afterAll, beforeAll, test, vi } from 'vitest';
import { Superblock } from '../../native-layout/superblock.js';
import { runs } from '../support/property-runs.js';
import { STEPS_TIMEOUT_MS } from '../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

type Handle = ReturnType<SuperCache['handle']>;
type Fields = Record<string, unknown>;

const CODES = /^ERR_SUPERCACHE_[A-Z_]+$/;

let cache: SuperCache;
let handle: Handle;
let copies = 0;

beforeAll(async () => {
  cache = await SuperCache.start({ name: 'fuzz', memory: '400kb', owners: 0, partitions: 2, maxThreads: 4 });
  cache.put(['key', 'value']);
  handle = cache.handle();
});
afterAll(() => cache.stop());

/** A handle of its own memory, with the same content. */
function copyOf({ kind, options, shape, buffers }: Handle): Fields {
  const own = buffers.map((buffer) => {
    const copy = new SharedArrayBuffer(buffer.byteLength);
    new Uint8Array(copy).set(new Uint8Array(buffer));
    return copy;
  });
  return {
    kind,
    id: `copy ${copies++}`,
    options: { ...options, name: `copy ${copies}` },
    shape: { ...shape },
    buffers: own,
  };
}

/** Attaches, reads, detaches. Returns what it read, or the code of the error. */
function attempt(target: unknown): unknown {
  try {
    const attached = SuperCache.attach(target as Handle);
    try {
      return attached.get(['key']);
    } finally {
      if (attached !== cache) attached.detach();
    }
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !CODES.test(code)) throw error;
    return code;
  }
}

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc.integer(),
  fc.constantFrom<unknown>(undefined, null, '', NaN, -1, 0, 2 ** 31, 1e300, [], {}, 'supercache'),
  fc.constantFrom(0, 4, 7, 128, 4096, 409_600).map((length) => new SharedArrayBuffer(length)),
  fc.constantFrom(0, 4096).map((length) => [new SharedArrayBuffer(length)]),
);
const places = fc.constantFrom(
  ['kind'],
  ['id'],
  ['options'],
  ['shape'],
  ['buffers'],
  ['buffers', '0'],
  ['buffers', '1'],
  ['options', 'name'],
  ['options', 'partitions'],
  ['options', 'keyPos'],
  ['shape', 'slabLengths'],
  ['shape', 'pageShift'],
  ['shape', 'partitionCount'],
  ['shape', 'threadSlots'],
  ['shape', 'namespaceSlots'],
  ['shape', 'ownerCount'],
);

test('arbitrary things', () => {
  fc.assert(
    fc.property(odd, (target) => void attempt(target)),
    runs(2000),
  );
});

test('handles with one or two wrong fields', () => {
  const wrong = fc.array(fc.tuple(places, odd), { minLength: 1, maxLength: 2 });
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(wrong, (changes) => {
      const target = copyOf(handle);
      for (const [path, value] of changes) {
        const parent = path.length === 1 ? target : (target[path[0]] as Fields | undefined);
        if (typeof parent === 'object' && parent !== null) parent[path.at(-1) as string] = value;
      }
      const answer = attempt(target);
      seen[String(answer)] = (seen[String(answer)] ?? 0) + 1;
    }),
    runs(1500),
  );
  console.log(seen);
});

test('superblocks with wrong words', () => {
  const words = fc.array(fc.tuple(fc.nat({ max: Superblock.sizeWords - 1 }), fc.integer()), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(words, (changes) => {
      const target = copyOf(handle);
      const control = new Int32Array((target.buffers as SharedArrayBuffer[])[0]);
      for (const [word, value] of changes) if (word !== Superblock.controlLock) control[word] = value;
      attempt(target);
    }),
    runs(1500),
  );
});
