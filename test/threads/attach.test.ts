/**
 * Goal: a thread finds the caches it may use, by inheritance, name or handle, and is told what to do when it finds
 * none. Oracle: rows that one thread stores and the other reads; error codes. Replay: `npx vitest run
 * test/threads/attach.test.ts`.
 */
import { type CacheHandle, SuperCache } from 'supercache';
import { afterEach, expect, test } from 'vitest';
import { Superblock } from '../../native-layout/superblock.js';
import { RemoteThread } from '../support/worker-remote.js';

const SMALL = { memory: '16mb', owners: 1, partitions: 4 } as const;
const threads: RemoteThread[] = [];
const caches: SuperCache[] = [];

async function start(options: object = {}): Promise<SuperCache> {
  const cache = await SuperCache.start({ ...SMALL, ...options });
  caches.push(cache);
  return cache;
}

function spawn(options?: ConstructorParameters<typeof RemoteThread>[0]): RemoteThread {
  const thread = new RemoteThread(options);
  threads.push(thread);
  return thread;
}

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.end()));
  await Promise.all(caches.splice(0).map((cache) => cache.stop()));
});

test('a worker and a worker of it attach without plumbing and see each other', async () => {
  const cache = await start();
  const thread = spawn();
  await thread.run('spawn');
  expect(await thread.run('attach')).toMatchObject({ name: 'default' });
  const deep = (await thread.run('attach', [], 1)) as { threadId: number };
  expect(deep.threadId).not.toBe(thread.worker.threadId);
  await thread.run('call', ['put', ['deep', 1, 'from the grandchild']], 1);
  expect(cache.get(['deep'])).toEqual([['deep', 1, 'from the grandchild']]);
  expect(await thread.call('get', ['deep'])).toEqual([['deep', 1, 'from the grandchild']]);
  expect(cache.inspect().threads.map(({ alive }) => alive)).toEqual([true, true, true, true]);
});

test('attach by name, with two caches at once', async () => {
  const [first, second] = await Promise.all([start({ name: 'first' }), start({ name: 'second' })]);
  first.put(['key', 1]);
  second.put(['key', 2]);
  const thread = spawn();
  expect(await thread.run('attach', ['second'])).toMatchObject({ name: 'second' });
  expect(await thread.call('get', ['key'])).toEqual([['key', 2]]);
  await thread.run('attach', ['first']);
  expect(await thread.call('get', ['key'])).toEqual([['key', 1]]);
  await expect(thread.run('attach')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_NOT_STARTED' });
  await first.stop();
  expect(await thread.run('attach')).toMatchObject({ name: 'second' });
});

test.each(['toString', '__proto__', 'constructor'])('a cache may be called %s', async (name) => {
  expect(() => SuperCache.attach(name)).toThrow(expect.objectContaining({ code: 'ERR_SUPERCACHE_NOT_STARTED' }));
  const cache = await start({ name });
  cache.put(['key', 1]);
  const thread = spawn();
  expect(await thread.run('attach', [name])).toMatchObject({ name });
  expect(await thread.call('get', ['key'])).toEqual([['key', 1]]);
});

test('a worker that was spawned before the start attaches by handle, and is told so', async () => {
  const thread = spawn();
  const attempt = thread.run('attach');
  await expect(attempt).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_NOT_STARTED', op: 'attach' });
  await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining('SuperCache.attach(handle)') });
  const cache = await start();
  await expect(thread.run('attach')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_NOT_STARTED' });
  await thread.run('attach', [cache.handle()]);
  await thread.call('put', ['early', 1]);
  expect(cache.get(['early'])).toEqual([['early', 1]]);
});

test("a sibling's cache is reached by its handle only", async () => {
  const starter = spawn();
  const sibling = spawn();
  await starter.run('start', [SMALL]);
  await starter.call('put', ['key', 'of the sibling']);
  await expect(sibling.run('attach')).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_NOT_STARTED' });
  const handle = (await starter.run('handle')) as CacheHandle;
  await sibling.run('attach', [handle]);
  expect(await sibling.call('get', ['key'])).toEqual([['key', 'of the sibling']]);
  const here = SuperCache.attach(handle);
  expect(here.get(['key'])).toEqual([['key', 'of the sibling']]);
  here.detach();
  await starter.call('stop');
});

test('names are unique along a thread and its ancestors', async () => {
  await start({ name: 'taken' });
  const twice = start({ name: 'taken' });
  await expect(twice).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_ALREADY_STARTED', op: 'start' });
  const thread = spawn();
  const below = thread.run('start', [{ ...SMALL, name: 'taken' }]);
  await expect(below).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_ALREADY_STARTED' });
  await thread.run('start', [{ ...SMALL, name: 'own' }]);
  // What a descendant started is not visible above it, so its name is free here.
  expect(() => SuperCache.attach('own')).toThrow(expect.objectContaining({ code: 'ERR_SUPERCACHE_NOT_STARTED' }));
  await start({ name: 'own' });
  await thread.call('stop');
});

test('a name is free again after stop, and two starts at once do not both win', async () => {
  const first = await start({ name: 'again' });
  await first.stop();
  const results = await Promise.allSettled([start({ name: 'again' }), start({ name: 'again' })]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('attaching twice in a thread gives the same object, detaching ends it', async () => {
  const cache = await start();
  expect(SuperCache.attach()).toBe(cache);
  expect(SuperCache.attach(cache.handle())).toBe(cache);
  const thread = spawn();
  await thread.run('attach');
  expect(await thread.run('attachTwice')).toBe(true);
  await thread.call('detach');
  await thread.call('detach');
  expect(await thread.run('started')).toBe(false);
  await expect(thread.call('get', ['key'])).rejects.toMatchObject({ code: 'ERR_SUPERCACHE_NOT_STARTED', op: 'get' });
  await thread.run('attach');
  await thread.call('put', ['key', 'attached again']);
  expect(cache.get(['key'])).toEqual([['key', 'attached again']]);
  expect(() => cache.detach()).toThrow(expect.objectContaining({ code: 'ERR_SUPERCACHE_NOT_SUPPORTED' }));
});

test('a handle of another memory layout, or of none, is refused', async () => {
  const cache = await start();
  const handle = cache.handle();
  const copies = handle.buffers.map((buffer) => buffer.slice(0)) as unknown as SharedArrayBuffer[];
  const doctored: CacheHandle = { ...handle, id: 'doctored', buffers: copies };
  new Int32Array(copies[0])[Superblock.layoutVersion] += 1;
  const refused = expect.objectContaining({ code: 'ERR_SUPERCACHE_LAYOUT_MISMATCH', op: 'attach' });
  expect(() => SuperCache.attach(doctored)).toThrow(refused);
  await expect(spawn().run('attach', [doctored])).rejects.toEqual(refused);
  const smaller = { ...handle, id: 'smaller', shape: { ...handle.shape, threadSlots: 3 } };
  expect(() => SuperCache.attach(smaller)).toThrow(refused);
  for (const nonsense of [{}, 7, { kind: 'supercache', buffers: [], shape: {} }]) {
    expect(() => SuperCache.attach(nonsense as never)).toThrow();
  }
  expect(SuperCache.safe.attach('nobody')).toMatchObject({ ok: false, error: { code: 'ERR_SUPERCACHE_NOT_STARTED' } });
});
