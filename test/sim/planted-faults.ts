/**
 * Faults that the simulation must find: an edit of one source each, applied when the engine is compiled for it. If the
 * text to replace is not there any more, compiling says so. `npm run test:mutants` plants one after the other and says
 * how each was found; `npm run test:sim -- --fault NAME` plants one for any other command.
 */
import type { ModeName } from './memory-model.js';
import { READING_FAULTS } from './reading-faults.js';
import { WRITING_FAULTS } from './writing-faults.js';

export interface Fault {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  /** Where it is looked for: a scene that reaches it, and the weakest mode that it needs. */
  readonly scene: string;
  readonly mode: ModeName;
  /** It was not found so far, and why that may be. */
  readonly open?: string;
}

export const FAULTS: Record<string, Fault> = { ...READING_FAULTS, ...WRITING_FAULTS };
