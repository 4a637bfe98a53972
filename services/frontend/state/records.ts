// The records of the device's journal, and how they are written. Little endian; the first byte is the kind. Whoever changes anything here
// raises RECORDS_VERSION: a successor of another version says so and starts afresh, instead of reading what it does not understand.
import { ByteReader, ByteWriter } from '../../lib/journal/bytes.ts';
import type { Offer, Operation } from '../operation.ts';
import type { Resource } from '../virtio-gpu/resources.ts';
import type { BlobMapping, Change } from './changes.ts';

export const RECORDS_VERSION = 2;

/** A command that has a number at the broker. */
export type NumberedOperation = {
  readonly operation: Operation;
  /** From before a reset: nobody waits for its answer. */
  readonly isStale: boolean;
};

export type JournalRecord =
  /** A session began. What was sent on another session is void. */
  | {
      readonly kind: 'session';
      readonly session: Uint8Array;
      readonly placement: 'window' | 'per-blob';
      readonly windowSize: number;
      readonly lastNumber: number;
    }
  /** What the VMM is told of the device. */
  | ({ readonly kind: 'offer' } & Offer)
  /** The window's memory is stored under this number. */
  | { readonly kind: 'window'; readonly number: number; readonly dev: bigint; readonly ino: bigint }
  /** It was lost, and the driver started afresh since: a new one is to be begun. */
  | { readonly kind: 'session-gone' }
  /** A queue was started since the last reset. */
  | { readonly kind: 'used' }
  /** The tables are empty; `isDue`: the broker has to be told, and was not yet. */
  | { readonly kind: 'reset'; readonly isDue: boolean }
  /** Commands that are about to be sent, with consecutive numbers; numbers up to `acknowledged` are settled. */
  | {
      readonly kind: 'sent';
      readonly first: number;
      readonly acknowledged: number;
      readonly operations: readonly NumberedOperation[];
    }
  /** Commands that the guest was told had failed, if the answer to their chain was published. */
  | { readonly kind: 'late'; readonly numbers: readonly number[] }
  /** A file that the VMM is about to map. */
  | { readonly kind: 'file'; readonly dev: bigint; readonly ino: bigint }
  /** Of the tables; `chain`: they count once the chain with this number is published. Null: they count. */
  | { readonly kind: 'changes'; readonly chain: number | null; readonly changes: readonly Change[] }
  /** The chain that a predecessor died of is about to be finished. */
  | { readonly kind: 'finishing'; readonly chain: number };

const KIND = {
  session: 1,
  'session-gone': 2,
  used: 3,
  reset: 4,
  sent: 5,
  late: 6,
  file: 7,
  changes: 8,
  finishing: 9,
  window: 10,
  offer: 11,
} as const;
const OPERATION = { create: 1, map: 2, unmap: 3, destroy: 4, reset: 5 } as const;
const CHANGE = {
  context: 1,
  'context-gone': 2,
  resource: 3,
  'resource-gone': 4,
  mapped: 5,
  unmapped: 6,
} as const;
const RESOURCE = { '2d': 1, 'guest-blob': 2, 'host-blob': 3 } as const;
const NO_CHAIN = -1;
const STALE = 1;
const TAKES_BACK = 2;
const UUID_BYTES = 16;

/** One for all records, which are written one after the other: this is on the way of every command of the guest. */
const writer = new ByteWriter();

export function encodeRecord(record: JournalRecord): Uint8Array {
  const out = writer;
  out.restart();
  out.u8(KIND[record.kind]);
  switch (record.kind) {
    case 'session':
      out.shortBlob(record.session);
      out.u8(record.placement === 'window' ? 0 : 1);
      out.f64(record.windowSize);
      out.f64(record.lastNumber);
      break;
    case 'reset':
      out.u8(record.isDue ? 1 : 0);
      break;
    case 'sent':
      out.f64(record.first);
      out.f64(record.acknowledged);
      out.u32(record.operations.length);
      for (const entry of record.operations) writeOperation(out, entry);
      break;
    case 'late':
      out.u32(record.numbers.length);
      for (const number of record.numbers) out.f64(number);
      break;
    case 'file':
      out.u64(record.dev);
      out.u64(record.ino);
      break;
    case 'changes':
      out.f64(record.chain ?? NO_CHAIN);
      out.u32(record.changes.length);
      for (const change of record.changes) writeChange(out, change);
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
  return out.copy();
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
      return {
        kind: 'session',
        session,
        placement,
        windowSize: from.f64(),
        lastNumber: from.f64(),
      };
    }
    case KIND['session-gone']:
      return { kind: 'session-gone' };
    case KIND.used:
      return { kind: 'used' };
    case KIND.reset:
      return { kind: 'reset', isDue: from.u8() === 1 };
    case KIND.sent: {
      const first = from.f64();
      const acknowledged = from.f64();
      return { kind: 'sent', first, acknowledged, operations: from.list(readOperation) };
    }
    case KIND.late:
      return { kind: 'late', numbers: from.list((reader) => reader.f64()) };
    case KIND.file:
      return { kind: 'file', dev: BigInt(from.u64()), ino: BigInt(from.u64()) };
    case KIND.changes: {
      const chain = from.f64();
      return { kind: 'changes', chain: chain === NO_CHAIN ? null : chain, changes: from.list(readChange) };
    }
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

// ---- operations -------------------------------------------------------------------------------------------------------------------------

function writeOperation(out: ByteWriter, { operation, isStale }: NumberedOperation): void {
  out.u8(OPERATION[operation.kind]);
  const takesBack = operation.kind === 'unmap' && operation.takesBack === true;
  out.u8((isStale ? STALE : 0) | (takesBack ? TAKES_BACK : 0));
  if (operation.kind === 'reset') return;
  out.f64(operation.chain ?? NO_CHAIN);
  out.u32(operation.resourceId);
  if (operation.kind === 'map') out.u64(operation.offset);
  if (operation.kind !== 'create') return;
  out.u32(operation.contextId);
  out.u8(operation.memory === 'host3d' ? 0 : 1);
  out.u32(operation.flags);
  out.u64(operation.blobId);
  out.u64(operation.size);
}

function readOperation(from: ByteReader): NumberedOperation {
  const kind = from.u8();
  const flags = from.u8();
  return { operation: readBareOperation(from, kind, flags), isStale: (flags & STALE) !== 0 };
}

function readBareOperation(from: ByteReader, kind: number, flags: number): Operation {
  if (kind === OPERATION.reset) return { kind: 'reset' };
  const number = from.f64();
  const chain = number === NO_CHAIN ? {} : { chain: number };
  const resourceId = from.u32();
  switch (kind) {
    case OPERATION.create:
      return {
        kind: 'create',
        ...chain,
        resourceId,
        contextId: from.u32(),
        memory: from.u8() === 0 ? 'host3d' : 'host3d-guest',
        flags: from.u32(),
        blobId: from.u64(),
        size: from.u64(),
      };
    case OPERATION.map:
      return { kind: 'map', ...chain, resourceId, offset: from.u64() };
    case OPERATION.unmap: {
      const takesBack = (flags & TAKES_BACK) !== 0 ? { takesBack: true as const } : {};
      return { kind: 'unmap', ...chain, resourceId, ...takesBack };
    }
    case OPERATION.destroy:
      return { kind: 'destroy', ...chain, resourceId };
    default:
      throw new RangeError(`an operation of kind ${kind}`);
  }
}

// ---- changes ----------------------------------------------------------------------------------------------------------------------------

function writeChange(out: ByteWriter, change: Change): void {
  out.u8(CHANGE[change.kind]);
  out.u32(change.id);
  if (change.kind === 'resource') writeResource(out, change.resource);
  if (change.kind === 'mapped') writeMapping(out, change.mapping);
}

function readChange(from: ByteReader): Change {
  const kind = from.u8();
  const id = from.u32();
  switch (kind) {
    case CHANGE.context:
      return { kind: 'context', id };
    case CHANGE['context-gone']:
      return { kind: 'context-gone', id };
    case CHANGE.resource:
      return { kind: 'resource', id, resource: readResource(from) };
    case CHANGE['resource-gone']:
      return { kind: 'resource-gone', id };
    case CHANGE.mapped:
      return { kind: 'mapped', id, mapping: readMapping(from) };
    case CHANGE.unmapped:
      return { kind: 'unmapped', id };
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
  out.f64(resource.backing ?? NO_CHAIN);
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

function writeMapping(out: ByteWriter, { offset, size, fdOffset, dev, ino }: BlobMapping): void {
  out.f64(offset);
  out.f64(size);
  out.f64(fdOffset);
  out.u64(dev);
  out.u64(ino);
}

function readMapping(from: ByteReader): BlobMapping {
  return {
    offset: from.f64(),
    size: from.f64(),
    fdOffset: from.f64(),
    dev: BigInt(from.u64()),
    ino: BigInt(from.u64()),
  };
}
