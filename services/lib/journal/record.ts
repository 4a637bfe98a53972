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

const LENGTH = Buffer.alloc(4);

/** Several records in one piece, to be written with one call. Throws RangeError for a payload that is too large. */
export function encodeRecords(payloads: readonly Uint8Array[]): Buffer {
  const records = Buffer.allocUnsafe(recordBytes(payloads));
  encodeRecordsInto(payloads, records);
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

/** Writes them to `target`, which has room for recordBytes(). */
export function encodeRecordsInto(payloads: readonly Uint8Array[], target: Uint8Array): void {
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  let at = 0;
  for (const payload of payloads) {
    view.setUint32(at, lengthWord(payload.length), true);
    view.setUint32(at + 4, crc32(payload, crc32(target.subarray(at, at + 4))), true);
    target.set(payload, at + RECORD_HEAD_BYTES);
    at += RECORD_HEAD_BYTES + payload.length;
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
    const found = crc32(payload, crc32(bytes.subarray(at, at + 4)));
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
  LENGTH.writeUInt32LE(length);
  return (length | (~crc32(LENGTH) << 24)) >>> 0;
}

function damaged(where: string, offset: number, what: string): JournalError {
  return new JournalError('DAMAGED', offset, `${where} is damaged at byte ${offset}: ${what}`);
}
