// Deadlines by which a peer is judged. Node runs a timer that is due before it reads what has arrived: a process that stood still (SIGSTOP, a
// frozen container, a machine that had no time for it) would find every one of its time-outs over, and each answer unread in its socket. So the
// judgement waits for a turn of the event loop, in which everything is read that came before it.
//
// A peer may have waited for this process all the while (QEMU acknowledges a mapping when we have taken its memory table), or have stood still
// with it. So it also gets the time again by which the timer was late: nothing to speak of where all is well.

/** The most that a peer gets again, milliseconds: whoever is alive needs no more, however long the standstill was. */
const LONGEST_CATCHING_UP = 1000;

export class Deadline {
  readonly #milliseconds: number;
  readonly #judge: () => void;
  #due: number;
  readonly #timer: NodeJS.Timeout;
  #catchingUp: NodeJS.Timeout | null = null;
  #turn: NodeJS.Immediate | null = null;

  constructor(milliseconds: number, judge: () => void) {
    this.#milliseconds = milliseconds;
    this.#judge = judge;
    this.#due = performance.now() + milliseconds;
    this.#timer = setTimeout(() => this.#expired(), milliseconds);
  }

  /** The peer was heard: its time counts from now again, whether it was over or not. Not for a deadline that was cancelled. */
  refresh(): void {
    this.#stopJudging();
    this.#due = performance.now() + this.#milliseconds;
    this.#timer.refresh();
  }

  /** It is not reached any more. Later calls do nothing. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#stopJudging();
  }

  /** Keeps the process alive no longer. */
  unref(): this {
    this.#timer.unref();
    return this;
  }

  #expired(): void {
    const late = Math.min(performance.now() - this.#due, LONGEST_CATCHING_UP);
    this.#catchingUp = setTimeout(() => this.#judgeAfterReading(), late);
  }

  /** An immediate runs behind the poll phase: what lay in sockets has been read, and handled, by then. */
  #judgeAfterReading(): void {
    this.#catchingUp = null;
    this.#turn = setImmediate(() => {
      this.#turn = null;
      this.#judge();
    });
  }

  #stopJudging(): void {
    if (this.#catchingUp !== null) clearTimeout(this.#catchingUp);
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#catchingUp = null;
    this.#turn = null;
  }
}

/**
 * Calls `judge` after `milliseconds` (0 to 2^31-1), once everything is handled that had arrived by then; what it brings can cancel the call.
 * After a standstill of this process the peer gets as much time again as it lasted, up to a second.
 */
export function afterReading(milliseconds: number, judge: () => void): Deadline {
  return new Deadline(milliseconds, judge);
}

/** The same as a promise, which does not keep the process alive; for what it is raced with. Never rejects. */
export function readingFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    afterReading(milliseconds, resolve).unref();
  });
}
