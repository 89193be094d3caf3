/** The law of versions, for `verify`: entries of a partition have different ones, none above that of the partition. */
import { Entry, VERSION_HIGH_MASK } from '../../native-layout/entry.js';
import { Partition } from '../../native-layout/partition.js';
import { cellOf, slabOf } from '../memory/address.js';
import type { Partitions } from './partitions.js';

function versionOf(low: number, high: number): number {
  return high * 2 ** 32 + (low >>> 0);
}

/** The first entry that breaks it, in words. */
export function versionFault(
  { control, slabs }: Partitions,
  header: number,
  entries: ReadonlySet<number>,
): string | undefined {
  const latest = versionOf(control[header + Partition.versionLow], control[header + Partition.versionHigh]);
  const seen = new Set<number>();
  for (const address of entries) {
    const words = slabs[slabOf(address)];
    const cell = cellOf(address);
    const version = versionOf(words[cell + Entry.versionLow], words[cell + Entry.identity] & VERSION_HIGH_MASK);
    if (version > latest) return `entry ${address} has version ${version}, the partition ${latest}`;
    if (seen.has(version)) return `two entries have version ${version}`;
    seen.add(version);
  }
  return undefined;
}
