/** How long the other threads stall when a thread is killed in the midst of writing; with few and with many entries. */
import { Child } from '../harness/child.js';
import { freeBytes, MIB } from '../harness/memory.js';
import { showCount, showSummary, type Table } from '../harness/report.js';
import { summarise } from '../harness/statistics.js';
import type { KillPlan, SurvivorReport } from '../hosts/kill.js';
import type { Context, Scenario } from './scenario.js';

const SMALL_ENTRIES = 100_000;
/** Memory given per entry of 8 + 8…16 bytes: ample, so that nothing is refused. 20 million entries get 3 GB. */
const BYTES_PER_ENTRY = 160;
/** What the machine must have left beside the caches. */
const RESERVE_BYTES = 2 ** 30;
/** A writer is in a critical section for a part of the time only, so it takes several kills to hit one. */
const KILLS_PER_ROUND = 4;

/** What happened around one kill. */
interface Kill {
  readonly entries: number;
  readonly bystander: boolean;
  readonly survivors: readonly SurvivorReport[];
}

const memoryMbFor = (entries: number): number => Math.max(64, Math.ceil((entries * BYTES_PER_ENTRY) / MIB));

/** As many entries as asked for, or as the free memory allows. */
function affordable(wanted: number, notes: string[]): number {
  const free = freeBytes() - RESERVE_BYTES;
  if (wanted * BYTES_PER_ENTRY <= free) return wanted;
  const entries = Math.max(SMALL_ENTRIES, Math.floor(free / BYTES_PER_ENTRY / 1e6) * 1e6);
  notes.push(`scaled down from ${showCount(wanted)} to ${showCount(entries)} entries: too little free memory`);
  return entries;
}

async function fill(child: Child, entries: number, context: Context): Promise<void> {
  context.progress(`kill: filling ${showCount(entries)} entries`);
  const plan: KillPlan = { entries, memoryMb: memoryMbFor(entries) };
  const seconds = await child.call<number>('open', plan);
  context.progress(`kill: filled ${showCount(entries)} entries in ${seconds.toFixed(1)} s`);
}

async function killOnce(child: Child, entries: number, bystander: boolean, context: Context): Promise<Kill> {
  const order = { ms: context.options.timeMs, bystander };
  const survivors = await child.call<SurvivorReport[]>('round', order);
  const shown = survivors.map((s) => `${s.role} ${s.longestBeforeMs.toFixed(1)} → ${s.longestAfterMs.toFixed(1)} ms`);
  context.progress(`kill ${showCount(entries)} ${bystander ? 'bystander' : 'writer'}: ${shown.join(', ')}`);
  return { entries, bystander, survivors };
}

async function runKills(sizes: readonly number[], context: Context): Promise<Kill[]> {
  const children = new Map<number, Child>();
  const kills: Kill[] = [];
  try {
    for (const entries of sizes) {
      const child = Child.start(`kill ${entries}`, new URL('../hosts/kill.js', import.meta.url));
      children.set(entries, child);
      await fill(child, entries, context);
    }
    const cases = sizes.flatMap((entries) => [true, false].map((bystander) => ({ entries, bystander })));
    // As in `interleave`: the cases take turns in a rotated order, and the first round is a rehearsal.
    for (let round = -1; round < context.options.rounds * KILLS_PER_ROUND; round++) {
      for (let turn = 0; turn < cases.length; turn++) {
        const { entries, bystander } = cases[(round + 1 + turn) % cases.length] as (typeof cases)[number];
        const kill = await killOnce(children.get(entries) as Child, entries, bystander, context);
        if (round >= 0) kills.push(kill);
      }
    }
    return kills;
  } finally {
    for (const child of children.values()) await child.stop();
  }
}

function rowsOf(entries: number, kills: readonly Kill[]): string[][] {
  const own = kills.filter((kill) => kill.entries === entries);
  return (own[0]?.survivors ?? []).map(({ role }, index) => {
    const reportsOf = (some: readonly Kill[]) => some.map((kill) => kill.survivors[index] as SurvivorReport);
    const all = reportsOf(own);
    const ofBystanders = reportsOf(own.filter((kill) => kill.bystander));
    const ofWriters = reportsOf(own.filter((kill) => !kill.bystander));
    const total = (of: (report: SurvivorReport) => number): string => String(all.reduce((sum, r) => sum + of(r), 0));
    return [
      showCount(entries),
      role,
      showSummary(summarise(ofWriters.map((report) => report.longestBeforeMs))),
      showSummary(summarise(ofBystanders.map((report) => report.longestAfterMs))),
      showSummary(summarise(ofWriters.map((report) => report.longestAfterMs))),
      total((report) => report.operationsBefore + report.operationsAfter),
      total((report) => report.wrong),
      total((report) => report.errors),
    ];
  });
}

const COLUMNS = [
  'entries',
  'survivor',
  'before, ms',
  'after a bystander was killed, ms',
  'after a writer was killed, ms',
  'operations',
  'wrong',
  'errors',
];

export const kill: Scenario = {
  name: 'kill',
  async run(context: Context): Promise<Table> {
    const title = 'kill: longest operation of surviving threads around the `terminate()` of a writing thread';
    if (!context.options.subjects.includes('ours')) {
      return { title, columns: COLUMNS, rows: [], notes: ['left out: `ours` is not among the subjects'], figures: [] };
    }
    const { rounds, timeMs, killEntries } = context.options;
    const notes = [
      `longest operation, median (min–max) of ${rounds * KILLS_PER_ROUND} kills, ${timeMs} ms before and after each;` +
        ' a bystander is as busy and leaves the cache alone, the difference to it is what the cache adds',
    ];
    const sizes = [...new Set([SMALL_ENTRIES, affordable(killEntries, notes)])];
    const kills = await runKills(sizes, context);
    const rows = sizes.flatMap((entries) => rowsOf(entries, kills));
    return { title, columns: COLUMNS, rows, notes, figures: kills };
  },
};
