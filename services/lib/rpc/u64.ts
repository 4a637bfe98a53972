// The one place where 64-bit fields of messages become numbers and back.
// The generated code decodes them to Long objects, and silently encodes a bigint as 0; nothing else in Barkeep touches either.
import type Long from 'long';
import { isU64, type U64 } from '../wire/u64.ts';

/** What the generated code gives for a uint64 field. */
export type WireU64 = number | Long | null | undefined;

const HIGH = 2 ** 32;
const SAFE_HIGH = 2 ** 21;

/** A decoded uint64 field; an absent one is 0. */
export function fromWire(value: WireU64): U64 {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'number') return value;
  const high = value.high >>> 0;
  const low = value.low >>> 0;
  return high < SAFE_HIGH ? high * HIGH + low : (BigInt(high) << 32n) | BigInt(low);
}

/** A decoded uint64 field that counts something of ours, and so fits a number exactly; larger values (a foreign broker) are clamped. */
export function countFromWire(value: WireU64): number {
  const u64 = fromWire(value);
  return typeof u64 === 'number' ? u64 : Number.MAX_SAFE_INTEGER;
}

/** A value for a uint64 field. Throws RangeError for what is no u64: a fraction, a negative number, more than 64 bits. */
export function toWire(value: U64): number | Long {
  if (!isU64(value)) throw new RangeError(`${value} is not an unsigned 64-bit integer`);
  if (typeof value === 'number') return value;
  // The encoder reads the two halves of whatever has them.
  return { low: Number(value & 0xffff_ffffn) | 0, high: Number(value >> 32n) | 0, unsigned: true } as Long;
}
