// Commands and answers between the contract's messages and the domain's plain data. On the path of every command: no closures, no bigints
// but those that a caller sent.

import type { Allocation } from '../../lib/domain/allocation.ts';
import type {
  BlobMem,
  Command,
  CreateCommand,
  DestroyCommand,
  MapCommand,
  RefusedReply,
  Reply,
  UnmapCommand,
} from '../../lib/domain/command.ts';
import type { CacheType } from '../../lib/domain/heap.ts';
import { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonNumber, StatusError } from '../../lib/rpc/status-error.ts';
import { fromWire, toWire } from '../../lib/rpc/u64.ts';
import type { U64 } from '../../lib/wire/u64.ts';

type WireCommand = barkeep.v1.Command.$Properties;
type WireReply = barkeep.v1.CommandReply.$Properties;
type WireMapped = barkeep.v1.Mapped.$Properties;
export type MemoryHandle = barkeep.v1.MemoryHandle.$Properties;

/** proto: Batch.commands. */
export const MOST_COMMANDS = 1024;

const { BlobMemory, CacheType: WireCache } = barkeep.v1;

export const WIRE_CACHE: Readonly<Record<CacheType, barkeep.v1.CacheType>> = {
  none: WireCache.CACHE_TYPE_NONE,
  cached: WireCache.CACHE_TYPE_CACHED,
  uncached: WireCache.CACHE_TYPE_UNCACHED,
  wc: WireCache.CACHE_TYPE_WC,
};

// Most answers are one of these two.
const DONE = { done: Object.freeze({}) };
const DONE_WAS_MAPPED = { done: Object.freeze({ wasMapped: true }) };

/** Throws StatusError PROTOCOL. */
export function decodeBatch(batch: barkeep.v1.Batch.$Properties): Command[] {
  const wire = batch.commands ?? [];
  if (wire.length > MOST_COMMANDS) {
    throw new StatusError(
      'PROTOCOL',
      `a batch has ${wire.length} commands, and ${MOST_COMMANDS} is the most; send several batches`,
    );
  }
  const commands = new Array<Command>(wire.length);
  for (let index = 0; index < wire.length; index += 1) commands[index] = decodeCommand(wire[index]!);
  return commands;
}

function decodeCommand(wire: WireCommand): Command {
  const number = fromWire(wire.number);
  if (wire.map) return decodeMap(number, wire.map);
  if (wire.unmap) return decodeUnmap(number, wire.unmap);
  if (wire.create) return decodeCreate(number, wire.create);
  if (wire.destroy) return decodeDestroy(number, wire.destroy);
  if (wire.reset) return { kind: 'reset', number };
  throw new StatusError('PROTOCOL', `command ${number} has no operation; each has exactly one`);
}

export function decodeCreate(number: U64, create: barkeep.v1.CreateBlob.$Properties): CreateCommand {
  return {
    kind: 'create',
    number,
    resource: create.resourceId ?? 0,
    context: create.contextId ?? 0,
    blobMem: blobMemOf(create.memory),
    flags: create.flags ?? 0,
    blobId: fromWire(create.blobId),
    size: fromWire(create.size),
  };
}

export function decodeMap(number: U64, map: barkeep.v1.MapBlob.$Properties): MapCommand {
  return { kind: 'map', number, resource: map.resourceId ?? 0, offset: fromWire(map.offset) };
}

export function decodeUnmap(number: U64, unmap: barkeep.v1.UnmapBlob.$Properties): UnmapCommand {
  return { kind: 'unmap', number, resource: unmap.resourceId ?? 0 };
}

export function decodeDestroy(number: U64, destroy: barkeep.v1.DestroyBlob.$Properties): DestroyCommand {
  return { kind: 'destroy', number, resource: destroy.resourceId ?? 0 };
}

function blobMemOf(memory: barkeep.v1.BlobMemory | null | undefined): BlobMem {
  if (memory === BlobMemory.BLOB_MEMORY_HOST3D) return 'host3d';
  if (memory === BlobMemory.BLOB_MEMORY_HOST3D_GUEST) return 'host3d-guest';
  // The domain refuses what it does not know, and names it.
  return String(memory ?? 0) as BlobMem;
}

/** `handle` makes the handle of a blob's own memory, in per-blob placement. */
export function encodeReplies(
  replies: readonly Reply[],
  handle: (allocation: Allocation, size: number) => MemoryHandle,
): WireReply[] {
  const wire = new Array<WireReply>(replies.length);
  for (let index = 0; index < replies.length; index += 1) wire[index] = encodeReply(replies[index]!, handle);
  return wire;
}

function encodeReply(
  reply: Reply,
  handle: (allocation: Allocation, size: number) => MemoryHandle,
): WireReply {
  if (reply.result === 'refused') {
    const { reason, message } = reply.refusal;
    return { number: toWire(reply.number), error: { reason: reasonNumber(reason), message } };
  }
  const { number } = reply;
  switch (reply.kind) {
    case 'create':
      return { number, done: DONE.done };
    case 'map':
      return { number, mapped: encodeMapped(reply, handle) };
    case 'unmap':
    case 'destroy':
      return { number, done: reply.wasMapped ? DONE_WAS_MAPPED.done : DONE.done };
    case 'reset':
      return { number, done: { generation: reply.generation } };
  }
}

export function encodeMapped(
  reply: Reply & { kind: 'map'; result: 'ok' },
  handle: (allocation: Allocation, size: number) => MemoryHandle,
): WireMapped {
  const { size, allocation } = reply;
  const cache = WIRE_CACHE[reply.cache];
  return allocation === null ? { cache, size } : { cache, size, memory: handle(allocation, size) };
}

/** A refusal as the error of a unary call. */
export function refusalError({ refusal }: RefusedReply): StatusError {
  return new StatusError(refusal.reason, refusal.message, refusal.metadata);
}
