/** A thread that uses a cache while others die in it: the only writer of its own keys, so it knows what they hold. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { Board, SHARED_KEYS, sharedKey, survivorKey } from './worker-storm-board.mjs';
import { checkedSequence, isDelete, lengthFor, Random, rowOf, stateAfter } from './worker-storm-rows.mjs';

const { id, seed, buffer, largest } = workerData;
const KEYS = 60;
const STEPS_PER_TURN = 200;
const board = new Board(buffer);
const random = new Random(seed);
const cache = SuperCache.attach();
/** Number of the last write to each own key. */
const written = new Array(KEYS).fill(0);
let fulls = 0;
let longestMs = 0;
/** Operations that took longer than a death may cost the others: 100 ms. */
let slow = 0;
const SLOW_MS = 100;

/** Runs one operation on the cache and takes its time. */
function timed(operation) {
  const startMs = performance.now();
  try {
    return operation();
  } finally {
    const tookMs = performance.now() - startMs;
    longestMs = Math.max(longestMs, tookMs);
    if (tookMs > SLOW_MS) slow++;
  }
}

function attempt(write) {
  try {
    timed(write);
    return true;
  } catch (error) {
    if (error.code !== 'ERR_SUPERCACHE_FULL') throw error;
    fulls++;
    return false;
  }
}

/** Reads the key; returns the sequence of what is there. */
function read(name) {
  const rows = timed(() => cache.get([name]));
  return checkedSequence(name, rows);
}

function take(name) {
  const rows = timed(() => cache.take(name));
  checkedSequence(name, rows);
}

function readOwn(key) {
  const name = survivorKey(id, key);
  const found = read(name);
  const expected = stateAfter(written[key]);
  if (found !== expected) throw new Error(`${name}: found write ${found}, the last one was ${expected}`);
}

function writeOwn(key) {
  const name = survivorKey(id, key);
  const sequence = written[key] + 1;
  const row = rowOf(name, sequence, lengthFor(random, Math.min(largest, 60_000)));
  if (attempt(isDelete(sequence) ? () => cache.delete([name]) : () => cache.put(row))) written[key] = sequence;
  readOwn(key);
}

function useShared(roll) {
  const name = sharedKey(random.below(SHARED_KEYS));
  const row = rowOf(name, 1 + random.below(1e6), lengthFor(random, largest));
  if (roll < 3) attempt(() => cache.put(row));
  else if (roll < 4) attempt(() => cache.insertNew(row));
  else if (roll < 7) read(name);
  else take(name);
}

function step() {
  const roll = random.below(10);
  if (roll < 4) writeOwn(random.below(KEYS));
  else if (roll < 7) readOwn(random.below(KEYS));
  else useShared(random.below(8));
  board.countOperation(id);
}

parentPort.postMessage('ready');
while (!board.stopping) {
  for (let i = 0; i < STEPS_PER_TURN && !board.stopping; i++) step();
  await nextTurn();
}
for (let key = 0; key < KEYS; key++) readOwn(key);
parentPort.postMessage({ operations: board.operations(id), longestMs, slow, fulls });
cache.detach();
