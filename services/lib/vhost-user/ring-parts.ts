// Where the three parts of a split ring lie in guest memory.
import { createHash } from 'node:crypto';
import {
  availableRingBytes,
  descriptorTableBytes,
  RING_OFFSET,
  USED_ELEMENT_SIZE,
  usedRingBytes,
} from '../wire/split-ring.ts';
import { hex, type U64 } from '../wire/u64.ts';
import { VhostUserError } from './errors.ts';
import type { GuestMemory } from './guest-memory.ts';

/** Where the ring lies, in the VMM's own addresses. */
export type RingSetup = {
  readonly descriptors: U64;
  readonly available: U64;
  readonly used: U64;
};

/** The three parts of the ring as seen right now; valid while the memory's generation is this one. */
export type RingParts = {
  readonly generation: number;
  readonly descriptors: DataView;
  readonly descriptorsAt: number;
  /** flags, idx, ring[size] */
  readonly available: Uint16Array;
  /** flags, idx */
  readonly usedIndex: Uint16Array;
  readonly used: DataView;
  readonly usedAt: number;
};

/** The ring of queue `index`, which has `size` entries. Throws VhostUserError (OUT_OF_REACH) when a part of it is not in guest memory. */
export function locateRing(memory: GuestMemory, setup: RingSetup, size: number, index: number): RingParts {
  const descriptors = memory.locateUser(setup.descriptors, descriptorTableBytes(size));
  const available = memory.locateUser(setup.available, availableRingBytes(size));
  const used = memory.locateUser(setup.used, usedRingBytes(size));
  if (!descriptors || !available || !used) {
    const part = !descriptors ? 'descriptors' : !available ? 'available' : 'used';
    throw new VhostUserError(
      'OUT_OF_REACH',
      'refuse',
      `the ${part} part of queue ${index} at user address ${hex(setup[part])} is not in guest memory`,
    );
  }
  return {
    generation: memory.generation,
    descriptors: descriptors.view,
    descriptorsAt: descriptors.offset,
    available: new Uint16Array(available.view.buffer, available.offset, 2 + size),
    usedIndex: new Uint16Array(used.view.buffer, used.offset, 2),
    used: used.view,
    usedAt: used.offset,
  };
}

/**
 * A digest of the used ring of a queue with `size` entries, as it lies in guest memory: what only the device writes. Null when it does not lie
 * there. Never 0.
 */
export function digestOfUsedRing(memory: GuestMemory, used: U64, size: number): bigint | null {
  const length = RING_OFFSET.ring + size * USED_ELEMENT_SIZE;
  const found = memory.locateUser(used, length);
  if (!found) return null;
  const bytes = found.bytes.subarray(found.offset, found.offset + length);
  return createHash('sha256').update(bytes).digest().readBigUInt64LE() || 1n;
}
