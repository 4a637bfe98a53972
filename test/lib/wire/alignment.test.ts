import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMultiple, isPowerOfTwo, roundUp } from '../../../services/lib/wire/alignment.ts';
import { toU64 } from '../../../services/lib/wire/u64.ts';

const unit = fc.nat(40).map((bits) => 2 ** bits);

describe('alignment', () => {
  it('knows the powers of two that a number holds exactly', () => {
    for (let bits = 0; bits < 53; bits += 1) {
      expect(isPowerOfTwo(2 ** bits)).toBe(true);
      expect(isPowerOfTwo(2 ** bits + 1)).toBe(bits === 0);
    }
    for (const none of [0, -2, 0.5, 3, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(isPowerOfTwo(none)).toBe(false);
    }
  });

  it('divides as bigints do, up to 2^64 - 1', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), unit, fc.boolean(), (any, by, isWhole) => {
        const value = isWhole ? any - (any % BigInt(by)) : any;
        expect(isMultiple(toU64(value), by)).toBe(value % BigInt(by) === 0n);
      }),
    );
    expect(isMultiple(4096.5, 4096)).toBe(false);
  });

  it('rounds up to the next multiple, and leaves one as it is', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), unit, (value, by) => {
        const rounded = roundUp(value, by);
        expect(isMultiple(rounded, by)).toBe(true);
        expect(rounded - value).toBeGreaterThanOrEqual(0);
        expect(rounded - value).toBeLessThan(by);
      }),
    );
  });
});
