/**
 * Worker thread of the `kill` scenario: writes or reads without a pause and notes its longest operation.
 * It fills its share of the cache first, then sleeps whenever the phase is idle. An operation counts for the phase
 * in which it ends, so one that the kill interrupts counts as `after`; so does one that ends when the phase is over.
 */
import { workerData } from 'node:worker_threads';
import { attachCache, isFull, NAMESPACE } from '../subjects/ours.js';
import { seededRandom } from '../workloads/random.js';
import { key8Of, markOf, smallValueOf } from '../workloads/text.js';
import * as words from './stall-words.js';

const { handle, entries, control, results, index } = workerData as words.StallPlan;
const values = attachCache(handle).keyValue<string, string>(NAMESPACE);
const isWriter = words.SURVIVOR_ROLES[index] === 'writer';
const random = seededRandom(index + 1);
const base = index * words.RESULT_LENGTH;

function addTo(result: number, amount: number): void {
  results[base + result] = (results[base + result] as number) + amount;
}

function noteError(error: unknown): void {
  addTo(words.ERRORS, 1);
  if (results[base + words.ERRORS] === 1) process.stderr.write(`${words.SURVIVOR_ROLES[index]}: ${error}\n`);
}

function fill(): void {
  for (let entry = index; entry < entries; entry += words.SURVIVOR_ROLES.length) {
    values.set(key8Of(entry), smallValueOf(entry, entry));
  }
}

/** Returns once the phase is not idle any more. */
function park(): void {
  Atomics.add(control, words.PARKED, 1);
  Atomics.notify(control, words.PARKED);
  Atomics.wait(control, words.PHASE, words.IDLE);
  Atomics.sub(control, words.PARKED, 1);
}

/** One operation; returns how long it took, in ms. The key and the value are made outside of the measured time. */
function operate(entry: number, version: number): number {
  const key = key8Of(entry);
  const value = smallValueOf(entry, version);
  const mark = markOf(entry);
  const began = performance.now();
  try {
    if (isWriter) {
      values.set(key, value);
      return performance.now() - began;
    }
    const found = values.get(key);
    const took = performance.now() - began;
    if (found === undefined || !found.startsWith(mark)) addTo(words.WRONG, 1);
    return took;
  } catch (error) {
    noteError(error);
    return performance.now() - began;
  }
}

function run(): void {
  for (let version = 0; ; version++) {
    const phase = Atomics.load(control, words.PHASE);
    if (phase === words.FINISHED) return;
    if (phase === words.IDLE) {
      park();
      continue;
    }
    const took = operate(Math.floor(random() * entries), version);
    const before = Atomics.load(control, words.PHASE) === words.BEFORE;
    const longest = base + (before ? words.LONGEST_BEFORE : words.LONGEST_AFTER);
    if (took > (results[longest] as number)) results[longest] = took;
    addTo(before ? words.OPERATIONS_BEFORE : words.OPERATIONS_AFTER, 1);
  }
}

try {
  fill();
  run();
} catch (error) {
  const hint = isFull(error) ? ' (the memory that the scenario gave is too small)' : '';
  process.stderr.write(`survivor failed: ${error}${hint}\n`);
  Atomics.add(control, words.FAILED, 1);
  Atomics.notify(control, words.PARKED);
}
