// The device's journal: what is written comes back, and a history that is cut anywhere restores to what the guest had been told.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Changes } from '../../../services/frontend/state/changes.ts';
import {
  changesOf,
  DeviceJournal,
  type Past,
  recordsOf,
} from '../../../services/frontend/state/device-journal.ts';
import { decodeRecord, encodeRecord, type JournalRecord } from '../../../services/frontend/state/records.ts';
import type { Resource } from '../../../services/frontend/state/resource.ts';
import { Contexts } from '../../../services/frontend/virtio-gpu/contexts.ts';
import { Resources } from '../../../services/frontend/virtio-gpu/resources.ts';
import { BLOB_STATES } from '../../../services/lib/domain/blob.ts';
import { BLOB_MEMS } from '../../../services/lib/domain/command.ts';
import { BACKINGS, CACHE_TYPES } from '../../../services/lib/domain/heap.ts';
import { MemoryJournal } from '../../../services/lib/journal/memory-journal.ts';
import { createMemfd, duplicate, PAGE_SIZE } from '../../../services/lib/os/memory.ts';

const AREA = 64 * PAGE_SIZE;
const journals: DeviceJournal[] = [];
afterEach(() => {
  for (const journal of journals.splice(0)) journal.close();
});

function create(): DeviceJournal {
  const journal = DeviceJournal.create(AREA);
  journals.push(journal);
  return journal;
}

/** What a successor would find at this moment. */
function reread(journal: DeviceJournal): Past {
  const again = DeviceJournal.adopt(duplicate(journal.fd.number));
  again.journal.close();
  return again.past;
}

// ---- arbitrary records ------------------------------------------------------------------------------------------------------------------

const id = fc.nat(0xffff_ffff);
const few = fc.integer({ min: 1, max: 5 });
const bytes = fc.nat(2 ** 53 - 1);
const u64 = fc.oneof(bytes, fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }));
const uuid = fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: null });
const backing = fc.option(bytes, { nil: null });
const resource: fc.Arbitrary<Resource> = fc.oneof(
  fc.record({ kind: fc.constant('2d' as const), width: id, height: id, backing, uuid }),
  fc.record({ kind: fc.constant('guest-blob' as const), size: bytes, backing, uuid }),
  fc.record({ kind: fc.constant('host-blob' as const), size: bytes, uuid }),
);
const bigint = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const count = bytes;
const name = fc.string({ minLength: 1, maxLength: 20 });
const amounts = fc.record({
  heaps: fc.array(fc.tuple(name, bytes)).map((list) => new Map(list)),
  mappings: count,
  allocations: count,
});
const rules = fc.record({
  quota: fc.record({ bytes, mappings: count, allocations: count }),
  defaultHeap: name,
  blobHeaps: fc
    .array(fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map(String), name))
    .map((list) => new Map(list)),
  heaps: fc.array(
    fc.record({
      name,
      backing: fc.constantFrom(...BACKINGS),
      cache: fc.constantFrom(...CACHE_TYPES),
      granule: bytes,
    }),
  ),
  populate: fc.boolean(),
});
const blob = fc.record({
  resource: id,
  context: id,
  blobId: u64,
  blobMem: fc.constantFrom(...BLOB_MEMS),
  flags: id,
  size: bytes,
  heap: name,
  allocation: fc.constant(null),
  state: fc.constantFrom(...BLOB_STATES),
  offset: bytes,
});
const change = fc.oneof(
  fc.record({ kind: fc.constant('blob' as const), blob, stash: fc.option(bytes, { nil: null }) }),
  fc.record({ kind: fc.constant('blob-gone' as const), id }),
  fc.constant({ kind: 'blobs-gone' as const }),
  fc.record({ kind: fc.constant('generation' as const), generation: count }),
  fc.record({ kind: fc.constant('count' as const), index: id, count }),
  fc.record({ kind: fc.constantFrom('context' as const, 'context-gone' as const), id }),
  fc.record({ kind: fc.constant('resource-gone' as const), id }),
  fc.record({ kind: fc.constant('resource' as const), id, resource }),
);
const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('session' as const),
    session: fc.uint8Array({ maxLength: 32 }),
    placement: fc.constantFrom('window' as const, 'per-blob' as const),
    windowSize: bytes,
  }),
  fc.record({ kind: fc.constantFrom('session-gone' as const, 'used' as const, 'reset' as const) }),
  fc.record({ kind: fc.constant('file' as const), dev: bigint, ino: bigint }),
  fc.record({
    kind: fc.constant('answered' as const),
    answers: fc.array(
      fc.record({ chain: bytes, reply: fc.option(fc.uint8Array({ maxLength: 1056 }), { nil: null }) }),
    ),
    changes: fc.array(change),
  }),
  fc.record({ kind: fc.constant('grant' as const), grant: amounts }),
  fc.record({ kind: fc.constant('rules' as const), rules }),
  fc.record({ kind: fc.constant('finishing' as const), chain: bytes }),
  fc.record({ kind: fc.constant('window' as const), number: bytes, dev: bigint, ino: bigint }),
  fc.record({ kind: fc.constant('offer' as const), scanouts: id, blobAlignment: id }),
);

describe('a record', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(record, (written) => {
        expect(decodeRecord(encodeRecord(written))).toEqual(written);
      }),
    );
  });

  it.each([
    [Buffer.from([0])],
    [Buffer.from([99])],
    [Buffer.from([5, 1, 2])],
    [Buffer.from([3, 0])],
  ])('that nobody wrote (%j) is refused', (strange) => {
    expect(() => decodeRecord(strange)).toThrow(RangeError);
  });
});

describe('a journal', () => {
  it('of something else, or with records of another kind, is refused', () => {
    const other = MemoryJournal.create(
      { name: 'gpudev', version: 0, bootId: Buffer.alloc(16) },
      3 * PAGE_SIZE,
    );

    expect(() => DeviceJournal.adopt(createMemfd('no journal', PAGE_SIZE))).toThrow('no sealed memfd');
    expect(() => DeviceJournal.adopt(duplicate(other.fd.number))).toThrow('version');
    other.close();
  });

  it('is compacted to what is so today', () => {
    const journal = create();
    for (let turn = 0; turn < 5000; turn += 1) {
      journal.append({ kind: 'answered', answers: [], changes: [{ kind: 'context', id: turn % 10 }] });
      if (journal.isLarge) journal.compact([...recordsOf(changesOf(reread(journal).tables))]);
    }

    expect([...reread(journal).tables.contexts].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(journal.size).toBeLessThan(AREA);
  });
});

// ---- histories --------------------------------------------------------------------------------------------------------------------------

type Step =
  | { readonly kind: 'work'; readonly on: Work; readonly id: number; readonly resource: Resource }
  | { readonly kind: 'finish' | 'publish' | 'compact' | 'die' | 'reset'; readonly id: number };
type Work = 'context' | 'context-gone' | 'resource' | 'resource-gone';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      on: fc.constantFrom<Work>('context', 'context-gone', 'resource', 'resource-gone'),
      id: few,
      resource,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom('finish' as const, 'publish' as const, 'compact' as const),
      id: few,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('die' as const), id: few }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), id: few }) },
);

/** A device that does nothing but to keep its tables, and what a guest knows of it. */
class Device {
  journal = create();
  changes = new Changes();
  contexts = new Contexts(this.changes);
  resources = new Resources(this.changes);
  published = 0;
  isRecorded = false;
  isClean = true;
  /** What the guest was told. */
  told = this.#tables();

  apply(step: Step): void {
    switch (step.kind) {
      case 'work':
        this.#work(step.on, step.id, step.resource);
        return;
      case 'finish':
        if (!this.isRecorded) this.#record();
        return;
      case 'publish':
        if (!this.isRecorded) this.#record();
        this.published += 1;
        this.isRecorded = false;
        this.isClean = true;
        this.told = this.#tables();
        return;
      case 'compact':
        if (this.isClean) this.journal.compact([...recordsOf(changesOf(this.#live()))]);
        return;
      case 'die':
        this.#restart();
        return;
      case 'reset':
        this.#reset();
    }
  }

  #work(on: Work, id: number, resource: Resource): void {
    // A segment that is recorded is published before anything else is done.
    if (this.isRecorded) return;
    this.isClean = false;
    if (on === 'context') this.contexts.add(id);
    else if (on === 'context-gone') this.contexts.delete(id);
    else if (on === 'resource') this.resources.add(id, resource);
    else this.resources.delete(id);
  }

  #record(): void {
    const answers = [{ chain: this.published, reply: null }];
    this.journal.append({ kind: 'answered', answers, changes: this.changes.take() });
    this.isRecorded = true;
    this.told = this.#tables();
  }

  #reset(): void {
    this.journal.append({ kind: 'reset' });
    this.contexts.clear();
    this.resources.clear();
    this.changes.take();
    this.isRecorded = false;
    this.isClean = true;
    this.told = this.#tables();
  }

  #restart(): void {
    const { journal, past } = DeviceJournal.adopt(duplicate(this.journal.fd.number));
    journals.push(journal);
    const { tables } = past;
    this.journal = journal;
    this.changes = new Changes();
    this.contexts = new Contexts(this.changes);
    this.resources = new Resources(this.changes);
    this.contexts.restore(tables.contexts);
    this.resources.restore(tables.resources);
    this.isRecorded = false;
    this.isClean = true;
    journal.compact([...recordsOf(changesOf(this.#live()))]);
  }

  #live() {
    return { contexts: this.contexts.ids, resources: this.resources.all };
  }

  #tables() {
    const { contexts, resources } = this.#live();
    return { contexts: new Set(contexts), resources: new Map(resources) };
  }
}

describe('a history', () => {
  it('that is cut at any point restores to what was answered', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const device = new Device();
        for (const next of steps) {
          device.apply(next);
          const { contexts, resources } = reread(device.journal).tables;
          expect({ contexts, resources }).toEqual(device.told);
        }
      }),
      { numRuns: 150 },
    );
  });
});
