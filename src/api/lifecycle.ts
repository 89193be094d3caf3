/** Starting, attaching, stopping: what makes and unmakes a cache in a thread. One attachment per cache and thread. */
import { randomInt, randomUUID } from 'node:crypto';
import type { Piscina } from 'piscina';
import { ClockKind } from '../../native-layout/superblock.js';
import { CacheError, show } from '../errors.js';
import { SharedMemory } from '../memory/slab.js';
import { resolveOptions } from '../options.js';
import { Attachment } from '../threads/attachment.js';
import {
  type CacheHandle,
  isStopped,
  openMemory,
  publishHandle,
  resolveHandle,
  visibleHandle,
} from '../threads/handle.js';
import { OwnerThreads } from '../threads/owners.js';
import { makePool, type PoolOptions } from '../threads/pool.js';

/** One cache in one thread: the attachment, and in the thread that started it, owners and pools. */
export class Lifecycle {
  readonly attachment: Attachment;
  readonly #owners: OwnerThreads | undefined;
  readonly #pools = new Set<Piscina>();
  #stopping: Promise<void> | undefined;

  private constructor(attachment: Attachment, owners: OwnerThreads | undefined) {
    this.attachment = attachment;
    this.#owners = owners;
    attachment.onStopped = () => {
      this.stop().catch(() => {});
    };
  }

  /** Whether this thread started the cache. */
  get isStarter(): boolean {
    return this.#owners !== undefined;
  }

  static async start(given: unknown): Promise<Lifecycle> {
    const { options, shape } = resolveOptions(given);
    if (visibleHandle(options.name) !== undefined) {
      const message = `a cache named ${show(options.name)} runs in this thread or an ancestor; names are unique`;
      throw new CacheError('ALREADY_STARTED', message, { op: 'start' });
    }
    const memory = SharedMemory.create(shape, randomInt(2 ** 32) | 0, ClockKind[options.clock]);
    const handle: CacheHandle = { kind: 'supercache', id: randomUUID(), options, shape, buffers: memory.buffers };
    const attachment = new Attachment(handle, memory, 0);
    attachment.open('start').namespaces.createTuples();
    publishHandle(handle);
    const owners = new OwnerThreads(handle);
    const lifecycle = new Lifecycle(attachment, owners);
    try {
      await owners.start();
    } catch (error) {
      await lifecycle.stop();
      throw error;
    }
    return lifecycle;
  }

  static attach(target: unknown): { handle: CacheHandle; make: () => Lifecycle } {
    const handle = resolveHandle(target);
    const make = (): Lifecycle => {
      const memory = openMemory(handle);
      if (isStopped(handle)) {
        throw new CacheError('STOPPED', `cache ${show(handle.options.name)} was stopped`, { op: 'attach' });
      }
      return new Lifecycle(new Attachment(handle, memory, 0), undefined);
    };
    return { handle, make };
  }

  pool(options: PoolOptions): Piscina {
    this.attachment.open('pool');
    const pool = makePool(this.attachment.options.name, options);
    this.#pools.add(pool);
    pool.once('close', () => this.#pools.delete(pool));
    return pool;
  }

  /** Ends the cache for all threads. Every call returns the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { attachment } = this;
    attachment.stop();
    attachment.detach();
    // Owners first: from here on their end is no death. A pool may have been destroyed by its user; that is as well.
    const owners = this.#owners?.stop();
    await Promise.allSettled([owners, ...Array.from(this.#pools, (pool) => pool.destroy())]);
  }

  detach(): void {
    if (this.isStarter && !this.attachment.stopped) {
      const message = 'the thread that started the cache cannot detach from it; stop() ends the cache';
      throw new CacheError('NOT_SUPPORTED', message, { op: 'detach' });
    }
    this.attachment.detach();
  }
}
