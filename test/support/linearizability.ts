/**
 * Is a history of operations on single keys linearizable: is there one order of them that respects real time, and in
 * which a plain map gives the recorded results? Keys are independent (linearizability is local), so each is searched
 * alone, see linearization-search.ts.
 *
 * Times are of one clock that all actors share, each reading of it different from all others. Equal times count as
 * overlapping.
 */
import { type Blockage, Search } from './linearization-search.js';

export interface Operation {
  readonly actor: number;
  readonly name: 'get' | 'has' | 'put' | 'insertNew' | 'take' | 'delete';
  readonly key: string;
  readonly argument?: string;
  /** get, take: the value or undefined; has, delete, insertNew: boolean; put: undefined; 'full': had no effect. */
  readonly result?: unknown;
  readonly invoked: number;
  /** Infinity: it never returned, its thread died; it may or may not have taken effect. */
  readonly returned: number;
}

const SHOWN_BEFORE = 12;
const SHOWN_AFTER = 6;

function line({ actor, name, argument, result, invoked, returned }: Operation): string {
  const call = argument === undefined ? name : `${name} ${JSON.stringify(argument)}`;
  const answer = returned === Number.POSITIVE_INFINITY ? 'never returned' : `→ ${JSON.stringify(result)}`;
  return `[${invoked}, ${returned}] thread ${actor}: ${call} ${answer}`;
}

/** The part of a key's history around the operation that fits nowhere. */
function story(key: string, operations: readonly Operation[], { value, blocked, count }: Blockage): string {
  const ordered = [...operations].sort((a, b) => a.invoked - b.invoked);
  const at = ordered.indexOf(blocked);
  const open = ordered.slice(0, Math.max(0, at - SHOWN_BEFORE)).filter((one) => one.returned > blocked.invoked);
  const shown = [...open, ...ordered.slice(Math.max(0, at - SHOWN_BEFORE), at + SHOWN_AFTER)];
  const lines = shown.map((one) => (one === blocked ? `${line(one)}  ← fits nowhere` : line(one)));
  const state = `after ${count} of ${operations.length} operations the value is ${JSON.stringify(value)}`;
  return `key ${JSON.stringify(key)} is not linearizable; ${state}:\n${lines.join('\n')}`;
}

/** Undefined: the history is linearizable. Else the key for which it is not, and the part of its history. */
export function nonLinearizable(
  history: readonly Operation[],
  initial: ReadonlyMap<string, string> = new Map(),
): string | undefined {
  const byKey = new Map<string, Operation[]>();
  for (const operation of history) {
    const { key, invoked, returned, result } = operation;
    if (!(invoked <= returned)) throw new RangeError(`an operation returned before its call: ${line(operation)}`);
    if (result === 'full' && (operation.name === 'put' || operation.name === 'insertNew')) continue;
    const operations = byKey.get(key);
    if (operations === undefined) byKey.set(key, [operation]);
    else operations.push(operation);
  }
  for (const [key, operations] of byKey) {
    const search = new Search(operations, initial.get(key));
    if (!search.run()) return story(key, operations, search.blockage);
  }
  return undefined;
}
