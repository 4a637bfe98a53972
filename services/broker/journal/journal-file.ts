// A file of records that is only appended to, and read once by whoever comes after. It lies on a tmpfs: it survives kill -9 of its writer, and
// not the kernel, which takes the memory that it describes along. So nothing is synced: what write(2) has taken is there.
//
//   header, 64 bytes   "BARKEEP\n" | kind, 8 | version u32 | 0 u32 | boot id, 36 | CRC-32 of all that u32
//   record             length u32 | length, inverted, u32 | CRC-32 of the payload u32 | payload
//
// A record is written by one call, so a writer that is killed leaves a whole record or the beginning of one at the end (a torn tail), and
// nothing else. The length is there twice because a length that was damaged would look like a torn tail, and cost all that follows.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const MAGIC = 'BARKEEP\n';
const HEADER_BYTES = 64;
const KIND_BYTES = 8;
const VERSION_AT = 16;
const BOOT_ID_AT = 24;
const BOOT_ID_BYTES = 36;
const HEADER_CRC_AT = 60;
/** In front of each payload. */
export const RECORD_HEADER_BYTES = 12;
/** More than any record is; a reader need not believe more. */
export const MOST_RECORD_BYTES = 1024 ** 3;
const ALL_ONES = 0xffff_ffff;

export type JournalHeader = {
  /** What the journal is about, at most 8 ASCII characters. */
  readonly kind: string;
  /** Of the records' content. */
  readonly version: number;
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
};

/** A journal that is not what somebody wrote: which file, where in it, what was found. */
export class JournalDamage extends Error {
  readonly path: string;
  /** Bytes from the file's start. */
  readonly offset: number;
  readonly found: string;

  constructor(path: string, offset: number, found: string, options?: ErrorOptions) {
    super(`${path}: damaged at byte ${offset}: ${found}`, options);
    this.name = 'JournalDamage';
    this.path = path;
    this.offset = offset;
    this.found = found;
  }
}

export type JournalRecord = { readonly offset: number; readonly payload: Buffer };

export type JournalContent = {
  readonly header: JournalHeader;
  /** In order. Throws JournalDamage when it comes to a record that is not whole. */
  readonly records: Iterable<JournalRecord>;
  /** The end of the last whole record; what follows is the beginning of one that its writer did not finish. Known once `records` were read. */
  torn(): { readonly offset: number; readonly bytes: number } | null;
};

/** Reads the file at once. Throws JournalDamage, or Node's error when it cannot be read (ENOENT). */
export function readJournal(path: string): JournalContent {
  const bytes = readFileSync(path);
  const header = headerOf(path, bytes);
  let end = HEADER_BYTES;
  function* records(): Generator<JournalRecord, void, undefined> {
    for (end = HEADER_BYTES; ; ) {
      const record = recordAt(path, bytes, end);
      if (record === null) return;
      end += RECORD_HEADER_BYTES + record.payload.length;
      yield record;
    }
  }
  return {
    header,
    records: { [Symbol.iterator]: records },
    torn: () => (end < bytes.length ? { offset: end, bytes: bytes.length - end } : null),
  };
}

function headerOf(path: string, bytes: Buffer): JournalHeader {
  if (bytes.length < HEADER_BYTES) {
    throw new JournalDamage(path, 0, `it has ${bytes.length} bytes, and its header alone ${HEADER_BYTES}`);
  }
  const magic = bytes.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC) throw new JournalDamage(path, 0, 'it does not begin as a journal does');
  if (crc32(bytes.subarray(0, HEADER_CRC_AT)) !== bytes.readUInt32LE(HEADER_CRC_AT)) {
    throw new JournalDamage(path, 0, 'its header does not match its checksum');
  }
  return {
    kind: bytes.toString('latin1', MAGIC.length, MAGIC.length + KIND_BYTES).replace(/\0+$/, ''),
    version: bytes.readUInt32LE(VERSION_AT),
    bootId: bytes.toString('latin1', BOOT_ID_AT, BOOT_ID_AT + BOOT_ID_BYTES),
  };
}

/** Null at the end of the file, and for the beginning of a record there. */
function recordAt(path: string, bytes: Buffer, offset: number): JournalRecord | null {
  if (bytes.length - offset < RECORD_HEADER_BYTES) return null;
  const length = bytes.readUInt32LE(offset);
  if ((length ^ bytes.readUInt32LE(offset + 4)) >>> 0 !== ALL_ONES || length > MOST_RECORD_BYTES) {
    throw new JournalDamage(path, offset, 'the length of a record contradicts itself');
  }
  const start = offset + RECORD_HEADER_BYTES;
  if (bytes.length - start < length) return null;
  const payload = bytes.subarray(start, start + length);
  if (crc32(payload) !== bytes.readUInt32LE(offset + 8)) {
    throw new JournalDamage(path, offset, `a record of ${length} bytes does not match its checksum`);
  }
  return { offset, payload };
}

/** A journal that is being written. Has one owner, who closes it. */
export class JournalFile {
  readonly #fd: number;
  #size: number;

  private constructor(fd: number, size: number) {
    this.#fd = fd;
    this.#size = size;
  }

  /** A new file with its header; what was at that path before is gone. Throws Node's errors (ENOSPC, ...). */
  static create(path: string, { kind, version, bootId }: JournalHeader): JournalFile {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 0, 'latin1');
    header.write(kind, MAGIC.length, KIND_BYTES, 'latin1');
    header.writeUInt32LE(version, VERSION_AT);
    header.write(bootId, BOOT_ID_AT, BOOT_ID_BYTES, 'latin1');
    header.writeUInt32LE(crc32(header.subarray(0, HEADER_CRC_AT)), HEADER_CRC_AT);
    const fd = openSync(path, 'w', 0o600);
    try {
      writeAll(fd, header, 0);
      return new JournalFile(fd, HEADER_BYTES);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends one record: `bytes` are RECORD_HEADER_BYTES, which are filled in here, and the payload behind them.
   * Throws Node's errors (ENOSPC, ...); then the file is as it was.
   */
  append(bytes: Buffer): void {
    const length = bytes.length - RECORD_HEADER_BYTES;
    bytes.writeUInt32LE(length, 0);
    bytes.writeUInt32LE(~length >>> 0, 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(RECORD_HEADER_BYTES)), 8);
    try {
      writeAll(this.#fd, bytes, this.#size);
    } catch (error) {
      ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
