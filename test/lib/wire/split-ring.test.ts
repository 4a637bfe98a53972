import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availableRingBytes,
  descriptorTableBytes,
  isQueueSize,
  readDescriptor,
  usedRingBytes,
  writeDescriptor,
} from '../../../services/lib/wire/split-ring.ts';
import { toU64 } from '../../../services/lib/wire/u64.ts';

describe('split ring', () => {
  it('has the sizes of section 2.7 for 256 entries', () => {
    expect([descriptorTableBytes(256), availableRingBytes(256), usedRingBytes(256)]).toEqual([
      4096, 516, 2052,
    ]);
  });

  it('takes powers of two up to 32768 as a size', () => {
    expect([1, 2, 256, 32768].every(isQueueSize)).toBe(true);
    expect([0, -1, 3, 1.5, 65536, Number.NaN].some(isQueueSize)).toBe(false);
  });

  it('keeps a descriptor through a round trip', () => {
    const addr = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn).map(toU64);
    fc.assert(
      fc.property(addr, fc.nat(0xffff_ffff), fc.nat(0xffff), fc.nat(0xffff), (a, len, flags, next) => {
        const view = new DataView(new ArrayBuffer(48));
        writeDescriptor(view, 16, { addr: a, len, flags, next });
        expect(readDescriptor(view, 16)).toEqual({ addr: a, len, flags, next });
      }),
    );
  });
});
