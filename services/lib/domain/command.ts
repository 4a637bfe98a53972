/**
 * What a VM is asked, and what it answers; effect.ts says what has to be done to memory in between. All of it is plain data:
 * it can be remembered, written to a journal and sent.
 */

import type { U64 } from '../wire/u64.ts';
import type { Allocation } from './allocation.ts';
import type { CacheType } from './heap.ts';
import type { Refusal } from './refusal.ts';

export const OPERATIONS = ['create', 'map', 'unmap', 'destroy', 'reset'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** blob_mem, as far as the host provides the memory (virtio 1.3, 5.7.6.8: HOST3D 2, HOST3D_GUEST 3). */
export const BLOB_MEMS = ['host3d', 'host3d-guest'] as const;
export type BlobMem = (typeof BLOB_MEMS)[number];

/** blob_flags (virtio 1.3, 5.7.6.8: VIRTIO_GPU_BLOB_FLAG_USE_*). */
export const BLOB_FLAG = { USE_MAPPABLE: 1, USE_SHAREABLE: 2, USE_CROSS_DEVICE: 4 } as const;

/** Commands carry `number`: consecutive from 1 in the life of a VM. Ids are u32. */
export interface CreateCommand {
  readonly kind: 'create';
  readonly number: U64;
  readonly resource: number;
  readonly context: number;
  readonly blobMem: BlobMem;
  /** BLOB_FLAG bits. */
  readonly flags: number;
  /** 0: fresh memory from the default heap; others as the VM's settings say. */
  readonly blobId: U64;
  /** Bytes. */
  readonly size: U64;
}

export interface MapCommand {
  readonly kind: 'map';
  readonly number: U64;
  readonly resource: number;
  /** Bytes from the window's start. */
  readonly offset: U64;
}

/** In per-blob placement the sender has taken the mapping out of the VMM before it sends unmap, destroy or reset. */
export interface UnmapCommand {
  readonly kind: 'unmap';
  readonly number: U64;
  readonly resource: number;
}

export interface DestroyCommand {
  readonly kind: 'destroy';
  readonly number: U64;
  readonly resource: number;
}

export interface ResetCommand {
  readonly kind: 'reset';
  readonly number: U64;
}

export type Command = CreateCommand | MapCommand | UnmapCommand | DestroyCommand | ResetCommand;

interface Answered {
  readonly number: number;
  /** The device generation in which the command was executed; for a reset the new one. */
  readonly generation: number;
  readonly result: 'ok';
}

export interface CreateReply extends Answered {
  readonly kind: 'create';
  readonly resource: number;
  /** Bytes, as asked. */
  readonly size: number;
  /** Bytes, as charged. */
  readonly charged: number;
  /** The blob's own memory; null where the window is its memory. */
  readonly allocation: Allocation | null;
}

export interface MapReply extends Answered {
  readonly kind: 'map';
  readonly resource: number;
  readonly offset: number;
  /** The blob's size, bytes. */
  readonly size: number;
  /** The bytes that it takes in the window: more than `size` only where a heap maps in larger units than pages. */
  readonly length: number;
  readonly cache: CacheType;
  /** The blob's own memory, to be mapped by the VMM; null where the window is its memory. */
  readonly allocation: Allocation | null;
}

export interface UnmapReply extends Answered {
  readonly kind: 'unmap';
  readonly resource: number;
  /** False: there was nothing to do, which is no error. */
  readonly wasMapped: boolean;
  /** The range that was mapped, bytes; 0 and 0 when none was. */
  readonly offset: number;
  readonly length: number;
}

export interface DestroyReply extends Answered {
  readonly kind: 'destroy';
  readonly resource: number;
  /** True: the blob was mapped, and was unmapped first. */
  readonly wasMapped: boolean;
  /** The range that was mapped, bytes; 0 and 0 when none was. */
  readonly offset: number;
  readonly length: number;
}

export interface ResetReply extends Answered {
  readonly kind: 'reset';
  /** What ended with the old generation. */
  readonly blobs: number;
  readonly mappings: number;
}

export interface RefusedReply {
  readonly kind: Operation;
  /** As it came: of a number that was never executed this may be anything. */
  readonly number: U64;
  readonly generation: number;
  readonly result: 'refused';
  /** 0 for a reset. */
  readonly resource: number;
  readonly refusal: Refusal;
}

export type OkReply = CreateReply | MapReply | UnmapReply | DestroyReply | ResetReply;
export type Reply = OkReply | RefusedReply;
