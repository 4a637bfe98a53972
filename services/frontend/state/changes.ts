// What changes in the device's tables, one entry a change. The tables tell it here; the queue writes it down with the answers that it belongs
// to (command-queue.ts), so that a successor has the tables that the guest was told of, and not a step more.
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import type { Resource } from './resource.ts';

export type Change =
  | { readonly kind: 'context'; readonly id: number }
  | { readonly kind: 'context-gone'; readonly id: number }
  /** New, or other than before. */
  | { readonly kind: 'resource'; readonly id: number; readonly resource: Resource }
  | { readonly kind: 'resource-gone'; readonly id: number }
  /** In the VM's own accounts: new, or other than before. `stash`: where its bytes lie in the stash, bytes; null when they do not. */
  | { readonly kind: 'blob'; readonly blob: BlobSnapshot; readonly stash: number | null }
  | { readonly kind: 'blob-gone'; readonly id: number }
  | { readonly kind: 'blobs-gone' }
  /** Memory is about to be asked for under this number; see MemoryRequest. */
  | { readonly kind: 'memory-asked'; readonly number: number }
  | { readonly kind: 'generation'; readonly generation: number }
  /** Of the VM's counters, by COUNTER_KEYS. */
  | { readonly kind: 'count'; readonly index: number; readonly count: number };

export class Changes {
  #list: Change[] = [];

  add(change: Change): void {
    this.#list.push(change);
  }

  /** Everything since the last call. */
  take(): readonly Change[] {
    if (this.#list.length === 0) return NONE;
    const list = this.#list;
    this.#list = [];
    return list;
  }
}

const NONE: readonly Change[] = [];
