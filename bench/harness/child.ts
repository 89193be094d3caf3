import { type ChildProcess, fork } from 'node:child_process';
import type { Response } from './serve.js';

/** How long a child may take to leave by itself after `stop`. */
const STOP_MS = 10_000;

const living = new Set<ChildProcess>();

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A child process that holds one subject: its own heap, its own garbage collector, its own optimised code. The
 * parent commands it call by call, so only one child works at a time.
 */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  readonly #name: string;
  #calls = 0;

  private constructor(name: string, process: ChildProcess) {
    this.#name = name;
    this.#process = process;
    process.on('message', (response: Response) => this.#settle(response));
    process.on('exit', (code, signal) => this.#fail(`left with ${signal ?? `code ${code}`}`));
    process.on('error', (error) => this.#fail(error.message));
  }

  /** Starts a host module. `heapMb` raises V8's heap limit where the data need it. */
  static start(name: string, module: URL, heapMb?: number): Child {
    const execArgv = ['--expose-gc', ...(heapMb === undefined ? [] : [`--max-old-space-size=${heapMb}`])];
    const child = fork(module, [], { execArgv, serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] });
    living.add(child);
    child.once('exit', () => living.delete(child));
    return new Child(name, child);
  }

  call<T>(method: string, params?: unknown): Promise<T> {
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiters.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (!this.#process.connected) this.#fail('is gone');
      else this.#process.send({ id, method, params });
    });
  }

  /** Asks the host to close, then ends the process. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const left = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS);
    await this.call('close').catch((error: Error) => process.stderr.write(`${error.message}\n`));
    if (this.#process.connected) this.#process.disconnect();
    await left;
    clearTimeout(timer);
  }

  #settle(response: Response): void {
    const waiter = this.#waiters.get(response.id);
    this.#waiters.delete(response.id);
    if (response.error === undefined) waiter?.resolve(response.value);
    else waiter?.reject(new Error(`${this.#name}: ${response.error}`));
  }

  #fail(what: string): void {
    for (const waiter of this.#waiters.values()) waiter.reject(new Error(`${this.#name}: ${what}`));
    this.#waiters.clear();
  }
}

/** Ends all children at once; for interrupts and crashes. */
export function killChildren(): void {
  for (const child of living) child.kill('SIGKILL');
}
