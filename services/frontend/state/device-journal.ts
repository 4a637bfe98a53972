// The device's journal: what a successor of this process has to know, in a memfd that the descriptor store keeps (lib/journal).
//
// The point of no return of a command of the guest is the used index of its queue. So what a segment of commands changes is written down
// right before its answers are published, marked with the number of its last chain, and counts if that number was published; otherwise the
// successor takes the same chains again. What the broker is asked has its numbers written down before it is sent: the same chain asks with
// the same number again, and the broker answers from memory.
import { bootId } from '../../lib/journal/boot-id.ts';
import { JournalError } from '../../lib/journal/journal-error.ts';
import { MemoryJournal } from '../../lib/journal/memory-journal.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { PAGE_SIZE } from '../../lib/os/memory.ts';
import { SMALLEST_PAGE } from '../../lib/wire/alignment.ts';
import type { Offer, Operation } from '../operation.ts';
import type { Resource } from '../virtio-gpu/resources.ts';
import type { BlobMapping, Change } from './changes.ts';
import { decodeRecord, encodeRecord, type JournalRecord, RECORDS_VERSION } from './records.ts';

/**
 * Bytes of either half. The largest state, 65,536 contexts and 262,144 resources of the guest's own, takes 16 MiB; pages that are never
 * written take no memory.
 */
const AREA_BYTES = 32 * 1024 * 1024;
/** Below this many bytes of records nobody minds what is out of date. */
const SMALL = 256 * 1024;
/** Changes in one record of a snapshot. */
const CHANGES_A_RECORD = 4096;

export class DeviceJournal {
  readonly #journal: MemoryJournal;
  #snapshotBytes = 0;

  private constructor(journal: MemoryJournal) {
    this.#journal = journal;
    this.#snapshotBytes = journal.size;
  }

  /** An empty one. Throws SystemError. */
  static create(areaBytes = AREA_BYTES): DeviceJournal {
    return new DeviceJournal(MemoryJournal.create(kind(), PAGE_SIZE + 2 * areaBytes));
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

  /** All of these count from here on, or none. Throws JournalError FULL. */
  append(...records: readonly JournalRecord[]): void {
    this.#journal.append(records.map(encodeRecord));
  }

  /** Most of it is out of date: the next moment at which the tables are what the guest was told is one for compact(). */
  get isLarge(): boolean {
    return this.#journal.size > Math.max(SMALL, 2 * this.#snapshotBytes);
  }

  /** A snapshot takes the place of everything so far. */
  compact(records: readonly JournalRecord[]): void {
    this.#journal.compact(records.map(encodeRecord));
    this.#snapshotBytes = this.#journal.size;
    faultPoint('gpu.compacted');
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
type ChangesRecord = Extract<JournalRecord, { kind: 'changes' }>;

/** A command that was given a number, and is not settled for all that is known. */
export type PastCommand = {
  readonly number: number;
  readonly operation: Operation;
  readonly isStale: boolean;
};

/** Everything except for the tables, which depend on what was published: see tablesOf(). */
export type Past = {
  /** The last session that began; null when none ever did. */
  readonly session: SessionRecord | null;
  /** It is over, and a new one is to be begun. */
  readonly isSessionGone: boolean;
  readonly offer: Offer;
  /** The window's memory in the store; null for none. */
  readonly window: WindowRecord | null;
  readonly isUsed: boolean;
  readonly isResetDue: boolean;
  readonly acknowledged: number;
  readonly lastNumber: number;
  /** In the order of their numbers, which are consecutive. */
  readonly commands: readonly PastCommand[];
  readonly late: ReadonlySet<number>;
  readonly files: readonly { readonly dev: bigint; readonly ino: bigint }[];
  /** See the record. */
  readonly finishing: number | null;
  readonly changes: readonly ChangesRecord[];
};

const NOTHING_OFFERED: Offer = { scanouts: 0, blobAlignment: SMALLEST_PAGE };

export function replay(records: Iterable<JournalRecord>): Past {
  let session: SessionRecord | null = null;
  let isSessionGone = false;
  let offer: Offer = NOTHING_OFFERED;
  let window: WindowRecord | null = null;
  let isUsed = false;
  let isResetDue = false;
  let acknowledged = 0;
  let lastNumber = 0;
  let commands: PastCommand[] = [];
  let finishing: number | null = null;
  let changes: ChangesRecord[] = [];
  const late = new Set<number>();
  const files: { dev: bigint; ino: bigint }[] = [];
  for (const record of records) {
    switch (record.kind) {
      case 'session':
        session = record;
        isSessionGone = false;
        isResetDue = false;
        acknowledged = record.lastNumber;
        lastNumber = record.lastNumber;
        commands = [];
        late.clear();
        break;
      case 'session-gone':
        isSessionGone = true;
        isResetDue = false;
        commands = [];
        late.clear();
        break;
      case 'offer':
        offer = record;
        break;
      case 'window':
        window = record;
        break;
      case 'used':
        isUsed = true;
        break;
      case 'reset':
        isUsed = false;
        isResetDue = record.isDue;
        commands = commands.map((command) => ({ ...command, isStale: true }));
        late.clear();
        changes = [];
        finishing = null;
        break;
      case 'sent':
        record.operations.forEach(({ operation, isStale }, index) => {
          commands.push({ number: record.first + index, operation, isStale });
          if (operation.kind === 'reset' && !isStale) isResetDue = false;
        });
        acknowledged = record.acknowledged;
        lastNumber = Math.max(lastNumber, record.first + record.operations.length - 1);
        if ((commands[0]?.number ?? acknowledged + 1) <= acknowledged) {
          commands = commands.filter(({ number }) => number > record.acknowledged);
        }
        break;
      case 'late':
        for (const number of record.numbers) late.add(number);
        break;
      case 'file':
        files.push({ dev: record.dev, ino: record.ino });
        break;
      case 'changes':
        changes.push(record);
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
    isUsed,
    isResetDue,
    acknowledged,
    lastNumber,
    commands,
    late,
    files,
    finishing,
    changes,
  };
}

export type Tables = {
  readonly contexts: ReadonlySet<number>;
  readonly resources: ReadonlyMap<number, Resource>;
  /** By resource. */
  readonly mapped: ReadonlyMap<number, BlobMapping>;
};

/** The tables as the guest was told. `published`: the number of the next chain of the control queue to be published. */
export function tablesOf(past: Pick<Past, 'changes'>, published: number): Tables {
  const contexts = new Set<number>();
  const resources = new Map<number, Resource>();
  const mapped = new Map<number, BlobMapping>();
  for (const { chain, changes } of past.changes) {
    if (chain !== null && chain >= published) continue;
    for (const change of changes) {
      switch (change.kind) {
        case 'context':
          contexts.add(change.id);
          break;
        case 'context-gone':
          contexts.delete(change.id);
          break;
        case 'resource':
          resources.set(change.id, change.resource);
          break;
        case 'resource-gone':
          resources.delete(change.id);
          break;
        case 'mapped':
          mapped.set(change.id, change.mapping);
          break;
        case 'unmapped':
          mapped.delete(change.id);
          break;
      }
    }
  }
  return { contexts, resources, mapped };
}

/** Tables as records that count. */
export function* recordsOf({ contexts, resources, mapped }: Tables): Generator<JournalRecord> {
  let changes: Change[] = [];
  for (const change of changesOf()) {
    changes.push(change);
    if (changes.length < CHANGES_A_RECORD) continue;
    yield { kind: 'changes', chain: null, changes };
    changes = [];
  }
  if (changes.length > 0) yield { kind: 'changes', chain: null, changes };

  function* changesOf(): Generator<Change> {
    for (const id of contexts) yield { kind: 'context', id };
    for (const [id, resource] of resources) yield { kind: 'resource', id, resource };
    for (const [id, mapping] of mapped) yield { kind: 'mapped', id, mapping };
  }
}
