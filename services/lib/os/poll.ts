// Readiness of file descriptors as events of Node's own loop (uv_poll), several times cheaper than a thread that blocks.
import koffi from 'koffi';
import { failure, libcEpollCreate1, libcEpollCtl } from './libc.ts';

type PollHandle = ReturnType<typeof koffi.node.poll>;

export type PollEvents = {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly disconnect: boolean;
};

// <sys/epoll.h>
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
/** struct epoll_event, no events asked for. */
const NO_EVENTS = Buffer.alloc(16);
let probe = -1;

/**
 * Throws SystemError for a descriptor that cannot be watched (EPERM: a file, a memfd, a directory; EBADF). koffi aborts the process for
 * one of those, and descriptors come from peers, so this has to be known before it is asked.
 */
function expectPollable(fd: number): void {
  if (probe < 0) {
    probe = libcEpollCreate1(EPOLL_CLOEXEC);
    if (probe < 0) throw failure('epoll_create1', 'create an epoll instance');
  }
  if (libcEpollCtl(probe, EPOLL_CTL_ADD, fd, NO_EVENTS) < 0)
    throw failure('epoll_ctl', `watch descriptor ${fd}`);
  libcEpollCtl(probe, EPOLL_CTL_DEL, fd, NO_EVENTS);
}

/**
 * Watches a descriptor until close(). The descriptor is borrowed and must stay open until close() returned;
 * a descriptor can be watched by one Poller at a time.
 */
export class Poller {
  // A handle that is garbage-collected closes itself: this field is the reference that keeps it.
  #handle: PollHandle | null;
  readonly #fd: number;
  readonly #onReadable: () => void;
  readonly #onWritable: (() => void) | undefined;
  #wantsReadable = true;
  #wantsWritable = false;

  constructor(fd: number, onReadable: () => void, onWritable?: () => void) {
    expectPollable(fd);
    this.#fd = fd;
    this.#onReadable = onReadable;
    this.#onWritable = onWritable;
    this.#handle = koffi.node.poll(fd, { readable: true }, this.#callback as never);
  }

  /** Also report when the descriptor can be written (level-triggered), or stop doing so. */
  wantWritable(wanted: boolean): void {
    if (wanted === this.#wantsWritable) return;
    this.#wantsWritable = wanted;
    this.#restart();
  }

  /** Report nothing to read for a while (the peer has to wait), or do so again, as from the start. */
  wantReadable(wanted: boolean): void {
    if (wanted === this.#wantsReadable) return;
    this.#wantsReadable = wanted;
    this.#restart();
  }

  #restart(): void {
    const events = { readable: this.#wantsReadable, writable: this.#wantsWritable };
    this.#handle?.start(events, this.#callback as never);
  }

  /** Keeps the process alive no longer. */
  unref(): void {
    this.#handle?.unref();
  }

  /** Stops watching; later calls do nothing. */
  close(): void {
    this.#handle?.close();
    this.#handle = null;
  }

  // koffi calls with (status, events), against its typings, and outside of Node's callback scope: promises and nextTick queues are not
  // run after it returns, and an exception would be lost. So the queues are run here, as Node does after its own callbacks, and failures
  // go through process 'uncaughtException' like those of any other callback.
  readonly #callback = (status: number, events: PollEvents): void => {
    try {
      if (status < 0 || events.readable || events.disconnect) this.#onReadable();
      if (this.#handle && events?.writable) this.#onWritable?.();
      runQueues();
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  };

  get fd(): number {
    return this.#fd;
  }
}

// What Node itself runs at the end of a callback. It is not documented, so its absence is no error: an empty immediate, which the loop
// runs right after the poll phase, drains the queues as well, but what they write leaves one turn of the loop later (about 10 µs on the way
// from a guest's kick to the broker).
const { _tickCallback: tickCallback } = process as { _tickCallback?: () => void };
const runQueues = tickCallback ? () => tickCallback.call(process) : () => setImmediate(() => {});
