/** Child processes of tests: a script in, what became of it out. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const LONGEST_MS = 30_000;

export interface Ended {
  /** Exit code; null: a signal ended it, SIGKILL when it took too long. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs Node in the repository's root until it ends by itself. */
export function runNode(args: readonly string[], longestMs = LONGEST_MS): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), longestMs);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output: output.trim(), errors: errors.trim() });
    });
  });
}

/** Runs the text of an ES module. */
export function runModule(text: string, flags: readonly string[] = []): Promise<Ended> {
  return runNode([...flags, '--input-type=module', '-e', text]);
}
