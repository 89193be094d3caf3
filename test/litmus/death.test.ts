/**
 * Goal: what one thread can know of the death of another, without a message, by `liveness-token.ts`.
 *
 * Three threads: a victim opens a token, beats (counts up one word, if its way to end leaves it time) and ends in some
 * way; a watcher looks at the token until it is closed, then at the beats; the main thread is free, or blocked in
 * Atomics.wait.
 * | outcome    |           |                                                                                |
 * |------------|-----------|--------------------------------------------------------------------------------|
 * | gone       | allowed   | the token is closed, and the victim does nothing any more                      |
 * | too early  | forbidden | the token is closed, but the victim still beats                                |
 * | never      | forbidden | the victim has ended, but the token stays open (allowed with trackUnmanagedFds: false) |
 *
 * Stores of a thread that is terminated in a tight loop of plain stores, pass n storing n into word after word:
 * | outcome    |           |                                                                                |
 * |------------|-----------|--------------------------------------------------------------------------------|
 * | prefix     | allowed   | some first words are n, all others n - 1                                       |
 * | hole       | forbidden | a later store is there and an earlier one is not                               |
 * | late       | forbidden | a word changed after the token was seen closed                                 |
 *
 * A thread opens a token after another one died with its own:
 * | outcome    |           |                                                                                |
 * |------------|-----------|--------------------------------------------------------------------------------|
 * | other      | allowed   | another descriptor                                                             |
 * | number     | allowed   | the same number, another inode                                                 |
 * | both       | allowed   | the same number and the same inode: ext4 gives out freed inodes again          |
 * | taken for  | forbidden | the dead thread counts as alive because of the next one                        |
 *
 * Rules that depend on it: liveness is pulled (`registry.ts`); the redo log needs program order only (`redo-log.ts`,
 * 3); a lock is stolen from the dead only (`lock.ts`). Oracle: the tables. Replay: not by interleaving; more rounds by
 * ROUNDS.
 */
import { closeSync, fstatSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { isTokenOpen, type LivenessToken } from '../../src/threads/liveness-token.js';
import { type Counts, ended, judge, roundsPer, spawn, TOKEN } from './harness.js';

// Words: 0 go, 1 verdict, 3 the watcher is up, 32 length of the token as JSON, which stands from 256 on, 64 beats;
// from 512 on stores.
const makeWords = (length = 512) => new Int32Array(new SharedArrayBuffer(4 * length));
const GO = 0;
const VERDICT = 1;
const TOKEN_LENGTH = 32;
const verdicts = ['', 'gone', 'too early', 'never'];
const STORES = 4096;

function startVictim(words: Int32Array, way: string): Worker {
  const limits = way === 'exhausts its heap' ? { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } : undefined;
  return spawn(
    async ({ data: { words, way }, product: { openToken } }) => {
      const token = Buffer.from(JSON.stringify(openToken()));
      words.set(token, 256);
      Atomics.store(words, 32, token.length);
      Atomics.notify(words, 32);
      if (way === 'is terminated when idle') return new Promise((resolve) => setInterval(resolve, 1e9));
      if (way === 'is terminated when parked') for (;;) Atomics.wait(words, 2, 0);
      while (Atomics.load(words, 0) === 0) words[64]++;
      if (way === 'exits') process.exit(0);
      if (way === 'throws') throw new Error('meant');
      if (way === 'rejects') return new Promise((_, reject) => setImmediate(reject, new Error('meant')));
      const kept: unknown[] = [];
      if (way === 'exhausts its heap') for (;;) kept.push(new Array(1000).fill(kept.length));
      while (way === 'is terminated in a loop') words[64]++;
      return undefined;
    },
    { words, way },
    [TOKEN],
    limits,
  );
}

function startWatcher(words: Int32Array, limit = 10_000): Worker {
  return spawn(
    ({ data: { words, limit }, product: { isTokenOpen } }) => {
      while (Atomics.load(words, 32) === 0) Atomics.wait(words, 32, 0, 5);
      const token = JSON.parse(String(Buffer.from(words.slice(256, 256 + words[32]))));
      Atomics.store(words, 3, 1);
      for (let round = 0; isTokenOpen(token); round++) {
        if (round > limit) Atomics.store(words, 1, 3);
        if (round > limit) return;
        Atomics.wait(words, 4, 0, 1);
      }
      const stores = words.slice(64);
      Atomics.wait(words, 4, 0, 5);
      const changed = words.subarray(64).some((word, index) => word !== stores[index]);
      Atomics.store(words, 1, changed ? 2 : 1);
      Atomics.notify(words, 1);
    },
    { words, limit },
    [TOKEN],
  );
}

/** Runs the event loop until the word is set. */
async function whenSet(words: Int32Array, index: number): Promise<void> {
  while (Atomics.load(words, index) === 0) await new Promise(setImmediate);
}

const ways = [
  'returns',
  'exits',
  'throws',
  'rejects',
  'exhausts its heap',
  'is terminated in a loop',
  'is terminated when parked',
  'is terminated when idle',
];
const allowed = { gone: 'the token is closed and the thread does nothing any more' };
const forbidden = { 'too early': 'the token is closed, the thread goes on', never: 'the token stays open' };

describe.each(['free', 'blocked'] as const)('with the main thread %s, the death of a thread that', (main) => {
  test.each(ways)('%s is seen', async (way) => {
    const words = makeWords();
    const victim = startVictim(words, way);
    const watcher = startWatcher(words);
    const bothEnded = Promise.all([ended(victim), ended(watcher)]);
    await Promise.all([whenSet(words, TOKEN_LENGTH), whenSet(words, 3)]);
    Atomics.store(words, GO, 1);
    if (way.startsWith('is terminated')) void victim.terminate();
    if (main === 'blocked') Atomics.wait(words, VERDICT, 0);
    await whenSet(words, VERDICT);
    const verdict = verdicts[words[VERDICT] as number] as string;
    judge(`death of a thread, main thread ${main}`, { [verdict]: 1 }, allowed, forbidden);
    await bothEnded;
  });
});

test('without trackUnmanagedFds a death is not seen: a known limit', async () => {
  const code = `const fs = require('node:fs'); const { parentPort } = require('node:worker_threads');
    parentPort.postMessage(fs.openSync(process.execPath, 'r'));`;
  const worker = new Worker(code, { eval: true, trackUnmanagedFds: false });
  const gone = ended(worker);
  const descriptor = await new Promise<number>((resolve) => worker.once('message', resolve));
  await gone;
  const seen = { never: 1 };
  expect(fstatSync(descriptor).isFile()).toBe(true);
  closeSync(descriptor);
  judge('death of a thread with trackUnmanagedFds: false', seen, { never: 'its descriptors stay open' }, {});
});

test('a thread terminated in a loop of plain stores leaves a prefix of them', async () => {
  const seen: Counts = { prefix: 0, hole: 0, late: 0 };
  const rounds = Math.min(1000, roundsPer(50_000));
  for (let round = 0; round < rounds; round++) {
    const words = makeWords(512 + STORES);
    const victim = spawn(
      ({ data: words, product: { openToken } }) => {
        const token = Buffer.from(JSON.stringify(openToken()));
        words.set(token, 256);
        Atomics.store(words, 32, token.length);
        Atomics.notify(words, 32);
        for (let pass = 1; ; pass++) {
          for (let at = 512; at < words.length; at++) words[at] = pass;
          words[0] = pass;
        }
      },
      words,
      [TOKEN],
    );
    const watcher = startWatcher(words);
    await Promise.all([whenSet(words, 3), whenSet(words, GO)]);
    void victim.terminate();
    Atomics.wait(words, VERDICT, 0);
    const stores = words.subarray(512);
    const pass = stores[0] as number;
    const done = stores.findIndex((store) => store !== pass);
    const rest = done === -1 ? [] : stores.subarray(done);
    const finished = words[GO] as number;
    const prefix = rest.every((store) => store === pass - 1) && (finished === pass - 1 || rest.length === 0);
    if (words[VERDICT] !== 1) seen.late++;
    else seen[prefix ? 'prefix' : 'hole']++;
    await Promise.all([victim.terminate(), watcher.terminate()]);
  }
  const meaning = { hole: 'a later store without an earlier one', late: 'changed after death' };
  judge('plain stores of a thread terminated amid them', seen, { prefix: 'all stores up to one' }, meaning);
});

test('the token of a dead thread is not taken for that of the next one', async () => {
  const seen: Counts = { number: 0, both: 0, 'taken for': 0, other: 0 };
  const open = async (): Promise<{ worker: Worker; token: LivenessToken }> => {
    const worker = spawn(
      ({ product: { openToken }, require }) => {
        require('node:worker_threads').parentPort.postMessage(openToken());
        return new Promise((resolve) => setInterval(resolve, 1e9));
      },
      undefined,
      [TOKEN],
    );
    const token = await new Promise<LivenessToken>((resolve) => worker.once('message', resolve));
    return { worker, token };
  };
  const rounds = Math.min(200, roundsPer(50_000));
  let old = await open();
  for (let round = 0; round < rounds; round++) {
    const inode = fstatSync(old.token.descriptor).ino;
    await old.worker.terminate();
    const next = await open();
    const sameInode = fstatSync(next.token.descriptor).ino === inode;
    if (next.token.descriptor !== old.token.descriptor) seen.other++;
    else seen[isTokenOpen(old.token) ? 'taken for' : sameInode ? 'both' : 'number']++;
    expect(isTokenOpen(next.token)).toBe(true);
    old = next;
  }
  await old.worker.terminate();
  const fine = {
    other: 'another number',
    number: 'the same number, another inode',
    both: 'the same number and inode, told apart',
  };
  judge('the token after a death', seen, fine, { 'taken for': 'the dead thread counts as alive' });
});
