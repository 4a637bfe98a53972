// The way back from bytes to records of the broker's journal: see record.ts for what they say, encode.ts for their layout.
import type { Allocation } from '../../lib/domain/allocation.ts';
import type { BlobState } from '../../lib/domain/blob.ts';
import { BLOB_STATES } from '../../lib/domain/blob.ts';
import type { BlobMem, Operation, Reply } from '../../lib/domain/command.ts';
import { BLOB_MEMS, OPERATIONS } from '../../lib/domain/command.ts';
import { type CounterChanges, type CounterFigures, RESULTS, type Result } from '../../lib/domain/counters.ts';
import type { Grant } from '../../lib/domain/grant.ts';
import type { Backing, CacheType } from '../../lib/domain/heap.ts';
import { BACKINGS, CACHE_TYPES } from '../../lib/domain/heap.ts';
import type { Refusal, RefusalReason } from '../../lib/domain/refusal.ts';
import { REFUSAL_REASONS } from '../../lib/domain/refusal.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { ByteReader } from '../../lib/journal/bytes.ts';
import type {
  Abandoned,
  Executed,
  HeapRecord,
  IdleCommand,
  JournalEntry,
  MadeAllocation,
  SomeBlobs,
  ToldPiece,
  VmImage,
  VmRecord,
} from './record.ts';
import { ALLOCATION, ENTRY, nameOf, PIECE, PLACEMENT_CODES, STATE_CODES, STEP } from './record.ts';

/** `heaps` are those of the journal's start. Throws RangeError or SyntaxError for bytes that are no record. */
export function decodeEntry(payload: Uint8Array, heaps: readonly HeapRecord[]): JournalEntry {
  const input = new ByteReader(payload);
  const entry = readEntry(input, nameOf(ENTRY, input.u8()), heaps);
  input.end();
  return entry;
}

/** The VM of a record that begins with one, without what it had. Throws as decodeEntry(). */
export function vmRecordIn(payload: Uint8Array): VmRecord {
  const input = new ByteReader(payload);
  input.u8();
  return readVm(input);
}

function readEntry(
  input: ByteReader,
  kind: JournalEntry['kind'],
  heaps: readonly HeapRecord[],
): JournalEntry {
  switch (kind) {
    case 'start':
      return { kind, brokerVersion: input.text(), heaps: input.list(readHeap) };
    case 'vm':
      return { kind, image: readImage(input, heaps) };
    case 'blobs': {
      const slot = input.u32();
      return { kind, slot, ...readBlobs(input, heaps) };
    }
    case 'complete':
      return { kind };
    case 'attach':
      return { kind, vm: readVm(input) };
    case 'state':
      return {
        kind,
        slot: input.u32(),
        state: nameOf(STATE_CODES, input.u8()),
        graceEnds: input.f64(),
        suspension: input.text(),
      };
    case 'batch':
      return readBatch(input, heaps);
    case 'counts':
      return { kind, slot: input.u32(), idle: input.list(readIdle) };
    case 'accounts':
      return { kind, slot: input.u32(), told: readTold(input, heaps) };
    case 'memory':
      return {
        kind,
        slot: input.u32(),
        settled: input.f64(),
        made: input.list(() => readMade(input, heaps)),
      };
    case 'grant':
      return { kind, slot: input.u32(), grant: readGrant(input, heaps) };
    case 'stash':
      return { kind, slot: input.u32(), resource: input.u32(), inode: input.f64() };
    case 'reclaim':
      return { kind, slot: input.u32() };
  }
}

function readIdle(input: ByteReader): IdleCommand {
  const operation = OPERATIONS[input.u8()];
  if (operation === undefined) throw new RangeError('an operation without a name');
  const reason = input.text();
  return { operation, reason: reason === '' ? null : oneOf<RefusalReason>(REFUSAL_REASONS, reason) };
}

function readHeap(input: ByteReader): HeapRecord {
  return {
    name: input.text(),
    backing: oneOf<Backing>(BACKINGS, input.text()),
    cache: oneOf<CacheType>(CACHE_TYPES, input.text()),
    granule: input.f64(),
    capacity: input.f64(),
    lastId: input.f64(),
    device: input.f64(),
    inode: input.f64(),
    size: input.f64(),
    path: input.text(),
    prefault: input.u8() === 1,
  };
}

function readVm(input: ByteReader): VmRecord {
  return {
    slot: input.u32(),
    name: input.text(),
    session: Buffer.from(input.blob()),
    windowSize: input.f64(),
    placement: nameOf(PLACEMENT_CODES, input.u8()),
    windowInode: input.f64(),
    ...readTerms(input.text()),
  };
}

function readTerms(
  text: string,
): Pick<VmRecord, 'heap' | 'blobHeaps' | 'attachedBy' | 'scanouts' | 'quota' | 'decides'> {
  const terms = JSON.parse(text) as Omit<VmRecord, 'blobHeaps'> & { readonly blobHeaps: [number, string][] };
  const { heap, blobHeaps, attachedBy, scanouts, quota, decides } = terms;
  return { heap, blobHeaps: new Map(blobHeaps), attachedBy, scanouts, quota, decides };
}

function readTold(input: ByteReader, heaps: readonly HeapRecord[]): ToldPiece {
  const piece = input.u32();
  const flags = input.u8();
  return {
    piece,
    isLast: (flags & PIECE.last) !== 0,
    version: input.f64(),
    complete: input.u8() === 1,
    generation: input.f64(),
    settledMemory: (flags & PIECE.settles) !== 0 ? input.f64() : 0,
    blobs: input.list(() => readBlob(input, heaps).blob),
    destroyed: input.list(() => input.u32()),
    counts: readCounts(input),
  };
}

function readMade(input: ByteReader, heaps: readonly HeapRecord[]): MadeAllocation {
  const heap = at(heaps, input.u32()).name;
  const { allocation, inode } = readAllocation(input, heap);
  if (allocation === null) throw new RangeError('memory that was made, and is none');
  return { allocation, inode };
}

function readCounts(input: ByteReader): CounterChanges {
  return {
    operations: input.list(() => ({
      operation: at<Operation>(OPERATIONS, input.u8()),
      result: at<Result>(RESULTS, input.u8()),
      count: input.f64(),
    })),
    refusals: input.list(() => ({
      reason: oneOf<RefusalReason>(REFUSAL_REASONS, input.text()),
      count: input.f64(),
    })),
  };
}

function readGrant(input: ByteReader, heaps: readonly HeapRecord[]): Grant {
  const mappings = input.f64();
  const allocations = input.f64();
  const amounts = input.list((): [string, number] => [at(heaps, input.u32()).name, input.f64()]);
  return { heaps: new Map(amounts), mappings, allocations };
}

function readBatch(input: ByteReader, heaps: readonly HeapRecord[]): JournalEntry {
  const slot = input.u32();
  const acknowledged = input.f64();
  const first = input.f64();
  const executed = input.list((_input, index) => readStep(input, first + index, heaps));
  const abandoned = input.list(
    (): Abandoned => ({
      number: input.f64(),
      after: input.f64(),
      completed: input.u32(),
      cause: input.text(),
    }),
  );
  return { kind: 'batch', slot, acknowledged, executed, abandoned };
}

function readStep(input: ByteReader, number: number, heaps: readonly HeapRecord[]): Executed {
  const kind = nameOf(STEP, input.u8());
  switch (kind) {
    case 'create': {
      const command = {
        kind,
        number,
        resource: input.u32(),
        context: input.u32(),
        blobMem: at<BlobMem>(BLOB_MEMS, input.u8()),
        flags: input.u8(),
        blobId: input.u64(),
        size: input.f64(),
      };
      const heap = at(heaps, input.u32()).name;
      const { allocation, inode } = readAllocation(input, heap);
      return { result: 'ok', command, memory: { heap, allocation }, inode };
    }
    case 'map':
      return ok({ kind, number, resource: input.u32(), offset: input.f64() });
    case 'unmap':
    case 'destroy':
      return ok({ kind, number, resource: input.u32() });
    case 'reset':
      return ok({ kind, number });
    case 'refused':
      return { result: 'refused', number, ...readRefused(input) };
  }
}

function ok(command: (Executed & { result: 'ok' })['command']): Executed {
  return { result: 'ok', command, memory: null, inode: 0 };
}

function readRefused(input: ByteReader): {
  readonly operation: Operation;
  readonly resource: number;
  readonly refusal: Refusal;
} {
  return {
    operation: at<Operation>(OPERATIONS, input.u8()),
    resource: input.u32(),
    refusal: {
      reason: oneOf<RefusalReason>(REFUSAL_REASONS, input.text()),
      message: input.text(),
      metadata: JSON.parse(input.text()) as Record<string, string>,
    },
  };
}

function readImage(input: ByteReader, heaps: readonly HeapRecord[]): VmImage {
  const vm = readVm(input);
  const state = nameOf(STATE_CODES, input.u8());
  const graceEnds = input.f64();
  const suspension = input.text();
  const accountsVersion = input.f64();
  const grant = input.u8() === 1 ? readGrant(input, heaps) : null;
  const generation = input.f64();
  const acknowledgedNumber = input.f64();
  const { blobs, ...inodes } = readBlobs(input, heaps);
  const replies = input.list((_input, index) => readReply(input, acknowledgedNumber + 1 + index, heaps));
  const counters = JSON.parse(input.text()) as CounterFigures;
  const lastNumber = acknowledgedNumber + replies.length;
  return {
    vm,
    state,
    graceEnds,
    suspension,
    accountsVersion,
    grant,
    settledMemory: 0,
    unusedMemory: [],
    snapshot: { generation, lastNumber, acknowledgedNumber, replies, blobs, counters },
    ...inodes,
  };
}

function readBlobs(input: ByteReader, heaps: readonly HeapRecord[]): SomeBlobs {
  const inodes = new Map<string, number>();
  const stashes = new Map<number, number>();
  const blobs = input.list(() => {
    const { blob, inode } = readBlob(input, heaps);
    if (blob.allocation !== null) inodes.set(memoryKey(blob.allocation), inode);
    else if (blob.state === 'stashed') stashes.set(blob.resource, inode);
    return blob;
  });
  return {
    blobs,
    inodeOf: (allocation) => inodes.get(memoryKey(allocation)) ?? 0,
    stashInode: (resource) => stashes.get(resource) ?? 0,
  };
}

/** Names a piece of memory over all heaps. */
export function memoryKey({ heap, id }: Allocation): string {
  return `${heap}/${id}`;
}

function readBlob(
  input: ByteReader,
  heaps: readonly HeapRecord[],
): { readonly blob: BlobSnapshot; readonly inode: number } {
  const resource = input.u32();
  const context = input.u32();
  const blobId = input.u64();
  const blobMem = at<BlobMem>(BLOB_MEMS, input.u8());
  const flags = input.u8();
  const size = input.f64();
  const heap = at(heaps, input.u32()).name;
  const state = at<BlobState>(BLOB_STATES, input.u8());
  const offset = input.f64();
  const { allocation, inode } = readAllocation(input, heap);
  return {
    blob: { resource, context, blobId, blobMem, flags, size, heap, allocation, state, offset },
    inode,
  };
}

function readAllocation(
  input: ByteReader,
  heap: string,
): { readonly allocation: Allocation | null; readonly inode: number } {
  const kind = input.u8();
  const inode = input.f64();
  if (kind === ALLOCATION.none) return { allocation: null, inode };
  const number = kind === ALLOCATION.numbered ? input.f64() : 0;
  const [id, fdOffset, size] = [input.f64(), input.f64(), input.f64()];
  return { allocation: { heap, id, number, fdOffset, size }, inode };
}

function readReply(input: ByteReader, number: number, heaps: readonly HeapRecord[]): Reply {
  const generation = input.f64();
  const kind = nameOf(STEP, input.u8());
  const result = 'ok';
  switch (kind) {
    case 'refused': {
      const { operation, resource, refusal } = readRefused(input);
      return { kind: operation, number, generation, result: 'refused', resource, refusal };
    }
    case 'reset':
      return { kind, number, generation, result, blobs: input.u32(), mappings: input.u32() };
    case 'create':
      return {
        kind,
        number,
        generation,
        result,
        resource: input.u32(),
        size: input.f64(),
        charged: input.f64(),
        allocation: readAllocation(input, at(heaps, input.u32()).name).allocation,
      };
    case 'map':
      return {
        kind,
        number,
        generation,
        result,
        resource: input.u32(),
        offset: input.f64(),
        size: input.f64(),
        length: input.f64(),
        cache: at<CacheType>(CACHE_TYPES, input.u8()),
        allocation: readAllocation(input, at(heaps, input.u32()).name).allocation,
      };
    case 'unmap':
    case 'destroy':
      return {
        kind,
        number,
        generation,
        result,
        resource: input.u32(),
        wasMapped: input.u8() === 1,
        offset: input.f64(),
        length: input.f64(),
      };
  }
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index];
  if (item === undefined) throw new RangeError(`entry ${index} of a list of ${list.length} is named`);
  return item;
}

function oneOf<Word extends string>(words: readonly Word[], word: string): Word {
  const found = words.find((one) => one === word);
  if (found === undefined) throw new RangeError(`"${word}" is none of ${words.join(', ')}`);
  return found;
}
