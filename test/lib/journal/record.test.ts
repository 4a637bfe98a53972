import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../../services/lib/journal/journal-error.ts';
import { encodeRecords, MOST_RECORD_BYTES, replayRecords } from '../../../services/lib/journal/record.ts';

const payloads = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });

function outcome(bytes: Uint8Array): { count: number; end: number } | JournalError {
  try {
    const { payloads: found, end } = replayRecords(bytes, 0, 'test');
    return { count: found.length, end };
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }
}

describe('crc32', () => {
  it.each([
    ['', 0],
    ['a', 0xe8b7be43],
    ['123456789', 0xcbf43926],
    ['The quick brown fox jumps over the lazy dog', 0x414fa339],
  ])('of "%s" is that of RFC 1952', (text, expected) => {
    expect(crc32(text)).toBe(expected);
  });
});

describe('records', () => {
  it('have the bytes that the format says', () => {
    const bytes = encodeRecords([Buffer.from('abc'), Buffer.alloc(0)]);
    // Made with Python's zlib.
    expect(bytes.toString('hex')).toBe('0300000dee858b94616263000000e3de6c4718');
    expect(bytes.length).toBe(8 + 3 + 8);
    expect(bytes.readUInt32LE(0) & MOST_RECORD_BYTES).toBe(3);
    expect(bytes.readUInt32LE(4)).toBe(crc32(Buffer.from('abc'), crc32(bytes.subarray(0, 4))));
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const bytes = encodeRecords(list);
        const replay = replayRecords(bytes, 0, 'test');
        expect(replay.end).toBe(bytes.length);
        expect(replay.payloads.map((payload) => Buffer.from(payload).toString('hex'))).toEqual(
          list.map((payload) => Buffer.from(payload).toString('hex')),
        );
      }),
    );
  });

  it('cut anywhere, give the whole ones before the cut and say where it is', () => {
    fc.assert(
      fc.property(payloads, (list) => {
        const bytes = encodeRecords(list);
        const ends = list.map((_, index) => encodeRecords(list.slice(0, index + 1)).length);
        for (let cut = 0; cut <= bytes.length; cut += 1) {
          const whole = ends.filter((end) => end <= cut);
          expect(outcome(bytes.subarray(0, cut))).toEqual({ count: whole.length, end: whole.at(-1) ?? 0 });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('with any bit flipped, are damaged, and the offset is that of the record', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }), (list) => {
        const bytes = encodeRecords(list);
        const starts = list.map((_, index) => encodeRecords(list.slice(0, index)).length);
        for (let bit = 0; bit < bytes.length * 8; bit += 1) {
          const flipped = Buffer.from(bytes);
          flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
          const found = outcome(flipped);
          expect(found).toBeInstanceOf(JournalError);
          expect((found as JournalError).offset).toBe(starts.findLast((start) => start <= bit >> 3));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of a whole page of zeros are none', () => {
    expect(outcome(Buffer.alloc(4096))).toBeInstanceOf(JournalError);
  });

  it('are refused above 16 MiB', () => {
    expect(() => encodeRecords([new Uint8Array(MOST_RECORD_BYTES + 1)])).toThrow(/16777215 is the most/);
  });
});
