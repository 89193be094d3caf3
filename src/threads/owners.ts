/**
 * The owner threads of a cache, as the thread that started them sees them: spawning, the control channel, replacing
 * one that died, ending them. The channel carries control calls only; data never goes through it.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type Endpoint, type Remote, releaseProxy, wrap } from 'comlink';
import { CacheError } from '../errors.js';
import { type CacheHandle, isStopped } from './handle.js';
import { moduleUrl } from './location.js';

/** What an owner answers on its control channel. */
export interface OwnerControl {
  /** Resolves when the owner is attached and at work. */
  ready(): number;
}

/** What an owner's worker is given. */
export interface OwnerData {
  readonly handle: CacheHandle;
  readonly ownerIndex: number;
  readonly port: MessagePort;
}

interface OwnerThread {
  readonly worker: Worker;
  readonly control: Remote<OwnerControl>;
  readonly port: MessagePort;
  readonly ended: Promise<void>;
}

/** An owner that dies this often in a minute is not replaced any more: callers then do the upkeep. */
const MOST_DEATHS_PER_MINUTE = 5;
const MINUTE_MS = 60_000;
/** Time an owner gets to end by itself, in milliseconds. */
const END_PATIENCE_MS = 2000;

export class OwnerThreads {
  /** Dropped at the end, so that the memory can go. */
  #handle: CacheHandle | undefined;
  readonly #name: string;
  readonly #count: number;
  readonly #threads = new Map<number, OwnerThread>();
  readonly #deaths: number[] = [];
  #stopping = false;

  constructor(handle: CacheHandle) {
    this.#handle = handle;
    this.#name = handle.options.name;
    this.#count = handle.options.owners;
  }

  /** Owners at work. */
  get count(): number {
    return this.#threads.size;
  }

  /** Spawns all owners. Rejects with `ERR_SUPERCACHE_OWNER_FAILED` if one does not come up; none is left then. */
  async start(): Promise<void> {
    try {
      const indices = Array.from({ length: this.#count }, (_, index) => index);
      await Promise.all(indices.map((index) => this.#spawn(index)));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #spawn(ownerIndex: number): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined || isStopped(handle)) return;
    const channel = new MessageChannel();
    const data: OwnerData = { handle, ownerIndex, port: channel.port2 };
    const worker = new Worker(new URL('../../workers/owner.js', moduleUrl), {
      workerData: data,
      transferList: [channel.port2],
      name: `supercache-owner-${ownerIndex}`,
      // Flags of the program, such as --inspect or loaders, are not for owners.
      execArgv: [],
    });
    let cause: unknown;
    worker.on('error', (error) => {
      cause = error;
    });
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    const control = wrap<OwnerControl>(channel.port1 as unknown as Endpoint);
    this.#threads.set(ownerIndex, { worker, control, port: channel.port1, ended });
    const failed = ended.then(() => {
      throw new CacheError('OWNER_FAILED', `owner ${ownerIndex} ended before it was ready`, { op: 'start', cause });
    });
    await Promise.race([control.ready(), failed]);
    failed.catch(() => {});
    worker.unref();
    channel.port1.unref();
    void ended.then(() => this.#onEnd(ownerIndex, cause));
  }

  /** Replaces an owner that died while the cache runs. */
  #onEnd(ownerIndex: number, cause: unknown): void {
    this.#threads.get(ownerIndex)?.port.close();
    this.#threads.delete(ownerIndex);
    if (this.#stopping || this.#handle === undefined || isStopped(this.#handle)) return;
    const nowMs = performance.now();
    this.#deaths.push(nowMs);
    const recent = this.#deaths.filter((deathMs) => nowMs - deathMs < MINUTE_MS).length;
    const reason = cause === undefined ? '' : `: ${String(cause)}`;
    if (recent > MOST_DEATHS_PER_MINUTE) {
      process.emitWarning(`owner ${ownerIndex} of '${this.#name}' is not replaced any more${reason}`, {
        code: 'ERR_SUPERCACHE_OWNER_FAILED',
      });
      return;
    }
    this.#spawn(ownerIndex).catch((error: unknown) => this.#onEnd(ownerIndex, error));
  }

  /** Ends all owners. The cache is marked as stopped and their doorbells have been rung, or they never came up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#handle = undefined;
    const ending = Array.from(this.#threads.values(), async ({ worker, control, port, ended }) => {
      worker.ref();
      const patience = setTimeout(() => void worker.terminate(), END_PATIENCE_MS);
      await ended;
      clearTimeout(patience);
      control[releaseProxy]();
      port.close();
    });
    await Promise.all(ending);
    this.#threads.clear();
  }
}
