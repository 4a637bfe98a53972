// The device's journal: what a successor of this process has to know, in a memfd that the descriptor store keeps (lib/journal).
//
// The point of no return of a command of the guest is its record here: the answers to chains and what they changed, in one. A successor that
// takes such a chain again gives the recorded answer, whatever the guest has made of the chain meanwhile; what is not recorded never
// happened.

import { type Grant, NO_GRANT } from '../../lib/domain/grant.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { bootId } from '../../lib/journal/boot-id.ts';
import { JournalError } from '../../lib/journal/journal-error.ts';
import { MemoryJournal } from '../../lib/journal/memory-journal.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { PAGE_SIZE } from '../../lib/os/memory.ts';
import { SMALLEST_PAGE } from '../../lib/wire/alignment.ts';
import type { Offer, Rules } from '../operation.ts';
import type { Change } from './changes.ts';
import { decodeRecord, encodeRecord, type JournalRecord, RECORDS_VERSION, writeRecord } from './records.ts';
import type { Resource } from './resource.ts';

/**
 * Bytes of either half. The largest state, 65,536 contexts and 262,144 resources of the guest's own, takes 16 MiB; pages that are never
 * written take no memory.
 */
const AREA_BYTES = 32 * 1024 * 1024;
/**
 * What is certain to have room as long as new commands are done: all that one round of a queue can write (1,024 commands), and twice as much
 * for what has to be written without anything new: the ends of blobs, resets, what the broker grants. Bytes.
 */
const RESERVE = 192 * 1024;
/** What is left when not even that is written any more. */
const LAST_RESERVE = 64 * 1024;
/** Below this many bytes of records nobody minds what is out of date. */
const SMALL = 256 * 1024;
/** Changes in one record of a snapshot. */
const CHANGES_A_RECORD = 4096;

/** enough: for everything; ends: for what gives something back; none: for nothing new at all. */
export type JournalRoom = 'enough' | 'ends' | 'none';

export class DeviceJournal {
  readonly #journal: MemoryJournal;
  /** Of this and of the area behind it, bytes: of a small one a part. */
  readonly #reserves: readonly [number, number];
  #snapshotBytes = 0;

  private constructor(journal: MemoryJournal) {
    this.#journal = journal;
    this.#snapshotBytes = journal.size;
    const share = Math.min(1, journal.capacity / (4 * RESERVE));
    this.#reserves = [RESERVE * share, LAST_RESERVE * share];
  }

  /** An empty one; `open` makes its memory. Throws SystemError, JournalError FULL. */
  static create(areaBytes = AREA_BYTES, open?: Parameters<typeof MemoryJournal.create>[2]): DeviceJournal {
    return new DeviceJournal(MemoryJournal.create(kind(), PAGE_SIZE + 2 * areaBytes, open));
  }

  /** A predecessor's. Takes the descriptor over. Throws JournalError, also for records that cannot be read. */
  static adopt(fd: Fd): { readonly journal: DeviceJournal; readonly past: Past } {
    const { journal, payloads } = MemoryJournal.adopt(fd, kind());
    try {
      return { journal: new DeviceJournal(journal), past: replay(payloads.map(decodeRecord)) };
    } catch (error) {
      journal.close();
      throw new JournalError('DAMAGED', 0, `the device's journal: ${(error as Error).message}`);
    }
  }

  /** For the descriptor store; stays this object's. */
  get fd(): Fd {
    return this.#journal.fd;
  }

  /** Bytes of records. */
  get size(): number {
    return this.#journal.size;
  }

  /** For what there is room. Takes memory ahead of its use where it can. */
  get room(): JournalRoom {
    const [reserve, last] = this.#reserves;
    if (this.#journal.reserve(reserve)) return 'enough';
    return this.#journal.reserve(last) ? 'ends' : 'none';
  }

  /** All of these count from here on, or none. Throws JournalError FULL. */
  append(...records: readonly JournalRecord[]): void {
    const [first, ...others] = records;
    if (first === undefined) return;
    // One alone is the rule, on the way of every command.
    if (others.length === 0) this.#journal.append([writeRecord(first)]);
    else this.#journal.append(records.map(encodeRecord));
  }

  /** Most of it is out of date: the next moment at which the tables are what the guest was told is one for compact(). */
  get isLarge(): boolean {
    return this.#journal.size > Math.max(SMALL, 2 * this.#snapshotBytes);
  }

  /** A snapshot takes the place of everything so far. Throws JournalError FULL: then the journal is as it was. */
  compact(records: readonly JournalRecord[]): void {
    this.#journal.compact(records.map(encodeRecord));
    this.#snapshotBytes = this.#journal.size;
    faultPoint('gpu.compacted');
  }

  /** As compact(), where nothing depends on it: without room for a snapshot everything stays, and isLarge is asked again much later. */
  compactIfRoom(records: readonly JournalRecord[]): void {
    try {
      this.compact(records);
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'FULL') throw error;
      this.#snapshotBytes = this.#journal.size;
    }
  }

  close(): void {
    this.#journal.close();
  }
}

function kind() {
  return { name: 'gpudev', version: RECORDS_VERSION, bootId: bootId() };
}

// ---- what a successor finds -------------------------------------------------------------------------------------------------------------

type SessionRecord = Extract<JournalRecord, { kind: 'session' }>;
export type WindowRecord = Extract<JournalRecord, { kind: 'window' }>;

export type Past = {
  /** The last session that began; null when none ever did. */
  readonly session: SessionRecord | null;
  /** It is over, and a new one is to be begun. */
  readonly isSessionGone: boolean;
  readonly offer: Offer;
  /** The window's memory in the store; null for none. */
  readonly window: WindowRecord | null;
  /** It is the one that the session has: it came, or was compared, after the session began. */
  readonly isWindowOfSession: boolean;
  readonly isUsed: boolean;
  /** Files of blobs' own memory that the VMM may have mapped. */
  readonly files: readonly { readonly dev: bigint; readonly ino: bigint }[];
  /** See the record. */
  readonly finishing: number | null;
  readonly tables: Tables;
  /** By the number of the chain; most of them are published. */
  readonly answers: ReadonlyMap<number, Uint8Array | null>;
  /** Of a session in which the frontend decides; null otherwise. */
  readonly accounts: PastAccounts | null;
  /** By what and within what the frontend decided in the last session, gone or not; null when it did not. */
  readonly decided: Pick<PastAccounts, 'rules' | 'grant'> | null;
};

/** What the VM has, by its own accounts. */
export type PastAccounts = {
  readonly rules: Rules;
  readonly grant: Grant;
  readonly blobs: ReadonlyMap<number, { readonly blob: BlobSnapshot; readonly stash: number | null }>;
  readonly generation: number;
  /** The last number that memory was asked for under; 0 for none. */
  readonly memoryNumber: number;
  /** By COUNTER_KEYS. */
  readonly counts: ReadonlyMap<number, number>;
};

const NOTHING_OFFERED: Offer = { scanouts: 0, blobAlignment: SMALLEST_PAGE };

export function replay(records: Iterable<JournalRecord>): Past {
  let session: SessionRecord | null = null;
  let isSessionGone = false;
  let offer: Offer = NOTHING_OFFERED;
  let window: WindowRecord | null = null;
  let isWindowOfSession = false;
  let isUsed = false;
  let finishing: number | null = null;
  let rules: Rules | null = null;
  let grant = NO_GRANT;
  const tables = new TablesBuilder();
  const answers = new Map<number, Uint8Array | null>();
  const files: { dev: bigint; ino: bigint }[] = [];
  for (const record of records) {
    switch (record.kind) {
      case 'session':
        session = record;
        isSessionGone = false;
        isWindowOfSession = false;
        rules = null;
        tables.beginAccounts();
        break;
      case 'rules':
        rules = record.rules;
        break;
      case 'grant':
        grant = record.grant;
        break;
      case 'session-gone':
        isSessionGone = true;
        break;
      case 'offer':
        offer = record;
        break;
      case 'window':
        window = record;
        isWindowOfSession = true;
        break;
      case 'used':
        isUsed = true;
        break;
      case 'reset':
        isUsed = false;
        tables.reset();
        // Chains of the next driver may have the numbers of those that were not published.
        answers.clear();
        finishing = null;
        break;
      case 'file':
        files.push({ dev: record.dev, ino: record.ino });
        break;
      case 'answered':
        for (const { chain, reply } of record.answers) answers.set(chain, reply);
        for (const change of record.changes) tables.add(change);
        break;
      case 'finishing':
        finishing = record.chain;
        break;
    }
  }
  return {
    session,
    isSessionGone,
    offer,
    window,
    isWindowOfSession,
    isUsed,
    files,
    finishing,
    tables,
    answers,
    accounts: rules === null || isSessionGone ? null : { rules, grant, ...tables.accounts },
    decided: rules === null ? null : { rules, grant },
  };
}

export type Tables = {
  readonly contexts: ReadonlySet<number>;
  readonly resources: ReadonlyMap<number, Resource>;
};

/** Takes changes in as they were made. */
class TablesBuilder implements Tables {
  readonly contexts = new Set<number>();
  readonly resources = new Map<number, Resource>();
  readonly #blobs = new Map<number, { blob: BlobSnapshot; stash: number | null }>();
  readonly #counts = new Map<number, number>();
  #generation = 1;
  #memoryNumber = 0;

  get accounts(): Omit<PastAccounts, 'rules' | 'grant'> {
    return {
      blobs: this.#blobs,
      generation: this.#generation,
      memoryNumber: this.#memoryNumber,
      counts: this.#counts,
    };
  }

  beginAccounts(): void {
    this.#blobs.clear();
    this.#counts.clear();
    this.#generation = 1;
    this.#memoryNumber = 0;
  }

  /** The driver starts afresh. What that makes of the accounts is told apart. */
  reset(): void {
    this.contexts.clear();
    this.resources.clear();
  }

  add(change: Change): void {
    switch (change.kind) {
      case 'context':
        this.contexts.add(change.id);
        break;
      case 'context-gone':
        this.contexts.delete(change.id);
        break;
      case 'resource':
        this.resources.set(change.id, change.resource);
        break;
      case 'resource-gone':
        this.resources.delete(change.id);
        break;
      case 'blob':
        this.#blobs.set(change.blob.resource, change);
        break;
      case 'blob-gone':
        this.#blobs.delete(change.id);
        break;
      case 'blobs-gone':
        this.#blobs.clear();
        break;
      case 'generation':
        this.#generation = change.generation;
        break;
      case 'memory-asked':
        this.#memoryNumber = change.number;
        break;
      case 'count':
        this.#counts.set(change.index, change.count);
        break;
    }
  }
}

/** Changes as records, for a snapshot. */
export function* recordsOf(changes: Iterable<Change>): Generator<JournalRecord> {
  let some: Change[] = [];
  for (const change of changes) {
    some.push(change);
    if (some.length < CHANGES_A_RECORD) continue;
    yield { kind: 'answered', answers: [], changes: some };
    some = [];
  }
  if (some.length > 0) yield { kind: 'answered', answers: [], changes: some };
}

/** What makes empty tables these. */
export function* changesOf({ contexts, resources }: Tables): Generator<Change> {
  for (const id of contexts) yield { kind: 'context', id };
  for (const [id, resource] of resources) yield { kind: 'resource', id, resource };
}

/** What makes empty accounts these. */
export function* changesOfAccounts({
  blobs,
  generation,
  memoryNumber,
  counts,
}: PastAccounts): Generator<Change> {
  for (const { blob, stash } of blobs.values()) yield { kind: 'blob', blob, stash };
  yield { kind: 'generation', generation };
  if (memoryNumber > 0) yield { kind: 'memory-asked', number: memoryNumber };
  for (const [index, count] of counts) yield { kind: 'count', index, count };
}
