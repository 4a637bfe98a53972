// Ownership of file descriptors: an Fd has one owner, who closes it once. Numbers without an Fd are borrowed.
import { closeSync } from 'node:fs';

export class Fd {
  #number: number;

  /** Takes ownership of an open descriptor. */
  constructor(number: number) {
    if (!Number.isInteger(number) || number < 0) throw new RangeError(`${number} is not a file descriptor`);
    this.#number = number;
  }

  /** The descriptor, borrowed: valid until close() or release(). Throws after that, so that a recycled number is never used. */
  get number(): number {
    if (this.#number < 0) throw new Error('this file descriptor was closed or given away before');
    return this.#number;
  }

  get open(): boolean {
    return this.#number >= 0;
  }

  /** Closes the descriptor; later calls do nothing. */
  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    closeSync(number);
  }

  /** Gives the descriptor to the caller, who owns it from here on. */
  release(): number {
    const number = this.number;
    this.#number = -1;
    return number;
  }
}

/** Closes every descriptor of a list. */
export function closeAll(fds: Iterable<Fd>): void {
  for (const fd of fds) fd.close();
}
