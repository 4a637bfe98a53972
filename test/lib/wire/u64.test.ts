import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkedAdd,
  checkedMultiply,
  checkedSubtract,
  hex,
  isU64,
  readU64,
  toU64,
  writeU64,
} from '../../../services/lib/wire/u64.ts';

const MAX = 0xffff_ffff_ffff_ffffn;
const anyBig = fc.oneof(
  fc.bigInt(0n, MAX),
  fc.bigInt(0n, 1n << 33n),
  fc.bigInt((1n << 53n) - 3n, (1n << 53n) + 3n),
  fc.bigInt(MAX - 3n, MAX),
);

function expected(value: bigint): number | bigint | null {
  const inside = value >= 0n && value <= MAX;
  return inside ? toU64(value) : null;
}

describe('U64', () => {
  it('has exactly one form for each value', () => {
    expect(toU64((1n << 53n) - 1n)).toBe(Number.MAX_SAFE_INTEGER);
    expect(toU64(1n << 53n)).toBe(1n << 53n);
    expect(() => toU64(-1n)).toThrow(RangeError);
    expect(() => toU64(MAX + 1n)).toThrow(RangeError);
  });

  it('is read and written little-endian', () => {
    fc.assert(
      fc.property(anyBig, (value) => {
        const view = new DataView(new ArrayBuffer(16));
        writeU64(view, 3, toU64(value));
        expect(view.getBigUint64(3, true)).toBe(value);
        expect(readU64(view, 3)).toBe(toU64(value));
      }),
    );
  });

  it('refuses to write what is no u64', () => {
    const view = new DataView(new ArrayBuffer(8));
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53, -1n, MAX + 1n]) {
      expect(isU64(bad)).toBe(false);
      expect(() => writeU64(view, 0, bad)).toThrow(RangeError);
    }
  });

  it('adds, subtracts and multiplies without wrapping', () => {
    fc.assert(
      fc.property(anyBig, anyBig, (a, b) => {
        expect(checkedAdd(toU64(a), toU64(b))).toBe(expected(a + b));
        expect(checkedSubtract(toU64(a), toU64(b))).toBe(expected(a - b));
        expect(checkedMultiply(toU64(a), toU64(b))).toBe(expected(a * b));
      }),
      { numRuns: 1000 },
    );
  });

  it('is written in hexadecimal in messages', () => {
    expect(hex(4096)).toBe('0x1000');
    expect(hex(MAX)).toBe('0xffffffffffffffff');
  });
});
