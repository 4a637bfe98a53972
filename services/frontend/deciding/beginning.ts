// The wait for somebody who decides for the VM: while a session begins anew, and while its window is under way. Commands of the guest are held
// meanwhile, one at a time, for as long as they are held for an answer of the broker's; what stood behind one that waited in vain has waited
// with it.
import { afterReading } from '../../lib/os/after-reading.ts';
import { type Result, TIMED_OUT } from '../operation.ts';

export class Beginning {
  readonly #answerTimeout: number;
  #isHere = false;
  /** Why there will be nobody; null while one is awaited. */
  #problem: Result | null = null;
  #resolve: ((problem: Result | null) => void) | null = null;
  /** performance.now() when a command had waited in vain; -1 when none has. */
  #gaveUpAt = -1;

  /** Milliseconds that a command waits at most. */
  constructor(answerTimeout: number) {
    this.#answerTimeout = answerTimeout;
  }

  /**
   * Resolves with null when somebody decides, otherwise with what the guest is told. `since` is performance.now() from which it waits. One at a
   * time. Never rejects.
   */
  async wait(since: number): Promise<Result | null> {
    if (this.#isHere || this.#problem !== null) return this.#problem;
    if (since <= this.#gaveUpAt) return TIMED_OUT;
    return await new Promise((resolve) => {
      const limit = afterReading(this.#answerTimeout, () => {
        this.#gaveUpAt = performance.now();
        this.tell(TIMED_OUT);
      });
      this.#resolve = (problem) => {
        limit.cancel();
        resolve(problem);
      };
    });
  }

  /** From now on somebody decides. */
  here(): void {
    this.#isHere = true;
    this.#problem = null;
    this.#gaveUpAt = -1;
    this.tell(null);
  }

  /** There will be nobody before again() is called. */
  failed(problem: Result): void {
    this.#isHere = false;
    this.#problem = problem;
    this.tell(problem);
  }

  /** Nobody decides any more; somebody is awaited from now on, also by the command that waits already. */
  again(): void {
    this.#isHere = false;
    this.#problem = null;
  }

  /** Ends the wait that is under way, and no other. */
  tell(problem: Result | null): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(problem);
  }
}
