/** `cache.pool()`: a Piscina pool whose workers find the cache. Piscina is loaded when the first pool is made. */
import { createRequire } from 'node:module';
import type { Piscina } from 'piscina';
import { CacheError, mistake, show } from '../errors.js';
import { moduleUrl } from './location.js';

/** Options of Piscina's constructor. */
export type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

/** Names the cache that `SuperCache.attach()` without arguments means in the workers of a pool. */
export const POOL_VARIABLE = 'SUPERCACHE_POOL';

function loadPiscina(): typeof Piscina {
  try {
    return (createRequire(moduleUrl)('piscina') as { Piscina: typeof Piscina }).Piscina;
  } catch (cause) {
    const message = 'cache.pool() needs the package piscina, which could not be loaded: npm install piscina';
    throw new CacheError('NOT_SUPPORTED', message, { op: 'pool', cause });
  }
}

/**
 * Makes a pool. With Piscina's default, idle workers block in `Atomics.wait` and their event loops starve, so the
 * workers of a cache wait asynchronously unless the caller says otherwise.
 */
export function makePool(cacheName: string, options: PoolOptions): Piscina {
  if (typeof options !== 'object' || options === null) {
    throw mistake('BAD_OPTION', `pool: the options are ${show(options)}, allowed is an object of Piscina options`, {
      op: 'pool',
    });
  }
  const Pool = loadPiscina();
  const { env } = options as { env?: unknown };
  // A worker that shares its parent's environment cannot be told apart by it.
  const named = typeof env === 'symbol' ? {} : { env: { ...(env ?? process.env), [POOL_VARIABLE]: cacheName } };
  const pool = new Pool({ atomics: 'async', ...options, ...named } as PoolOptions);
  // A second destroy() while the first one runs would make Piscina spawn workers again: both get the same promise.
  const destroy = pool.destroy.bind(pool);
  let destroyed: Promise<void> | undefined;
  pool.destroy = () => {
    destroyed ??= destroy();
    return destroyed;
  };
  return pool;
}
