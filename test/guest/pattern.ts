// What memory filled with a seed holds, as the guest's program/pattern.h has it: one 64-bit word (little endian) at
// every offset that is a multiple of 8. In 32-bit halves, which keeps 64 MiB cheap here.

const LOW_STEP = 0x9e3779b1;
const HIGH_STEP = 0x85ebca77;

/** The word at `offset` bytes (a multiple of 8, below 32 GiB) of a blob filled with `seed`. */
export function patternWord(seed: bigint, offset: number): bigint {
  const { low, high } = halves(seed, offset);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Fills `bytes` (length a multiple of 8) as the guest would, the first byte being at `offset` of the blob. */
export function fillPattern(bytes: Uint8Array, seed: bigint, offset = 0): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 8) {
    const { low, high } = halves(seed, offset + at);
    view.setUint32(at, low, true);
    view.setUint32(at + 4, high, true);
  }
}

/**
 * The offset in `bytes` of the first word that is not as filled with `seed`, looking every `stride` bytes (a multiple
 * of 8; 4096 is what the guest's touch writes), or null when all are.
 */
export function findMismatch(bytes: Uint8Array, seed: bigint, offset = 0, stride = 8): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += stride) {
    const { low, high } = halves(seed, offset + at);
    if (view.getUint32(at, true) !== low || view.getUint32(at + 4, true) !== high) return at;
  }
  return null;
}

function halves(seed: bigint, offset: number): { low: number; high: number } {
  const index = offset / 8;
  const seedLow = Number(seed & 0xffffffffn);
  const seedHigh = Number((seed >> 32n) & 0xffffffffn);
  return {
    low: (seedLow + Math.imul(index, LOW_STEP)) >>> 0,
    high: (seedHigh + Math.imul(index, HIGH_STEP)) >>> 0,
  };
}
