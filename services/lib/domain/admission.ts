/**
 * May it be done? What is checked before a command changes anything, and how each refusal is worded. Where a range
 * may lie is the window's own question: Window.place.
 */

import { isMultiple } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import { hex, isU32, isU64 } from '../wire/u64.ts';
import type { Blob } from './blob.ts';
import type { CreateCommand } from './command.ts';
import { BLOB_FLAG, BLOB_MEMS } from './command.ts';
import type { HeapBooks } from './heap.ts';
import type { Account, HostBooks } from './quota.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import type { VmSettings } from './vm-settings.ts';

/** Whose books have to have room. */
export interface Books {
  /** The VM's name. */
  readonly vm: string;
  readonly own: Account;
  readonly host: HostBooks;
}

const ALL_FLAGS = BLOB_FLAG.USE_MAPPABLE | BLOB_FLAG.USE_SHAREABLE | BLOB_FLAG.USE_CROSS_DEVICE;

/** The command by itself, and its id. `taken`: a blob has that id. */
export function checkCreate(command: CreateCommand, vm: string, taken: boolean): Refusal | null {
  const { resource, flags } = command;
  const badId = checkId(resource);
  if (badId !== null) {
    return badId;
  }
  if (taken) {
    return refuse(
      'RESOURCE_ID_IN_USE',
      `resource ${resource} was to be created, but VM ${vm} has a blob of that id: destroy it first, or choose another id`,
      { resource },
    );
  }
  if (!BLOB_MEMS.includes(command.blobMem)) {
    return refuse(
      'BLOB_FLAGS_INVALID',
      `resource ${resource} asks for memory of type "${command.blobMem}", but the host provides ${BLOB_MEMS.join(' and ')}`,
      { resource, blobMem: command.blobMem },
    );
  }
  if (!isU32(flags) || (flags & ~ALL_FLAGS) !== 0) {
    return refuse(
      'BLOB_FLAGS_INVALID',
      `resource ${resource} has blob flags ${hex(flags)}, but only the bits of ${hex(ALL_FLAGS)} have a meaning: clear the others`,
      { resource, flags },
    );
  }
  return null;
}

/** Can memory of that size come from the heap? What is no whole number of granules could never be mapped. */
export function checkSize(
  { resource, size }: Pick<CreateCommand, 'resource' | 'size'>,
  heap: HeapBooks,
): Refusal | null {
  const { name, backing, granule } = heap.settings;
  if (isU64(size) && size !== 0 && isMultiple(size, granule)) {
    return null;
  }
  return refuse(
    'SIZE_INVALID',
    `resource ${resource} has a size of ${size} bytes: heap ${name} (${backing}) takes multiples of ${granule} above 0`,
    { resource, size, heap: name, granule },
  );
}

/** Why there is no blob of that id. */
export function unknownResource(resource: number, vm: string): Refusal {
  return (
    checkId(resource) ??
    refuse(
      'RESOURCE_UNKNOWN',
      `resource ${resource} was named, but VM ${vm} has no blob of that id: create it first`,
      { resource },
    )
  );
}

export function unknownBlobId({ resource, context, blobId }: CreateCommand, vm: string): Refusal {
  return refuse(
    'BLOB_ID_UNKNOWN',
    `resource ${resource} names blob_id ${blobId}, which leads to no memory for VM ${vm}: use 0 for fresh memory, or add the id ` +
      'to blob_heaps in the settings of the VM',
    { resource, context, blobId },
  );
}

/** Can the VM have blobs of this heap? Those that lie in the one memfd of a window come from memfds. */
export function checkHeap(
  resource: number,
  { name: vm, memory }: Pick<VmSettings, 'name' | 'memory'>,
  heap: HeapBooks,
): Refusal | null {
  const { name, backing } = heap.settings;
  if (memory !== 'window' || backing === 'memfd') {
    return null;
  }
  return refuse(
    'PLACEMENT_MISMATCH',
    `resource ${resource} would come from heap ${name} (${backing}), but VM ${vm} has its blobs in the memfd of its ` +
      'window: use a memfd heap, or set the placement of the VM to per-blob',
    { resource, heap: name, backing, placement: 'window' },
  );
}

/** Room for one blob more, of `charged` bytes, in every book that counts it. */
export function checkRoom(
  resource: number,
  charged: U64,
  heap: HeapBooks,
  { vm, own, host }: Books,
): Refusal | null {
  const { name, capacity } = heap.settings;
  if (!own.fitsAllocation()) {
    return refuse(
      'QUOTA_ALLOCATIONS',
      `resource ${resource} would be one blob more, but VM ${vm} has ${own.used.allocations} of its quota of ` +
        `${own.limits.allocations}: destroy one, or raise the quota`,
      { resource, used: own.used.allocations, limit: own.limits.allocations },
    );
  }
  if (!own.fitsBytes(charged)) {
    return refuse(
      'QUOTA_BYTES',
      `resource ${resource} needs ${charged} bytes, but VM ${vm} uses ${own.used.bytes} of its quota of ` +
        `${own.limits.bytes}: destroy blobs, or raise the quota`,
      { resource, bytes: charged, used: own.used.bytes, limit: own.limits.bytes },
    );
  }
  if (!heap.fits(charged)) {
    return refuse(
      'HEAP_CAPACITY',
      `resource ${resource} needs ${charged} bytes, but of heap ${name} ${heap.usedBytes} of ${capacity} are used: destroy blobs, ` +
        'or use another heap',
      { resource, heap: name, bytes: charged, used: heap.usedBytes, limit: capacity },
    );
  }
  if (!host.fitsBytes(charged)) {
    return refuse(
      'HOST_CAPACITY',
      `resource ${resource} needs ${charged} bytes, but all VMs together use ${host.used.bytes} of the host's ` +
        `${host.limits.bytes}: destroy blobs, or raise the host's limit`,
      { resource, kind: 'bytes', bytes: charged, used: host.used.bytes, limit: host.limits.bytes },
    );
  }
  if (!host.fitsAllocation()) {
    return refuse(
      'HOST_CAPACITY',
      `resource ${resource} would be one blob more, but all VMs together have ${host.used.allocations} of the host's ` +
        `${host.limits.allocations}: destroy one, or raise the host's limit`,
      { resource, kind: 'allocations', used: host.used.allocations, limit: host.limits.allocations },
    );
  }
  return null;
}

/** May the blob be mapped at all? */
export function checkMappable(blob: Blob, offset: U64): Refusal | null {
  const { resource } = blob;
  if (!blob.mappable) {
    return refuse(
      'NOT_MAPPABLE',
      `resource ${resource} was to be mapped, but its blob flags are ${hex(blob.flags)}: create it with USE_MAPPABLE (0x1)`,
      { resource, flags: blob.flags },
    );
  }
  if (blob.state === 'mapped') {
    return refuse(
      'ALREADY_MAPPED',
      `resource ${resource} was to be mapped at ${hex(offset)}, but it is mapped at ${hex(blob.offset)}: unmap it first`,
      { resource, offset, mappedOffset: blob.offset },
    );
  }
  return null;
}

/** Room for one mapping more. */
export function checkMappings(resource: number, { vm, own, host }: Books): Refusal | null {
  if (!own.fitsMapping()) {
    return refuse(
      'QUOTA_MAPPINGS',
      `resource ${resource} would be one mapping more, but VM ${vm} has ${own.used.mappings} of its quota of ` +
        `${own.limits.mappings}: unmap one, or raise the quota`,
      { resource, used: own.used.mappings, limit: own.limits.mappings },
    );
  }
  if (!host.fitsMapping()) {
    return refuse(
      'HOST_CAPACITY',
      `resource ${resource} would be one mapping more, but all VMs together have ${host.used.mappings} of the host's ` +
        `${host.limits.mappings}: unmap one, or raise the host's limit`,
      { resource, kind: 'mappings', used: host.used.mappings, limit: host.limits.mappings },
    );
  }
  return null;
}

function checkId(resource: number): Refusal | null {
  if (isU32(resource) && resource !== 0) {
    return null;
  }
  return refuse(
    'RESOURCE_ID_INVALID',
    `resource id ${resource} was given: ids of blobs are from 1 to 2^32 - 1`,
    { resource },
  );
}
