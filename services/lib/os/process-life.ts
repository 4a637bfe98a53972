// The life of another process, as the kernel tells it: a descriptor that is of this process and of no later one with the same number, and that can be
// read when the process has ended, even while nobody has waited for it yet (pidfd_open(2); SO_PEERPIDFD of unix(7), Linux 6.5).
import { Fd } from './fd.ts';
import { lastErrno, libcGetsockopt, libcPoll, libcSyscall } from './libc.ts';
import { Poller } from './poll.ts';
import { ERRNO } from './system-error.ts';

// <asm/unistd.h> (the same number on every architecture), <asm/socket.h>, <poll.h>
const SYS_PIDFD_OPEN = 434;
const SOL_SOCKET = 1;
const SO_PEERPIDFD = 77;
const POLLIN = 1;

export class ProcessLife {
  /** Null when it had ended before it was looked at. */
  readonly #fd: Fd | null;
  #poller: Poller | null = null;

  private constructor(fd: Fd | null) {
    this.#fd = fd;
  }

  /**
   * Of the process that made the connection whose end `socket` is. `pid` as SO_PEERCRED says it, for kernels that have no better; then, in the moment
   * between, another process may have got that number. Null where neither is known. The caller closes it.
   */
  static ofPeer(socket: number, pid: number): ProcessLife | null {
    const found = new Int32Array(1);
    if (libcGetsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, found, new Uint32Array([4])) === 0) {
      return new ProcessLife(new Fd(found[0] as number));
    }
    return pid === 0 ? null : ProcessLife.ofPid(pid);
  }

  /** Of the process that has that number now. Null where the kernel does not tell. The caller closes it. */
  static ofPid(pid: number): ProcessLife | null {
    const number = Number(libcSyscall(SYS_PIDFD_OPEN, 'int', pid, 'uint', 0));
    if (number >= 0) return new ProcessLife(new Fd(number));
    return lastErrno() === ERRNO.ESRCH ? new ProcessLife(null) : null;
  }

  /** It acts on nothing any more. */
  get isOver(): boolean {
    if (this.#fd === null) return true;
    const asked = Buffer.alloc(8);
    asked.writeInt32LE(this.#fd.number, 0);
    asked.writeInt16LE(POLLIN, 4);
    return libcPoll(asked, 1, 0) > 0;
  }

  /** Calls `heard` once, in a later turn of the event loop, when it is over, unless close() comes before. Does not keep this process alive. */
  onEnd(heard: () => void): void {
    this.#poller?.close();
    this.#poller = null;
    const fd = this.#fd;
    if (fd === null) {
      setImmediate(heard);
      return;
    }
    this.#poller = new Poller(fd.number, () => {
      this.#poller?.close();
      this.#poller = null;
      heard();
    });
    this.#poller.unref();
  }

  /** Later calls do nothing. */
  close(): void {
    this.#poller?.close();
    this.#poller = null;
    this.#fd?.close();
  }
}
