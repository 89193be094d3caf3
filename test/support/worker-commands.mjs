/**
 * A thread that does what it is told by messages `{ id, command, args }`, for tests of several threads; see
 * worker-remote.ts.
 */
import { createRequire } from 'node:module';
import { parentPort, threadId, Worker, workerData } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const { SuperCache } =
  workerData?.build === 'cjs' ? require('../../dist/cjs/src/index.js') : await import('supercache');

let cache;
let nested;

const commands = {
  attach(target) {
    cache = SuperCache.attach(target);
    return { name: cache.name, threadId };
  },
  attachTwice: () => SuperCache.attach() === SuperCache.attach(),
  async start(options) {
    cache = await SuperCache.start({ eviction: 'none', ...options });
  },
  handle: () => cache.handle(),
  /** Calls a method of the cache. */
  call: async (method, ...args) => await cache[method](...args),
  started: () => cache.started,
  now: () => cache.clock.now(),
  /** Attaches and detaches again and again. */
  cycle(count) {
    for (let i = 0; i < count; i++) SuperCache.attach().detach();
  },
  /** Works until an operation throws; counts in a shared word. */
  hammer(buffer, index) {
    const words = new Int32Array(buffer);
    for (let i = 0; ; i++) {
      try {
        cache.put([i % 1000, i, 'x'.repeat(i % 3000)]);
        cache.get([(i * 7) % 1000]);
      } catch (error) {
        return error.code;
      }
      Atomics.add(words, index, 1);
    }
  },
  /** Spawns a thread of this kind, as a child of this one. */
  spawn() {
    nested = new Worker(new URL(import.meta.url), { workerData });
    nested.on('message', (message) => parentPort.postMessage(message));
    nested.on('error', (error) => {
      throw error;
    });
    // The child lives as long as this thread has use for it.
    nested.unref();
  },
};

parentPort.on('message', async (message) => {
  const { id, command, args, depth } = message;
  if (depth > 0) {
    nested.postMessage({ ...message, depth: depth - 1 });
    return;
  }
  try {
    parentPort.postMessage({ id, value: await commands[command](...args) });
  } catch (error) {
    parentPort.postMessage({ id, error: { code: error.code, message: error.message, op: error.op } });
  }
});
