// Advisory locks on files: one owner of a run directory, of a socket path, of the file behind a heap (flock); and marks on files that are
// handed out, which last as long as anybody has them open or mapped (open file description locks of fcntl_locking(2)).
import { constants, openSync } from 'node:fs';
import { Fd } from './fd.ts';
import { failure, lastErrno, libcFcntl, libcFlock } from './libc.ts';
import { ERRNO } from './system-error.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
// <fcntl.h>
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const LOCK_TYPE = { READ: 0, WRITE: 1, NONE: 2 } as const;
/** struct flock: l_type and l_whence (short), l_start and l_len (off_t), l_pid, padded. */
const LOCK_BYTES = 32;
const AT = { TYPE: 0, LENGTH: 16 } as const;

/** Takes the exclusive lock of an open file without waiting; false when another process holds it. It goes with the descriptor. */
export function tryLock(fd: number): boolean {
  if (libcFlock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  if (lastErrno() === ERRNO.EWOULDBLOCK) return false;
  throw failure('flock', `lock descriptor ${fd}`);
}

/**
 * Marks an open file, which has to be readable: everybody who gets a duplicate of this descriptor, and everything that is mapped by way of
 * one, carries the mark. Any number of open files may carry one.
 */
export function mark(fd: number): void {
  if (libcFcntl(fd, F_OFD_SETLK, 'void *', firstByte(LOCK_TYPE.READ)) < 0)
    throw failure('fcntl', `mark descriptor ${fd}`);
}

/**
 * Another opening of the file behind a descriptor, for reading and writing, and marked; the caller owns it. Null where there can be none: no
 * /proc, no right to it, or no file that can be opened twice (a dma-buf).
 */
export function openMarked(fd: number): Fd | null {
  let opened: Fd | null = null;
  try {
    opened = new Fd(openSync(`/proc/self/fd/${fd}`, constants.O_RDWR));
    mark(opened.number);
    return opened;
  } catch {
    opened?.close();
    return null;
  }
}

/** Whether another opening of the same file is marked, and still open or mapped somewhere. The descriptor has to be writable. */
export function isMarkedElsewhere(fd: number): boolean {
  const found = firstByte(LOCK_TYPE.WRITE);
  if (libcFcntl(fd, F_OFD_GETLK, 'void *', found) < 0)
    throw failure('fcntl', `look for marks at descriptor ${fd}`);
  return found.readInt16LE(AT.TYPE) !== LOCK_TYPE.NONE;
}

function firstByte(type: number): Buffer {
  const lock = Buffer.alloc(LOCK_BYTES);
  lock.writeInt16LE(type, AT.TYPE);
  lock.writeBigInt64LE(1n, AT.LENGTH);
  return lock;
}
