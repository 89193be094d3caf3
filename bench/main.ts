/** Command line of the bench: see `bench/README.md` or `npm run bench -- --help`. */
import { machine, machineLine } from './harness/machine.js';
import { type Options, parseOptions, UsageError, usage } from './harness/options.js';
import { markdown, type Table } from './harness/report.js';
import { cleanUpOnExit } from './harness/temporary.js';
import { scenarios } from './scenarios/index.js';
import { subjectNames } from './subjects/index.js';

const scenarioNames = scenarios.map((scenario) => scenario.name);

/** The options, or leaves: with 0 after help, with 2 after a mistake. */
function optionsOrExit(args: readonly string[]): Options {
  const text = usage(scenarioNames, subjectNames);
  try {
    const options = parseOptions(args, scenarioNames, subjectNames);
    if (options !== undefined) return options;
    process.stdout.write(text);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${text}`);
    process.exit(2);
  }
}

interface Outcome {
  readonly scenario: string;
  readonly table?: Table;
  readonly error?: string;
}

async function runAll(options: Options): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const progress = (line: string): void => void process.stderr.write(`  ${line}\n`);
  for (const scenario of scenarios) {
    if (!options.scenarios.includes(scenario.name)) continue;
    try {
      const table = await scenario.run({ options, progress });
      if (!options.json) process.stdout.write(`${markdown(table)}\n`);
      outcomes.push({ scenario: scenario.name, table });
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`${scenario.name} failed: ${message}\n`);
      outcomes.push({ scenario: scenario.name, error: message });
      process.exitCode = 1;
    }
  }
  return outcomes;
}

cleanUpOnExit();
const args = process.argv.slice(2);
const options = optionsOrExit(args);
const here = machine();
const command = `npm run bench -- ${args.join(' ')}`.trim();
if (!options.json) process.stdout.write(`${machineLine(here)}\n\n\`${command}\`\n\n`);
const outcomes = await runAll(options);
if (options.json) {
  process.stdout.write(
    `${JSON.stringify({ date: new Date().toISOString(), command, machine: here, options, outcomes }, null, 2)}\n`,
  );
}
