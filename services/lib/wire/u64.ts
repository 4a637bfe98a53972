// Unsigned 64-bit integers as they stand on the wire: a number where a number is exact, a bigint above that.
// Comparisons (<, >=, ===) may mix the two, because a value has exactly one form; arithmetic goes through the functions below,
// which refuse to wrap around: every size that a guest or a VMM chose is added and multiplied here or is known to be small.

/** A number when it is at most Number.MAX_SAFE_INTEGER (2^53 - 1), otherwise a bigint below 2^64. */
export type U64 = number | bigint;

export const MAX_U64: U64 = 0xffff_ffff_ffff_ffffn;

const LARGEST_EXACT = BigInt(Number.MAX_SAFE_INTEGER);
const TWO_TO_32 = 0x1_0000_0000;
/** The high half of the first value that a number cannot hold exactly: 2^53 / 2^32. */
const HIGH_LIMIT = 0x20_0000;

/** The little-endian u64 at a byte offset. Throws RangeError outside the view. */
export function readU64(view: DataView, offset: number): U64 {
  const high = view.getUint32(offset + 4, true);
  if (high >= HIGH_LIMIT) return view.getBigUint64(offset, true);
  return high * TWO_TO_32 + view.getUint32(offset, true);
}

/** Writes a little-endian u64. Throws RangeError outside the view, or for a value that is no u64. */
export function writeU64(view: DataView, offset: number, value: U64): void {
  if (!isU64(value)) throw new RangeError(`${value} is not an unsigned 64-bit integer`);
  if (typeof value === 'bigint') {
    view.setBigUint64(offset, value, true);
  } else {
    view.setUint32(offset, value % TWO_TO_32, true);
    view.setUint32(offset + 4, Math.floor(value / TWO_TO_32), true);
  }
}

/** Whether a value is a u64 at all; a bigint that would fit a number counts too (normalise it with toU64). */
export function isU64(value: U64): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return value >= 0n && value <= (MAX_U64 as bigint);
}

/** Whether a number is whole and in [0, 2^32): ids of resources and contexts, flags. */
export function isU32(value: number): boolean {
  return value === value >>> 0;
}

/** The one form of a bigint. Throws RangeError below 0 and above 2^64 - 1. */
export function toU64(value: bigint): U64 {
  if (value < 0n || value > (MAX_U64 as bigint))
    throw new RangeError(`${value} is not an unsigned 64-bit integer`);
  return value <= LARGEST_EXACT ? Number(value) : value;
}

/** a + b, or null when the sum is above 2^64 - 1. */
export function checkedAdd(a: U64, b: U64): U64 | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= Number.MAX_SAFE_INTEGER) return sum;
  }
  return bounded(BigInt(a) + BigInt(b));
}

/** a - b, or null when b is larger. */
export function checkedSubtract(a: U64, b: U64): U64 | null {
  if (typeof a === 'number' && typeof b === 'number') return a >= b ? a - b : null;
  return bounded(BigInt(a) - BigInt(b));
}

/** a × b, or null when the product is above 2^64 - 1. */
export function checkedMultiply(a: U64, b: U64): U64 | null {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= Number.MAX_SAFE_INTEGER) return product;
  }
  return bounded(BigInt(a) * BigInt(b));
}

/** "0x1f": for addresses and bit sets in messages. */
export function hex(value: U64): string {
  return `0x${value.toString(16)}`;
}

function bounded(value: bigint): U64 | null {
  return value < 0n || value > (MAX_U64 as bigint) ? null : toU64(value);
}
