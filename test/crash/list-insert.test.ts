/**
 * Goal: a list insert whose thread died after its commit is completed everywhere, also if the dead thread's slot is
 * swept while another thread has taken one of its locks over and not healed yet. Oracle: the rows that readers see.
 * The interleaving is played by the modules of the build. Replay: `npx vitest run test/crash/list-insert.test.ts`.
 */
import { expect, test } from 'vitest';
import { runModule } from '../support/worker-process.js';

const sweeperText = `
  const { workerData } = require('node:worker_threads');
  const at = (name) => import(require('node:path').resolve('dist/esm/src/threads', name));
  Promise.all([at('attachment.js'), at('handle.js')]).then(([{ Attachment }, { openMemory }]) => {
    const attachment = new Attachment(workerData.handle, openMemory(workerData.handle), 0);
    attachment.open('test').partitions.self.sweepGone();
    Atomics.store(workerData.done, 0, 1);
    Atomics.notify(workerData.done, 0);
  });`;

const text = `
  const sweeperText = ${JSON.stringify(sweeperText)};
  import fs from 'node:fs';
  import { Worker } from 'node:worker_threads';
  import { SuperCache } from 'supercache';
  import { Registry, unpackClaim } from './dist/esm/native-layout/registry.js';
  import { Tuples } from './dist/esm/src/api/tuples.js';
  import { Attachment } from './dist/esm/src/threads/attachment.js';
  import { openMemory } from './dist/esm/src/threads/handle.js';

  const cache = await SuperCache.start({ owners: 0, memory: '16mb', partitions: 2 });
  const { control } = openMemory(cache.handle());
  const attach = () => new Attachment(cache.handle(), openMemory(cache.handle()), 0);
  const [dead, healer] = [attach(), attach()];
  const keys = [0, 1].map((partition) => {
    let key = 0;
    while (cache.partitionOf(key) !== partition) key++;
    return key;
  });
  const { partitions } = dead.open('test');
  const slot = partitions.self.slotWord;
  const commit = partitions.log.commit;
  // Dies at the first step behind the commit of the list: both partitions locked, both rows pending.
  partitions.log.commit = () => {
    if (control[slot + Registry.decision] !== 0) throw new Error('dead');
    commit.call(partitions.log);
  };
  partitions.mendOwn = () => {};
  try { new Tuples(dead).insertNew(keys.map((key) => [key, 'of the list'])); } catch {}
  fs.closeSync(unpackClaim(new BigInt64Array(control.buffer)[slot / 2]).descriptor);
  const visible = () => keys.map((key) => cache.get([key]).length);
  const seen = [visible()];
  // The healer has swapped itself into the second lock and is held up before it heals.
  const its = healer.open('test').partitions;
  const header = its.headerOf(1);
  control[header] = its.self.lockWord;
  // The sweeper may wait for the healer, or give up; it has ample time for doing the wrong thing.
  const done = new Int32Array(new SharedArrayBuffer(4));
  const sweeper = new Worker(sweeperText, { eval: true, execArgv: [], workerData: { done, handle: cache.handle() } });
  sweeper.on('error', (error) => { throw error; });
  Atomics.wait(done, 0, 0, 500);
  seen.push(visible());
  its.heal(header, 1);
  its.leaveOne(header);
  Atomics.wait(done, 0, 0, 5000);
  seen.push(visible());
  console.log(JSON.stringify(seen));
  process.exit();`;

test('a committed list stays committed when the slot of its thread is swept', async () => {
  const { output, errors } = await runModule(text);
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
});
