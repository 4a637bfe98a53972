import { describe, expect, it } from 'vitest';
import { fillPattern, findMismatch, patternWord } from './pattern.ts';

const SEED = 0xffffffff_fffffff0n;

describe('the pattern', () => {
  it('starts with the seed and changes in both halves', () => {
    expect(patternWord(SEED, 0)).toBe(SEED);
    expect(patternWord(SEED, 8)).toBe(0x85ebca76_9e3779a1n);
  });

  it('fills what it finds, at any offset of the blob', () => {
    const bytes = new Uint8Array(4096);

    fillPattern(bytes, SEED, 12_288);

    expect(new DataView(bytes.buffer).getBigUint64(8, true)).toBe(patternWord(SEED, 12_296));
    expect(findMismatch(bytes, SEED, 12_288)).toBeNull();
    expect(findMismatch(bytes, SEED, 0)).toBe(0);
  });

  it('finds the first wrong word, in either half, and only at the stride', () => {
    const bytes = new Uint8Array(8192);
    fillPattern(bytes, SEED);
    bytes[4100]! ^= 1;

    expect(findMismatch(bytes, SEED)).toBe(4096);
    expect(findMismatch(bytes, SEED, 0, 4096)).toBe(4096);
    expect(findMismatch(bytes.subarray(0, 4096), SEED)).toBeNull();
  });
});
