/**
 * How a thread proves that it lives: an open descriptor of an unlinked file. Node closes the descriptors a worker
 * opened when the worker ends, in whatever way, also while the main thread is blocked; so `fstat` tells any thread of
 * the process, without a message, whether another one is gone. A later file can get the same descriptor number and
 * even the same inode, so each token has a random number of its own, kept as the file's time of modification.
 *
 * Limits. A worker started with `trackUnmanagedFds: false` keeps its descriptors open until the process ends, so its
 * death is not seen. On Windows an open file can be unlinked since Windows 10 (libuv opens files with
 * FILE_SHARE_DELETE), and `fstat` gives the file index as inode.
 */
import { randomInt } from 'node:crypto';
import { closeSync, fstatSync, futimesSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { MARK_LIMIT, MAX_DESCRIPTOR } from '../../native-layout/registry.js';
import { CacheError } from '../errors.js';

export interface LivenessToken {
  readonly descriptor: number;
  /** Seconds of the time of modification. */
  readonly mark: number;
}

/** Opens a token for the calling thread: in the temporary folder, or wherever a file can be made. */
export function openToken(): LivenessToken {
  const failures: unknown[] = [];
  for (const folder of [tmpdir(), '/dev/shm', process.cwd()]) {
    const mark = randomInt(1, MARK_LIMIT);
    const path = join(folder, `.supercache-${process.pid}-${threadId}-${mark.toString(36)}`);
    let descriptor = -1;
    try {
      descriptor = openSync(path, 'wx', 0o600);
      unlinkSync(path);
      futimesSync(descriptor, mark, mark);
      if (markOf(descriptor) !== mark) throw new Error(`${folder} does not keep the time of modification`);
      if (descriptor > MAX_DESCRIPTOR) throw new Error(`descriptor ${descriptor} is above ${MAX_DESCRIPTOR}`);
      return { descriptor, mark };
    } catch (error) {
      if (descriptor >= 0) closeSync(descriptor);
      rmSync(path, { force: true });
      failures.push(error);
    }
  }
  const message = 'no liveness file can be made in the temporary folder, /dev/shm or the working folder';
  throw new CacheError('NOT_SUPPORTED', message, { op: 'attach', cause: new AggregateError(failures) });
}

function markOf(descriptor: number): number {
  return Math.floor(fstatSync(descriptor).mtimeMs / 1000);
}

/** Whether the thread that opened the token is still there. About 2 µs. */
export function isTokenOpen(token: LivenessToken): boolean {
  try {
    return markOf(token.descriptor) === token.mark;
  } catch {
    // EBADF: the descriptor is closed.
    return false;
  }
}

export function closeToken(token: LivenessToken): void {
  if (isTokenOpen(token)) closeSync(token.descriptor);
}
