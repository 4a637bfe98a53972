// When the broker is told: of what is recorded, and of nothing before that.
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Deciding } from '../../../services/frontend/deciding/deciding.ts';
import { createStashFile } from '../../../services/frontend/deciding/own-memory.ts';
import type { Operation, Rules } from '../../../services/frontend/operation.ts';
import type { Grant } from '../../../services/lib/domain/grant.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
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
const GRANT: Grant = { heaps: new Map([['ram', WINDOW]]), mappings: 100, allocations: 1000 };

const create = (resourceId: number): Operation => ({
  kind: 'create',
  resourceId,
  contextId: 1,
  memory: 'host3d',
  flags: 1,
  blobId: 0,
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

  constructor() {
    const files: Fd[] = [createMemfd('test-window', WINDOW), createStashFile()];
    const [window, stash] = files as [Fd, Fd];
    this.deciding = new Deciding({
      name: 'test',
      windowSize: WINDOW,
      rules: RULES,
      grant: GRANT,
      accountsVersion: 0,
      window: window.number,
      stash: stash.number,
      past: null,
      link: {
        tell: (accounts) => {
          this.attempts += 1;
          if (!this.isAway) this.told.push(accounts);
          return !this.isAway;
        },
        askGrant: () => !this.isAway,
        refusal: null,
      },
      journal: null,
      answerTimeout: 1000,
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
    this.deciding.takeChanges();
    this.deciding.recorded();
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
