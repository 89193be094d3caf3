/** A thread of a test, told by messages what to do; the other side is worker-commands.mjs. */
import { once } from 'node:events';
import { Worker, type WorkerOptions } from 'node:worker_threads';

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { code: string; message: string; op: string };
}

export class RemoteThread {
  readonly worker: Worker;
  /** Exit code, once the thread has ended. */
  readonly ended: Promise<number>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(options: WorkerOptions = {}) {
    this.worker = new Worker(new URL('worker-commands.mjs', import.meta.url), options);
    this.ended = once(this.worker, 'exit').then(([code]) => code as number);
    this.worker.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** Runs a command in the thread, or `depth` generations below it. Rejects with what it threw. */
  run(command: string, args: readonly unknown[] = [], depth = 0): Promise<unknown> {
    const id = ++this.#lastId;
    this.worker.postMessage({ id, command, args, depth });
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ error, value }) => (error === undefined ? resolve(value) : reject(error)));
    });
  }

  /** Calls a method of the thread's cache. */
  call(method: string, ...args: unknown[]): Promise<unknown> {
    return this.run('call', [method, ...args]);
  }

  end(): Promise<number> {
    return this.worker.terminate();
  }
}
