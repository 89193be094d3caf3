/**
 * Goal: `npm ci` works on every platform, hence on a fresh clone.
 * Oracle: package-lock.json itself. npm drops the optional packages that a registry did not have when the file was
 * written, and refuses such a file from then on.
 * Replay: `npx vitest run test/package/lock.test.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test('every optional dependency of a locked package is locked too', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8');
  const packages: Readonly<Record<string, Locked>> = JSON.parse(text).packages;
  const isLocked = (owner: string, name: string) =>
    `node_modules/${name}` in packages || `${owner}/node_modules/${name}` in packages;
  const missing = Object.entries(packages).flatMap(([owner, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(owner, name)),
  );
  expect(missing, 'Restore their entries from the last committed package-lock.json, with the new version').toEqual([]);
});
