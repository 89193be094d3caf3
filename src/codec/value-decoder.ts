/**
 * Decodes what ValueEncoder wrote, from a private copy.
 *
 * Invariants: `bytes` is private (shared memory may change under a decoder and crash it); the result shares no
 * memory with it; bytes outside [start, end) are not read; wrong bytes throw CacheError `CORRUPT`, whatever they are.
 *
 * Mode 'frozen': plain objects and arrays are frozen throughout, and so is a row, unless a byte value, Map, Set,
 * Date, RegExp, error or boxed primitive occurs anywhere in the value or row: then nothing of it is.
 */
import { ValueTag } from '../../native-layout/value-tags.js';
import { CacheError } from '../errors.js';
import { isByteTag, takeBytes } from './byte-kinds.js';
import { corrupt, FieldReader, NOT_SCALAR } from './field-reader.js';
import { freezeTree } from './freeze.js';
import { GraphReader } from './graph-reader.js';
import { readPlainTree } from './plain-tree.js';

export type ValueMode = 'frozen' | 'copy';

// One reader serves all calls of a thread: decoding runs no user code.
const reader = new FieldReader();
/** Whether all that was read for this call is plain, and what of it is still to be frozen. */
let allPlain = true;
const trees: unknown[] = [];
const graphs: GraphReader[] = [];

function open(bytes: Buffer, start: number, end: number): void {
  allPlain = true;
  reader.open(bytes, start, end);
}

function close(): void {
  reader.close();
  while (trees.length > 0) trees.pop();
  while (graphs.length > 0) graphs.pop();
}

function freezeObjects(): void {
  for (const tree of trees) freezeTree(tree);
  for (const graph of graphs) for (const object of graph.objects) Object.freeze(object);
}

function takeGraph(): unknown {
  const size = reader.bytes.readUInt32LE(reader.take(4));
  const end = reader.at + size;
  const graph = new GraphReader(reader);
  const value = graph.take();
  if (reader.at !== end) throw corrupt('a graph has another length');
  if (!graph.plain) allPlain = false;
  graphs.push(graph);
  return value;
}

function takeObject(tag: number): unknown {
  if (tag === ValueTag.MSGPACK) {
    const size = reader.takeCount(1);
    const start = reader.take(size);
    const tree = readPlainTree(reader.bytes, start, start + size);
    trees.push(tree);
    return tree;
  }
  if (tag === ValueTag.GRAPH) return takeGraph();
  if (!isByteTag(tag)) throw corrupt(`tag ${tag} is unknown`);
  allPlain = false;
  return takeBytes(reader, tag);
}

function takeField(): unknown {
  const tag = reader.takeByte();
  const scalar = reader.takeScalar(tag);
  return scalar === NOT_SCALAR ? takeObject(tag) : scalar;
}

function asCorrupt(error: unknown): CacheError {
  return error instanceof CacheError ? error : corrupt('it cannot be decoded', error);
}

/** The one field in [start, end). */
export function decodeValue(bytes: Buffer, start: number, end: number, mode: ValueMode): unknown {
  try {
    open(bytes, start, end);
    const value = takeField();
    if (reader.at !== end) throw corrupt('it does not end where it should');
    if (mode === 'frozen' && allPlain) freezeObjects();
    return value;
  } catch (error) {
    throw asCorrupt(error);
  } finally {
    close();
  }
}

/** Whether a key can be frozen: it holds no bytes. */
function isPlainKey(key: unknown): boolean {
  return typeof key !== 'object' || key === null || (Array.isArray(key) && key.every(isPlainKey));
}

/**
 * The row whose fields are in [start, end), with `key` at `keyPos`. The row keeps `key` and, frozen, freezes it: an
 * array must be the caller's to give. A key that is or holds bytes leaves the row unfrozen.
 */
export function decodeRow(
  bytes: Buffer,
  start: number,
  end: number,
  key: unknown,
  keyPos: number,
  mode: ValueMode,
): unknown[] {
  try {
    open(bytes, start, end);
    const row: unknown[] = [];
    if (keyPos === 0) row.push(key);
    while (reader.at < end) {
      row.push(takeField());
      if (row.length === keyPos) row.push(key);
    }
    if (row.length <= keyPos) throw corrupt('a row is too short for its key');
    if (mode === 'frozen' && allPlain && isPlainKey(key)) {
      freezeObjects();
      freezeTree(key);
      Object.freeze(row);
    }
    return row;
  } catch (error) {
    throw asCorrupt(error);
  } finally {
    close();
  }
}

/** A row of two elements whose other one is a text that was stored without a tag. */
export function rowOfText(text: string, key: unknown, keyPos: number, mode: ValueMode): unknown[] {
  const row = keyPos === 0 ? [key, text] : [text, key];
  if (mode === 'frozen' && isPlainKey(key)) {
    freezeTree(key);
    Object.freeze(row);
  }
  return row;
}
