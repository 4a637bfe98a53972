// eventfd: the doorbells between a VMM and a back-end (kick, call, error).
import { readlinkSync } from 'node:fs';
import { Fd } from './fd.ts';
import { failure, lastErrno, libcEventfd, libcRead, libcWrite } from './libc.ts';
import { ERRNO } from './system-error.ts';

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

const ONE = new BigUint64Array([1n]);
const COUNT = new BigUint64Array(1);

/** A new eventfd with a count of 0, non-blocking. The caller owns it. */
export function createEventfd(): Fd {
  const number: number = libcEventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (number < 0) throw failure('eventfd', 'create an eventfd');
  return new Fd(number);
}

/** Whether a descriptor that came from elsewhere is an eventfd. Throws Node's system error when it is not open. */
export function isEventfd(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventfd]';
}

/** Adds one to the count. A full counter already wakes the reader, so EAGAIN is success. Throws SystemError for a bad descriptor. */
export function signalEventfd(fd: number): void {
  if (Number(libcWrite(fd, ONE, 8)) === 8) return;
  if (lastErrno() !== ERRNO.EAGAIN) throw failure('write', `signal eventfd ${fd}`);
}

/** Takes the count and sets it to 0; false when it was 0. Throws SystemError for a bad descriptor. */
export function drainEventfd(fd: number): boolean {
  if (Number(libcRead(fd, COUNT, 8)) === 8) return true;
  const errno = lastErrno();
  if (errno === ERRNO.EAGAIN) return false;
  throw failure('read', `read eventfd ${fd}`);
}
