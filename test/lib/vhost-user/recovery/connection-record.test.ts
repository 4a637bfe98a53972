import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegionRecord } from '../../../../services/lib/vhost-user/guest-memory.ts';
import {
  type ConnectionRecord,
  type RingRecord,
  readConnection,
  writeConnection,
} from '../../../../services/lib/vhost-user/recovery/connection-record.ts';

const BYTES = 4096;

function ring(size: number): RingRecord {
  return {
    size,
    addresses: { descriptors: size * 3, available: size * 5, used: size * 7 },
    base: size % 7,
    kick: size + 1,
    call: size + 2,
    error: 0,
    enabled: size % 2 === 0,
    queue: {
      size,
      lead: 0,
      stopped:
        size % 4 === 0 ? { base: size, size, features: 2n ** 63n, used: size === 4 ? null : 7n } : null,
    },
  };
}

function region(name: number): RegionRecord {
  return {
    guestAddress: name * 4096,
    size: 4096,
    userAddress: name * 8192,
    fileOffset: 0,
    file: { dev: 1n, ino: BigInt(name), size: 4096 },
    name,
  };
}

const RINGS = [1, 2, 4, 8].map(ring);
const REGIONS = [1, 2, 3, 4, 5, 6].map(region);

/** Of objects that come again: what stays in its place is the same one. */
const records: fc.Arbitrary<ConnectionRecord> = fc.record({
  messages: fc.nat(),
  socket: fc.nat(),
  features: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  protocolFeatures: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  status: fc.nat(255),
  channel: fc.nat(),
  epoch: fc.nat(),
  wasHeld: fc.boolean(),
  reply: fc.record({ start: fc.nat(), length: fc.nat() }),
  rings: fc.subarray(RINGS),
  regions: fc.shuffledSubarray(REGIONS),
});

describe('A connection that is written over an older one', () => {
  it('is read as it was written, whatever stayed the same', () => {
    const view = new DataView(new ArrayBuffer(BYTES));
    const part = { bytes: new Uint8Array(view.buffer), view, address: 0n };
    fc.assert(
      fc.property(records, records, (before, after) => {
        writeConnection(part, before, null);
        writeConnection(part, after, before);
        expect(readConnection(part)).toEqual(after);
      }),
    );
  });
});
