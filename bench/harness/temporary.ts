import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killChildren } from './child.js';

let root: string | undefined;

/** A fresh folder below the run's own folder in the system's temporary folder. */
export function temporaryFolder(label: string): string {
  root ??= mkdtempSync(join(tmpdir(), 'supercache-bench-'));
  return mkdtempSync(join(root, `${label}-`));
}

/** Removes everything on any way out: normal end, failure, interrupt. Children go first, they may still write. */
export function cleanUpOnExit(): void {
  process.on('exit', () => {
    killChildren();
    if (root !== undefined) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(code));
  }
}
