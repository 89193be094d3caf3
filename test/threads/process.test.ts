/**
 * Goal: a cache never keeps a process from ending, and never ends one. Oracle: exit codes of child processes, which
 * are killed after 30 seconds. Replay: `npx vitest run test/threads/process.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { runModule } from '../support/worker-process.js';

const START = `import { SuperCache } from 'supercache'; import { Worker } from 'node:worker_threads';
  import { once } from 'node:events';
  const cache = await SuperCache.start({ memory: '16mb', owners: 2 }); cache.put(['key', 1]);`;
const WORKER = `const worker = new Worker(
  "const { SuperCache } = require('supercache'); globalThis.cache = SuperCache.attach(); cache.put(['key', 2]);" +
  "require('node:worker_threads').parentPort.postMessage('in');" + rest, { eval: true, execArgv: [] });
await once(worker, 'message');`;

// Workers get no flags of the process: --input-type=module would make their texts modules.
describe.concurrent('a process ends by itself', () => {
  test('without stop', async () => {
    expect(await runModule(`${START} console.log('done');`)).toMatchObject({ code: 0, output: 'done', errors: '' });
  });

  test('with stop', async () => {
    expect(await runModule(`${START} await cache.stop();`)).toMatchObject({ code: 0, errors: '' });
  });

  test('while a worker that does nothing is attached', async () => {
    const text = `${START} const rest = ''; ${WORKER} console.log(cache.get(['key'])[0][1]);`;
    expect(await runModule(text)).toMatchObject({ code: 0, output: '2', errors: '' });
  });

  test('while an unreferenced worker uses the cache', async () => {
    const text = `${START} const rest = "for (;;) cache.put(['key', 3]);"; ${WORKER} worker.unref();`;
    expect(await runModule(text)).toMatchObject({ code: 0, errors: '' });
  });

  test('by process.exit', async () => {
    const text = `${START} const rest = "for (;;) cache.put(['key', 3]);"; ${WORKER} process.exit(3);`;
    expect(await runModule(text)).toMatchObject({ code: 3, errors: '' });
  });

  test('by an uncaught error in the main thread', async () => {
    const ended = await runModule(`${START} throw new Error('of the user');`);
    expect(ended.code).toBe(1);
    expect(ended.errors).toContain('of the user');
  });

  test('with a stop that nobody awaits, and with one in beforeExit', async () => {
    expect(await runModule(`${START} void cache.stop();`)).toMatchObject({ code: 0, errors: '' });
    const late = `${START} process.once('beforeExit', () => void cache.stop().then(() => console.log('stopped')));`;
    expect(await runModule(late)).toMatchObject({ code: 0, output: 'stopped', errors: '' });
  });

  test('when a worker has started the cache and ended', async () => {
    const text = `import { Worker } from 'node:worker_threads';
      new Worker("const { SuperCache } = require('supercache'); SuperCache.start({ memory: '16mb', owners: 1 })" +
        ".then((cache) => { cache.put(['key', 1]); console.log('started'); });", { eval: true, execArgv: [] });`;
    expect(await runModule(text)).toMatchObject({ code: 0, output: 'started', errors: '' });
  });
});
