/**
 * How a thread proves that it lives: an open descriptor of an unlinked file. Node closes the descriptors a worker opened
 * when the worker ends, in whatever way, also while the main thread is blocked; so `fstat` tells any thread of the
 * process, without a message, whether another one is gone. A later file can get the same descriptor number and even the
 * same inode, so each token also has a random number of its own, kept as the file's time of modification.
 *
 * Limits. A worker started with `trackUnmanagedFds: false` keeps its descriptors open until the process ends, so its
 * death is not seen. On Windows an open file can be unlinked since Windows 10 (libuv opens files with
 * FILE_SHARE_DELETE), and `fstat` gives the file index as inode.
 */
import { randomInt } from 'node:crypto';
import { closeSync, fstatSync, futimesSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { CacheError } from '../errors.js';

export interface LivenessToken {
  readonly descriptor: number;
  /** Low 32 bits of the inode. */
  readonly inode: number;
  /** Seconds of the time of modification, below 2^31. */
  readonly mark: number;
}

const MARK_LIMIT = 2 ** 31;

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
      const { inode, mark: kept } = identityOf(descriptor);
      if (kept !== mark) throw new Error(`${folder} does not keep the time of modification`);
      return { descriptor, inode, mark };
    } catch (error) {
      if (descriptor >= 0) closeSync(descriptor);
      failures.push(error);
    }
  }
  const message = 'no liveness file can be made in the temporary folder, /dev/shm or the working folder';
  throw new CacheError('NOT_SUPPORTED', message, { op: 'attach', cause: new AggregateError(failures) });
}

function identityOf(descriptor: number): { inode: number; mark: number } {
  const { ino, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return { inode: Number(BigInt.asIntN(32, ino)), mark: Number(mtimeNs / 1_000_000_000n) };
}

/** Whether the thread that opened the token is still there. About 2 µs. */
export function isTokenOpen(token: LivenessToken): boolean {
  try {
    const { inode, mark } = identityOf(token.descriptor);
    return inode === token.inode && mark === token.mark;
  } catch {
    // EBADF: the descriptor is closed.
    return false;
  }
}

export function closeToken(token: LivenessToken): void {
  if (isTokenOpen(token)) closeSync(token.descriptor);
}
