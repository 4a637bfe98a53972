import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../services/lib/journal/bytes.ts';
import { toU64 } from '../../../services/lib/wire/u64.ts';

type Kind = 'u8' | 'u32' | 'f64' | 'u64' | 'blob' | 'shortBlob' | 'text';

const field: fc.Arbitrary<readonly [Kind, unknown]> = fc.oneof(
  fc.nat(0xff).map((value) => ['u8', value] as const),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((value) => ['u32', value] as const),
  fc.maxSafeNat().map((value) => ['f64', value] as const),
  fc.bigInt(0n, (1n << 64n) - 1n).map((value) => ['u64', toU64(value)] as const),
  fc.uint8Array({ maxLength: 6000, size: 'max' }).map((value) => ['blob', value] as const),
  fc.uint8Array({ maxLength: 255 }).map((value) => ['shortBlob', value] as const),
  fc.string({ unit: 'grapheme', maxLength: 50 }).map((value) => ['text', value] as const),
);

function write(out: ByteWriter, [kind, value]: readonly [Kind, unknown]): void {
  (out[kind] as (value: unknown) => void).call(out, value);
}

describe('bytes of a record', () => {
  it('are read as they were written, however many they are, with one writer for all', () => {
    const out = new ByteWriter();
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        out.restart();
        for (const one of fields) write(out, one);
        const input = new ByteReader(out.copy());
        for (const [kind, value] of fields) {
          const found = input[kind]();
          expect(found instanceof Uint8Array ? Uint8Array.from(found) : found).toEqual(value);
        }
        expect(input.left).toBe(0);
        input.end();
      }),
    );
  });

  it('can have a number that is known later', () => {
    const out = new ByteWriter();
    out.u8(1);
    out.u32(0);
    out.u8(2);
    out.patch(1, 0x01020304);
    expect(out.bytes.toString('hex')).toBe('010403020102');
  });

  it('are refused beyond their end, and before it', () => {
    const input = (hex: string): ByteReader => new ByteReader(Buffer.from(hex, 'hex'));
    for (const kind of ['u8', 'u32', 'f64', 'u64', 'blob', 'shortBlob', 'text'] as const) {
      expect(() => input('')[kind]()).toThrow(RangeError);
    }
    expect(() => input('0500000041').text()).toThrow('5 bytes are announced, and 1 are there');
    expect(() => input('ffffffff00').list((from) => from.u8())).toThrow('are announced in 1 bytes');
    expect(() => input('00').end()).toThrow('1 bytes follow');
  });

  it('do not begin with a length that a byte cannot say, and hold no value that is no u64', () => {
    const out = new ByteWriter();
    expect(() => out.shortBlob(new Uint8Array(256))).toThrow(
      '256 bytes were to be written where 255 have room',
    );
    expect(() => out.u64(-1)).toThrow(RangeError);
  });
});
