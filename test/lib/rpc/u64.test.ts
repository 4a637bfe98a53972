import { assert, bigInt, oneof, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { countFromWire, fromWire, toWire } from '../../../services/lib/rpc/u64.ts';
import type { U64 } from '../../../services/lib/wire/u64.ts';

const MAX = 2n ** 64n - 1n;
// Everywhere, and close to every place where a representation changes.
const anyU64 = oneof(
  bigInt({ min: 0n, max: MAX }),
  bigInt({ min: 2n ** 31n - 3n, max: 2n ** 31n + 3n }),
  bigInt({ min: 2n ** 32n - 3n, max: 2n ** 32n + 3n }),
  bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  bigInt({ min: 2n ** 63n - 3n, max: 2n ** 63n + 3n }),
  bigInt({ min: MAX - 3n, max: MAX }),
);
const asU64 = (value: bigint): U64 => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);

/** Through the bytes of a message. */
function throughWire(value: U64): U64 {
  const bytes = barkeep.v1.MapBlob.encode({ resourceId: 1, offset: toWire(value) }).finish();
  return fromWire(barkeep.v1.MapBlob.decode(bytes).offset);
}

/** A varint as protobuf's specification has it, to know that the bytes are right and not only ours. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

describe('64-bit fields', () => {
  it('come back as they were sent, a number when it is exact and a bigint above', () => {
    assert(
      property(anyU64, (value) => {
        expect(throughWire(asU64(value))).toBe(asU64(value));
        expect(throughWire(value)).toBe(asU64(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('are written as the varints of the specification', () => {
    assert(
      property(anyU64, (value) => {
        const bytes = barkeep.v1.MapBlob.encode({ offset: toWire(asU64(value)) }).finish();
        expect([...bytes]).toEqual(value === 0n ? [] : [16, ...varint(value)]);
      }),
      { numRuns: 2000 },
    );
  });

  it('are 0 when they are absent', () => {
    expect([fromWire(null), fromWire(undefined), fromWire(0)]).toEqual([0, 0, 0]);
    expect(fromWire(barkeep.v1.MapBlob.decode(new Uint8Array()).offset)).toBe(0);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -1n, 2n ** 64n])('refuse %s', (value) => {
    expect(() => toWire(value)).toThrow(RangeError);
  });

  it('are clamped where they count something of ours', () => {
    expect(countFromWire(toWire(5n) as never)).toBe(5);
    expect(countFromWire(toWire(MAX) as never)).toBe(Number.MAX_SAFE_INTEGER);
  });
});
