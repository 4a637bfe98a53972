/**
 * Unsigned 64-bit values as they arrive from outside, and the few things the domain asks of them.
 *
 * The domain imports nothing, so it says again what services/lib says at its edge: a value is a number
 * while a number is exact, and a bigint above that. Comparisons may mix the two; arithmetic may not.
 */

/** A number up to Number.MAX_SAFE_INTEGER, a bigint above: so a bigint is larger than any window or heap. */
export type U64 = number | bigint;

/** The smallest page that any host or guest has, bytes. What a heap can be mapped in is its granule: the host's own page, or more. */
export const SMALLEST_PAGE = 4096;

/** True for the values that the type promises: whole, not negative, below 2^64. */
export function isU64(value: U64): boolean {
  return typeof value === 'bigint'
    ? value >= 0n && value < 1n << 64n
    : Number.isSafeInteger(value) && value >= 0;
}

/** True for whole numbers in [0, 2^32): resource and context ids. */
export function isU32(value: number): boolean {
  return value === value >>> 0;
}

/**
 * True when `value` is a multiple of `unit`: bytes, a power of two. Dividing by a power of two is exact, and several
 * times faster than a remainder where numbers are above 2^31, as offsets in windows are.
 */
export function isMultiple(value: U64, unit: number): boolean {
  return typeof value === 'bigint' ? value % BigInt(unit) === 0n : Number.isInteger(value / unit);
}

/** The smallest multiple of `unit` (a power of two) that is not below `value`; both in bytes. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

/** True for powers of two that a number holds exactly; bit tricks would stop at 2^31. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}

/** How messages write offsets and lengths. */
export function hex(value: U64): string {
  return `0x${value.toString(16)}`;
}
