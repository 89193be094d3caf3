/**
 * Goal: `acquire` and `release` of `lock.ts` exclude, say when the section before was abandoned, and lose no one.
 *
 * Program 1, three threads, deaths played: a thread that "dies" leaves the section with the lock held, enters its lock
 * word in a list of the dead, and comes back under a new generation.
 * | outcome  |           |                                                                      |
 * |----------|-----------|----------------------------------------------------------------------|
 * | clean    | allowed   | acquired; the section before was finished                            |
 * | healed   | allowed   | acquired as abandoned; the section before was not finished           |
 * | died     | allowed   | left without release                                                 |
 * | overlap  | forbidden | acquired while another thread was inside                             |
 * | unheeded | forbidden | acquired as clean, but the section before was not finished           |
 * | needless | forbidden | acquired as abandoned, but the section before was finished           |
 *
 * Program 2: threads that park with and without time limit, killed ones among them. A notification for one thread can
 * go to a thread that is about to die.
 * | outcome          |           |                                                             |
 * |------------------|-----------|-------------------------------------------------------------|
 * | woken            | allowed   | the survivor was woken                                      |
 * | timed out        | allowed   | the killed one swallowed the notification; the time limit helps |
 *
 * Program 3: real threads, killed wherever they are while they acquire and release.
 * | outcome          |           |                                                             |
 * |------------------|-----------|-------------------------------------------------------------|
 * | went on          | allowed   | after a kill, the survivors acquire as often as before      |
 * | half             | forbidden | a section saw half of an unfinished one without being told  |
 * | afterlife        | forbidden | what the dead thread did last changed after its lock was taken over |
 *
 * Rules that depend on it: the lock word names its holder; any waiter may steal from the dead and heals; parks are
 * timed (`lock.ts`). Oracle: the tables. Replay: not by interleaving; more rounds by ROUNDS, see `harness.ts`.
 */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { type Counts, ended, judge, LOCK, ROUNDS, race, roundsPer, spawn, TOKEN } from './harness.js';

test('exclusion among three threads, with abandoned sections', async () => {
  // Words: 0 lock, 32 waiters, 64 who is inside, 65 unfinished, 66 sections, 96 + role: last generation that died.
  const body: Parameters<typeof race>[0]['threads'][number] = ({ words, role, rounds, product, stopped }) => {
    const { acquire, release } = product;
    const seen = { clean: 0, healed: 0, died: 0, overlap: 0, unheeded: 0, needless: 0 };
    const isGone = (lockWord: number) => lockWord >>> 8 <= Atomics.load(words, 96 + (lockWord & 255) - 1);
    const self = { lockWord: 0, liveness: { isGone, ring() {}, sweepGone: () => 0 } };
    let generation = 1;
    for (let round = 1; round <= rounds && !stopped(); round++) {
      self.lockWord = (generation << 8) | (role + 1);
      const abandoned = acquire(words, 0, 32, self);
      if (words[64] !== 0) seen.overlap++;
      const unfinished = words[65] !== 0;
      if (abandoned !== unfinished) seen[unfinished ? 'unheeded' : 'needless']++;
      seen[abandoned ? 'healed' : 'clean']++;
      words[64] = role + 1;
      words[65] = 1;
      words[66]++;
      for (let turn = round & 15; turn > 0; turn--);
      words[64] = 0;
      if (round % 997 === 0) {
        seen.died++;
        Atomics.store(words, 96 + role, generation++);
        continue;
      }
      words[65] = 0;
      release(words, 0, 32);
    }
    return seen;
  };
  const { counts, words } = await race({
    name: 'lock, three threads, abandoned sections',
    words: 128,
    rounds: ROUNDS,
    modules: [LOCK],
    threads: [body, body, body],
    allowed: { clean: 'section finished before', healed: 'section abandoned before', died: 'left it held' },
    forbidden: { overlap: 'two inside', unheeded: 'abandoned, not said', needless: 'said, not abandoned' },
  });
  expect(words[66], 'sections counted inside and outside').toBe((counts.clean ?? 0) + (counts.healed ?? 0));
});

test('a notification that a killed thread swallows is made good by the time limit', async () => {
  const seen: Counts = { woken: 0, 'timed out': 0 };
  const rounds = Math.min(500, roundsPer(50_000));
  for (let round = 0; round < rounds; round++) {
    const words = new Int32Array(new SharedArrayBuffer(64));
    // Parks first; to be killed as it is notified.
    const victim = spawn(({ data }) => {
      Atomics.store(data, 1, 1);
      Atomics.wait(data, 0, 0);
    }, words);
    const gone = ended(victim);
    while (Atomics.load(words, 1) === 0) await new Promise(setImmediate);
    const survivor = spawn(({ data, require }) => {
      Atomics.store(data, 2, 1);
      require('node:worker_threads').parentPort.postMessage(Atomics.wait(data, 0, 0, 50));
    }, words);
    const result = once(survivor, 'message');
    while (Atomics.load(words, 2) === 0) await new Promise(setImmediate);
    if ((round & 1) === 0) void victim.terminate();
    Atomics.notify(words, 0, 1);
    if ((round & 1) === 1) void victim.terminate();
    const [outcome] = await result;
    seen[outcome === 'timed-out' ? 'timed out' : 'woken']++;
    await gone;
    await survivor.terminate();
  }
  const allowed = { woken: 'the survivor was woken', 'timed out': 'only by the time limit' };
  judge('one notification, two parked threads, one of them killed', seen, allowed, {});
});

// Words: 0 lock, 32 waiters; 64 and 96 are equal outside of sections; 128 sections, 130 half, 132 afterlife. From
// 256 × (role + 1) on: sections of the thread, length of its token, its token as JSON.
function startContender(words: Int32Array, role: number): Worker {
  return spawn(
    ({ data: { words, role }, product: { acquire, release, openToken, isTokenOpen } }) => {
      const token = Buffer.from(JSON.stringify(openToken()));
      words.set(token, 256 * (role + 1) + 2);
      words[256 * (role + 1) + 1] = token.length;
      const isGone = (lockWord: number) => {
        const at = 256 * lockWord;
        return !isTokenOpen(JSON.parse(String(Buffer.from(words.slice(at + 2, at + 2 + words[at + 1])))));
      };
      const self = { lockWord: role + 1, liveness: { isGone, ring() {}, sweepGone: () => 0 } };
      for (;;) {
        const holder = words[0];
        const abandoned = acquire(words, 0, 32, self);
        if (abandoned) {
          const last = words[256 * holder];
          for (let turn = 0; turn < 1000; turn++);
          if (holder > 0 && isGone(holder) && words[256 * holder] !== last) words[132]++;
        } else if (words[64] !== words[96]) words[130]++;
        words[64] = words[128] + 1;
        for (let turn = 0; turn < 50; turn++);
        words[96] = words[64];
        words[128]++;
        words[256 * (role + 1)]++;
        release(words, 0, 32);
      }
    },
    { words, role },
    [LOCK, TOKEN],
  );
}

test('threads killed anywhere between acquire and release', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * 256 * 48));
  const seen: Counts = { 'went on': 0, half: 0, afterlife: 0 };
  let failure: unknown;
  const start = (role: number) => {
    const worker = startContender(words, role);
    worker.on('error', (error) => {
      failure = error;
    });
    return worker;
  };
  const sections = (role: number) => Atomics.load(words, 256 * (role + 1));
  const until = async (done: () => boolean) => {
    while (!done()) {
      if (failure !== undefined) throw failure;
      await new Promise(setImmediate);
    }
  };
  const survivors = [start(0), start(1)];
  const rounds = Math.min(1000, roundsPer(50_000));
  for (let round = 0; round < rounds; round++) {
    // A role of its own for every victim, as slot and generation would be.
    const role = 2 + (round % 40);
    words.fill(0, 256 * (role + 1), 256 * (role + 2));
    const victim = start(role);
    await until(() => sections(role) > 50);
    await victim.terminate();
    const [first, second] = [sections(0), sections(1)];
    await until(() => sections(0) > first + 20 && sections(1) > second + 20);
    seen['went on']++;
  }
  await Promise.all(survivors.map((worker) => worker.terminate()));
  seen.half = words[130] as number;
  seen.afterlife = words[132] as number;
  judge(
    'threads killed anywhere between acquire and release',
    seen,
    { 'went on': 'the survivors acquire' },
    {
      half: 'an unfinished section was not announced',
      afterlife: 'the dead thread went on',
    },
  );
});
