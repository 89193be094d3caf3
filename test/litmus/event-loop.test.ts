/**
 * Goal: what keeps a thread, wakes it and reaches it, as `owner-agent.ts`, `attachment.ts` and `handle.ts` rely on it.
 *
 * | program                                             | must                                           |
 * |-----------------------------------------------------|------------------------------------------------|
 * | a thread whose only work is an unanswered waitAsync | end                                            |
 * | the same with a referenced port                     | live, be woken by another thread, end when the port closes |
 * | a process whose only work is an unref'ed worker with a referenced port | end                         |
 * | waitAsync, notified by another thread               | resolve 'ok', also in the main thread          |
 * | Atomics.wait in the main thread                     | be permitted: 'timed-out'                      |
 * | setEnvironmentData, then a worker in a worker in a worker | reach all three, as the same shared memory |
 * | setEnvironmentData after a worker was spawned       | not reach that worker: it needs the handle     |
 * | an idle worker of a pool with atomics: 'async'      | turn its event loop: its waitAsync is resolved |
 * | a worker while the main thread is blocked           | get no message through: only shared words do   |
 *
 * Rules that depend on it: owners park on a doorbell and hold a referenced handle, the parent unrefs the Worker
 * (`owner-agent.ts`); workers of a pool answer their doorbell (`pool.ts`); nothing that has to be seen is told by
 * messages; the doorbell of a client does not keep its thread; handles travel by environment data; callers of
 * the main thread may wait. Oracle: the table; no thread is waited for by time. Replay: `npx vitest run
 * test/litmus/event-loop.test.ts`.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { isMainThread, MessageChannel, SHARE_ENV, setEnvironmentData, Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { expect, test } from 'vitest';
import { parkAsyncOn, parkOn } from '../../src/memory/atomics.js';
import { ended, spawn } from './harness.js';

const makeWords = () => new Int32Array(new SharedArrayBuffer(64));

test('a pending waitAsync does not keep a thread', async () => {
  const words = makeWords();
  const worker = spawn(({ data }) => {
    void (Atomics as never as { waitAsync(...operands: unknown[]): unknown }).waitAsync(data, 0, 0);
    Atomics.store(data, 1, 1);
  }, words);
  await ended(worker);
  expect(words[1]).toBe(1);
});

test('a referenced port keeps a thread, and its waitAsync is resolved by another thread', async () => {
  const words = makeWords();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(
    `const { workerData: { words, port }, parentPort } = require('node:worker_threads');
    port.on('message', () => {});
    Atomics.waitAsync(words, 0, 0).value.then((result) => {
      parentPort.postMessage(result);
      port.once('message', () => port.close());
    });
    Atomics.store(words, 1, 1);`,
    { eval: true, workerData: { words, port: port2 }, transferList: [port2] },
  );
  const gone = ended(worker);
  const result = once(worker, 'message');
  // The thread that notifies does so when the script of the first one is over or nearly so.
  const notifier = spawn(({ data }) => {
    while (Atomics.load(data, 1) === 0) Atomics.wait(data, 1, 0, 1);
    Atomics.store(data, 0, 1);
    while (Atomics.notify(data, 0) === 0);
  }, words);
  const notified = ended(notifier);
  expect(await result).toEqual(['ok']);
  await notified;
  port1.postMessage('end');
  await gone;
});

test('a process does not stay for an unreferenced worker that has a referenced port', async () => {
  const code = `const { Worker, MessageChannel } = require('node:worker_threads');
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker("const { workerData, parentPort } = require('node:worker_threads');" +
      "workerData.on('message', () => {}); parentPort.postMessage('up');",
      { eval: true, workerData: port2, transferList: [port2] });
    port1.unref();
    worker.once('message', () => worker.unref());`;
  await promisify(execFile)(process.execPath, ['-e', code]);
});

test('the main thread may park, with and without blocking', async () => {
  expect(isMainThread).toBe(true);
  const words = makeWords();
  parkOn(words, 0, 0, 1);
  expect(Atomics.wait(words, 0, 0, 1)).toBe('timed-out');
  const woken = parkAsyncOn(words, 0, 0);
  const notifier = spawn(({ data }) => {
    while (Atomics.notify(data, 0) === 0);
  }, words);
  await Promise.all([woken, ended(notifier)]);
});

test('environment data reaches workers at any depth, but not those spawned before', async () => {
  const key = 'litmus.words';
  const words = makeWords();
  const nested = `const { getEnvironmentData, workerData, Worker, parentPort } = require('node:worker_threads');
    const run = () => {
      const words = getEnvironmentData('${key}');
      if (words === undefined) return parentPort.postMessage('nothing');
      Atomics.add(words, 0, 1);
      const next = workerData.depth === 1 ? undefined
        : new Worker(workerData.code, { eval: true, workerData: { ...workerData, depth: workerData.depth - 1 } });
      if (next === undefined) return parentPort.postMessage('reached');
      next.on('message', (message) => parentPort.postMessage(message));
    };
    if (workerData.early) parentPort.once('message', run); else run();`;
  const early = new Worker(nested, { eval: true, workerData: { code: nested, depth: 1, early: true } });
  await once(early, 'online');
  try {
    setEnvironmentData(key, words as never);
    const late = new Worker(nested, { eval: true, workerData: { code: nested, depth: 3 } });
    expect(await once(late, 'message')).toEqual(['reached']);
    expect(words[0]).toBe(3);
    early.postMessage('look');
    expect(await once(early, 'message')).toEqual(['nothing']);
  } finally {
    setEnvironmentData(key, undefined as never);
    await early.terminate();
  }
});

test('an idle worker of a pool answers, unless it blocks as is the default', async () => {
  const words = makeWords();
  const filename = new URL('pool-waiter.mjs', import.meta.url).href;
  const pool = new Piscina({ filename, atomics: 'async', minThreads: 1, maxThreads: 1, env: SHARE_ENV });
  try {
    await pool.run(words);
    // The task is over; what it left waiting is resolved while the worker is idle.
    while (Atomics.load(words, 1) === 0) {
      Atomics.notify(words, 0);
      await new Promise(setImmediate);
    }
    expect(words[1]).toBe(1);
  } finally {
    await pool.destroy();
  }
});

test('a message does not get through while the main thread is blocked, a shared word does', async () => {
  const words = makeWords();
  let heard = 0;
  const worker = spawn(({ data, require }) => {
    require('node:worker_threads').parentPort.postMessage('to a blocked thread');
    Atomics.store(data, 0, 1);
    Atomics.notify(data, 0);
  }, words);
  worker.on('message', () => {
    heard++;
  });
  const gone = ended(worker);
  while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0, 1000);
  expect(heard).toBe(0);
  await gone;
  expect(heard).toBe(1);
});
