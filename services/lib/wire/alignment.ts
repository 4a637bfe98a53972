// Pages and what is a multiple of them: said once, for guests' numbers, the books and memory.

import type { U64 } from './u64.ts';

/**
 * The smallest page that any host or guest has, bytes. What the host's page is, lib/os says (PAGE_SIZE); what a heap can be mapped in is
 * its granule: the host's page, or more.
 */
export const SMALLEST_PAGE = 4096;

/** The huge page of x86-64, and of arm64 with pages of 4 KiB, bytes. */
export const HUGE_PAGE_SIZE = 2 * 1024 * 1024;

/** Whether `value` is a power of two that a number holds exactly; bit tricks would stop at 2^31. */
export function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && 2 ** Math.round(Math.log2(value)) === value;
}

/**
 * Whether `value` is a multiple of `unit`: bytes, a power of two. Dividing by a power of two is exact, and several times faster than a
 * remainder where numbers are above 2^31, as offsets in windows are.
 */
export function isMultiple(value: U64, unit: number): boolean {
  return typeof value === 'bigint' ? value % BigInt(unit) === 0n : Number.isInteger(value / unit);
}

/** The smallest multiple of `unit` (a power of two) that is not below `value`; both in bytes. */
export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
