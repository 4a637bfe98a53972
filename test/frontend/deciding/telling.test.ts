// When the broker is told: of what is recorded, and of nothing before that.
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Deciding } from '../../../services/frontend/deciding/deciding.ts';
import { createStashFile } from '../../../services/frontend/deciding/own-memory.ts';
import { type Operation, type Rules, TIMED_OUT } from '../../../services/frontend/operation.ts';
import { type PastAccounts, replay } from '../../../services/frontend/state/device-journal.ts';
import { decodeRecord, encodeRecord, type JournalRecord } from '../../../services/frontend/state/records.ts';
import type { Grant } from '../../../services/lib/domain/grant.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { turns, until } from '../../support/until.ts';

const { BlobPlace } = barkeep.v1;
const PAGE = 4096;
const WINDOW = 1024 * PAGE;
const RULES: Rules = {
  quota: { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED },
  defaultHeap: 'ram',
  blobHeaps: new Map(),
  heaps: [{ name: 'ram', backing: 'memfd', cache: 'cached', granule: PAGE }],
  populate: false,
};
const MIXED: Rules = {
  ...RULES,
  blobHeaps: new Map([['7', 'bar']]),
  heaps: [...RULES.heaps, { name: 'bar', backing: 'file', cache: 'wc', granule: PAGE }],
};
const MIXED_GRANT: Grant = {
  heaps: new Map([
    ['ram', WINDOW],
    ['bar', WINDOW],
  ]),
  mappings: 100,
  allocations: 1000,
};
const GRANT: Grant = { heaps: new Map([['ram', WINDOW]]), mappings: 100, allocations: 1000 };

const create = (resourceId: number, blobId = 0): Operation => ({
  kind: 'create',
  resourceId,
  contextId: 1,
  memory: 'host3d',
  flags: 1,
  blobId,
  size: PAGE,
});
const map = (resourceId: number, offset: number): Operation => ({ kind: 'map', resourceId, offset });
const destroy = (resourceId: number): Operation => ({ kind: 'destroy', resourceId });
const unmap = (resourceId: number): Operation => ({ kind: 'unmap', resourceId });

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

class Bench {
  readonly told: barkeep.v1.Accounts.$Properties[] = [];
  isAway = false;
  /** What was to be told, with a broker or without. */
  attempts = 0;
  readonly deciding: Deciding;
  version = 0;
  /** What was sent, in order: accounts, and numbers of memory. */
  readonly sent: (barkeep.v1.Accounts.$Properties | number)[] = [];
  readonly records: JournalRecord[] = [];
  readonly fetched: Fd[] = [];

  /** `past`: begins as a successor of somebody who mapped each blob by itself. */
  constructor({ rules = RULES, answerTimeout = 1000, past = null as PastAccounts | null } = {}) {
    const files: Fd[] = [createMemfd('test-window', WINDOW), createStashFile()];
    const [window, stash] = files as [Fd, Fd];
    this.deciding = new Deciding({
      name: 'test',
      windowSize: WINDOW,
      rules,
      grant: rules === RULES ? GRANT : MIXED_GRANT,
      accountsVersion: 0,
      window: window.number,
      stash: stash.number,
      past,
      mapsEachBlob: rules !== RULES,
      fetchMemory: () => {
        const fd = createMemfd('test-own', 4 * PAGE);
        this.fetched.push(fd);
        return Promise.resolve(fd);
      },
      link: {
        tell: (accounts) => {
          this.attempts += 1;
          if (!this.isAway) this.told.push(accounts);
          if (!this.isAway) this.sent.push(accounts);
          return !this.isAway;
        },
        askGrant: () => !this.isAway,
        askMemory: ({ number }) => {
          if (!this.isAway) this.sent.push(countFromWire(number));
          return !this.isAway;
        },
        refusal: null,
      },
      journal: { append: (...records) => void this.records.push(...records) },
      answerTimeout,
      observeGrantWait: () => {},
      swept: new Set(),
      log: pino({ level: 'silent' }),
    });
    ends.push(() => {
      this.deciding.close();
      for (const file of files) file.close();
    });
  }

  record(): void {
    const changes = this.deciding.takeChanges();
    if (changes.length > 0) this.records.push({ kind: 'answered', answers: [], changes });
    this.deciding.recorded();
  }

  /** Waits until memory is asked for, and gives it. */
  async give(number: number): Promise<void> {
    await until(`memory ${number} is asked for`, () => this.sent.includes(number));
    this.deciding.given({ number, memory: { token: new Uint8Array(32), fdOffset: PAGE, size: PAGE } });
  }

  /** What a successor would find. */
  get past(): PastAccounts {
    const { accounts } = replay([
      {
        kind: 'session',
        session: new Uint8Array(16),
        placement: 'per-blob',
        windowSize: WINDOW,
      },
      { kind: 'rules', rules: MIXED },
      { kind: 'grant', grant: MIXED_GRANT },
      ...this.records.map((record) => decodeRecord(Buffer.from(encodeRecord(record)))),
    ]);
    if (accounts === null) throw new Error('no accounts are recorded');
    return accounts;
  }

  /** Decides and records at once. */
  do(...operations: readonly Operation[]): void {
    for (const operation of operations) expect(this.deciding.decide(operation)?.kind).not.toBe('refused');
    this.record();
  }

  /** Waits for the next that is told, and acknowledges it. Resolves with blobs by resource id. */
  async next(): Promise<Readonly<Record<number, number | null | undefined>>> {
    const count = this.version;
    await until('it is told', () => this.told.length > count);
    this.version += 1;
    const { version, blobs } = this.told[count]!;
    this.deciding.entered({ version: version ?? 0 });
    return Object.fromEntries((blobs ?? []).map(({ created, place }) => [created?.resourceId, place]));
  }
}

describe('what the broker is told', () => {
  it('is what is recorded: a blob that has to move is told together with the one that takes its place', async () => {
    const bench = new Bench();
    bench.do(create(1), map(1, 0), unmap(1));
    expect(await bench.next()).toEqual({ 1: BlobPlace.BLOB_PLACE_PARKED });

    bench.do(create(2));
    const moving = bench.deciding.decideSlowly(map(2, 0), performance.now());
    // The books have the map already, and the broker is back just now.
    bench.deciding.attached({ grant: GRANT, accountsVersion: bench.version });
    expect(bench.told).toHaveLength(1);
    expect((await moving).kind).toBe('mapped');
    bench.record();

    expect(await bench.next()).toEqual({
      1: BlobPlace.BLOB_PLACE_STASHED,
      2: BlobPlace.BLOB_PLACE_MAPPED,
    });
  });

  it('is told only when it is recorded', async () => {
    const bench = new Bench();
    bench.do(create(1));
    await bench.next();

    for (let resource = 2; resource < 400; resource += 1) {
      expect(bench.deciding.decide(create(resource))?.kind).toBe('done');
    }
    bench.deciding.takeChanges();
    expect(bench.told).toHaveLength(1);
    bench.deciding.recorded();
    await bench.next();
  });

  it('is prepared once while the broker is away, and told when it is back', async () => {
    const bench = new Bench();
    bench.isAway = true;
    for (let resource = 1; resource <= 1000; resource += 1) bench.do(create(resource), destroy(resource));
    bench.do(create(2000));
    await until('somebody was to be told', () => bench.attempts > 0);
    bench.do(create(2001));
    await turns();
    expect(bench.attempts).toBe(1);

    bench.isAway = false;
    bench.deciding.attached({ grant: GRANT, accountsVersion: 0 });
    expect(Object.keys(await bench.next())).toEqual(['2000', '2001']);
    expect(bench.told[0]).toMatchObject({ complete: false, destroyed: { length: 1000 } });
  });

  it('is everything there is after so much has come and gone that its telling would take longer', async () => {
    const bench = new Bench();
    bench.isAway = true;
    bench.do(create(1));
    for (let resource = 2; resource < 70_000; resource += 1) bench.do(create(resource), destroy(resource));
    bench.isAway = false;
    bench.deciding.attached({ grant: GRANT, accountsVersion: 0 });

    expect(Object.keys(await bench.next())).toEqual(['1']);
    expect(bench.told[0]).toMatchObject({ complete: true, destroyed: [] });
    expect(bench.deciding.untold).toBe(0);
  });
});

describe('memory of its own', () => {
  const own = (resourceId: number): Operation => create(resourceId, 7);

  async function made(bench: Bench, resourceId: number, number: number): Promise<void> {
    expect(bench.deciding.decide(own(resourceId))).toBeNull();
    const making = bench.deciding.decideSlowly(own(resourceId), performance.now());
    await bench.give(number);
    expect((await making).kind).toBe('done');
    bench.record();
  }

  it('is asked for before its blob is made, and told with it', async () => {
    const bench = new Bench({ rules: MIXED });
    await made(bench, 1, 1);
    expect(await bench.next()).toEqual({ 1: BlobPlace.BLOB_PLACE_UNMAPPED });
    expect(bench.told.at(-1)).toMatchObject({ settledMemory: 1, blobs: [{ heap: 'bar', memory: 1 }] });

    // From there on nobody is asked.
    bench.do(map(1, 0), create(2), map(2, PAGE));
    expect(bench.deciding.memoryOf(1)).toMatchObject({ number: 1, fdOffset: PAGE, size: PAGE });
    expect(bench.deciding.memoryOf(2)).toBeNull();
    expect(await bench.next()).toEqual({ 1: BlobPlace.BLOB_PLACE_MAPPED, 2: BlobPlace.BLOB_PLACE_MAPPED });
    bench.do(unmap(1));
    expect(await bench.next()).toEqual({ 1: BlobPlace.BLOB_PLACE_UNMAPPED });
    bench.do(destroy(1));
    expect(bench.fetched.filter(({ open }) => open)).toEqual([]);
    await bench.next();
    expect(bench.told.at(-1)).toMatchObject({ destroyed: [1] });
  });

  it('is asked for when all that was freed before is told', async () => {
    const bench = new Bench({ rules: MIXED });
    await made(bench, 1, 1);
    // Under way, and not acknowledged: what is freed now has to wait for the next version.
    await until('it is told', () => bench.told.length === 1);
    bench.do(destroy(1));
    const making = bench.deciding.decideSlowly(own(2), performance.now());
    await turns();
    expect(bench.sent).toEqual([1, bench.told[0]]);
    await bench.next();
    await bench.give(2);
    expect((await making).kind).toBe('done');
    expect(bench.sent.slice(2)).toEqual([expect.objectContaining({ destroyed: [1] }), 2]);
  });

  it('that comes too late is not fetched, and settled', async () => {
    const bench = new Bench({ rules: MIXED, answerTimeout: 20 });
    expect(await bench.deciding.decideSlowly(own(1), performance.now())).toBe(TIMED_OUT);
    bench.record();
    await bench.next();
    expect(bench.told.at(-1)).toMatchObject({ settledMemory: 1, blobs: [] });
    await bench.give(1);
    expect(bench.fetched).toEqual([]);
    expect(bench.past).toMatchObject({ memoryNumber: 1, blobs: new Map() });
    // Its room is free again, and its number is used up.
    await made(bench, 1, 2);
  });

  it('ends with a reset while it is asked for', async () => {
    const bench = new Bench({ rules: MIXED });
    const making = bench.deciding.decideSlowly(own(1), performance.now());
    await until('it is asked for', () => bench.sent.includes(1));
    bench.deciding.reset();
    bench.record();
    expect(await making).toMatchObject({ kind: 'failed', why: 'lost' });
    await bench.next();
    expect(bench.told.at(-1)).toMatchObject({ complete: true, settledMemory: 1, generation: 2 });
    await bench.give(1);
    await turns();
    expect(bench.fetched).toEqual([]);
  });

  it('is asked for again by a successor, whose maps wait for it; what was in no blob is settled', async () => {
    const bench = new Bench({ rules: MIXED });
    await made(bench, 1, 1);
    void bench.deciding.decideSlowly(own(2), performance.now());
    await until('it is asked for', () => bench.sent.includes(2));

    const successor = new Bench({ rules: MIXED, past: bench.past });
    expect(successor.sent).toEqual([]);
    expect(successor.deciding.decide(map(1, 0))).toBeNull();
    const mapping = successor.deciding.decideSlowly(map(1, 0), performance.now());
    successor.deciding.attached({ grant: MIXED_GRANT, accountsVersion: 1 });
    await until('it is asked for', () => successor.sent.includes(1));
    await successor.next();
    expect(successor.told[0]).toMatchObject({ complete: true, settledMemory: 2, blobs: [{ memory: 1 }] });
    await successor.give(1);
    expect((await mapping).kind).toBe('mapped');
    successor.record();
    // The next number is one that nobody has asked for.
    await made(successor, 2, 3);
  });
});
