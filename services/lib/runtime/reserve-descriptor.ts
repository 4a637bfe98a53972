// One descriptor that is kept for the moment when the process has no other: what looks after a process has to work just then.
import { closeSync, openSync } from 'node:fs';

/** EMFILE: this process has all that it may have. ENFILE: the whole host has. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE']);

export class ReserveDescriptor {
  #fd: number | null = take();

  /**
   * Does `work`, once more with the reserve given up for as long where there is no descriptor left for it. It must not await anything:
   * whoever runs meanwhile would take what is reserved. Throws what `work` throws.
   */
  lend<Value>(work: () => Value): Value {
    // What went missing the last time may be there again.
    this.#fd ??= take();
    try {
      return work();
    } catch (error) {
      if (this.#fd === null || !EXHAUSTED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
    closeSync(this.#fd);
    this.#fd = null;
    try {
      return work();
    } finally {
      this.#fd = take();
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

/** Null where there is none left. */
function take(): number | null {
  try {
    return openSync('/dev/null', 'r');
  } catch {
    return null;
  }
}
