// Sizes and durations, read and written.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatExactBytes,
  meantBytes,
  parseBytes,
  parseDuration,
} from '../../../services/lib/runtime/units.ts';

describe('sizes', () => {
  test.each([
    [4096, 4096],
    ['4096', 4096],
    ['4096B', 4096],
    ['4KiB', 4096],
    [' 2 MiB ', 2_097_152],
    ['1.5GiB', 1_610_612_736],
    ['1TiB', 1_099_511_627_776],
    [0, 0],
    ['8191TiB', 9_006_099_743_113_216],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each([
    '',
    'GiB',
    '1GB',
    '1gib',
    '-1',
    '1e3',
    '0x10',
    '1.3B',
    '8192TiB',
    1.5,
    -1,
    2 ** 53,
    null,
    true,
    ['1KiB'],
  ])('%j is none', (value) => {
    expect(parseBytes(value)).toBeNull();
  });

  test('a bigint is none: it is beyond exact numbers', () => {
    expect(parseBytes(2n ** 64n)).toBeNull();
  });

  test.each([
    [0, '0'],
    [17, '17B'],
    [4096, '4KiB'],
    [5000, '4.9KiB'],
    [1_073_741_824, '1GiB'],
    [1_503_238_553, '1.4GiB'],
  ])('%d reads as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('an exact size can be read back, whatever it is', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(parseBytes(formatExactBytes(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['5s', 5000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [0, 0],
    ['0', 0],
  ])('%j is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([5, '5', '5 sec', '-1s', '0.5ms', '', null])('%j is none', (value) => {
    expect(parseDuration(value)).toBeNull();
  });

  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1500, '1.5s'],
    [60_000, '1m'],
    [61_500, '1m1s'],
    [3_600_000, '1h'],
    [11_520_000, '3h12m'],
  ])('%d ms reads as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('meantBytes', () => {
  test.each([
    ['256M', '256MiB'],
    ['256Mi', '256MiB'],
    ['256mb', '256MiB'],
    ['1.5G', '1.5GiB'],
    ['4 kib', '4KiB'],
  ])('guesses what %s was to be', (text, meant) => {
    expect(meantBytes(text)).toBe(meant);
  });

  test.each(['256MiB', '256', 'M', '256X', '0.3K', 256, null])('has no guess for %j', (value) => {
    expect(meantBytes(value)).toBeNull();
  });
});
