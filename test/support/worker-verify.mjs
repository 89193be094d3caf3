/** Looks behind the interface of a cache, by the modules of the build it runs on. */
import { verify } from '../../dist/esm/src/table/verify.js';
import { Attachment } from '../../dist/esm/src/threads/attachment.js';
import { openMemory } from '../../dist/esm/src/threads/handle.js';

const CLIENT = 0;

/** Says, each time it is called, the first broken law of each partition that has one. Takes a thread slot. */
export function lawsOf(cache) {
  const attachment = new Attachment(cache.handle(), openMemory(cache.handle()), CLIENT);
  return () => lawsSeenBy(attachment);
}

function lawsSeenBy(attachment) {
  const { partitions } = attachment.open('verify');
  const broken = [];
  for (let index = 0; index < partitions.count; index++) {
    const law = verify(partitions, index);
    if (law !== undefined) broken.push(law);
  }
  return broken;
}

/** The first broken law of each partition that has one. Takes each partition's lock while it walks. */
export function brokenLaws(cache) {
  const attachment = new Attachment(cache.handle(), openMemory(cache.handle()), CLIENT);
  const broken = lawsSeenBy(attachment);
  attachment.detach();
  return broken;
}

/**
 * What is not as it should be in a cache that was emptied. A partition keeps up to two empty pages of each size class
 * it has used, the one it takes cells from and a listed one behind it, and each death may have left one more; the
 * pool gets them when it is exhausted. An index that never grew deeper keeps its one segment and the first chunk of its
 * directory. Everything else must be free.
 */
export function leftAfterDeleteAll(cache) {
  const problems = [];
  const { entries, healCount } = cache.stats();
  if (entries !== 0) problems.push(`${entries} entries are left`);
  const { pages, sizeClasses } = cache.inspect();
  let kept = 0;
  let surplus = 0;
  for (const { kind, cellLength, pages: count, usedCells } of sizeClasses) {
    kept += count;
    const allowed = kind === 'cell' ? 0 : cache.options.partitions;
    if (usedCells > allowed) problems.push(`${usedCells} cells of ${cellLength} bytes (${kind}) are in use`);
    surplus += Math.max(0, count - 2 * cache.options.partitions);
  }
  if (surplus > healCount) problems.push(`${surplus} empty pages are held besides two per class and partition`);
  if (pages.free + kept !== pages.total) problems.push(`${pages.total} pages, ${pages.free} free, ${kept} held`);
  return problems;
}

/** How many more threads could attach. */
export function freeSlots(cache) {
  const attachments = [];
  try {
    for (;;) attachments.push(new Attachment(cache.handle(), openMemory(cache.handle()), CLIENT));
  } catch (error) {
    if (error.code !== 'ERR_SUPERCACHE_TOO_MANY_THREADS') throw error;
  }
  for (const attachment of attachments) attachment.detach();
  return attachments.length;
}

/** How many values of this length an empty cache takes before it refuses; it is empty again afterwards. */
export function capacityOf(cache, length) {
  const text = 'x'.repeat(length);
  let count = 0;
  try {
    for (; ; count++) cache.put([`capacity:${count}`, text]);
  } catch (error) {
    if (error.code !== 'ERR_SUPERCACHE_FULL') throw error;
  }
  cache.deleteAll();
  return count;
}

/** Calls `holds` between turns of the event loop until it is true. False: it was not within 5 seconds. */
export async function until(holds) {
  const endMs = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > endMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
