// Records: how changes stand in a journal, one behind the other.
//
//   length u32   low 24 bits: bytes of the payload; high 8 bits: a check of these
//   crc32 u32    of the four bytes before and the payload (zlib's, reflected 0xedb88320)
//   payload
//
// The check makes an interrupted write different from damage. A write that was cut short leaves a prefix of what it would have written: fewer
// than 8 bytes, or a whole head with too little behind it. A head whose length is not its own check's, or a payload that is there and does not
// fit its checksum, is something else.
import { crc32 } from 'node:zlib';
import { JournalError } from './journal-error.ts';

export const RECORD_HEAD_BYTES = 8;
/** Largest payload: 2^24 - 1 bytes. */
export const MOST_RECORD_BYTES = 0xff_ffff;

/** Several records in one piece, to be written with one call. Throws RangeError for a payload that is too large. */
export function encodeRecords(payloads: readonly Uint8Array[]): Buffer {
  const records = Buffer.allocUnsafe(recordBytes(payloads));
  encodeRecordsInto(payloads, records, 0);
  return records;
}

/** Bytes that these payloads take as records. */
export function recordBytes(payloads: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const payload of payloads) {
    if (payload.length > MOST_RECORD_BYTES) {
      throw new RangeError(`a record of ${payload.length} bytes; ${MOST_RECORD_BYTES} is the most`);
    }
    bytes += RECORD_HEAD_BYTES + payload.length;
  }
  return bytes;
}

/** Writes them to `target` from `at` on, where it has room for recordBytes(). */
export function encodeRecordsInto(payloads: readonly Uint8Array[], target: Uint8Array, at: number): void {
  let next = at;
  for (const payload of payloads) {
    const word = lengthWord(payload.length);
    writeWord(target, next, word);
    writeWord(target, next + 4, crc32(payload, crcOfWord(word)));
    target.set(payload, next + RECORD_HEAD_BYTES);
    next += RECORD_HEAD_BYTES + payload.length;
  }
}

export type Replay = {
  /** Views of `bytes`, in order. */
  readonly payloads: readonly Uint8Array[];
  /** Where the last whole record ends: what is behind it was cut short. */
  readonly end: number;
};

/**
 * Reads records from `start` to the end of `bytes`. Throws JournalError DAMAGED, with the offset; `where` names the journal.
 * What an interrupted write left at the end is not read: `end` is smaller than bytes.length then. `base`: where in the journal `bytes` lie.
 */
export function replayRecords(bytes: Uint8Array, start: number, where: string, base = 0): Replay {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const payloads: Uint8Array[] = [];
  let at = start;
  while (at + RECORD_HEAD_BYTES <= bytes.length) {
    const word = view.getUint32(at, true);
    const length = word & MOST_RECORD_BYTES;
    if (word !== lengthWord(length)) {
      throw damaged(
        where,
        base + at,
        `the length of a record is 0x${word.toString(16)}, which is not its own check's`,
      );
    }
    const from = at + RECORD_HEAD_BYTES;
    if (from + length > bytes.length) break;
    const payload = bytes.subarray(from, from + length);
    const found = crc32(payload, crcOfWord(word));
    const expected = view.getUint32(at + 4, true);
    if (found !== expected) {
      throw damaged(
        where,
        base + at,
        `a record of ${length} bytes has checksum 0x${found.toString(16)}, 0x${expected.toString(16)} is written`,
      );
    }
    payloads.push(payload);
    at = from + length;
  }
  return { payloads, end: at };
}

/** A length with its check: eight bits of its own crc32, inverted so that zeros are no record. */
function lengthWord(length: number): number {
  return (length | (~crcOfWord(length) << 24)) >>> 0;
}

/** CRC-32 of one byte behind nothing, without the final complement. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  return crc;
});

/** crc32() of the four bytes of a little-endian word: a call of zlib's costs more than that. */
function crcOfWord(word: number): number {
  let crc = 0xffff_ffff;
  for (let shift = 0; shift < 32; shift += 8) {
    crc = (CRC_TABLE[(crc ^ (word >>> shift)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word;
  target[at + 1] = word >>> 8;
  target[at + 2] = word >>> 16;
  target[at + 3] = word >>> 24;
}

function damaged(where: string, offset: number, what: string): JournalError {
  return new JournalError('DAMAGED', offset, `${where} is damaged at byte ${offset}: ${what}`);
}
