/**
 * Goal: a `vm` time-out that throws out of a cache call at any instruction leaves the cache whole, for the thread it
 * was thrown in and for all others, also if that thread is idle afterwards. Oracle: rows that prove themselves, the
 * last acknowledged write of each key, the conservation laws of `verify`. Replay: `SEED=n npx vitest run
 * test/crash/timeouts.test.ts`, or the command that a failure prints.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seedOf } from '../support/random.js';
import { runModule, runNode } from '../support/worker-process.js';

const script = join(import.meta.dirname, '..', 'support', 'worker-timeouts.mjs');
const seed = seedOf();

test.each([
  ['compiled', []],
  ['interpreted', ['--no-opt']],
])('time-outs thrown out of operations, %s', async (_name, flags) => {
  const options = { count: 150, seed, memory: '64mb', partitions: 4, owners: 1 };
  const args = [...flags, script, JSON.stringify(options)];
  const ended = await runNode(args, 50_000);
  const replay = `replay: node ${args.map((arg) => `'${arg}'`).join(' ')}`;
  expect(ended, replay).toMatchObject({ code: 0, signal: null, errors: '' });
  const { faults, timeouts, healCount, survivor } = JSON.parse(ended.output);
  console.log(`seed ${seed}: ${JSON.stringify(timeouts)} time-outs, ${healCount} healed, ${JSON.stringify(survivor)}`);
  expect(faults, replay).toEqual([]);
  expect(timeouts).toEqual({ main: 150, worker: 150 });
  expect(survivor.longestMs).toBeLessThan(5000);
});

// The lock of the namespace table is held for most of a registration: a few time-outs are enough to abandon it.
test('a thread thrown out of registering a namespace, idle since, does not stop others from it', async () => {
  const text = `import vm from 'node:vm';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    import { SuperCache } from 'supercache';
    import { Superblock } from './dist/esm/native-layout/superblock.js';
    const cache = await SuperCache.start({ owners: 1, memory: '64mb', partitions: 4 });
    const control = new Int32Array(cache.handle().buffers[0]);
    let last = 0;
    const register = () => { try { cache.keyValue('n' + last++); } catch {} };
    for (let i = 0; i < 500 && Atomics.load(control, Superblock.controlLock) === 0; i++) {
      try { vm.runInNewContext('for (;;) register()', { register }, { timeout: 2 }); } catch {}
    }
    const worker = new Worker("const cache = require('supercache').SuperCache.attach();" +
      "try { cache.keyValue('another') } catch (error) { if (!/FULL/.test(error.code)) throw error; }",
      { eval: true, execArgv: [] });
    console.log(...await once(worker, 'exit'));`;
  expect(await runModule(text)).toMatchObject({ code: 0, signal: null, output: '0', errors: '' });
});
