/**
 * All that a VM is, as plain data: written down by the journal, and made a VM again by Host.restore. What follows from
 * it (the window's table, what is charged to whom) is not here: it is worked out again.
 */

import type { U64 } from '../wire/u64.ts';
import type { Allocation } from './allocation.ts';
import type { Blob, BlobState } from './blob.ts';
import type { BlobMem, Reply } from './command.ts';
import type { CounterFigures } from './counters.ts';
import type { VmBooks } from './vm-books.ts';

export interface BlobSnapshot {
  readonly resource: number;
  readonly context: number;
  readonly blobId: U64;
  readonly blobMem: BlobMem;
  /** BLOB_FLAG bits. */
  readonly flags: number;
  /** Bytes, as asked. */
  readonly size: number;
  /** Its name. */
  readonly heap: string;
  /** Memory of its own; null where the window is its memory. */
  readonly allocation: Allocation | null;
  readonly state: BlobState;
  /** Where it is mapped or parked; 0 in the other states. */
  readonly offset: number;
}

/** Of a VM whose memory is as its books say: nothing of an earlier command can be abandoned any more. */
export interface VmSnapshot {
  readonly generation: number;
  /** The number that was executed last. */
  readonly lastNumber: number;
  readonly acknowledgedNumber: number;
  /** The answers from acknowledgedNumber + 1 to lastNumber, in order. */
  readonly replies: readonly Reply[];
  /** The oldest first. */
  readonly blobs: readonly BlobSnapshot[];
  readonly counters: CounterFigures;
}

/** A copy of one blob. */
export function snapshotOfBlob(blob: Blob): BlobSnapshot {
  const placed = blob.state === 'mapped' || blob.state === 'parked';
  return {
    resource: blob.resource,
    context: blob.context,
    blobId: blob.blobId,
    blobMem: blob.blobMem,
    flags: blob.flags,
    size: blob.size,
    heap: blob.heap.settings.name,
    allocation: blob.allocation,
    state: blob.state,
    offset: placed ? blob.offset : 0,
  };
}

/** A copy of all that the VM is. */
export function snapshotOf({ generation, replies, blobs, counters }: VmBooks): VmSnapshot {
  return {
    generation,
    lastNumber: replies.last,
    acknowledgedNumber: replies.acknowledged,
    replies: [...replies.all()],
    blobs: [...blobs.values()].map(snapshotOfBlob),
    counters: counters.figures(),
  };
}
