/**
 * Goal: decoding shared bytes that change meanwhile gives a string, whatever string, and harms nothing; which decoders
 * do.
 *
 *   thread 1: overwrites a region with texts of one-byte, two-byte and malformed characters, all the time
 *   thread 2: decodes the region, uses the string twice, keeps some of the strings
 *
 * | outcome   | latin1Slice, ucs2Slice | utf8Slice                                                  |
 * |-----------|------------------------|------------------------------------------------------------|
 * | survived  | allowed                | allowed                                                    |
 * | crashed   | forbidden              | allowed: why shared strings are never UTF-8                |
 * | length    | forbidden: another length than asked for | does not apply                           |
 * | unstable  | forbidden: the same string differs when it is read again | allowed                  |
 *
 * Each program runs in a process of its own, so that a crash is an outcome. Rules that depend on it: strings are stored
 * as Latin-1 or UTF-16; a slice is the one-pass copy of a reader (`value-copy.ts`); `test/tidy` forbids `utf8Slice` in
 * the product. Oracle: the table. Replay: not by interleaving; more rounds by ROUNDS, see `harness.ts`.
 */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, test } from 'vitest';
import { judge, roundsPer } from './harness.js';

/** The whole program of the child process. It sees nothing of this file. */
async function mutateAndDecode(coding: 'latin1' | 'ucs2' | 'utf8', length: number, rounds: number): Promise<void> {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const shared = Buffer.from(new SharedArrayBuffer(length));
  // One-byte and two-byte texts in turn; for UTF-8 also lead bytes without their successors.
  const writer = `
    const shared = Buffer.from(require('node:worker_threads').workerData);
    const patterns = ['a', 'é', '\\u0161\\u20ac', '\\u{1f600}', '\\0\\xff'].map((text) => Buffer.from(text, 'utf8'))
      .concat([[0xe2], [0xf0, 0x9f], [0x61, 0], [0x61, 0x01], [0x00, 0xd8]].map((bytes) => Buffer.from(bytes)));
    for (let n = 0; ; n++) shared.fill(patterns[n % patterns.length], (n * 7) % 64 % shared.length);
  `;
  const worker = new Worker(writer, { eval: true, workerData: shared.buffer });
  await new Promise((resolve) => worker.once('online', resolve));
  const slices = shared as unknown as Record<string, (start: number, end: number) => string>;
  const expected = coding === 'ucs2' ? length >> 1 : length;
  const kept: string[] = [];
  const seen = { survived: 0, length: 0, unstable: 0 };
  for (let round = 0; round < rounds; round++) {
    const text = slices[`${coding}Slice`](0, length);
    kept[round & 63] = text;
    let first = 0;
    let second = 0;
    for (let i = 0; i < text.length; i++) first = (first * 31 + text.charCodeAt(i)) | 0;
    for (let i = 0; i < text.length; i++) second = (second * 31 + text.charCodeAt(i)) | 0;
    if (coding !== 'utf8' && text.length !== expected) seen.length++;
    else if (first !== second || Buffer.from(text, 'utf16le').length !== 2 * text.length) seen.unstable++;
    else seen.survived++;
  }
  process.stdout.write(JSON.stringify(seen), () => process.exit(0));
}

function run(coding: string, length: number, rounds: number): Promise<Record<string, number>> {
  const code = `(${mutateAndDecode})(${JSON.stringify(coding)}, ${length}, ${rounds})`;
  const child = spawn(process.execPath, ['-e', code], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(output));
      else resolve({ [signal === null ? `code ${code}: ${errors.trim().split('\n')[0]}` : 'crashed']: 1 });
    });
  });
}

const sound = {
  allowed: { survived: 'a string of the right length that stays as it is' },
  forbidden: { crashed: 'the process ended by a signal', length: 'another length', unstable: 'the string changed' },
};
const unsound = {
  allowed: { ...sound.allowed, crashed: sound.forbidden.crashed, unstable: sound.forbidden.unstable },
  forbidden: { length: sound.forbidden.length },
};

// 16 B and 1 KiB; 2.5 MB is above the length from which Node keeps a string's characters outside of V8's heap.
const lengths = [16, 1024, 2_500_000];

describe.each(['latin1', 'ucs2'] as const)('%sSlice', (coding) => {
  test.each(lengths)('of %i bytes is sound while they change', async (length) => {
    const seen = await run(coding, length, roundsPer(Math.min(20_000, Math.max(20, length / 25))));
    judge(`${coding}Slice of ${length} changing bytes`, seen, sound.allowed, sound.forbidden);
  });
});

test('utf8Slice may crash while its bytes change', async () => {
  const seen = await run('utf8', 65_536, roundsPer(1000));
  judge('utf8Slice of 65536 changing bytes', seen, unsound.allowed, unsound.forbidden);
});
