/** Planting a fault and looking for it. */
import { loadSimulation, planting } from './compile.js';
import { FAULTS } from './planted-faults.js';

/** Most schedules with two preemptions per program. */
const BOUNDED_LIMIT = 200;

export interface Found {
  /** Schedules until it showed. */
  readonly schedules: string;
  readonly message: string;
}

/** Runs up to `limit` schedules of the fault's scene. Undefined: it does not show. */
export async function findFault(root: string, name: string, seed: number, limit: number): Promise<Found | undefined> {
  const fault = FAULTS[name];
  const { runCase, runBounded } = await loadSimulation(root, planting(fault));
  for (let i = 0; i < limit; i++) {
    const message = runCase({ scene: fault.scene, mode: fault.mode, seed: seed + i });
    if (message !== undefined) return { schedules: `random ${i + 1}`, message: message.split('\n')[0] };
  }
  const bounds = { mode: fault.mode, limit: BOUNDED_LIMIT, seed };
  let found = runBounded(fault.scene, { ...bounds, preemptions: 1 });
  if (typeof found === 'number') found = runBounded(fault.scene, { ...bounds, preemptions: 2 });
  if (typeof found === 'number') return undefined;
  const lines = found.split('\n');
  return { schedules: `bounded, ${lines.find((line) => line.includes('after')) ?? ''}`, message: lines[0] };
}
