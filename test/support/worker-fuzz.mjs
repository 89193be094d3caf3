/**
 * A thread that damages the memory of a small cache, word by word, and then reads it in every way there is. Says before
 * each case which one it is, so that whoever watches it knows which one does not end.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { Partition } from '../../dist/esm/native-layout/partition.js';
import { openMemory } from '../../dist/esm/src/threads/handle.js';
import { Random } from './worker-storm-rows.mjs';
import { lawsOf } from './worker-verify.mjs';

const { seed, first, end, progress } = workerData;
const KEYS = 60;
const cache = await SuperCache.start({ memory: '1mb', partitions: 2, owners: 0, maxThreads: 2 });
const map = cache.keyValue('pairs');
const laws = lawsOf(cache);
const memory = openMemory(cache.handle());
const words = memory.control;

for (let key = 0; key < KEYS; key++) {
  cache.put([key, key % 7 === 0 ? 'long '.repeat(3000) : { text: 'x'.repeat(key * 5), list: [key] }]);
  map.set(`pair:${key}`, key % 5 === 0 ? 'text of some length' : [key, { a: 'b' }]);
}
// Some pages have free cells, and some chains are retired.
for (let key = 0; key < KEYS; key += 4) cache.delete([key]);
const saved = words.slice();

/** Words that may be damaged: all behind the registry but the locks, whose holders are waited for. */
const { namespaceWord, partitionWord, partitionStride, partitionCount, controlWords } = memory.geometry;
const isLock = (word) => {
  const inHeader = (word - partitionWord) % partitionStride;
  const isHeader = word >= partitionWord && word < partitionWord + partitionCount * partitionStride;
  return isHeader && (inHeader === Partition.lock || inHeader === Partition.waiters);
};

/** Words that hold something: damage to the others changes little. */
const used = [...saved.keys()].filter((word) => word >= namespaceWord && saved[word] !== 0 && !isLock(word));
const control = used.filter((word) => word < controlWords);

function damage(random) {
  const roll = random.below(10);
  const any = () => namespaceWord + random.below(words.length - namespaceWord);
  const pick = roll < 4 ? control[random.below(control.length)] : used[random.below(used.length)];
  const word = roll === 9 ? any() : pick;
  if (isLock(word)) return '';
  const kind = random.below(6);
  if (kind === 0) words[word] = random.below(2 ** 32) | 0;
  else if (kind === 1) words[word] ^= 1 << random.below(32);
  else if (kind === 2) words[word] = saved[used[random.below(used.length)]];
  else if (kind === 3) words[word] = random.below(64);
  else if (kind === 4) words[word] = -1;
  else words[word] = (words[word] + random.below(33) - 16) | 0;
  return `word ${word}: ${saved[word]} → ${words[word]}`;
}

const outcomes = {};
const faults = [];

/** Runs one way of reading; a value or an error of the cache is fine. */
function attempt(what, context, run) {
  let outcome = 'value';
  try {
    run();
  } catch (error) {
    outcome = error.code ?? `${error.name}: ${error.message}`;
    if (error.code !== 'ERR_SUPERCACHE_CORRUPT' && faults.length < 20) {
      faults.push(`${what} threw ${error.stack.split('\n').slice(0, 4).join(' ')}; ${context()}`);
    }
  }
  outcomes[`${what}: ${outcome}`] = (outcomes[`${what}: ${outcome}`] ?? 0) + 1;
}

for (let index = first; index < end; index++) {
  Atomics.store(progress, 0, index);
  const random = new Random(seed + index);
  words.set(saved);
  const damages = Array.from({ length: 1 + random.below(4) }, () => damage(random));
  const context = () => `case ${index}: ${damages.join('; ')}`;
  for (let key = 0; key < KEYS; key++) {
    attempt('get', context, () => cache.get([key]));
    attempt('has', context, () => map.has(`pair:${key}`));
    attempt('pair', context, () => map.get(`pair:${key}`));
  }
  attempt('scan', context, () => cache.toList());
  attempt('stats', context, () => cache.stats());
  attempt('inspect', context, () => cache.inspect());
  attempt('verify', context, () => {
    const broken = laws();
    outcomes[broken.length === 0 ? 'sound' : 'broken'] = (outcomes[broken.length === 0 ? 'sound' : 'broken'] ?? 0) + 1;
  });
}
words.set(saved);
parentPort.postMessage({ outcomes, faults });
await cache.stop();
process.exit();
