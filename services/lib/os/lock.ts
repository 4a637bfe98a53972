// Advisory locks on files (flock): one owner of a run directory, one owner of a socket path.
import { failure, lastErrno, libcFlock } from './libc.ts';
import { ERRNO } from './system-error.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the exclusive lock of an open file without waiting; false when another process holds it. It goes with the descriptor. */
export function tryLock(fd: number): boolean {
  if (libcFlock(fd, LOCK_EX | LOCK_NB) === 0) return true;
  if (lastErrno() === ERRNO.EWOULDBLOCK) return false;
  throw failure('flock', `lock descriptor ${fd}`);
}
