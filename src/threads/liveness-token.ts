/**
 * How a thread proves that it lives: an open descriptor of an unlinked file. Node closes the descriptors a worker
 * opened when the worker ends, in whatever way, also while the main thread is blocked; so `fstat` tells any thread of
 * the process, without a message, whether another one is gone. The inode tells a descriptor from a later one with the
 * same number.
 *
 * Limits. A worker started with `trackUnmanagedFds: false` keeps its descriptors open until the process ends, so its
 * death is not seen. On Windows an open file can be unlinked since Windows 10 (libuv opens files with
 * FILE_SHARE_DELETE), and `fstat` gives the file index as inode.
 */
import { closeSync, fstatSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CacheError } from '../errors.js';

export interface LivenessToken {
  readonly descriptor: number;
  /** Low and high 32 bits. */
  readonly inodeLow: number;
  readonly inodeHigh: number;
}

let opened = 0;

/** Opens a token for the calling thread: in the temporary folder, or wherever a file can be made. */
export function openToken(): LivenessToken {
  const failures: unknown[] = [];
  for (const folder of [tmpdir(), '/dev/shm', process.cwd()]) {
    const path = join(folder, `.supercache-${process.pid}-${threadId}-${Date.now().toString(36)}-${opened++}`);
    try {
      const descriptor = openSync(path, 'wx', 0o600);
      unlinkSync(path);
      const inode = inodeOf(descriptor);
      return {
        descriptor,
        inodeLow: Number(BigInt.asIntN(32, inode)),
        inodeHigh: Number(BigInt.asIntN(32, inode >> 32n)),
      };
    } catch (error) {
      failures.push(error);
    }
  }
  const message = 'no liveness file can be made in the temporary folder, /dev/shm or the working folder';
  throw new CacheError('NOT_SUPPORTED', message, { op: 'attach', cause: new AggregateError(failures) });
}

function inodeOf(descriptor: number): bigint {
  return fstatSync(descriptor, { bigint: true }).ino;
}

/** Whether the thread that opened the token is still there. About 2 µs. */
export function isTokenOpen(token: LivenessToken): boolean {
  try {
    const inode = inodeOf(token.descriptor);
    return (
      Number(BigInt.asIntN(32, inode)) === token.inodeLow && Number(BigInt.asIntN(32, inode >> 32n)) === token.inodeHigh
    );
  } catch {
    // EBADF: the descriptor is closed.
    return false;
  }
}

export function closeToken(token: LivenessToken): void {
  if (isTokenOpen(token)) closeSync(token.descriptor);
}
