// A journal in a memfd, for one process and its successors: no system call per record, and bounded by the size of the memfd.
//
//   0        header (header.ts)
//   64       area u32: which of the two counts, as one of AREA_WORDS
//   72, 80   end u64 of either area: bytes of records in it, low half; its complement, high half
//   4096     area 0
//   half     area 1
//
// Pages are taken ahead of what is written (fallocate): a write to memory that has no page and gets none is a SIGBUS, and no error.
//
// Bytes behind an area's end do not count: an end is stored, atomically, when the records before it are written. So there is no torn tail here;
// what does not fit its checksum is damage. When an area is full, the state as it is goes to the other one, and the area word follows.
import { fstatSync } from 'node:fs';
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import { createMemfd, FIXED_SIZE_SEALS, getSeals, Mapping, PAGE_SIZE, populate } from '../os/memory.ts';
import { SystemError } from '../os/system-error.ts';
import { encodeHeader, expectHeader, HEADER_BYTES, type JournalKind } from './header.ts';
import { JournalError } from './journal-error.ts';
import { encodeRecordsInto, recordBytes, replayRecords } from './record.ts';

/** Far apart, so that no flipped bit makes one of the other. */
const AREA_WORDS = [0x3c3c_3c3c, 0xc3c3_c3c3] as const;
const AREA_WORD_AT = HEADER_BYTES;
const ENDS_AT = HEADER_BYTES + 8;
const LOW_HALF = 0xffff_ffffn;

type Area = 0 | 1;

/** Bytes that an area gets at a time: rare enough to cost nothing, and little enough for a host with many of them. */
const PAGES_AHEAD = 64 * 1024;

const NO_BYTES = new Uint8Array();
/** An end and its complement, on their way to be one word. */
const WHOLE = new BigUint64Array(1);
const HALVES = new Uint32Array(WHOLE.buffer);

export class MemoryJournal {
  /** Stays open until close(); for the descriptor store. */
  readonly fd: Fd;
  /** Bytes of records that an area has room for. */
  readonly capacity: number;
  readonly #where: string;
  readonly #mapping: Mapping;
  readonly #word: Uint32Array;
  readonly #ends: BigUint64Array;
  /** The bytes of either area; none after close(), so that nobody writes where they were. */
  #areas: readonly [Uint8Array, Uint8Array];
  #area: Area = 0;
  #end = 0;
  /** Bytes of either area that are known to have their pages. */
  readonly #backed: [number, number] = [0, 0];

  private constructor(fd: Fd, size: number, where: string) {
    this.fd = fd;
    this.#where = where;
    this.#mapping = Mapping.ofFile(fd.number, 0, size);
    const { buffer } = this.#mapping.locate(0, PAGE_SIZE);
    this.#word = new Uint32Array(buffer, AREA_WORD_AT, 1);
    this.#ends = new BigUint64Array(buffer, ENDS_AT, 2);
    this.capacity = (size - PAGE_SIZE) / 2;
    this.#areas = [
      this.#mapping.bytes(PAGE_SIZE, this.capacity),
      this.#mapping.bytes(PAGE_SIZE + this.capacity, this.capacity),
    ];
  }

  /**
   * A new, empty one. `bytes`: of the memfd, a page and twice a multiple of pages, at most 1 GiB; `open` makes it. Throws SystemError, JournalError
   * FULL when there is no memory even for its beginning.
   */
  static create(kind: JournalKind, bytes: number, open: typeof createMemfd = createMemfd): MemoryJournal {
    if (bytes < 3 * PAGE_SIZE || (bytes - PAGE_SIZE) % (2 * PAGE_SIZE) !== 0 || bytes > 1024 ** 3) {
      throw new RangeError(
        `a journal of ${bytes} bytes: one page and two areas of whole pages are needed, 1 GiB is the most`,
      );
    }
    const journal = new MemoryJournal(open(`barkeep-${kind.name}`, bytes), bytes, kind.name);
    try {
      populate(journal.fd.number, 0, PAGE_SIZE);
      for (const area of [0, 1] as const) journal.#back(area, 1);
    } catch (error) {
      journal.close();
      throw error;
    }
    journal.#storeEnd(0, 0);
    journal.#storeEnd(1, 0);
    Atomics.store(journal.#word, 0, AREA_WORDS[0]);
    journal.#mapping.bytes(0, HEADER_BYTES).set(encodeHeader(kind));
    return journal;
  }

  /** A predecessor's, with its records (copies). Takes the descriptor over, also when it throws: JournalError. */
  static adopt(
    fd: Fd,
    kind: JournalKind,
  ): { readonly journal: MemoryJournal; readonly payloads: readonly Uint8Array[] } {
    let journal: MemoryJournal | null = null;
    try {
      const { size } = fstatSync(fd.number);
      if (
        getSeals(fd.number) !== FIXED_SIZE_SEALS ||
        size < 3 * PAGE_SIZE ||
        (size - PAGE_SIZE) % (2 * PAGE_SIZE) !== 0
      ) {
        throw new JournalError(
          'OTHER_KIND',
          0,
          `what is stored as the journal of ${kind.name} is no sealed memfd of its size (${size} bytes)`,
        );
      }
      journal = new MemoryJournal(fd, size, `the journal of ${kind.name}`);
      const payloads = journal.#replay(kind);
      return { journal, payloads };
    } catch (error) {
      if (journal) journal.close();
      else fd.close();
      throw error;
    }
  }

  /** Bytes of records. */
  get size(): number {
    return this.#end;
  }

  /** Whether so many bytes more of records are certain to have room: takes their pages if it can. */
  reserve(bytes: number): boolean {
    return this.#isBacked(this.#area, this.#end + bytes);
  }

  /** Whether there is room for these. */
  fits(payloads: readonly Uint8Array[]): boolean {
    return this.#end + recordBytes(payloads) <= this.capacity;
  }

  /** Adds records: all of them count, or none. Throws JournalError FULL when they do not fit: compact() first. */
  append(payloads: readonly Uint8Array[]): void {
    this.#write(this.#area, this.#end, payloads);
    faultPoint('journal.appended');
  }

  /** The state as it is now takes the place of everything so far. Throws JournalError FULL: the journal is as it was then. */
  compact(payloads: readonly Uint8Array[]): void {
    const other: Area = this.#area === 0 ? 1 : 0;
    this.#write(other, 0, payloads);
    faultPoint('journal.area-written');
    Atomics.store(this.#word, 0, AREA_WORDS[other]);
    this.#area = other;
    faultPoint('journal.area-flipped');
  }

  close(): void {
    this.#areas = [NO_BYTES, NO_BYTES];
    this.#mapping.close();
    this.fd.close();
  }

  #write(area: Area, at: number, payloads: readonly Uint8Array[]): void {
    const length = recordBytes(payloads);
    if (at + length > this.capacity) {
      const offset = this.#startOf(area) + at;
      throw new JournalError(
        'FULL',
        offset,
        `${length} bytes do not fit into ${this.#where}: ${at} of ${this.capacity} are taken`,
      );
    }
    this.#back(area, at + length);
    encodeRecordsInto(payloads, this.#areas[area], at);
    this.#storeEnd(area, at + length);
    this.#end = at + length;
  }

  /** Throws JournalError FULL when the first `bytes` of an area cannot have their pages. */
  #back(area: Area, bytes: number): void {
    if (this.#isBacked(area, bytes)) return;
    throw new JournalError(
      'FULL',
      this.#startOf(area) + this.#backed[area],
      `the host has no memory for ${this.#where}: ${this.#backed[area]} bytes of it have pages, and ${bytes} are needed`,
    );
  }

  #isBacked(area: Area, bytes: number): boolean {
    if (bytes <= this.#backed[area]) return true;
    if (bytes > this.capacity) return false;
    const ample = Math.min(this.capacity, Math.ceil(bytes / PAGES_AHEAD) * PAGES_AHEAD);
    const least = Math.min(this.capacity, Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE);
    return this.#take(area, ample) || this.#take(area, least);
  }

  /** Takes the pages of an area up to there. */
  #take(area: Area, end: number): boolean {
    const start = this.#backed[area];
    try {
      populate(this.fd.number, this.#startOf(area) + start, end - start);
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
    this.#backed[area] = end;
    return true;
  }

  #startOf(area: Area): number {
    return PAGE_SIZE + area * this.capacity;
  }

  #storeEnd(area: Area, end: number): void {
    HALVES[0] = end;
    HALVES[1] = ~end;
    Atomics.store(this.#ends, area, WHOLE[0] as bigint);
  }

  #replay(kind: JournalKind): readonly Uint8Array[] {
    expectHeader(Buffer.from(this.#mapping.bytes(0, HEADER_BYTES)), kind, this.#where);
    const area = AREA_WORDS.indexOf(Atomics.load(this.#word, 0) as (typeof AREA_WORDS)[number]);
    if (area < 0) throw this.#damaged(AREA_WORD_AT, 'it does not say which of its areas counts');
    this.#area = area as Area;
    const word = Atomics.load(this.#ends, area);
    const end = Number(word & LOW_HALF);
    if (word >> 32n !== (~word & LOW_HALF) || end > this.capacity) {
      throw this.#damaged(
        ENDS_AT + area * 8,
        `it does not say where its records end (0x${word.toString(16)})`,
      );
    }
    const start = this.#startOf(this.#area);
    const bytes = Buffer.from(this.#mapping.bytes(start, end));
    const replay = replayRecords(bytes, 0, this.#where, start);
    if (replay.end !== end) throw this.#damaged(start + replay.end, 'a record is cut off');
    this.#end = end;
    return replay.payloads;
  }

  #damaged(offset: number, what: string): JournalError {
    return new JournalError('DAMAGED', offset, `${this.#where} is damaged at byte ${offset}: ${what}`);
  }
}
