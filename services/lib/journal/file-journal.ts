// A journal in a file, for state that lives as long as the kernel does (put it on tmpfs: nothing here waits for a disk).
//
//   header (64 bytes) | snapshot: records of the state as it was | records of every change since ...
//
// A change is one write(2) of one or several records, all of which count or none: should the write be interrupted, its incomplete end is cut
// at the next start. (Of several records the first ones may be whole; a caller that wants all or nothing puts them into one record.)
// A new snapshot is a new file that takes the old one's place by rename(2), so at any moment there is exactly one journal, and a whole one.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { faultPoint } from '../os/fault-point.ts';
import { populate } from '../os/memory.ts';
import { SystemError } from '../os/system-error.ts';
import { encodeHeader, expectHeader, HEADER_BYTES, type JournalKind } from './header.ts';
import { JournalError } from './journal-error.ts';
import { encodeRecords, type Replay, replayRecords } from './record.ts';

/** A journal below this is not worth a snapshot. */
export const LEAST_SNAPSHOT_BYTES = 4 * 1024 * 1024;
/** What a journal may grow to, in snapshots: so it holds at most this much more than the state itself. */
const MOST_SNAPSHOTS = 2;
const OWNER_ONLY = 0o600;
/** Bytes that a file gets at a time ahead of what is written, where somebody asks for a reserve. */
const BLOCKS_AHEAD = 256 * 1024;
/** fallocate(2): what a full file system, a quota, a limit of the process, or a host without memory says. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'ENOMEM']);

export type OpenedJournal = {
  readonly journal: FileJournal;
  readonly payloads: readonly Uint8Array[];
  /** Bytes of an interrupted write that were cut off the end; 0 as a rule. Worth a warning. */
  readonly cut: number;
};

export class FileJournal {
  readonly path: string;
  readonly #kind: JournalKind;
  #fd: number;
  #size: number;
  #snapshotBytes: number;
  /** Where the blocks end that the file is known to have. */
  #reserved = 0;

  private constructor(path: string, kind: JournalKind, fd: number, size: number, snapshotBytes: number) {
    this.path = path;
    this.#kind = kind;
    this.#fd = fd;
    this.#size = size;
    this.#snapshotBytes = snapshotBytes;
  }

  /** A new journal that begins with a snapshot, in place of whatever is at `path`. Throws Node's system errors, JournalError FULL. */
  static create(path: string, kind: JournalKind, snapshot: readonly Uint8Array[] = []): FileJournal {
    const { fd, size } = writeAside(path, kind, snapshot);
    return new FileJournal(path, kind, fd, size, size - HEADER_BYTES);
  }

  /** Reads a journal to its end. Null when there is none. Throws JournalError (and leaves the file as it is), Node's system errors. */
  static open(path: string, kind: JournalKind): OpenedJournal | null {
    const fd = openExisting(path);
    if (fd === null) return null;
    try {
      const bytes = readWhole(fd);
      const snapshotBytes = expectHeader(bytes, kind, path);
      const { payloads, end } = replayRecords(bytes, HEADER_BYTES, path);
      expectSnapshot(end, snapshotBytes, path);
      const cut = bytes.length - end;
      if (cut > 0) ftruncateSync(fd, end);
      return { journal: new FileJournal(path, kind, fd, end, snapshotBytes), payloads, cut };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** Whether it has grown so much that a snapshot should take its place: bounded by the larger of 4 MiB and twice the last snapshot. */
  get wantsSnapshot(): boolean {
    return this.#size > Math.max(LEAST_SNAPSHOT_BYTES, MOST_SNAPSHOTS * (this.#snapshotBytes + HEADER_BYTES));
  }

  /**
   * Whether so many bytes more are certain to have room: takes their blocks if it can. On a file system that cannot tell (fallocate is not
   * known there) it is assumed.
   */
  reserve(bytes: number): boolean {
    const needed = this.#size + bytes;
    if (needed <= this.#reserved) return true;
    return this.#take(needed + BLOCKS_AHEAD) || this.#take(needed);
  }

  /** Adds records with one write. Throws JournalError FULL (no space, or the file's limit): nothing was added then. */
  append(payloads: readonly Uint8Array[]): void {
    const records = encodeRecords(payloads);
    try {
      writeAt(this.#fd, records, this.#size, this.path);
    } catch (error) {
      // What was taken ahead went with the end that was cut off.
      this.#reserved = 0;
      throw error;
    }
    this.#size += records.length;
    faultPoint('journal.appended');
  }

  /** The state as it is now takes the place of everything so far. Throws as create(): the journal goes on as it was then. */
  snapshot(payloads: readonly Uint8Array[]): void {
    const { fd, size } = writeAside(this.path, this.#kind, payloads);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#size = size;
    this.#reserved = 0;
    this.#snapshotBytes = size - HEADER_BYTES;
  }

  close(): void {
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #take(end: number): boolean {
    const start = Math.max(this.#size, this.#reserved);
    try {
      populate(this.#fd, start, end - start);
    } catch (error) {
      if (error instanceof SystemError && NO_ROOM.has(error.code)) return false;
      if (!(error instanceof SystemError)) throw error;
    }
    this.#reserved = end;
    return true;
  }
}

function writeAside(
  path: string,
  kind: JournalKind,
  snapshot: readonly Uint8Array[],
): { readonly fd: number; readonly size: number } {
  const records = encodeRecords(snapshot);
  const whole = Buffer.concat([encodeHeader(kind, records.length), records]);
  const aside = `${path}.new`;
  const fd = openSync(aside, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, OWNER_ONLY);
  try {
    writeAt(fd, whole, 0, aside);
    faultPoint('journal.snapshot-written');
    renameSync(aside, path);
    faultPoint('journal.snapshot-renamed');
    return { fd, size: whole.length };
  } catch (error) {
    closeSync(fd);
    rmSync(aside, { force: true });
    throw error;
  }
}

/** All of it, or nothing. */
function writeAt(fd: number, bytes: Buffer, at: number, where: string): void {
  let written = 0;
  let cause: unknown;
  try {
    written = writeSync(fd, bytes, 0, bytes.length, at);
  } catch (error) {
    cause = error;
  }
  if (written === bytes.length) return;
  ftruncateSync(fd, at);
  const why = cause instanceof Error ? cause.message : `${written} bytes were taken`;
  throw new JournalError('FULL', at, `${bytes.length} bytes cannot be added to ${where}: ${why}`);
}

/** The snapshot was renamed into place as a whole: that a part of it is missing is no interrupted write. */
function expectSnapshot(end: Replay['end'], snapshotBytes: number, where: string): void {
  if (end >= HEADER_BYTES + snapshotBytes) return;
  throw new JournalError(
    'DAMAGED',
    end,
    `${where} is damaged at byte ${end}: it ends within its snapshot of ${snapshotBytes} bytes`,
  );
}

function openExisting(path: string): number | null {
  try {
    return openSync(path, constants.O_RDWR);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function readWhole(fd: number): Buffer {
  const bytes = Buffer.allocUnsafe(fstatSync(fd).size);
  let at = 0;
  while (at < bytes.length) {
    const count = readSync(fd, bytes, at, bytes.length - at, at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}
