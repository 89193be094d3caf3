/** The `safe` and `promises` faces, derived from the throwing methods. Made when first used. */
import type { Result } from './face-types.js';

type Method = (...args: unknown[]) => unknown;
type Wrap = (run: () => unknown) => unknown;

/** Methods of a cache that have faces. */
export const CACHE_METHODS = [
  'put',
  'lazyPut',
  'putBatch',
  'insertNew',
  'get',
  'getByKeyPartition',
  'getSameKeyPartition',
  'member',
  'take',
  'delete',
  'deleteByKeyPartition',
  'deleteSameKeyPartition',
  'deleteAll',
  'scan',
  'toList',
  'partitionOf',
  'stats',
  'inspect',
  'flush',
  'stop',
  'detach',
  'handle',
  'pool',
] as const;

/** Methods of a key-value that have faces. */
export const KEY_VALUE_METHODS = ['get', 'set', 'lazySet', 'has', 'delete', 'ttl', 'expire', 'persist'] as const;

function succeed<T>(value: T): Result<T> {
  return { ok: true, value };
}

function fail(error: unknown): Result<never> {
  return { ok: false, error: error instanceof Error ? error : new Error(String(error), { cause: error }) };
}

/** Runs, and answers with a result; a promise becomes a promise of a result. Never throws, never rejects. */
export function safely(run: () => unknown): unknown {
  try {
    const value = run();
    return value instanceof Promise ? value.then(succeed, fail) : succeed(value);
  } catch (error) {
    return fail(error);
  }
}

/** Runs at once, and answers with a promise. */
export async function promised(run: () => unknown): Promise<unknown> {
  return run();
}

/** An object with the named methods of `target`, each wrapped. */
export function deriveFace<Face>(target: object, names: readonly string[], wrap: Wrap): Face {
  const face: Record<string, Method> = {};
  for (const name of names) {
    face[name] = (...args) => wrap(() => (target as Record<string, Method>)[name](...args));
  }
  return face as Face;
}

/** Wraps what makes another object: its face, or, if it cannot be made, a face whose every method tells why. */
export function deriveMadeFace<Face>(make: () => object, names: readonly string[], wrap: Wrap): Face {
  let made: object | undefined;
  let reason: unknown;
  try {
    made = make();
  } catch (error) {
    reason = error;
  }
  if (made !== undefined) return deriveFace<Face>(made, names, wrap);
  const refuse = (): never => {
    throw reason;
  };
  return deriveFace<Face>(Object.fromEntries(names.map((name) => [name, refuse])), names, wrap);
}
