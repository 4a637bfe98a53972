// All heaps of the broker: opened from the configuration, and the port through which the domain takes memory out of them.

import type { HeapConfig } from '../../lib/runtime/config.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { Allocation, HeapPort } from '../domain/allocation.ts';
import type { HeapSettings } from '../domain/heap.ts';
import { type HeapBacking, HeapError, type OpenMemory } from './backing.ts';
import type { DescriptorBudget } from './descriptor-budget.ts';
import { FileBacking } from './file.ts';
import { hugetlbBacking } from './hugetlb.ts';
import { MemfdBacking } from './memfd.ts';

export class Heaps implements HeapPort {
  readonly #backings = new Map<string, HeapBacking>();
  readonly #log: Logger;
  readonly settings: readonly HeapSettings[];
  #pending: Promise<void>[] = [];

  /** Throws HeapError for a heap that cannot be opened; then none stays open. */
  constructor(configs: readonly HeapConfig[], budget: DescriptorBudget, log: Logger) {
    this.#log = log;
    try {
      for (const config of configs) this.#backings.set(config.name, openBacking(config, budget));
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

  close(): void {
    for (const backing of this.#backings.values()) backing.close();
  }

  #failed(allocation: Allocation, error: unknown): void {
    this.#log.error({ err: error, allocation }, 'memory could not be zeroed; it is not handed out again');
  }
}

function openBacking(config: HeapConfig, budget: DescriptorBudget): HeapBacking {
  const { name, prefault, capacity } = config;
  switch (config.backing) {
    case 'memfd':
      return new MemfdBacking({ name, prefault, budget });
    case 'hugetlb':
      return hugetlbBacking({ name, prefault, budget });
    case 'file':
      if (config.path === null) throw new HeapError(name, 'a heap of backing file needs a path; give it one');
      return new FileBacking({ name, path: config.path, capacity, prefault });
  }
}
