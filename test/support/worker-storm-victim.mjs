/** A thread that writes to a cache until it is killed, or ends itself in the way it was told. */
import vm from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { Board, LIST_ROWS, listKey, SHARED_KEYS, sharedKey, VICTIM_KEYS, victimKey } from './worker-storm-board.mjs';
import { checkedSequence, isDelete, lengthFor, Random, rowOf, stateAfter } from './worker-storm-rows.mjs';

const { lane, round, seed, buffer, largest, death, lifetime } = workerData;
const board = new Board(buffer);
const random = new Random(seed);
const cache = SuperCache.attach();
const hoard = [];

/** A full cache refuses and changes nothing; everything else is an error. Returns whether it was done. */
function attempt(write) {
  try {
    write();
    return true;
  } catch (error) {
    if (error.code !== 'ERR_SUPERCACHE_FULL') throw error;
    return false;
  }
}

function writeOwn() {
  const key = random.below(VICTIM_KEYS);
  const name = victimKey(lane, key);
  const sequence = board.acknowledged(lane, key) + 1;
  const done = isDelete(sequence)
    ? attempt(() => cache.delete([name]))
    : attempt(() => cache.put(rowOf(name, sequence, lengthFor(random, largest))));
  if (done) board.acknowledge(lane, key, sequence);
}

function readOwn() {
  const key = random.below(VICTIM_KEYS);
  const name = victimKey(lane, key);
  const found = checkedSequence(name, cache.get([name]));
  const expected = stateAfter(board.acknowledged(lane, key));
  if (found !== expected) throw new Error(`${name}: found write ${found}, acknowledged is ${expected}`);
}

function insertList() {
  const list = board.lists(lane).begun;
  const rows = Array.from({ length: LIST_ROWS }, (_, i) =>
    rowOf(listKey(lane, round, list, i), 1 + i, i === 0 ? lengthFor(random, 50_000) : 100),
  );
  board.setLists(lane, list + 1, list);
  // Keys of lists are new, so false would be an error; a list that did not fit counts as never begun.
  let inserted = false;
  if (!attempt(() => (inserted = cache.insertNew(rows)))) board.setLists(lane, list, list);
  else if (!inserted) throw new Error(`list ${list} of round ${round} was refused`);
  else board.setLists(lane, list + 1, list + 1);
}

function useShared(roll) {
  const name = sharedKey(random.below(SHARED_KEYS));
  if (roll < 4) attempt(() => cache.put(rowOf(name, 1 + random.below(1e6), lengthFor(random, largest))));
  else if (roll < 7) checkedSequence(name, cache.get([name]));
  else if (roll < 8) cache.delete([name]);
  else checkedSequence(name, cache.take(name));
}

parentPort.postMessage('ready');
function step(count) {
  const roll = random.below(20);
  if (roll < 8) writeOwn();
  else if (roll < 10) readOwn();
  else if (roll < 11 && board.lists(lane).begun < 40) insertList();
  else useShared(random.below(9));
  if (death === 'exit' && count === lifetime) process.exit();
  if (death === 'throw' && count === lifetime) throw new Error('planned death');
  if (death === 'heap') hoard.push(new Array(2000).fill(count));
}

let steps = 0;
// Thrown out of whatever is under way, uncaught: the thread ends by it.
if (death === 'timeout') vm.runInNewContext('for (;;) run()', { run: () => step(steps++) }, { timeout: 1 + lifetime });
for (;;) step(steps++);
