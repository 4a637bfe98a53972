// The records of the device's journal, and how they are written. Little endian; the first byte is the kind. Whoever changes anything here
// raises RECORDS_VERSION: a successor of another version says so and starts afresh, instead of reading what it does not understand.

import type { Allocation } from '../../lib/domain/allocation.ts';
import { BLOB_STATES } from '../../lib/domain/blob.ts';
import { BLOB_MEMS } from '../../lib/domain/command.ts';
import type { Grant } from '../../lib/domain/grant.ts';
import { BACKINGS, CACHE_TYPES } from '../../lib/domain/heap.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { ByteReader, ByteWriter } from '../../lib/journal/bytes.ts';
import type { Offer, Rules } from '../operation.ts';
import type { Change } from './changes.ts';
import type { Resource } from './resource.ts';

export const RECORDS_VERSION = 5;

/** The answer to a chain: what its guest reads. Null writes nothing. */
export type RecordedAnswer = { readonly chain: number; readonly reply: Uint8Array | null };

export type JournalRecord =
  /** A session began. */
  | {
      readonly kind: 'session';
      readonly session: Uint8Array;
      readonly placement: 'window' | 'per-blob';
      readonly windowSize: number;
    }
  /** What the VMM is told of the device. */
  | ({ readonly kind: 'offer' } & Offer)
  /** The window's memory is stored under this number. */
  | { readonly kind: 'window'; readonly number: number; readonly dev: bigint; readonly ino: bigint }
  /** It was lost, and the driver started afresh since: a new one is to be begun. */
  | { readonly kind: 'session-gone' }
  /** A queue was started since the last reset. */
  | { readonly kind: 'used' }
  /** The tables are empty. */
  | { readonly kind: 'reset' }
  /** A file that the VMM is about to map. */
  | { readonly kind: 'file'; readonly dev: bigint; readonly ino: bigint }
  /** Chains that are answered, and what they changed: both count from here on, published or not. */
  | {
      readonly kind: 'answered';
      readonly answers: readonly RecordedAnswer[];
      readonly changes: readonly Change[];
    }
  /** By what the frontend decides for itself, in this session. */
  | { readonly kind: 'rules'; readonly rules: Rules }
  /** What it may have in use from here on. */
  | { readonly kind: 'grant'; readonly grant: Grant }
  /** The chain that a predecessor died of is about to be finished. */
  | { readonly kind: 'finishing'; readonly chain: number };

const KIND = {
  session: 1,
  'session-gone': 2,
  used: 3,
  reset: 4,
  file: 5,
  answered: 6,
  finishing: 7,
  window: 8,
  offer: 9,
  rules: 10,
  grant: 11,
} as const;
const CHANGE = {
  context: 1,
  'context-gone': 2,
  resource: 3,
  'resource-gone': 4,
  blob: 5,
  'blob-gone': 6,
  'blobs-gone': 7,
  generation: 8,
  count: 9,
  'memory-asked': 10,
} as const;
const RESOURCE = { '2d': 1, 'guest-blob': 2, 'host-blob': 3 } as const;
/** In the place of a number of bytes, where there is nothing that has any. */
const NOTHING = -1;
const UUID_BYTES = 16;

/** One for all records, which are written one after the other: this is on the way of every command of the guest. */
const writer = new ByteWriter();

export function encodeRecord(record: JournalRecord): Uint8Array {
  return Uint8Array.from(writeRecord(record));
}

/** The same without a copy: the bytes hold until the next call of either. */
export function writeRecord(record: JournalRecord): Uint8Array {
  const out = writer;
  out.restart();
  out.u8(KIND[record.kind]);
  switch (record.kind) {
    case 'session':
      out.shortBlob(record.session);
      out.u8(record.placement === 'window' ? 0 : 1);
      out.f64(record.windowSize);
      break;
    case 'file':
      out.u64(record.dev);
      out.u64(record.ino);
      break;
    case 'answered':
      out.u32(record.answers.length);
      for (const { chain, reply } of record.answers) {
        out.f64(chain);
        out.u8(reply === null ? 0 : 1);
        if (reply !== null) out.blob(reply);
      }
      out.u32(record.changes.length);
      for (const change of record.changes) writeChange(out, change);
      break;
    case 'rules':
      writeRules(out, record.rules);
      break;
    case 'grant':
      writeAmounts(out, record.grant);
      break;
    case 'finishing':
      out.f64(record.chain);
      break;
    case 'window':
      out.f64(record.number);
      out.u64(record.dev);
      out.u64(record.ino);
      break;
    case 'offer':
      out.u32(record.scanouts);
      out.u32(record.blobAlignment);
      break;
  }
  return out.bytes;
}

/** Throws RangeError for what encodeRecord() does not write. */
export function decodeRecord(bytes: Uint8Array): JournalRecord {
  const from = new ByteReader(bytes);
  const record = readRecord(from);
  from.end();
  return record;
}

function readRecord(from: ByteReader): JournalRecord {
  const kind = from.u8();
  switch (kind) {
    case KIND.session: {
      const session = Uint8Array.from(from.shortBlob());
      const placement = from.u8() === 0 ? 'window' : 'per-blob';
      return { kind: 'session', session, placement, windowSize: from.f64() };
    }
    case KIND['session-gone']:
      return { kind: 'session-gone' };
    case KIND.used:
      return { kind: 'used' };
    case KIND.reset:
      return { kind: 'reset' };
    case KIND.file:
      return { kind: 'file', dev: BigInt(from.u64()), ino: BigInt(from.u64()) };
    case KIND.answered: {
      const answers = from.list((reader): RecordedAnswer => {
        const chain = reader.f64();
        return { chain, reply: reader.u8() === 0 ? null : Uint8Array.from(reader.blob()) };
      });
      return { kind: 'answered', answers, changes: from.list(readChange) };
    }
    case KIND.rules:
      return { kind: 'rules', rules: readRules(from) };
    case KIND.grant:
      return { kind: 'grant', grant: readAmounts(from) };
    case KIND.finishing:
      return { kind: 'finishing', chain: from.f64() };
    case KIND.window:
      return { kind: 'window', number: from.f64(), dev: BigInt(from.u64()), ino: BigInt(from.u64()) };
    case KIND.offer:
      return { kind: 'offer', scanouts: from.u32(), blobAlignment: from.u32() };
    default:
      throw new RangeError(`a record of kind ${kind}`);
  }
}

// ---- changes ----------------------------------------------------------------------------------------------------------------------------

function writeChange(out: ByteWriter, change: Change): void {
  out.u8(CHANGE[change.kind]);
  switch (change.kind) {
    case 'blob':
      writeBlob(out, change.blob, change.stash);
      return;
    case 'blobs-gone':
      return;
    case 'generation':
      out.f64(change.generation);
      return;
    case 'memory-asked':
      out.f64(change.number);
      return;
    case 'count':
      out.u32(change.index);
      out.f64(change.count);
      return;
    default:
      out.u32(change.id);
      if (change.kind === 'resource') writeResource(out, change.resource);
  }
}

function readChange(from: ByteReader): Change {
  const kind = from.u8();
  switch (kind) {
    case CHANGE.blob:
      return readBlob(from);
    case CHANGE['blobs-gone']:
      return { kind: 'blobs-gone' };
    case CHANGE.generation:
      return { kind: 'generation', generation: from.f64() };
    case CHANGE['memory-asked']:
      return { kind: 'memory-asked', number: from.f64() };
    case CHANGE.count:
      return { kind: 'count', index: from.u32(), count: from.f64() };
  }
  const id = from.u32();
  switch (kind) {
    case CHANGE['blob-gone']:
      return { kind: 'blob-gone', id };
    case CHANGE.context:
      return { kind: 'context', id };
    case CHANGE['context-gone']:
      return { kind: 'context-gone', id };
    case CHANGE.resource:
      return { kind: 'resource', id, resource: readResource(from) };
    case CHANGE['resource-gone']:
      return { kind: 'resource-gone', id };
    default:
      throw new RangeError(`a change of kind ${kind}`);
  }
}

function writeResource(out: ByteWriter, resource: Resource): void {
  out.u8(RESOURCE[resource.kind]);
  out.shortBlob(resource.uuid ?? new Uint8Array());
  if (resource.kind === 'host-blob') {
    out.f64(resource.size);
    return;
  }
  out.f64(resource.backing ?? NOTHING);
  if (resource.kind === 'guest-blob') {
    out.f64(resource.size);
    return;
  }
  out.u32(resource.width);
  out.u32(resource.height);
}

function readResource(from: ByteReader): Resource {
  const kind = from.u8();
  const bytes = Uint8Array.from(from.shortBlob());
  const uuid = bytes.length === UUID_BYTES ? bytes : null;
  if (kind === RESOURCE['host-blob']) return { kind: 'host-blob', size: from.f64(), uuid };
  const found = from.f64();
  const backing = found < 0 ? null : found;
  if (kind === RESOURCE['guest-blob']) return { kind: 'guest-blob', size: from.f64(), backing, uuid };
  if (kind === RESOURCE['2d']) return { kind: '2d', width: from.u32(), height: from.u32(), backing, uuid };
  throw new RangeError(`a resource of kind ${kind}`);
}

// ---- accounts ---------------------------------------------------------------------------------------------------------------------------

function writeBlob(out: ByteWriter, blob: BlobSnapshot, stash: number | null): void {
  out.u32(blob.resource);
  out.u32(blob.context);
  out.u64(blob.blobId);
  out.u8(BLOB_MEMS.indexOf(blob.blobMem));
  out.u32(blob.flags);
  out.f64(blob.size);
  out.text(blob.heap);
  out.u8(BLOB_STATES.indexOf(blob.state));
  out.f64(blob.offset);
  out.f64(stash ?? NOTHING);
  out.f64(blob.allocation?.number ?? 0);
  if (blob.allocation !== null) out.f64(blob.allocation.fdOffset);
}

function readBlob(from: ByteReader): Change {
  const blob = {
    resource: from.u32(),
    context: from.u32(),
    blobId: from.u64(),
    blobMem: oneOf(BLOB_MEMS, from),
    flags: from.u32(),
    size: from.f64(),
    heap: from.text(),
    state: oneOf(BLOB_STATES, from),
    offset: from.f64(),
  };
  const stash = from.f64();
  const allocation = readAllocation(from, blob);
  return { kind: 'blob', blob: { ...blob, allocation }, stash: stash < 0 ? null : stash };
}

/** Memory of its own, which has the blob's size, and no other name here than its number. */
function readAllocation(
  from: ByteReader,
  { heap, size }: Pick<BlobSnapshot, 'heap' | 'size'>,
): Allocation | null {
  const number = from.f64();
  return number === 0 ? null : { heap, id: number, number, fdOffset: from.f64(), size };
}

function writeRules(out: ByteWriter, { quota, defaultHeap, blobHeaps, heaps, populate }: Rules): void {
  out.f64(quota.bytes);
  out.f64(quota.mappings);
  out.f64(quota.allocations);
  out.text(defaultHeap);
  out.u32(blobHeaps.size);
  for (const [blobId, heap] of blobHeaps) {
    out.text(blobId);
    out.text(heap);
  }
  out.u32(heaps.length);
  for (const { name, backing, cache, granule } of heaps) {
    out.text(name);
    out.u8(BACKINGS.indexOf(backing));
    out.u8(CACHE_TYPES.indexOf(cache));
    out.f64(granule);
  }
  out.u8(populate ? 1 : 0);
}

function readRules(from: ByteReader): Rules {
  return {
    quota: { bytes: from.f64(), mappings: from.f64(), allocations: from.f64() },
    defaultHeap: from.text(),
    blobHeaps: new Map(from.list((reader): [string, string] => [reader.text(), reader.text()])),
    heaps: from.list((reader) => ({
      name: reader.text(),
      backing: oneOf(BACKINGS, reader),
      cache: oneOf(CACHE_TYPES, reader),
      granule: reader.f64(),
    })),
    populate: from.u8() === 1,
  };
}

function writeAmounts(out: ByteWriter, { heaps, mappings, allocations }: Grant): void {
  out.u32(heaps.size);
  for (const [heap, bytes] of heaps) {
    out.text(heap);
    out.f64(bytes);
  }
  out.f64(mappings);
  out.f64(allocations);
}

function readAmounts(from: ByteReader): Grant {
  const heaps = new Map(from.list((reader): [string, number] => [reader.text(), reader.f64()]));
  return { heaps, mappings: from.f64(), allocations: from.f64() };
}

function oneOf<T>(values: readonly T[], from: ByteReader): T {
  const index = from.u8();
  const value = values[index];
  if (value === undefined) throw new RangeError(`value ${index} of ${values.length}`);
  return value;
}
