// Records of the broker's journal, as bytes: see record.ts for what they say, decode.ts for the way back.
import type { Allocation } from '../../lib/domain/allocation.ts';
import { BLOB_STATES } from '../../lib/domain/blob.ts';
import type { Command, Reply } from '../../lib/domain/command.ts';
import { BLOB_MEMS, OPERATIONS } from '../../lib/domain/command.ts';
import { type CounterChanges, RESULTS } from '../../lib/domain/counters.ts';
import type { Grant } from '../../lib/domain/grant.ts';
import { CACHE_TYPES } from '../../lib/domain/heap.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import type { ByteWriter } from '../../lib/journal/bytes.ts';
import type { Told } from '../told.ts';
import type {
  Abandoned,
  HeapRecord,
  IdleCommand,
  KeptState,
  MadeAllocation,
  VmImage,
  VmRecord,
} from './record.ts';
import { ALLOCATION, ENTRY, PIECE, PLACEMENT_CODES, STATE_CODES, STEP } from './record.ts';

export function encodeStart(out: ByteWriter, brokerVersion: string, heaps: readonly HeapRecord[]): void {
  out.u8(ENTRY.start);
  out.text(brokerVersion);
  out.u32(heaps.length);
  for (const heap of heaps) {
    out.text(heap.name);
    out.text(heap.backing);
    out.text(heap.cache);
    out.f64(heap.granule);
    out.f64(heap.capacity);
    out.f64(heap.lastId);
    out.f64(heap.device);
    out.f64(heap.inode);
    out.f64(heap.size);
    out.text(heap.path);
    out.u8(heap.prefault ? 1 : 0);
  }
}

export function encodeComplete(out: ByteWriter): void {
  out.u8(ENTRY.complete);
}

export function encodeAttach(out: ByteWriter, vm: VmRecord): void {
  out.u8(ENTRY.attach);
  writeVm(out, vm);
}

export function encodeState(
  out: ByteWriter,
  slot: number,
  state: KeptState,
  graceEnds: number,
  suspension: string,
): void {
  out.u8(ENTRY.state);
  out.u32(slot);
  out.u8(STATE_CODES[state]);
  out.f64(graceEnds);
  out.text(suspension);
}

export function encodeGrant(
  out: ByteWriter,
  slot: number,
  grant: Grant,
  heapIndexOf: (name: string) => number,
): void {
  out.u8(ENTRY.grant);
  out.u32(slot);
  writeGrant(out, grant, heapIndexOf);
}

/** `made` without a word is for `settled` alone. */
export function encodeMemory(
  out: ByteWriter,
  slot: number,
  settled: number,
  made: readonly MadeAllocation[],
  heapIndexOf: (name: string) => number,
): void {
  out.u8(ENTRY.memory);
  out.u32(slot);
  out.f64(settled);
  out.u32(made.length);
  for (const { allocation, inode } of made) {
    out.u32(heapIndexOf(allocation.heap));
    writeAllocation(out, allocation, inode);
  }
}

/** Calls `write` for each record: see ToldPiece. */
export function encodeTold(
  out: ByteWriter,
  slot: number,
  told: Told,
  heapIndexOf: (name: string) => number,
  write: () => void,
): void {
  const { version, complete, generation, settledMemory, blobs } = told;
  for (let piece = 0, from = 0; piece === 0 || from < blobs.length; piece += 1) {
    const isLast = blobs.length - from <= MOST_BLOBS;
    out.restart();
    out.u8(ENTRY.accounts);
    out.u32(slot);
    out.u32(piece);
    out.u8((isLast ? PIECE.last : 0) | (settledMemory > 0 ? PIECE.settles : 0));
    out.f64(version);
    out.u8(complete ? 1 : 0);
    out.f64(generation);
    if (settledMemory > 0) out.f64(settledMemory);
    const here = blobs.slice(from, from + MOST_BLOBS);
    out.u32(here.length);
    for (const blob of here) writeBlob(out, blob, heapIndexOf(blob.heap), 0);
    writeIds(out, isLast ? told.destroyed : []);
    writeCounts(out, told.counts);
    write();
    from += MOST_BLOBS;
  }
}

function writeIds(out: ByteWriter, ids: readonly number[]): void {
  out.u32(ids.length);
  for (const id of ids) out.u32(id);
}

function writeCounts(out: ByteWriter, { operations, refusals }: CounterChanges): void {
  out.u32(operations.length);
  for (const { operation, result, count } of operations) {
    out.u8(OPERATIONS.indexOf(operation));
    out.u8(RESULTS.indexOf(result));
    out.f64(count);
  }
  out.u32(refusals.length);
  for (const { reason, count } of refusals) {
    out.text(reason);
    out.f64(count);
  }
}

function writeGrant(out: ByteWriter, grant: Grant, heapIndexOf: (name: string) => number): void {
  const { heaps, mappings, allocations } = grant;
  out.f64(mappings);
  out.f64(allocations);
  out.u32(heaps.size);
  for (const [name, bytes] of heaps) {
    out.u32(heapIndexOf(name));
    out.f64(bytes);
  }
}

export function encodeStash(out: ByteWriter, slot: number, resource: number, inode: number): void {
  out.u8(ENTRY.stash);
  out.u32(slot);
  out.u32(resource);
  out.f64(inode);
}

export function encodeCounts(out: ByteWriter, slot: number, idle: readonly IdleCommand[]): void {
  out.u8(ENTRY.counts);
  out.u32(slot);
  out.u32(idle.length);
  for (const { operation, reason } of idle) {
    out.u8(OPERATIONS.indexOf(operation));
    out.text(reason ?? '');
  }
}

export function encodeReclaim(out: ByteWriter, slot: number): void {
  out.u8(ENTRY.reclaim);
  out.u32(slot);
}

/** Where a batch's commands find their memory: the heap's index by blob_id, and the inodes of what it gave. */
export type BatchMemory = {
  readonly heapIndex: (blobId: number | bigint) => number;
  readonly inodeOf: (allocation: Allocation) => number;
};

/** The front of a batch. encodeStep() follows for each command, then finishBatch(). */
export function beginBatch(out: ByteWriter, slot: number, acknowledged: number, first: number): number {
  out.u8(ENTRY.batch);
  out.u32(slot);
  out.f64(acknowledged);
  out.f64(first);
  out.u32(0);
  return out.length - 4;
}

/** One executed command; `isOk` also for a map that was undone later. */
export function encodeStep(
  out: ByteWriter,
  command: Command,
  reply: Reply,
  isOk: boolean,
  memory: BatchMemory,
): void {
  if (!isOk) {
    if (reply.result === 'refused') writeRefused(out, command.kind, reply.resource, reply.refusal);
    return;
  }
  switch (command.kind) {
    case 'create': {
      out.u8(STEP.create);
      out.u32(command.resource);
      out.u32(command.context);
      out.u8(BLOB_MEMS.indexOf(command.blobMem));
      out.u8(command.flags);
      out.u64(command.blobId);
      out.f64(Number(command.size));
      out.u32(memory.heapIndex(command.blobId));
      const allocation = reply.kind === 'create' && reply.result === 'ok' ? reply.allocation : null;
      writeAllocation(out, allocation, allocation === null ? 0 : memory.inodeOf(allocation));
      break;
    }
    case 'map':
      out.u8(STEP.map);
      out.u32(command.resource);
      out.f64(Number(command.offset));
      break;
    case 'unmap':
    case 'destroy':
      out.u8(command.kind === 'unmap' ? STEP.unmap : STEP.destroy);
      out.u32(command.resource);
      break;
    case 'reset':
      out.u8(STEP.reset);
      break;
  }
}

/** @param at what beginBatch() returned */
export function finishBatch(
  out: ByteWriter,
  at: number,
  count: number,
  abandoned: readonly Abandoned[],
): void {
  out.patch(at, count);
  out.u32(abandoned.length);
  for (const { number, completed, cause, after } of abandoned) {
    out.f64(number);
    out.f64(after);
    out.u32(completed);
    out.text(cause);
  }
}

/** Blobs in one record: 6 MB of the 16 MiB that it may have. */
const MOST_BLOBS = 100_000;

/** Calls `write` for each record: those behind the first are further blobs, in order. */
export function encodeVm(
  out: ByteWriter,
  image: VmImage,
  heapIndexOf: (name: string) => number,
  write: () => void,
): void {
  encodeImage(out, image, heapIndexOf);
  write();
  for (let from = MOST_BLOBS; from < image.snapshot.blobs.length; from += MOST_BLOBS) {
    out.restart();
    out.u8(ENTRY.blobs);
    out.u32(image.vm.slot);
    writeBlobs(out, image, from, heapIndexOf);
    write();
  }
  const { settledMemory, unusedMemory } = image;
  if (settledMemory === 0 && unusedMemory.length === 0) return;
  out.restart();
  const made = unusedMemory.map((allocation) => ({ allocation, inode: image.inodeOf(allocation) }));
  encodeMemory(out, image.vm.slot, settledMemory, made, heapIndexOf);
  write();
}

function encodeImage(out: ByteWriter, image: VmImage, heapIndexOf: (name: string) => number): void {
  const { vm, state, graceEnds, suspension, snapshot, grant, accountsVersion } = image;
  out.u8(ENTRY.vm);
  writeVm(out, vm);
  out.u8(STATE_CODES[state]);
  out.f64(graceEnds);
  out.text(suspension);
  out.f64(accountsVersion);
  out.u8(grant === null ? 0 : 1);
  if (grant !== null) writeGrant(out, grant, heapIndexOf);
  out.f64(snapshot.generation);
  out.f64(snapshot.acknowledgedNumber);
  writeBlobs(out, image, 0, heapIndexOf);
  out.u32(snapshot.replies.length);
  for (const reply of snapshot.replies) writeReply(out, reply, heapIndexOf);
  // Few, and named by words that may become more.
  out.text(JSON.stringify(snapshot.counters));
}

function writeVm(out: ByteWriter, vm: VmRecord): void {
  out.u32(vm.slot);
  out.text(vm.name);
  out.blob(vm.session);
  out.f64(vm.windowSize);
  out.u8(PLACEMENT_CODES[vm.placement]);
  out.f64(vm.windowInode);
  const { heap, attachedBy, scanouts, quota, decides } = vm;
  // Few, and named by words that may become more.
  out.text(JSON.stringify({ heap, blobHeaps: [...vm.blobHeaps], attachedBy, scanouts, quota, decides }));
}

function writeBlobs(
  out: ByteWriter,
  { snapshot, inodeOf, stashInode }: VmImage,
  from: number,
  heapIndexOf: (name: string) => number,
): void {
  const blobs = snapshot.blobs.slice(from, from + MOST_BLOBS);
  out.u32(blobs.length);
  for (const blob of blobs) {
    const { resource, state, allocation } = blob;
    const own = allocation === null ? 0 : inodeOf(allocation);
    writeBlob(out, blob, heapIndexOf(blob.heap), state === 'stashed' ? stashInode(resource) : own);
  }
}

function writeBlob(out: ByteWriter, blob: BlobSnapshot, heapIndex: number, inode: number): void {
  out.u32(blob.resource);
  out.u32(blob.context);
  out.u64(blob.blobId);
  out.u8(BLOB_MEMS.indexOf(blob.blobMem));
  out.u8(blob.flags);
  out.f64(blob.size);
  out.u32(heapIndex);
  out.u8(BLOB_STATES.indexOf(blob.state));
  out.f64(blob.offset);
  writeAllocation(out, blob.allocation, inode);
}

/** The heap is named beside it. */
function writeAllocation(out: ByteWriter, allocation: Allocation | null, inode: number): void {
  if (allocation === null) out.u8(ALLOCATION.none);
  else out.u8(allocation.number === 0 ? ALLOCATION.bare : ALLOCATION.numbered);
  out.f64(inode);
  if (allocation === null) return;
  if (allocation.number > 0) out.f64(allocation.number);
  out.f64(allocation.id);
  out.f64(allocation.fdOffset);
  out.f64(allocation.size);
}

function writeRefused(
  out: ByteWriter,
  operation: Command['kind'],
  resource: number,
  { reason, message, metadata }: Refusal,
): void {
  out.u8(STEP.refused);
  out.u8(OPERATIONS.indexOf(operation));
  out.u32(resource);
  out.text(reason);
  out.text(message);
  out.text(JSON.stringify(metadata));
}

function writeReply(out: ByteWriter, reply: Reply, heapIndexOf: (name: string) => number): void {
  out.f64(reply.generation);
  if (reply.result === 'refused') {
    writeRefused(out, reply.kind, reply.resource, reply.refusal);
    return;
  }
  out.u8(STEP[reply.kind]);
  if (reply.kind === 'reset') {
    out.u32(reply.blobs);
    out.u32(reply.mappings);
    return;
  }
  out.u32(reply.resource);
  switch (reply.kind) {
    case 'create':
      out.f64(reply.size);
      out.f64(reply.charged);
      writeNamedAllocation(out, reply.allocation, heapIndexOf);
      break;
    case 'map':
      out.f64(reply.offset);
      out.f64(reply.size);
      out.f64(reply.length);
      out.u8(CACHE_TYPES.indexOf(reply.cache));
      writeNamedAllocation(out, reply.allocation, heapIndexOf);
      break;
    case 'unmap':
    case 'destroy':
      out.u8(reply.wasMapped ? 1 : 0);
      out.f64(reply.offset);
      out.f64(reply.length);
      break;
  }
}

function writeNamedAllocation(
  out: ByteWriter,
  allocation: Allocation | null,
  heapIndexOf: (name: string) => number,
): void {
  out.u32(allocation === null ? 0 : heapIndexOf(allocation.heap));
  writeAllocation(out, allocation, 0);
}
