// What the broker's journal says, as plain data. Each record is one change of state that was complete when it was written:
//
//   start      which broker wrote this, and its heaps; first in every journal
//   vm         a VM as it stood when the journal was begun
//   blobs      more of what it had: it may be too much for one record
//   complete   all VMs of that moment are here; a journal without it was never valid
//   attach     a VM was attached: empty books
//   state      it was orphaned, or its session was resumed
//   batch      commands that were executed, with what became of them, and which maps were undone for want of memory
//   counts     what was counted of commands that changed nothing: an answer that was given again, a number that had no turn
//   accounts   what a frontend that decides has told and was entered, or a piece of it
//   memory     what was made for such a VM and is in no blob yet: memory of their own for blobs that do not lie in the window
//   grant      what such a VM may have in use from here on
//   stash      the bytes of a parked blob lie in a file of their own now, ahead of the map that made them move
//   reclaim    everything of the VM is given up
//
// VMs are named by a slot: a number that the journal uses once. What a refusal depends on (quotas, other VMs, the machine's memory) may be
// different when the journal is read: so what was refused is written down as refused, and what went well is not asked again.

import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Command, Operation } from '../../lib/domain/command.ts';
import type { Grant } from '../../lib/domain/grant.ts';
import type { Backing, CacheType } from '../../lib/domain/heap.ts';
import type { Refusal, RefusalReason } from '../../lib/domain/refusal.ts';
import type { BlobSnapshot, VmSnapshot } from '../../lib/domain/vm-snapshot.ts';
import type { JournalKind } from '../../lib/journal/header.ts';
import type { PlacementName, VmConfig } from '../../lib/runtime/config.ts';
import type { SecretReader } from '../../lib/runtime/run-directory.ts';
import type { Told } from '../told.ts';

/** Raise it when a record changes its meaning: a broker reads no other version than its own. */
export const JOURNAL_VERSION = 3;

export function journalKind(bootId: Uint8Array): JournalKind {
  return { name: 'broker', version: JOURNAL_VERSION, bootId };
}

/** A heap as the journal's writer had it. Its index in the list is how records name it. */
export type HeapRecord = {
  readonly name: string;
  readonly backing: Backing;
  readonly cache: CacheType;
  /** Bytes, both. */
  readonly granule: number;
  readonly capacity: number;
  /** The highest number that was given to memory of it: it must not come back, since old answers name it. */
  readonly lastId: number;
  /** Of the file behind a file heap: st_dev, st_ino, and its length in bytes. 0 for other heaps. */
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  /** Of a file heap, as configured; empty for other heaps. */
  readonly path: string;
  readonly prefault: boolean;
};

export type VmRecord = {
  readonly slot: number;
  readonly name: string;
  readonly session: Buffer;
  /** Bytes. */
  readonly windowSize: number;
  readonly placement: PlacementName;
  /** Of the memfd of its window; 0 when each blob has memory of its own. */
  readonly windowInode: number;
  /** On which terms it was attached, besides its window: they hold until it is reclaimed. */
  readonly heap: string;
  readonly blobHeaps: ReadonlyMap<number, string>;
  readonly attachedBy: SecretReader;
  readonly scanouts: number;
  /** 0: no limit. */
  readonly quota: VmConfig['quota'];
  /** Its frontend decides for it. */
  readonly decides: boolean;
};

export type KeptState = 'attached' | 'orphaned' | 'suspended';

/** Of the files behind blobs. */
export type BlobInodes = {
  /** Of the memfd behind a blob's own memory; 0 for a range of a file heap. */
  readonly inodeOf: (allocation: Allocation) => number;
  /** Of the memfd that holds a stashed blob's bytes. */
  readonly stashInode: (resource: number) => number;
};

export type SomeBlobs = BlobInodes & { readonly blobs: readonly BlobSnapshot[] };

/** A VM as it stands. */
export type VmImage = BlobInodes & {
  readonly vm: VmRecord;
  readonly state: KeptState;
  /** Of an orphaned VM: milliseconds since 1970; otherwise 0. */
  readonly graceEnds: number;
  /** Of a suspended VM: why. Empty otherwise. */
  readonly suspension: string;
  readonly snapshot: VmSnapshot;
  /** Of a VM whose frontend decides, both; null and 0 otherwise. */
  readonly grant: Grant | null;
  readonly accountsVersion: number;
  /** Of such a VM: see Vm.settledMemory and Vm.unusedMemory. In records of their own. */
  readonly settledMemory: number;
  readonly unusedMemory: readonly Allocation[];
};

/** Memory of its own for a blob, and the inode of the memfd behind it; 0 for a range of a file heap. */
export type MadeAllocation = { readonly allocation: Allocation; readonly inode: number };

/** What of a version of accounts is in one record: everything but for very many blobs. */
export type ToldPiece = Told & {
  /** From 0; the record with 0 begins a version, whatever was before it. */
  readonly piece: number;
  /** The version is whole with it: it was entered. */
  readonly isLast: boolean;
};

export type Executed =
  | {
      readonly result: 'ok';
      readonly command: Command;
      /** Of a create: the heap's name, and what it gave for a blob with memory of its own. */
      readonly memory: { readonly heap: string; readonly allocation: Allocation | null } | null;
      /** Of the memfd behind that allocation; 0 otherwise. */
      readonly inode: number;
    }
  | {
      readonly result: 'refused';
      readonly operation: Operation;
      readonly number: number;
      readonly resource: number;
      readonly refusal: Refusal;
    };

/** A command that changed nothing: an answer that was given again, or, with a reason, a number that had no turn. It is counted, and no more. */
export type IdleCommand = { readonly operation: Operation; readonly reason: RefusalReason | null };

/** A map that was undone because its memory could not be made ready: see Vm.abandonMap. */
export type Abandoned = {
  readonly number: number;
  readonly completed: number;
  readonly cause: string;
  /** The last command that was executed before it was undone. */
  readonly after: number;
};

export type JournalEntry =
  | { readonly kind: 'start'; readonly brokerVersion: string; readonly heaps: readonly HeapRecord[] }
  | { readonly kind: 'vm'; readonly image: VmImage }
  | ({ readonly kind: 'blobs'; readonly slot: number } & SomeBlobs)
  | { readonly kind: 'complete' }
  | { readonly kind: 'attach'; readonly vm: VmRecord }
  | {
      readonly kind: 'state';
      readonly slot: number;
      readonly state: KeptState;
      readonly graceEnds: number;
      readonly suspension: string;
    }
  | {
      readonly kind: 'batch';
      readonly slot: number;
      readonly acknowledged: number;
      readonly executed: readonly Executed[];
      /** In the order in which they were undone. */
      readonly abandoned: readonly Abandoned[];
    }
  | { readonly kind: 'counts'; readonly slot: number; readonly idle: readonly IdleCommand[] }
  | { readonly kind: 'accounts'; readonly slot: number; readonly told: ToldPiece }
  | {
      readonly kind: 'memory';
      readonly slot: number;
      /** See Vm.settledMemory. */
      readonly settled: number;
      readonly made: readonly MadeAllocation[];
    }
  | { readonly kind: 'grant'; readonly slot: number; readonly grant: Grant }
  | { readonly kind: 'stash'; readonly slot: number; readonly resource: number; readonly inode: number }
  | { readonly kind: 'reclaim'; readonly slot: number };

/** The first byte of a record; never used for anything else again. */
export const ENTRY = {
  start: 1,
  vm: 2,
  blobs: 9,
  complete: 3,
  attach: 4,
  state: 5,
  batch: 6,
  counts: 10,
  accounts: 11,
  grant: 12,
  memory: 13,
  stash: 7,
  reclaim: 8,
} as const satisfies Record<JournalEntry['kind'], number>;

/** The first byte of a command in a batch, and of an answer in a VM's image. */
export const STEP = {
  create: 1,
  map: 2,
  unmap: 3,
  destroy: 4,
  reset: 5,
  refused: 6,
} as const satisfies Record<Operation | 'refused', number>;

/** The byte in front of an allocation. One with a number was asked for by whoever decides for the VM. */
export const ALLOCATION = { none: 0, bare: 1, numbered: 2 } as const;

/** Bits of the byte in front of a piece of accounts. `settles`: Accounts.settledMemory is in it, and not 0. */
export const PIECE = { last: 1, settles: 2 } as const;

export const STATE_CODES = { attached: 1, orphaned: 2, suspended: 3 } as const satisfies Record<
  KeptState,
  number
>;
export const PLACEMENT_CODES = { window: 1, 'per-blob': 2 } as const satisfies Record<PlacementName, number>;

/** The name of a number in one of the tables above. Throws RangeError when there is none. */
export function nameOf<Name extends string>(table: Readonly<Record<Name, number>>, code: number): Name {
  for (const name in table) if (table[name] === code) return name;
  throw new RangeError(`${code} has no meaning here`);
}
