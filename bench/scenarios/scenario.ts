import type { Options } from '../harness/options.js';
import type { Table } from '../harness/report.js';

export interface Context {
  readonly options: Options;
  /** Says on standard error what is going on. */
  progress(line: string): void;
}

export interface Scenario {
  readonly name: string;
  run(context: Context): Promise<Table>;
}
