/**
 * A storm: round after round threads write to a cache and are killed at a random moment, while others go on. Prints
 * what it saw as one line of JSON; `faults` is empty if every promise was kept. Called as `node [flags]
 * worker-storm.mjs '{"rounds":60,"seed":1,"memory":"64mb","partitions":4,"owners":1,"survivors":2}'`.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { SuperCache } from 'supercache';
import { Board, LANES, LIST_ROWS, listKey, VICTIM_KEYS, victimKey } from './worker-storm-board.mjs';
import { checkedSequence, Random, stateAfter } from './worker-storm-rows.mjs';
import { brokenLaws, capacityOf, freeSlots, leftAfterDeleteAll, until } from './worker-verify.mjs';

const ALL_DEATHS = [...Array(5).fill('terminate'), 'exit', 'throw', 'heap', 'timeout'];
const LONGEST_LIFE_MS = 500;
/** Owners of the cache that are killed: it replaces five in a minute. Others are extra ones, and die in every round. */
const OWN_OWNERS_KILLED = 4;
/** Operations that each survivor must do while this thread is blocked, and the time it has for them. */
const BLOCKED_OPERATIONS = 200;
const PATIENCE_MS = 5000;

const { rounds, seed, largest = 2 ** 20, survivors = 2, kinds = ALL_DEATHS, ...options } = JSON.parse(process.argv[2]);
const random = new Random(seed);
const board = new Board();
const faults = [];
const deaths = {};
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const maxThreads = 12;
/** All threads of the process, and those that the storm itself started: the others are the owners of the cache. */
const spawned = [];
const own = new Set();
process.on('worker', (worker) => spawned.push(worker));
const cache = await SuperCache.start({ ...options, maxThreads, eviction: 'none' });

/** The next event of this name; unlike `once`, deaf to errors, which are told elsewhere. */
function next(worker, event) {
  return new Promise((resolve) => worker.once(event, resolve));
}

function startThread(url, options) {
  const worker = new Worker(url, options);
  own.add(worker);
  return worker;
}

function startVictim(lane, round) {
  const death = kinds[random.below(kinds.length)];
  const lifetime = random.below(60);
  board.setLists(lane, 0, 0);
  const workerData = { lane, round, seed: random.below(2 ** 31), buffer: board.words.buffer, largest, death, lifetime };
  const resourceLimits = death === 'heap' ? { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } : {};
  const worker = startThread(new URL('worker-storm-victim.mjs', import.meta.url), { workerData, resourceLimits });
  const codes = ['ERR_WORKER_OUT_OF_MEMORY', 'ERR_SCRIPT_EXECUTION_TIMEOUT'];
  const planned = (error) => error.message === 'planned death' || codes.includes(error.code);
  worker.on('error', (error) => {
    if (!planned(error)) faults.push(`round ${round}: victim: ${error.stack}`);
  });
  deaths[death] = (deaths[death] ?? 0) + 1;
  return { worker, lane, ready: next(worker, 'message'), ended: next(worker, 'exit') };
}

/** A thread that does what an owner does, beside the owners of the cache. */
function startOwner(round) {
  const { port1, port2 } = new MessageChannel();
  const workerData = { handle: cache.handle(), ownerIndex: 0, port: port2 };
  const url = new URL('../../dist/esm/workers/owner.js', import.meta.url);
  const worker = startThread(url, { workerData, transferList: [port2] });
  worker.on('error', (error) => faults.push(`round ${round}: owner: ${error.stack}`));
  deaths.owner = (deaths.owner ?? 0) + 1;
  const ended = next(worker, 'exit').then(() => port1.close());
  return { worker, ready: next(worker, 'online'), ended };
}

/** The newest owner of the cache itself, in some of the rounds. */
function ownerOfCache(round) {
  if (round % 12 !== 5 || round > 12 * OWN_OWNERS_KILLED) return [];
  const worker = spawned.findLast((one) => !own.has(one) && one.threadId !== -1);
  if (worker === undefined) return [];
  deaths['owner of the cache'] = (deaths['owner of the cache'] ?? 0) + 1;
  return [{ worker, ready: Promise.resolve(), ended: next(worker, 'exit') }];
}

/** Ends the victims at a random moment; every fifth is not even attached then. In blocked rounds nothing is awaited. */
async function kill(victims, round) {
  const blocked = round % 3 === 2;
  if (round % 5 !== 4) await Promise.all(victims.map(({ ready, ended }) => Promise.race([ready, ended])));
  // Most lives are short: many deaths, and often while others still attach.
  const lifeMs = random.next() ** 3 * LONGEST_LIFE_MS;
  if (blocked) Atomics.wait(sleeper, 0, 0, lifeMs);
  else await new Promise((resolve) => setTimeout(resolve, lifeMs));
  for (const { worker } of victims) void worker.terminate();
  for (let id = 0; blocked && id < survivors; id++) {
    if (board.awaitOperations(id, BLOCKED_OPERATIONS, PATIENCE_MS)) continue;
    faults.push(`round ${round}: survivor ${id} stands still while the main thread is blocked`);
  }
  await Promise.all(victims.map(({ ended }) => ended));
}

/** Every acknowledged write of a dead victim is there, and at most the one after it. */
function checkVictim(lane, round) {
  for (let key = 0; key < VICTIM_KEYS; key++) {
    const name = victimKey(lane, key);
    const acknowledged = board.acknowledged(lane, key);
    const found = checkedSequence(name, cache.get([name]));
    if (found === stateAfter(acknowledged)) continue;
    if (found === stateAfter(acknowledged + 1)) board.acknowledge(lane, key, acknowledged + 1);
    else faults.push(`round ${round}: ${name}: found write ${found}, acknowledged is ${acknowledged}`);
  }
  const { begun, done } = board.lists(lane);
  for (let list = 0; list < begun; list++) {
    const names = Array.from({ length: LIST_ROWS }, (_, row) => listKey(lane, round, list, row));
    const present = names.filter((name) => checkedSequence(name, cache.get([name])) > 0).length;
    const wrong = list < done ? present !== LIST_ROWS : present !== 0 && present !== LIST_ROWS;
    if (wrong) faults.push(`round ${round}: list ${list} of ${done} done: ${present} of ${LIST_ROWS} rows are there`);
    for (const name of names) cache.delete([name]);
  }
}

async function runRound(round) {
  const count = 1 + (round % LANES);
  const victims = Array.from({ length: count }, (_, lane) => startVictim(lane, round));
  const owners = options.owners > 0 ? [startOwner(round), ...ownerOfCache(round)] : [];
  await kill([...victims, ...owners], round);
  const startMs = performance.now();
  for (const { lane } of victims) checkVictim(lane, round);
  return performance.now() - startMs;
}

function startSurvivor(id) {
  const workerData = { id, seed: random.below(2 ** 31), buffer: board.words.buffer, largest };
  const worker = startThread(new URL('worker-storm-survivor.mjs', import.meta.url), { workerData });
  worker.on('error', (error) => faults.push(`survivor ${id}: ${error.stack}`));
  return { worker, ended: next(worker, 'exit') };
}

async function checkEnd() {
  // Owners sweep up by themselves; without them it is done when a slot or memory is wanted.
  if (options.owners > 0 && !(await until(() => cache.inspect().threads.length === 1 + options.owners))) {
    faults.push(`slots of dead threads are taken: ${JSON.stringify(cache.inspect().threads)}`);
  }
  const slots = freeSlots(cache);
  if (slots !== maxThreads - 1 - options.owners) faults.push(`only ${slots} of ${maxThreads} slots can be had`);
  faults.push(...brokenLaws(cache).map((law) => `after the storm: ${law}`));
  if (cache.inspect().locks.length > 0) faults.push(`locks are held: ${JSON.stringify(cache.inspect().locks)}`);
  const rows = cache.scan((_row, count) => count + 1, 0);
  if (rows !== cache.stats().entries) faults.push(`${rows} rows, stats say ${cache.stats().entries} entries`);
  cache.deleteAll();
  faults.push(...leftAfterDeleteAll(cache).map((problem) => `after deleteAll: ${problem}`));
  faults.push(...brokenLaws(cache).map((law) => `after deleteAll: ${law}`));
  const fresh = await SuperCache.start({ ...options, maxThreads, name: 'fresh', eviction: 'none' });
  // The two have different hash seeds, so they spread the same keys differently: that makes a few values.
  const [capacity, freshCapacity] = [cache, fresh].map((one) => capacityOf(one, 100_000));
  if (capacity < freshCapacity * 0.98) faults.push(`takes ${capacity} values, a fresh cache takes ${freshCapacity}`);
  await fresh.stop();
}

const others = Array.from({ length: survivors }, (_, id) => startSurvivor(id));
const started = await Promise.all(others.map(({ worker, ended }) => Promise.race([next(worker, 'message'), ended])));
let longestCheckMs = 0;
for (let round = 0; round < rounds && faults.length === 0; round++) {
  longestCheckMs = Math.max(longestCheckMs, await runRound(round));
}
const reports = others.map(({ worker, ended }) => Promise.race([next(worker, 'message'), ended]));
board.stop();
const results = await Promise.all(reports);
await Promise.all(others.map(({ ended }) => ended));
const { healCount } = cache.stats();
if (started.length > 0) await checkEnd();
await cache.stop();
console.log(JSON.stringify({ faults, deaths, healCount, longestCheckMs, survivors: results }));
