// The first bytes of every journal: what it is, and whether this program can read it.
//
//   0   magic "BKJOURNL"
//   8   version of this format u32
//   12  crc32 of the 64 bytes without these four u32
//   16  kind, 8 bytes of ASCII, filled up with zeros
//   24  version of the records u32
//   28  snapshot: bytes of records that were there from the beginning u32
//   32  boot id, 16 bytes
//   48  0
import { crc32 } from 'node:zlib';
import { describeBootId } from './boot-id.ts';
import { JournalError } from './journal-error.ts';

export const HEADER_BYTES = 64;
export const FORMAT_VERSION = 1;
const MAGIC = Buffer.from('BKJOURNL');
const KIND_BYTES = 8;

/** What a journal is of. */
export type JournalKind = {
  /** 1 to 8 ASCII letters. */
  readonly name: string;
  /** Of its records: another one is refused. */
  readonly version: number;
  readonly bootId: Uint8Array;
};

export function encodeHeader(kind: JournalKind, snapshotBytes = 0): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(FORMAT_VERSION, 8);
  header.write(kind.name, 16, KIND_BYTES, 'latin1');
  header.writeUInt32LE(kind.version, 24);
  header.writeUInt32LE(snapshotBytes, 28);
  header.set(kind.bootId, 32);
  header.writeUInt32LE(headerCrc(header), 12);
  return header;
}

/** Returns the bytes of the snapshot. Throws JournalError; `where` names the journal. */
export function expectHeader(header: Buffer, kind: JournalKind, where: string): number {
  if (header.length < HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) {
    const found = header.subarray(0, 8).toString('hex') || 'nothing';
    throw new JournalError('OTHER_KIND', 0, `${where} is no journal: it begins with ${found}`);
  }
  const crc = header.readUInt32LE(12);
  const expected = headerCrc(header.subarray(0, HEADER_BYTES));
  if (crc !== expected) {
    throw new JournalError(
      'DAMAGED',
      0,
      `${where}: the header is damaged: checksum ${hex(crc)}, ${hex(expected)} expected`,
    );
  }
  const format = header.readUInt32LE(8);
  const name = header.toString('latin1', 16, 16 + KIND_BYTES).replace(/\0+$/, '');
  const version = header.readUInt32LE(24);
  if (name !== kind.name) {
    throw new JournalError(
      'OTHER_KIND',
      16,
      `${where} is a journal of "${name}", one of "${kind.name}" is needed`,
    );
  }
  if (format !== FORMAT_VERSION || version !== kind.version) {
    throw new JournalError(
      'OTHER_VERSION',
      8,
      `${where} has version ${format}.${version}, this program reads ${FORMAT_VERSION}.${kind.version}`,
    );
  }
  const boot = header.subarray(32, 48);
  if (!boot.equals(kind.bootId)) {
    throw new JournalError(
      'OTHER_BOOT',
      32,
      `${where} is of boot ${describeBootId(boot)}, the host runs ${describeBootId(kind.bootId)} now`,
    );
  }
  return header.readUInt32LE(28);
}

function headerCrc(header: Buffer): number {
  return crc32(header.subarray(16, HEADER_BYTES), crc32(header.subarray(0, 12)));
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
