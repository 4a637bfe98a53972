/** What a VM is set up with, and what it shares with the others of its host. */

import type { HeapPort } from './allocation.ts';
import type { HeapBooks, HeapSettings } from './heap.ts';
import type { HostBooks, Limits } from './quota.ts';

/**
 * Where the bytes of a VM's blobs lie: in the memfd of its window, each at the offset where it is mapped; or each in memory of its own that its
 * heap gives; or both (mixed), as their heaps are: what memfd heaps give lies in the window. What the VMM has mapped of that, and when, is the placement, of which the domain knows nothing.
 */
export type BlobsMemory = 'window' | 'own' | 'mixed';

export interface VmSettings {
  readonly name: string;
  /** Bytes: a power of two of at least 4096. */
  readonly windowSize: number;
  readonly memory: BlobsMemory;
  /** The heap for blob_id 0. */
  readonly defaultHeap: string;
  /** Further blob_ids, written as decimals, and the heaps that fresh memory for them comes from. */
  readonly blobHeaps: ReadonlyMap<string, string>;
  readonly quota: Limits;
  /** Memory in the window: give a fresh blob its pages when it is mapped, not when the guest first touches them. */
  readonly populate: boolean;
}

/** Whether a blob of that heap has memory of its own. */
export function hasOwnMemory(
  { memory }: Pick<VmSettings, 'memory'>,
  { backing }: Pick<HeapSettings, 'backing'>,
): boolean {
  return memory === 'own' || (memory === 'mixed' && backing !== 'memfd');
}

/** What a VM shares with the others of its host, or its shares of that (GrantedBooks). */
export interface SharedBooks {
  readonly account: HostBooks;
  readonly heaps: ReadonlyMap<string, HeapBooks>;
  readonly port: HeapPort;
}
