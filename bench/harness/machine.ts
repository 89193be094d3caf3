import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { freeBytes } from './memory.js';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly freeGb: number;
  /** Average of the last minute, at the start: above 0.5 other work disturbs the figures. */
  readonly load: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
}

const gigabytes = (bytes: number): number => Math.round((bytes / 2 ** 30) * 10) / 10;

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: gigabytes(totalmem()),
    freeGb: gigabytes(freeBytes()),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
  };
}

export function machineLine(m: Machine): string {
  const size = `${m.cores} cores, ${m.memoryGb} GB (${m.freeGb} GB free)`;
  return `${m.cpu}, ${size}, ${m.platform}, Node ${m.node} (V8 ${m.v8}), load ${m.load}`;
}
