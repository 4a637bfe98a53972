// Where the broker's memory survives the broker: every memfd is put into the fd store under a name of its own, and taken out when it is given up.
//
//   b.HEAP.ID        memory of a blob; ID in base 36, as heaps number it
//
// and windows with their side stores, under the names that lib/memory/kept-memory.ts gives them.
//
// Names are short because a successor gets all of them in one string of its environment.
import { fstatSync } from 'node:fs';
import type { DescriptorStore } from '../../lib/memory/kept-memory.ts';
import { FIXED_SIZE_SEALS, getSeals } from '../../lib/os/memory.ts';
import type { FdStore } from '../../lib/runtime/fd-store.ts';
import type { Logger } from '../../lib/runtime/log.ts';

/** Linux takes 128 KiB for one string of the environment (MAX_ARG_STRLEN); LISTEN_FDNAMES= and other services' names want some. */
const MOST_NAME_BYTES = 126 * 1024;
/** A holder that failed is not asked again before so many milliseconds: each time may take seconds. */
const RETRY_MS = 10_000;

export function memoryName(heap: string, id: number): string {
  return `b.${heap}.${id.toString(36)}`;
}

/** What the broker needs of lib/runtime/fd-store.ts. */
export type BrokerStore = Pick<FdStore, 'active' | 'left' | 'take' | 'discardLeft' | 'put' | 'remove'>;

/** Neither function throws: a holder that fails costs the survival of what it should have held, which is told, and nothing else. */
export class HeldDescriptors implements DescriptorStore {
  readonly active = true;
  readonly #store: Pick<FdStore, 'put' | 'remove'>;
  readonly #log: Logger;
  readonly #names = new Set<string>();
  #nameBytes = 0;
  #errors = 0;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<FdStore, 'put' | 'remove'>, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  get count(): number {
    return this.#names.size;
  }

  /** Since the start: calls that the holder did not take. */
  get errors(): number {
    return this.#errors;
  }

  /** It came back under that name. */
  keep(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#nameBytes += name.length + 1;
  }

  put(name: string, fd: number): boolean {
    if (this.#nameBytes + name.length + 1 > MOST_NAME_BYTES) return false;
    this.keep(name);
    this.#tell(name, () => this.#store.put(name, fd));
    return true;
  }

  remove(name: string): void {
    if (!this.#names.delete(name)) return;
    this.#nameBytes -= name.length + 1;
    this.#tell(name, () => this.#store.remove(name));
  }

  #tell(name: string, call: () => void): void {
    const now = performance.now();
    if (now - this.#failedAt < RETRY_MS) {
      this.#errors += 1;
      return;
    }
    try {
      call();
    } catch (error) {
      this.#errors += 1;
      this.#failedAt = now;
      this.#log.error(
        { err: error, name },
        'the fd store failed: what it does not hold will not survive the broker',
      );
    }
  }
}

/** What a descriptor has to be for us to take it over. */
export type ExpectedMemory = {
  readonly inode: number;
  /** Bytes. */
  readonly size: number;
};

/** What is wrong with a descriptor that came back, in words; null when it is the memory that was put. */
export function memoryProblem(fd: number, expected: ExpectedMemory): string | null {
  const { ino, size } = fstatSync(fd);
  const seals = getSeals(fd);
  if (seals === null) return 'it is no memfd';
  if (ino !== expected.inode) return `it is another file (inode ${ino} instead of ${expected.inode})`;
  if (size !== expected.size) return `it has ${size} bytes instead of ${expected.size}`;
  if ((seals & FIXED_SIZE_SEALS) === FIXED_SIZE_SEALS) return null;
  return `its size is not sealed (seals ${seals} instead of ${FIXED_SIZE_SEALS})`;
}
