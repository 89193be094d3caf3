import type { Subject } from './subject.js';

/** Loaded on demand, so that a process has the code of its own subject only. */
const loaders: Record<string, () => Promise<{ subject: Subject }>> = {
  ours: () => import('./ours.js'),
  map: () => import('./map.js'),
  lru: () => import('./lru.js'),
  lmdb: () => import('./lmdb.js'),
};

export const subjectNames: readonly string[] = Object.keys(loaders);

export async function loadSubject(name: string): Promise<Subject> {
  const load = loaders[name];
  if (load === undefined) throw new TypeError(`unknown subject ${name}`);
  return (await load()).subject;
}
