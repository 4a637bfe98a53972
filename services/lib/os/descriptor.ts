// What a process can learn and decide about its own descriptors: whether they live on in the programs that it executes, and whether two are
// one open file.
import { failure, libcFcntl, libcSyscall } from './libc.ts';

// <fcntl.h>
const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

// <linux/kcmp.h>, and the number of the call (asm/unistd.h; no wrapper in the C library).
const KCMP_FILE = 0;
const SYS_KCMP: Partial<Record<NodeJS.Architecture, number>> = { x64: 312, arm64: 272 };

export function isCloseOnExec(fd: number): boolean {
  const flags: number = libcFcntl(fd, F_GETFD, 'int', 0);
  if (flags < 0) throw failure('fcntl', `read the flags of descriptor ${fd}`);
  return (flags & FD_CLOEXEC) !== 0;
}

/** Whether a descriptor is closed in programs that this process executes. It stays the caller's. Throws SystemError EBADF. */
export function setCloseOnExec(fd: number, isClosed: boolean): void {
  if (libcFcntl(fd, F_SETFD, 'int', isClosed ? FD_CLOEXEC : 0) < 0)
    throw failure('fcntl', `set the flags of descriptor ${fd}`);
}

/**
 * Whether two descriptors are one open file (kcmp(2)): one offset, one set of flags. Two that were opened separately are not, even of the
 * same file. False too where the kernel or a sandbox does not let us ask.
 */
export function isSameOpenFile(one: number, two: number): boolean {
  const call = SYS_KCMP[process.arch];
  if (call === undefined) return false;
  const { pid } = process;
  return Number(libcSyscall(call, 'int', pid, 'int', pid, 'int', KCMP_FILE, 'long', one, 'long', two)) === 0;
}
