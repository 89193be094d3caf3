/**
 * `npm run test:mutants [-- --only TEXT] [--seed N] [--limit M]`: faults in the engine, one after the other, each of
 * which the simulation must show by a broken law. Hand-planted ones are edits of one source (`planted-faults.ts`),
 * compiled each by itself; generated ones drop a store, exchange two, or leave out a check (`generate.ts`).
 * The unchanged engine must pass first. A crash of the engine, or that it comes to no end, is no kill. What no run can
 * tell from the engine as it is stands with its proof in `equivalent.ts`. Two processes share the work.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadSources, root, SIMULATION } from '../support/load-sources.mjs';

const LANES = 2;
/** A mutant may keep the engine from ever coming back to the scheduler. */
const SILENCE_MS = 240_000;
const FAULT_SCHEDULES = 20_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    limit: { type: 'string', default: '3000' },
    lane: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
});
const seed = Number(values.seed);
const results = [];

function report(result) {
  results.push(result);
  const { name, law, crash, hung, runs } = result;
  if (law !== undefined) console.log(`killed (${runs}): ${name}\n    ${law}`);
  else
    console.log(
      `SURVIVED (${hung ? 'comes to no end' : runs}): ${name}${crash === undefined ? '' : `\n    only ${crash}`}`,
    );
}

/** Starts a process for every second mutant from one on, and goes on behind a mutant on which it hangs. */
function runLane(lane, from) {
  return new Promise((resolve, reject) => {
    const options = ['only', 'seed', 'limit'].flatMap((name) => [`--${name}`, values[name]]);
    const child = fork(fileURLToPath(import.meta.url), ['--lane', String(lane), '--from', String(from), ...options]);
    let current;
    let timer;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS);
    };
    listen();
    child.on('message', (message) => {
      listen();
      if (message.verdict === undefined) current = message;
      else report({ ...current, ...message.verdict });
      if (message.verdict !== undefined) current = undefined;
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      if (current === undefined) return code === 0 ? resolve() : reject(new Error(`lane ${lane} ended with ${code}`));
      report({ ...current, hung: true });
      runLane(lane, current.index + 1).then(resolve, reject);
    });
  });
}

async function work(lane) {
  const modules = [...SIMULATION, 'mutants/generate', 'mutants/equivalent', 'mutants/hunt'];
  const { loadSimulation, Mutator, Hunter, FAULTS, findFault, sift } = await loadSources(modules);
  const mutator = new Mutator();
  const simulation = await loadSimulation(root, (path, text) => mutator.mutate(path, text));
  const hunter = new Hunter(simulation);
  const wrong = hunter.look(seed);
  if (wrong !== undefined) throw new Error(`the engine as it is: ${wrong}`);
  const planted = Object.entries(FAULTS)
    .filter(([, { open }]) => open === undefined)
    .map(([name]) => ({ name: `planted: ${name}`, fault: name }));
  const mutants = [...sift(mutator.mutants), ...planted].filter(({ name }) => name.includes(values.only));
  for (let index = Number(values.from); index < mutants.length; index++) {
    if (index % LANES !== lane) continue;
    const { id, name, fault } = mutants[index];
    process.send({ index, name });
    let verdict;
    if (fault === undefined) verdict = hunter.hunt(id, seed, Number(values.limit));
    else {
      const found = await findFault(root, fault, seed, FAULT_SCHEDULES);
      verdict = { runs: found?.schedules ?? FAULT_SCHEDULES, law: found?.message };
    }
    process.send({ verdict });
  }
  process.disconnect();
}

if (values.lane !== undefined) {
  await work(Number(values.lane));
} else {
  await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane, 0)));
  const survived = results.filter(({ law }) => law === undefined);
  if (survived.length > 0) console.log(`\nsurvivors:\n${survived.map(({ name }) => `  ${name}`).join('\n')}\n`);
  console.log(`mutants: ${results.length - survived.length} killed, ${survived.length} survived`);
  process.exitCode = survived.length === 0 && results.length > 0 ? 0 : 1;
}
