/** One blob: the record that the VM keeps, and the view that others get. */

import { roundUp } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import type { Allocation } from './allocation.ts';
import type { BlobMem, CreateCommand } from './command.ts';
import { BLOB_FLAG } from './command.ts';
import type { Backing, CacheType, HeapBooks } from './heap.ts';

export const BLOB_STATES = [
  /** Not in the window. With memory in the window it was never mapped, so it has no bytes yet. */
  'unmapped',
  'mapped',
  /** Memory in the window: not mapped, its bytes still lie at its offset. */
  'parked',
  /** Memory in the window: not mapped, its bytes lie in the side store. */
  'stashed',
] as const;
export type BlobState = (typeof BLOB_STATES)[number];

/** Kept once for each live blob: figures that follow from others are worked out when asked for. */
export class Blob {
  readonly resource: number;
  readonly context: number;
  readonly blobId: U64;
  readonly blobMem: BlobMem;
  readonly flags: number;
  /** Bytes, as asked. */
  readonly size: number;
  readonly heap: HeapBooks;
  /** Memory of its own; null where the window is its memory. */
  readonly allocation: Allocation | null;
  state: BlobState = 'unmapped';
  /** Where it is mapped or parked; of no meaning in the other states. */
  offset = 0;
  /** The number of the map command that made the present mapping. */
  mappedBy = 0;
  /** Of a mapped blob with memory in the window: it had no bytes before this mapping. */
  fresh = false;

  constructor(
    command: Omit<CreateCommand, 'kind' | 'number' | 'size'>,
    size: number,
    heap: HeapBooks,
    allocation: Allocation | null,
  ) {
    this.resource = command.resource;
    this.context = command.context;
    this.blobId = command.blobId;
    this.blobMem = command.blobMem;
    this.flags = command.flags;
    this.size = size;
    this.heap = heap;
    this.allocation = allocation;
  }

  get mappable(): boolean {
    return (this.flags & BLOB_FLAG.USE_MAPPABLE) !== 0;
  }

  /** Bytes in the books. Whole granules: the size, unless a broker of before that was checked made the blob. */
  get charged(): number {
    return roundUp(this.size, this.heap.settings.granule);
  }

  /** Bytes in the window. */
  get length(): number {
    return this.charged;
  }
}

/** A copy for listings: it does not change when the blob does. */
export interface BlobView {
  readonly resource: number;
  readonly context: number;
  readonly blobId: U64;
  readonly blobMem: BlobMem;
  /** BLOB_FLAG bits. */
  readonly flags: number;
  /** Bytes, as asked. */
  readonly size: number;
  /** Bytes, as charged to quota, heap and host. */
  readonly charged: number;
  readonly heap: string;
  readonly backing: Backing;
  readonly cache: CacheType;
  readonly state: BlobState;
  /** The range of the window that it occupies, when it is mapped or parked; else null. */
  readonly range: { readonly offset: number; readonly length: number } | null;
  readonly allocation: Allocation | null;
}

export function viewOf(blob: Blob): BlobView {
  const placed = blob.state === 'mapped' || blob.state === 'parked';
  return {
    resource: blob.resource,
    context: blob.context,
    blobId: blob.blobId,
    blobMem: blob.blobMem,
    flags: blob.flags,
    size: blob.size,
    charged: blob.charged,
    heap: blob.heap.settings.name,
    backing: blob.heap.settings.backing,
    cache: blob.heap.settings.cache,
    state: blob.state,
    range: placed ? { offset: blob.offset, length: blob.length } : null,
    allocation: blob.allocation,
  };
}
