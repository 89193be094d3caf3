/**
 * Goal: thread slots are never used up by threads that left or died, however they did, and a dead thread is never taken
 * for a living one. Oracle: `inspect().threads`, and attaching in a cache with few slots.
 * Replay: `npx vitest run test/threads/slots.test.ts`.
 */
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';
import { closeToken, isTokenOpen, openToken } from '../../src/threads/liveness-token.js';
import { RemoteThread } from '../support/worker-remote.js';
import { freeSlots, until } from '../support/worker-verify.mjs';

const threads: RemoteThread[] = [];
let cache: SuperCache;

async function start(owners: number, maxThreads: number): Promise<void> {
  cache = await SuperCache.start({ memory: '64mb', partitions: 4, owners, maxThreads });
}

function spawn(): RemoteThread {
  const thread = new RemoteThread();
  threads.push(thread);
  return thread;
}

/** A thread that runs this text, in which `SuperCache` and `parentPort` stand. */
function spawnText(text: string): Worker {
  const imports =
    "const { SuperCache } = require('supercache'); const { parentPort } = require('node:worker_threads');";
  return new Worker(imports + text, { eval: true });
}

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.end()));
  await cache.stop();
});

test('more threads than maxThreads are refused, and let in when one has left', async () => {
  await start(1, 3);
  const [first, second] = [spawn(), spawn()];
  await first.run('attach');
  await expect(second.run('attach')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_TOO_MANY_THREADS', op: 'attach' });
  await first.call('detach');
  await second.run('attach');
  await expect(first.run('attach')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_TOO_MANY_THREADS' });
});

test.each([0, 1])('hundreds of attachments of one thread use one slot, owners: %i', async (owners) => {
  await start(owners, 2 + owners);
  const thread = spawn();
  await thread.run('cycle', [500]);
  await thread.run('attach');
  expect(cache.inspect().threads).toHaveLength(2 + owners);
});

test.each([0, 1])('threads killed while they store large values do not use up slots, owners: %i', async (owners) => {
  await start(owners, 24);
  const text = `const cache = SuperCache.attach(); const text = 'x'.repeat(1 << 20);
    parentPort.postMessage('ready'); for (let i = 0; ; i++) cache.put([i % 4, text]);`;
  for (let round = 0; round < 40; round++) {
    const worker = spawnText(text);
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 15));
    await worker.terminate();
    // Callers do the upkeep where there are no owners: here is one.
    cache.put(['caller', round]);
  }
  await spawn().run('attach');
});

test('threads killed while they attach and detach do not use up slots', async () => {
  await start(1, 64);
  const text = "parentPort.postMessage('ready'); for (;;) SuperCache.attach().detach();";
  for (let round = 0; round < 40; round++) {
    const worker = spawnText(text);
    await once(worker, 'message');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    await worker.terminate();
  }
  expect(await until(() => cache.inspect().threads.length === 2)).toBe(true);
  expect(freeSlots(cache)).toBe(62);
});

// A time-out stops a thread where a kill does, at any call or loop, only more often in the same time.
test('a thread that was thrown out of attaching and detaching leaves no slot behind when it ends', async () => {
  await start(1, 500);
  const worker = spawnText(`const vm = require('node:vm'); const cycle = () => SuperCache.attach().detach();
    for (let i = 0; i < 400; i++) try { vm.runInNewContext('for (;;) cycle()', { cycle }, { timeout: 1 }); } catch {}`);
  await once(worker, 'exit');
  expect(await until(() => cache.inspect().threads.length === 2)).toBe(true);
  expect(freeSlots(cache)).toBe(498);
});

test('a dead thread is seen as dead, also when another one attaches after it', async () => {
  await start(0, 16);
  const text = "SuperCache.attach(); parentPort.postMessage('in'); setInterval(() => {}, 1000);";
  const first = spawnText(text);
  await once(first, 'message');
  const { threadId } = first;
  await first.terminate();
  const isAlive = () => cache.inspect().threads.some((thread) => thread.threadId === threadId && thread.alive);
  expect(isAlive()).toBe(false);
  const second = spawnText(text);
  await once(second, 'message');
  expect(isAlive()).toBe(false);
  await second.terminate();
});

// File systems give a new file the number of the inode that was freed last: ext4 does, tmpfs does not.
test('a closed liveness token stays closed, whatever is opened later', async () => {
  await start(0, 16);
  for (let round = 0; round < 20; round++) {
    const token = openToken();
    expect(isTokenOpen(token)).toBe(true);
    closeSync(token.descriptor);
    const later = openToken();
    expect(isTokenOpen(token)).toBe(false);
    closeToken(later);
  }
});
