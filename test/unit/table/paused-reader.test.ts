/**
 * Goal: a reader that stands still before any of its loads, while others do whole operations (free and reuse cells,
 * split, release pages that become value pages elsewhere, clear), still answers with a value that was current in
 * between. Oracle: the values each key had during the read; rows that were there all the time are scanned exactly
 * once. A run takes a sample of the steps, `EXHAUSTIVE=1` all (`support/sample.ts`). Replay: a failure names the seed,
 * set SEED.
 */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../support/actors.js';
import { Stage, WouldWait } from '../../support/fault-stage.js';
import { type Engine, loadInstrumented } from '../../support/instrument.js';
import { Random, seedOf } from '../../support/random.js';
import { STEPS_TIMEOUT_MS, scaled, stepsOf } from '../../support/sample.js';

vi.setConfig({ testTimeout: STEPS_TIMEOUT_MS });

const seed = seedOf();
const MEMORY = 512 * 1024;
const LONG = 'long.'.repeat(900);
/** One step out of so many is tried. */
const WINDOW = 2;
let engine: Engine;

beforeAll(async () => {
  engine = await loadInstrumented();
});

/** What happens while the reader stands still. Every value that `key` takes is told to `now`. */
type Storm = (by: Actor, key: string, now: (value: unknown) => void, random: Random) => void;

const churn = (by: Actor, random: Random, length: number): void => {
  for (let i = 0; i < 12; i++) by.put(1, `other:${i}`, random.text(length));
  for (let i = 0; i < 12; i += 2) by.remove(1, `other:${i}`);
};

function put(by: Actor, key: string, value: unknown, now: (value: unknown) => void): void {
  now(value); // It may become visible and then be refused a return by a wait: tell before.
  by.put(1, key, value);
}

const storms: Record<string, Storm> = {
  'overwritten, cell reused': (by, key, now, random) => {
    for (const length of [24, 700, 24]) {
      put(by, key, random.text(length), now);
      churn(by, random, length);
    }
  },
  'deleted, cell reused': (by, key, now, random) => {
    now(undefined);
    by.remove(1, key);
    for (const length of [24, 60, 700]) churn(by, random, length);
  },
  'deleted, inserted again': (by, key, now, random) => {
    now(undefined);
    by.remove(1, key);
    churn(by, random, 24);
    put(by, key, random.text(24), now);
  },
  'chained, freed, chunks reused': (by, key, now, random) => {
    put(by, key, random.text(4000), now);
    put(by, key, random.text(24), now);
    for (let i = 0; i < 4; i++) by.table.upkeep.slice(0);
    for (let i = 0; i < 4; i++) by.put(1, `other:${i}`, random.text(4000));
    put(by, key, { bytes: random.text(600) }, now);
  },
  'segments enlarged and split': (by, key, now, random) => {
    for (let i = 0; i < 400; i++) by.put(1, `filler:${i}`, '');
    put(by, key, random.text(24), now);
    churn(by, random, 24);
  },
  'list inserted': (by, key, now, random) => {
    now(undefined);
    by.remove(1, key);
    const value = random.text(24);
    now(value);
    by.insertAll(1, [
      ['other:a', 'x'],
      [key, value],
      ['other:b', LONG],
    ]);
    by.insertAll(1, [
      ['other:c', LONG],
      ['other:a', 'refused'],
    ]);
    churn(by, random, 24);
  },
  'cleared, pages used elsewhere': (by, key, now, random) => {
    now(undefined);
    by.table.clearAll();
    by.table.upkeep.relieve();
    // Another partition takes the pages of the index as value pages.
    for (let i = 0; i < 300; i++) by.put(2, `elsewhere:${i}`, random.text(200 + (i % 3) * 300));
    put(by, key, random.text(24), now);
  },
};

interface Case {
  readonly name: string;
  /** What the key holds first. */
  readonly first: unknown;
  readonly read: (by: Actor, key: string) => unknown;
}

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const cases: Case[] = [
  { name: 'get of a short text', first: 'first value, 24 letters.', read: (a, key) => a.get(1, key) },
  { name: 'get of a longer text', first: 'first'.repeat(150), read: (a, key) => a.get(1, key) },
  { name: 'get of a short object', first: { first: 1 }, read: (a, key) => a.get(1, key) },
  { name: 'get of a longer object', first: { first: 'x'.repeat(600) }, read: (a, key) => a.get(1, key) },
  { name: 'get of a chained text', first: LONG, read: (a, key) => a.get(1, key) },
  { name: 'get of a chained object', first: { text: LONG }, read: (a, key) => a.get(1, key) },
  { name: 'get of nothing', first: undefined, read: (a, key) => a.get(1, key) },
];

function prepared(first: unknown, fillers: number): Stage {
  const stage = new Stage(engine, MEMORY, 2);
  const actor = stage.actor(0);
  if (first !== undefined) actor.put(1, 'key', first);
  for (let i = 0; i < fillers; i++) actor.put(1, `filler:${i}`, '');
  for (let i = 0; i < 12; i++) actor.put(1, `other:${i}`, 'other value, 24 letters.');
  stage.save();
  return stage;
}

/** Runs the read, with storms before two of its steps, and returns what it may have answered and what it did. */
function readThrough(stage: Stage, test: Case, steps: number[], chosen: Storm[], random: Random): [unknown[], unknown] {
  stage.restore();
  const allowed: unknown[] = [test.first];
  const reader = stage.actor(1);
  const writer = stage.actor(2);
  let done = 0;
  const { hooks } = engine;
  const answer = stage.hooked(
    () => {
      const which = steps.indexOf(done++);
      if (which < 0) return;
      const own = hooks.step;
      hooks.step = undefined;
      try {
        // Inside a critical section of the reader the others would wait: then nothing happens.
        stage.withoutWaiting(() => chosen[which](writer, 'key', (value) => allowed.push(value), random));
      } catch (error) {
        if (!(error instanceof WouldWait)) throw error;
      }
      hooks.step = own;
    },
    () => test.read(reader, 'key'),
  );
  return [allowed, answer];
}

function everyStep(test: Case, fillers: number, pairs: number): void {
  const stage = prepared(test.first, fillers);
  const random = new Random(seed);
  const untroubled = stage.actor(1);
  const steps = stage.trace(() => test.read(untroubled, 'key'), true);
  const judge = (at: number[], names: string[]): void => {
    const context = `seed ${seed} ${test.name}, ${fillers} fillers, ${names} before ${at} (${at.map((s) => steps[s])})`;
    const [allowed, answer] = readThrough(
      stage,
      test,
      at,
      names.map((name) => storms[name]),
      random,
    );
    if (!allowed.some((value) => sameValue(value, answer))) {
      expect.fail(`${context}: ${JSON.stringify(answer)?.slice(0, 80)} was never there`);
    }
  };
  const names = Object.keys(storms);
  for (const name of names) {
    for (const at of stepsOf(random, steps.length, WINDOW)) judge([at], [name]);
    const broken = stage.broken(stage.actor(3));
    if (broken?.startsWith('partition')) expect.fail(`${test.name}, ${name}: ${broken}`);
  }
  for (let pair = 0; pair < scaled(pairs); pair++) {
    const first = random.below(steps.length);
    judge([first, first + 1 + random.below(steps.length)], [random.pick(names), random.pick(names)]);
  }
}

describe('a reader that stands still before any step', () => {
  test.each(cases)('$name', (which) => {
    for (const fillers of [0, 100, 300]) everyStep(which, fillers, 300);
  });
});

/** Rows as a scan copies them: key and text. */
function scanned(stage: Stage, by: Actor): [string, string][] {
  const scan = by.table.newScan();
  const rows: [string, string][] = [];
  const tag = stage.memory.control[stage.memory.geometry.namespaceWord + 32];
  for (let index = 0; index < by.table.partitions.count; index++) {
    for (let position = 0; position < 2 ** 32; ) {
      position = scan.copySegment(index, tag, position);
      for (const { keyStart, keyEnd, valueEnd, valueRaw, chained } of scan.rows) {
        const value = valueRaw && !chained ? scan.bytes.toString('latin1', keyEnd, valueEnd) : '';
        rows.push([scan.bytes.toString('latin1', keyStart, keyEnd), value]);
      }
    }
  }
  return rows;
}

test('a scan that stands still before any step sees every lasting row once, and nothing that never was', () => {
  const random = new Random(seed);
  for (const fillers of [0, 100, 300]) {
    const stage = prepared('first value, 24 letters.', fillers);
    const lasting = [...Array(20)].map((_, i) => `lasting:${i}`);
    stage.restore();
    for (const key of lasting) stage.actor(0).put(1, key, `value of ${key}`);
    stage.save();
    const untroubled = stage.actor(1);
    const count = stage.trace(() => scanned(stage, untroubled), true).length;
    const { 'cleared, pages used elsewhere': _, ...kept } = storms;
    for (const [name, storm] of Object.entries(kept)) {
      for (const at of stepsOf(random, count, count / 120)) {
        stage.restore();
        const reader = stage.actor(1);
        const writer = stage.actor(2);
        const values: unknown[] = ['first value, 24 letters.'];
        const interrupt = () => storm(writer, 'key', (value) => values.push(value), random);
        const rows = stage.interrupt(at, true, interrupt, () => scanned(stage, reader));
        const context = `seed ${seed} ${name}, ${fillers} fillers, before ${at} of ${count}`;
        const seen = rows.map(([key]) => key);
        expect(new Set(seen).size, `${context}: rows seen twice`).toBe(seen.length);
        for (const key of lasting) {
          expect(rows.find((row) => row[0] === key)?.[1], `${context}: ${key}`).toBe(`value of ${key}`);
        }
        for (const [key, value] of rows) {
          if (!/^(lasting|filler|other|key)/.test(key)) expect.fail(`${context}: a row ${key}`);
          if (key === 'key' && value !== '' && !values.includes(value)) expect.fail(`${context}: ${value}`);
        }
      }
    }
  }
});
