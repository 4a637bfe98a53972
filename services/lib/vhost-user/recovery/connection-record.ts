// A connection as it is written into a slot of the state file: everything that a successor needs to go on with it. Written as a whole after
// each message of the VMM, so a message has either not happened yet, or all of it has.
//
//   0    messages u32, socket u32, status u32, flags u32, features u64, protocol features u64,
//   32   channel u32, epoch u32, reply's start u32, reply's length u32, rings u32, regions u32
//   96   rings × 80:   size u32, flags u32, base u32, kick u32, call u32, error u32, queue's size u32, lead u32,
//                      descriptors u64, available u64, used u64, and of a suspended queue: digest of the used ring u64 (0: none),
//                      features u64, base u32, 0
//   ..   regions × 64: guest address u64, size u64, user address u64, file offset u64, dev u64, ino u64, file's size u64, name u32, 0
//
// Descriptors are named by number (descriptor-store.ts); 0 is none.
import { readU64, writeU64 } from '../../wire/u64.ts';
import { RecoveryError } from '../errors.ts';
import type { StoppedQueue } from '../fresh-start.ts';
import type { RegionRecord } from '../guest-memory.ts';
import type { RingSetup } from '../ring-parts.ts';
import type { StatePart } from './state-file.ts';

export type RingRecord = {
  readonly size: number;
  readonly addresses: RingSetup | null;
  /** What SET_VRING_BASE said, or what GET_VRING_BASE was answered with. */
  readonly base: number;
  readonly kick: number;
  readonly call: number;
  readonly error: number;
  readonly enabled: boolean;
  readonly queue: QueueRecord | null;
};

export type QueueRecord = {
  /** Of a suspended queue; null: it is active. */
  readonly stopped: StoppedQueue | null;
  readonly size: number;
  /** How far the available index of a chain is ahead of its number, modulo 2^16: 0 with every sane VMM. */
  readonly lead: number;
};

export type ConnectionRecord = {
  /** Messages of the VMM that are done, over all connections. */
  readonly messages: number;
  /** The VMM's socket; 0 when nobody is connected. */
  readonly socket: number;
  readonly features: bigint;
  readonly protocolFeatures: bigint | null;
  readonly status: number;
  readonly channel: number;
  /** Moves on when the guest's driver starts afresh: what was mapped before is gone. */
  readonly epoch: number;
  /** When the last queue was stopped, the VMM held what it had mapped: see fresh-start.ts. */
  readonly wasHeld: boolean;
  /** The reply to the last message in the outbox; length 0 when it had none. */
  readonly reply: { readonly start: number; readonly length: number };
  readonly rings: readonly RingRecord[];
  readonly regions: readonly RegionRecord[];
};

const RECORD_BYTES = 96;
const RING_BYTES = 80;
const REGION_BYTES = 64;
const FLAG = { protocolFeatures: 1, wasHeld: 2 } as const;
const RING_FLAG = { addresses: 1, enabled: 2, active: 4, suspended: 8 } as const;

/** `there`: what the part holds, if that is known; rings and regions that are the same objects in their places are not written again. */
export function writeConnection(
  { view }: StatePart,
  record: ConnectionRecord,
  there: ConnectionRecord | null,
): void {
  view.setUint32(0, record.messages, true);
  view.setUint32(4, record.socket, true);
  view.setUint32(8, record.status, true);
  const hasProtocolFeatures = record.protocolFeatures === null ? 0 : FLAG.protocolFeatures;
  view.setUint32(12, hasProtocolFeatures | (record.wasHeld ? FLAG.wasHeld : 0), true);
  view.setBigUint64(16, record.features, true);
  view.setBigUint64(24, record.protocolFeatures ?? 0n, true);
  view.setUint32(32, record.channel, true);
  view.setUint32(36, record.epoch, true);
  view.setUint32(40, record.reply.start, true);
  view.setUint32(44, record.reply.length, true);
  view.setUint32(48, record.rings.length, true);
  view.setUint32(52, record.regions.length, true);
  const { rings, regions } = record;
  // Regions lie behind the rings, so of another number of these everything moves.
  const known = there?.rings.length === rings.length ? there : null;
  for (let index = 0; index < rings.length; index += 1) {
    const ring = rings[index] as RingRecord;
    if (ring !== known?.rings[index]) writeRing(view, RECORD_BYTES + index * RING_BYTES, ring);
  }
  const regionsAt = RECORD_BYTES + rings.length * RING_BYTES;
  for (let index = 0; index < regions.length; index += 1) {
    const region = regions[index] as RegionRecord;
    if (region !== known?.regions[index]) writeRegion(view, regionsAt + index * REGION_BYTES, region);
  }
}

/** Throws RecoveryError for counts that no connection can have. */
export function readConnection({ view }: StatePart): ConnectionRecord {
  const rings = view.getUint32(48, true);
  const regions = view.getUint32(52, true);
  if (RECORD_BYTES + rings * RING_BYTES + regions * REGION_BYTES > view.byteLength) {
    throw new RecoveryError(
      'DAMAGED',
      `the stored state speaks of ${rings} rings and ${regions} memory regions`,
    );
  }
  const regionsAt = RECORD_BYTES + rings * RING_BYTES;
  const flags = view.getUint32(12, true);
  return {
    messages: view.getUint32(0, true),
    socket: view.getUint32(4, true),
    status: view.getUint32(8, true),
    features: view.getBigUint64(16, true),
    protocolFeatures: (flags & FLAG.protocolFeatures) !== 0 ? view.getBigUint64(24, true) : null,
    channel: view.getUint32(32, true),
    epoch: view.getUint32(36, true),
    wasHeld: (flags & FLAG.wasHeld) !== 0,
    reply: { start: view.getUint32(40, true), length: view.getUint32(44, true) },
    rings: Array.from({ length: rings }, (_, index) => readRing(view, RECORD_BYTES + index * RING_BYTES)),
    regions: Array.from({ length: regions }, (_, index) =>
      readRegion(view, regionsAt + index * REGION_BYTES),
    ),
  };
}

function writeRing(view: DataView, at: number, ring: RingRecord): void {
  const { addresses, queue } = ring;
  const flags =
    (addresses ? RING_FLAG.addresses : 0) |
    (ring.enabled ? RING_FLAG.enabled : 0) |
    (queue === null ? 0 : queue.stopped ? RING_FLAG.suspended : RING_FLAG.active);
  view.setUint32(at, ring.size, true);
  view.setUint32(at + 4, flags, true);
  view.setUint32(at + 8, ring.base, true);
  view.setUint32(at + 12, ring.kick, true);
  view.setUint32(at + 16, ring.call, true);
  view.setUint32(at + 20, ring.error, true);
  view.setUint32(at + 24, queue?.size ?? 0, true);
  view.setUint32(at + 28, queue?.lead ?? 0, true);
  writeU64(view, at + 32, addresses?.descriptors ?? 0);
  writeU64(view, at + 40, addresses?.available ?? 0);
  writeU64(view, at + 48, addresses?.used ?? 0);
  view.setBigUint64(at + 56, queue?.stopped?.used ?? 0n, true);
  view.setBigUint64(at + 64, queue?.stopped?.features ?? 0n, true);
  view.setUint32(at + 72, queue?.stopped?.base ?? 0, true);
}

function readRing(view: DataView, at: number): RingRecord {
  const flags = view.getUint32(at + 4, true);
  return {
    size: view.getUint32(at, true),
    addresses:
      (flags & RING_FLAG.addresses) === 0
        ? null
        : {
            descriptors: readU64(view, at + 32),
            available: readU64(view, at + 40),
            used: readU64(view, at + 48),
          },
    base: view.getUint32(at + 8, true),
    kick: view.getUint32(at + 12, true),
    call: view.getUint32(at + 16, true),
    error: view.getUint32(at + 20, true),
    enabled: (flags & RING_FLAG.enabled) !== 0,
    queue: (flags & (RING_FLAG.active | RING_FLAG.suspended)) === 0 ? null : readQueue(view, at, flags),
  };
}

function readQueue(view: DataView, at: number, flags: number): QueueRecord {
  const size = view.getUint32(at + 24, true);
  const stopped = {
    base: view.getUint32(at + 72, true),
    size,
    features: view.getBigUint64(at + 64, true),
    used: view.getBigUint64(at + 56, true) || null,
  };
  return {
    size,
    lead: view.getUint32(at + 28, true),
    stopped: (flags & RING_FLAG.suspended) === 0 ? null : stopped,
  };
}

function writeRegion(view: DataView, at: number, region: RegionRecord): void {
  writeU64(view, at, region.guestAddress);
  writeU64(view, at + 8, region.size);
  writeU64(view, at + 16, region.userAddress);
  writeU64(view, at + 24, region.fileOffset);
  view.setBigUint64(at + 32, region.file.dev, true);
  view.setBigUint64(at + 40, region.file.ino, true);
  writeU64(view, at + 48, region.file.size);
  view.setUint32(at + 56, region.name, true);
}

function readRegion(view: DataView, at: number): RegionRecord {
  return {
    guestAddress: Number(readU64(view, at)),
    size: Number(readU64(view, at + 8)),
    userAddress: readU64(view, at + 16),
    fileOffset: Number(readU64(view, at + 24)),
    file: {
      dev: view.getBigUint64(at + 32, true),
      ino: view.getBigUint64(at + 40, true),
      size: Number(readU64(view, at + 48)),
    },
    name: view.getUint32(at + 56, true),
  };
}
