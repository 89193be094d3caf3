/**
 * `npm run test:sim -- [--seed N] [--program NAME] [--mode sc|tso|weak] [--schedules M]`: runs schedules from a seed
 * on, and shows the trace of the first that fails. `--fault NAME` plants a fault before (`planted-faults.ts`);
 * `npm run test:mutants` looks for all of them.
 */
import { parseArgs } from 'node:util';
import { loadSources, root, SIMULATION } from '../support/load-sources.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    program: { type: 'string' },
    mode: { type: 'string' },
    schedules: { type: 'string' },
    bounded: { type: 'string' },
    small: { type: 'string' },
    switches: { type: 'string' },
    fault: { type: 'string' },
  },
});
const { loadSimulation, planting, FAULTS } = await loadSources(SIMULATION);
const fault = values.fault === undefined ? undefined : FAULTS[values.fault];
if (values.fault !== undefined && fault === undefined) throw new Error(`no fault ${values.fault}`);
const simulation = await loadSimulation(root, fault && planting(fault));
process.exitCode = simulation.command(values) ? 0 : 1;
