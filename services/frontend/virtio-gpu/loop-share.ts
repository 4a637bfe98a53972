// One queue's share of the event loop: other queues, other VMs of this process, the broker and the holder's watchdog have their turn although a
// guest never stops asking. A queue works until its share is used up, and goes on in the next turn of the loop, behind all that has come in by then.
//
// What it waits for (the broker, the VMM, a thread of the pool) is not counted.

/**
 * Chains and milliseconds of one share, whichever is over first. A guest that waits for its answers never has so much at a time; one that does not
 * loses nothing to speak of, because a turn of the loop takes some 10 µs.
 */
export const MOST_CHAINS = 256;
export const MOST_MILLISECONDS = 1;

export class LoopShare {
  #chains = 0;
  #spent = 0;
  #since = 0;

  /** A new turn of the loop. */
  begin(): void {
    this.#chains = 0;
    this.#spent = 0;
    this.#since = performance.now();
  }

  /** Work is begun on one chain more. */
  take(): void {
    this.#chains += 1;
  }

  /** The queue waits. */
  pause(): void {
    this.#spent += performance.now() - this.#since;
  }

  /** It waits no longer. That may be still the same turn: promises are settled in between. */
  resume(): void {
    this.#since = performance.now();
  }

  /** Never before the first chain. */
  get isOver(): boolean {
    if (this.#chains === 0) return false;
    return this.#chains >= MOST_CHAINS || this.#spent + performance.now() - this.#since >= MOST_MILLISECONDS;
  }
}
