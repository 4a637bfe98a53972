/** Allocations: the names of pieces of memory, and the port through which the domain asks for them. */

import type { U64 } from '../wire/u64.ts';

/**
 * How a guest reaches memory: (vm, context, blob_id). blob_id 0 is "fresh memory from the default heap" and names
 * nothing; what a renderer prepares will be found under the others.
 */
export interface AllocationName {
  readonly vm: string;
  readonly context: number;
  readonly blobId: U64;
}

/** A piece of a heap that is the memory of one blob alone. Plain data. */
export interface Allocation {
  readonly heap: string;
  /** The heap's own number for it. Whoever decides for a VM and has no heaps knows it by `number` alone. */
  readonly id: number;
  /** Under which somebody who decides for the VM has asked for it, from 1; 0 where the host decides. */
  readonly number: number;
  /** Where it begins in the file that the heap maps it from, bytes. */
  readonly fdOffset: number;
  /** Bytes, in whole granules of the heap. */
  readonly size: number;
}

/** `number`: see Allocation; left out for 0. */
export type TakenMemory = Pick<Allocation, 'id' | 'fdOffset'> & Partial<Pick<Allocation, 'number'>>;

export interface HeapPort {
  /**
   * Takes `size` bytes (whole granules, > 0) out of a heap, at once. They read as zero.
   * The books have room for them; the machine may not: then null, and nothing is taken. Never throws.
   */
  allocate(heap: string, size: number): TakenMemory | null;
}
