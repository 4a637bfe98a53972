// The end of a queue that GET_VRING_BASE stops. It waits for the chains in flight (the specification asks for that), but not for ever: a VMM
// that waits for this answer cannot answer SHMEM_MAP, and a chain may be waiting for just that. After the time-out the ring is stopped all the
// same, and answers that come later are published when the ring is resumed.
import { afterReading, type Deadline } from '../os/after-reading.ts';
import type { Log } from './log.ts';
import type { Virtqueue } from './virtqueue.ts';

/** How long GET_VRING_BASE waits for chains in flight: long against a broker's answer, short against a user's patience with `stop`. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 1000;

export class QueueDrain {
  readonly #log: Log;
  readonly #timeoutMs: number;
  #timer: Deadline | null = null;

  constructor(log: Log, timeoutMs: number = DEFAULT_DRAIN_TIMEOUT_MS) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** One queue at a time. `done` is called once, perhaps from within this call, and not at all after cancel(). */
  begin(queue: Virtqueue, done: () => void): void {
    this.#timer = afterReading(this.#timeoutMs, () => {
      this.#log.warn(
        { queue: queue.index, inFlight: queue.inFlight },
        'a queue is stopped with chains in flight; their answers are kept until it goes on',
      );
      done();
    });
    queue.drain(() => {
      this.cancel();
      done();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
