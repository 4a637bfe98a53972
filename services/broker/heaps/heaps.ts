// All heaps of the broker: opened from the configuration, and the port through which the domain takes memory out of them.

import type { Allocation, HeapPort } from '../../lib/domain/allocation.ts';
import type { HeapSettings } from '../../lib/domain/heap.ts';
import { type DescriptorStore, NO_STORE } from '../../lib/memory/kept-memory.ts';
import type { Fd } from '../../lib/os/fd.ts';
import type { HeapConfig } from '../../lib/runtime/config.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { HeapRecord } from '../journal/record.ts';
import { type HeapBacking, HeapError, type OpenMemory } from './backing.ts';
import type { DescriptorBudget } from './descriptor-budget.ts';
import { FileBacking } from './file.ts';
import { hugetlbBacking } from './hugetlb.ts';
import { MemfdBacking } from './memfd.ts';

export class Heaps implements HeapPort {
  readonly #backings = new Map<string, HeapBacking>();
  readonly #log: Logger;
  readonly settings: readonly HeapSettings[];
  readonly #configs: readonly HeapConfig[];
  #pending: Promise<void>[] = [];

  /** Throws HeapError for a heap that cannot be opened; then none stays open. */
  constructor(
    configs: readonly HeapConfig[],
    budget: DescriptorBudget,
    log: Logger,
    store: DescriptorStore = NO_STORE,
  ) {
    this.#log = log;
    this.#configs = configs;
    try {
      for (const config of configs) this.#backings.set(config.name, openBacking(config, budget, store));
    } catch (error) {
      this.close();
      throw error;
    }
    this.settings = configs.map(({ name, backing, cache, capacity }) => {
      const granule = this.#backings.get(name)?.granule ?? 0;
      return { name, backing, cache, capacity, granule };
    });
  }

  /** Pieces of memory that are held, over all heaps. */
  get count(): number {
    let count = 0;
    for (const backing of this.#backings.values()) count += backing.count;
    return count;
  }

  allocate(heap: string, size: number): { readonly id: number; readonly fdOffset: number } | null {
    const taken = this.#backings.get(heap)?.allocate(size) ?? null;
    if (taken === null) {
      this.#log.debug({ heap, size }, 'the machine has no memory for what the books allow');
      return null;
    }
    if (taken.ready !== null) this.#pending.push(taken.ready);
    return taken;
  }

  /** What has to be awaited before the answers to the allocations since the last call may leave; null when nothing. */
  takePending(): Promise<unknown> | null {
    if (this.#pending.length === 0) return null;
    const pending = Promise.all(this.#pending);
    this.#pending = [];
    return pending;
  }

  /** The file behind an allocation; null when it was released. */
  open(allocation: Allocation): OpenMemory | null {
    return this.#backings.get(allocation.heap)?.open(allocation.id) ?? null;
  }

  /** See HeapBacking.release. Never throws, never rejects: an error is logged. */
  release(allocation: Allocation): Promise<void> | null {
    try {
      const released = this.#backings.get(allocation.heap)?.release(allocation.id) ?? null;
      return released === null ? null : released.catch((error: unknown) => this.#failed(allocation, error));
    } catch (error) {
      this.#failed(allocation, error);
      return null;
    }
  }

  /** Gives released memory back to its heap: see HeapBacking.drop. */
  drop(allocation: Allocation): void {
    this.#backings.get(allocation.heap)?.drop(allocation.id);
  }

  /** See HeapBacking.inodeOf. */
  inodeOf({ heap, id }: Allocation): number {
    return this.#backings.get(heap)?.inodeOf(id) ?? 0;
  }

  /** The heaps as a journal names them. */
  records(): HeapRecord[] {
    return this.#configs.map(({ name, backing, cache, capacity, path, prefault }) => {
      const opened = this.#backings.get(name)!;
      const identity = opened instanceof FileBacking ? opened.identity : { device: 0, inode: 0, size: 0 };
      return {
        ...{ name, backing, cache, capacity, path: path ?? '', prefault },
        ...{ granule: opened.granule, lastId: opened.lastId, ...identity },
      };
    });
  }

  /**
   * For a broker that knows nothing of an earlier one: a file that VMMs still have from there must not be given to others. Throws HeapError.
   * Memory of other heaps is new for each life.
   */
  refuseStrangers(): void {
    for (const { name, path } of this.#configs) {
      const backing = this.#backings.get(name);
      if (!(backing instanceof FileBacking && backing.isUsedFromBefore)) continue;
      throw new HeapError(
        name,
        `${path} is still open or mapped by VMMs of an earlier broker, of which nothing is known any more, so whoever got its memory next would share it with them; stop these VMs first (fuser -v ${path}; grep -l ${path} /proc/*/maps), or give the heap another file`,
      );
    }
  }

  /** Whether each piece of memory of that heap is a file of its own: false for ranges of one file. */
  hasOwnFiles(heap: string): boolean {
    return this.#backings.get(heap) instanceof MemfdBacking;
  }

  /** Never gives numbers up to this one again, which answers of an earlier life name. */
  skipIds(heap: string, lastId: number): void {
    this.#backings.get(heap)?.skipIds(lastId);
  }

  /**
   * Takes over memory of an earlier life: `fd` is what came back for it, null for a range of a file heap. The descriptor is the heap's from
   * here on, unless false is returned: then it is still the caller's.
   */
  adopt({ heap, id, fdOffset, size }: Allocation, fd: Fd | null): boolean {
    const backing = this.#backings.get(heap);
    if (backing instanceof FileBacking) return backing.adopt(id, fdOffset, size);
    return backing instanceof MemfdBacking && fd !== null && backing.adopt(id, fd, size);
  }

  close(): void {
    for (const backing of this.#backings.values()) backing.close();
  }

  #failed(allocation: Allocation, error: unknown): void {
    this.#log.error({ err: error, allocation }, 'memory could not be zeroed; it is not handed out again');
  }
}

function openBacking(config: HeapConfig, budget: DescriptorBudget, store: DescriptorStore): HeapBacking {
  const { name, prefault, capacity } = config;
  switch (config.backing) {
    case 'memfd':
      return new MemfdBacking({ name, prefault, budget, store });
    case 'hugetlb':
      return hugetlbBacking({ name, prefault, budget, store });
    case 'file':
      if (config.path === null) throw new HeapError(name, 'a heap of backing file needs a path; give it one');
      return new FileBacking({ name, path: config.path, capacity, prefault });
  }
}
