/**
 * A thread that uses a cache, a few hot keys of it, and logs each call and return, until its log is full or it is
 * killed.
 */
import vm from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import {
  Clock,
  DAMAGED,
  FALSE,
  FULL,
  HistoryLog,
  NOTHING,
  TRUE,
  textOf,
  valueAfter,
  valueIn,
} from './worker-history-log.mjs';
import { Random } from './worker-storm-rows.mjs';

const { actor, seed, tuples, pairs, clears, small, timeouts, clockBuffer, logBuffer } = workerData;
const VALUES_PER_ACTOR = 2 ** 20;
const clock = new Clock(clockBuffer);
const log = new HistoryLog(logBuffer);
const random = new Random(seed);
const cache = SuperCache.attach();
const map = cache.keyValue('pairs');
let last = actor * VALUES_PER_ACTOR;

function nextValue() {
  last = valueAfter(last, small);
  return last;
}

/** Rows of two positions and of three are stored in different ways; so are two-byte texts. */
function rowOf(key, value) {
  const text = textOf(value);
  if (value % 3 === 0) return [key, text];
  return [key, value, value % 3 === 1 ? text : `${text}\u0436`];
}

function valueOfRow(row, key) {
  if (row === undefined) return NOTHING;
  if (row[0] !== key) return DAMAGED;
  const found = row.length === 2 ? valueIn(row[1]) : valueIn(row[2].replace('\u0436', ''));
  return row.length === 2 || row[1] === found ? found : DAMAGED;
}

const flag = (value) => (value ? TRUE : FALSE);

/** What each name does to a tuple, and to a pair. A pair cannot be taken or inserted. */
const onTuple = {
  get: (key) => valueOfRow(cache.get([key])[0], key),
  has: (key) => flag(cache.member(key)),
  put: (key, value) => {
    cache.put(rowOf(key, value));
    return NOTHING;
  },
  insertNew: (key, value) => flag(cache.insertNew(rowOf(key, value))),
  take: (key) => valueOfRow(cache.take(key)[0], key),
  delete: (key) => flag(cache.delete([key]) === 1),
};
const onPair = {
  get: (key) => {
    const found = map.get(key);
    return found === undefined ? NOTHING : valueIn(found);
  },
  has: (key) => flag(map.has(key)),
  put: (key, value) => {
    map.set(key, textOf(value));
    return NOTHING;
  },
  delete: (key) => flag(map.delete(key)),
};

/** The result; a refusal for lack of memory is one. */
function attempt(run) {
  try {
    return run();
  } catch (error) {
    if (error.code !== 'ERR_SUPERCACHE_FULL') throw error;
    return FULL;
  }
}

/** One call on one key. Keys from `tuples` on are pairs. */
function single(name) {
  const isTuple = random.below(tuples + pairs) < tuples;
  const key = isTuple ? random.below(tuples) : tuples + random.below(pairs);
  const run = (isTuple ? onTuple : onPair)[name];
  if (run === undefined) return;
  const argument = name === 'put' || name === 'insertNew' ? nextValue() : NOTHING;
  const at = log.begin(name, key, argument, clock.tick());
  const result = attempt(() => run(key, argument));
  log.end(at, result, clock.tick());
}

/** A list insert: if it was done, all of it was new. If it was not, one of the keys was there, and who knows which. */
function list() {
  const first = random.below(tuples - 1);
  const keys = [first, first + 1 + random.below(tuples - 1 - first)];
  const values = keys.map(nextValue);
  const invoked = clock.tick();
  const records = keys.map((key, i) => log.begin('insertNew', key, values[i], invoked));
  const result = attempt(() => flag(cache.insertNew(keys.map((key, i) => rowOf(key, values[i])))));
  const returned = clock.tick();
  // Not inserted: a refusal, as far as a single key can tell.
  for (const at of records) log.end(at, result === TRUE ? TRUE : FULL, returned);
}

/** What a scan sees of a row was there at some moment of the scan; what it does not see says nothing. */
function scan() {
  const invoked = clock.tick();
  const seen = cache.toList().map((row) => [row[0], valueOfRow(row, row[0])]);
  const returned = clock.tick();
  for (const [key, value] of seen) log.end(log.begin('get', key, NOTHING, invoked), value, returned);
}

function clear() {
  const at = log.begin('clear', NOTHING, NOTHING, clock.tick());
  cache.deleteAll();
  log.end(at, NOTHING, clock.tick());
}

const NAMES = ['get', 'get', 'get', 'has', 'put', 'put', 'put', 'insertNew', 'take', 'take', 'delete'];

parentPort.postMessage('ready');
clock.awaitStart();
function work() {
  while (log.hasRoomFor(2 + tuples)) {
    const roll = random.below(200);
    if (roll < 4) list();
    else if (roll < 5) scan();
    else if (roll < 6 && clears) clear();
    else single(NAMES[random.below(NAMES.length)]);
  }
}

/** Is thrown out of whatever is under way, again and again: that operation has no return, and the thread goes on. */
function workWithTimeouts() {
  const context = vm.createContext({ work });
  for (;;) {
    try {
      vm.runInContext('work()', context, { timeout: 1 + random.below(3) });
      return;
    } catch (error) {
      if (error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    }
  }
}

if (timeouts) workWithTimeouts();
else work();
cache.detach();
