// Heaps of anonymous memory: one sealed memfd for each piece of memory, in pages of 4 KiB or in huge pages of 2 MiB.

import { INLINE_BYTES } from '../../lib/memory/inline-work.ts';
import { type DescriptorStore, inodeOf, NO_STORE } from '../../lib/memory/kept-memory.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import {
  createMemfd,
  Mapping,
  PAGE_SIZE,
  populate,
  populateAsync,
  punchHole,
  punchHoleAsync,
} from '../../lib/os/memory.ts';
import { HUGE_PAGE_SIZE } from '../../lib/wire/alignment.ts';
import type { HeapBacking, OpenMemory, Taken } from './backing.ts';
import type { DescriptorBudget } from './descriptor-budget.ts';
import { memoryName } from './descriptor-store.ts';

export type MemfdOptions = {
  /** For /proc/PID/maps. */
  readonly name: string;
  /** Give memory its pages when it is taken, not when it is first touched. */
  readonly prefault: boolean;
  readonly budget: DescriptorBudget;
  /** Default: none. */
  readonly store?: DescriptorStore;
};

type Held = { readonly fd: Fd; readonly size: number; readonly inode: number };

export class MemfdBacking implements HeapBacking {
  readonly granule: number;
  readonly #options: MemfdOptions;
  readonly #huge: boolean;
  readonly #store: DescriptorStore;
  readonly #held = new Map<number, Held>();
  /** Erased, or being erased. */
  readonly #released = new Map<number, Held>();
  #lastId = 0;

  constructor(options: MemfdOptions, huge = false) {
    this.#options = options;
    this.#huge = huge;
    this.#store = options.store ?? NO_STORE;
    this.granule = huge ? HUGE_PAGE_SIZE : PAGE_SIZE;
  }

  get count(): number {
    return this.#held.size;
  }

  get lastId(): number {
    return this.#lastId;
  }

  skipIds(lastId: number): void {
    this.#lastId = Math.max(this.#lastId, lastId);
  }

  allocate(size: number): Taken | null {
    if (!this.#options.budget.take()) return null;
    const id = this.#lastId + 1;
    let fd: Fd | null = null;
    let ready: Promise<void> | null = null;
    try {
      fd = createMemfd(`barkeep:${this.#options.name}`, size, { huge: this.#huge });
      if (this.#huge) reserve(fd.number, size);
      if (this.#options.prefault) ready = prefault(fd.number, size);
      const inode = inodeOf(fd.number);
      if (!this.#store.put(memoryName(this.#options.name, id), fd.number))
        throw new Error('the fd store is full');
      faultPoint('broker.memory-stored');
      this.#held.set(id, { fd, size, inode });
    } catch {
      // ENOMEM, ENOSPC, EMFILE, ENFILE, EFBIG: whatever it was, the machine has not what was asked for.
      fd?.close();
      this.#options.budget.give();
      return null;
    }
    this.#lastId = id;
    return { id, fdOffset: 0, ready };
  }

  /** Takes over memory of an earlier life. The descriptor is this heap's from here on. False when no descriptor is left for it. */
  adopt(id: number, fd: Fd, size: number): boolean {
    if (!this.#options.budget.take()) return false;
    this.skipIds(id);
    this.#held.set(id, { fd, size, inode: inodeOf(fd.number) });
    return true;
  }

  inodeOf(id: number): number {
    return (this.#held.get(id) ?? this.#released.get(id))?.inode ?? 0;
  }

  open(id: number): OpenMemory | null {
    const held = this.#held.get(id);
    return held === undefined ? null : { fd: held.fd.number, fileSize: held.size };
  }

  release(id: number): Promise<void> | null {
    const held = this.#held.get(id);
    if (held === undefined) return null;
    this.#held.delete(id);
    this.#released.set(id, held);
    // The pages go even when somebody keeps a descriptor or a mapping of them; and large ones go on a thread, where close() would not.
    if (held.size > INLINE_BYTES) {
      return punchHoleAsync(held.fd.number, 0, held.size);
    }
    punchHole(held.fd.number, 0, held.size);
    return null;
  }

  drop(id: number): void {
    const held = this.#released.get(id);
    if (held === undefined) return;
    this.#released.delete(id);
    this.#store.remove(memoryName(this.#options.name, id));
    this.#close(held);
  }

  close(): void {
    for (const held of [...this.#held.values(), ...this.#released.values()]) this.#close(held);
    this.#held.clear();
    this.#released.clear();
  }

  #close(held: Held): void {
    held.fd.close();
    this.#options.budget.give();
  }
}

/**
 * Reserves the huge pages of a memfd: they belong to the file from its first shared mapping on, also after that mapping has ended
 * (Linux, Documentation/mm/hugetlbfs_reserv.rst). Without it a guest that touches the memory would be killed by SIGBUS when pages are short.
 * Throws SystemError ENOMEM.
 */
function reserve(fd: number, size: number): void {
  Mapping.ofFile(fd, 0, size).close();
}

function prefault(fd: number, size: number): Promise<void> | null {
  if (size <= INLINE_BYTES) {
    populate(fd, 0, size);
    return null;
  }
  // Pages that cannot be had now are had when they are touched: no reason to fail.
  return populateAsync(fd, 0, size).catch(() => undefined);
}
