// One error type for a system call that failed: which call, what it was asked to do, and the errno by name.
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

export const ERRNO = constants.errno;

export class SystemError extends Error {
  /** The C function, e.g. "mmap". */
  readonly syscall: string;
  /** The positive errno, e.g. 12. */
  readonly errno: number;
  /** The errno's name, e.g. "ENOMEM"; the same word that Node's own errors carry. */
  readonly code: string;

  constructor(syscall: string, errno: number, asked: string) {
    const code = nameOf(errno);
    super(`${asked}: ${syscall} failed with ${code}`);
    this.name = 'SystemError';
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
