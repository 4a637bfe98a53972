// What is done in line and what is not: other VMs must not wait for the memory of one.

/**
 * Work on at most so many bytes is done in line; more is done by a thread of the pool or in slices, so that other VMs do not wait.
 * Freeing 16 MiB of 4 KiB pages takes about 1.5 ms, a hop to the pool about 0.1 ms.
 */
export const INLINE_BYTES = 16 * 1024 * 1024;

/** Lets the event loop turn after so much work was done in line that others would wait. */
export class Turn {
  #bytes = 0;

  /** Resolves when `work` is done; `bytes` say how much it was when it was done in line. */
  after(work: Promise<void> | null, bytes: number): Promise<void> | null {
    if (work !== null) {
      this.#bytes = 0;
      return work;
    }
    this.#bytes += bytes;
    if (this.#bytes <= INLINE_BYTES) return null;
    this.#bytes = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
