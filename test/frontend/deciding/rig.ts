// A VM that decides for itself, on real memory: what it writes down is kept, and a successor begins from that. Memory can fail it, and it can die
// before any step that touches memory.
import { readSync, writeSync } from 'node:fs';
import { Decider, type Needed } from '../../../services/frontend/deciding/decider.ts';
import { createStashFile, OwnMemory } from '../../../services/frontend/deciding/own-memory.ts';
import {
  type Operation,
  type Result,
  type Rules,
  SESSION_LOST,
} from '../../../services/frontend/operation.ts';
import type { Change } from '../../../services/frontend/state/changes.ts';
import { type PastAccounts, replay } from '../../../services/frontend/state/device-journal.ts';
import { decodeRecord, encodeRecord, type JournalRecord } from '../../../services/frontend/state/records.ts';
import { COUNTER_KEYS } from '../../../services/lib/domain/counters.ts';
import type { Grant } from '../../../services/lib/domain/grant.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import type { Touched } from '../../../services/lib/domain/touched.ts';
import type { BlobSnapshot } from '../../../services/lib/domain/vm-snapshot.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, nextData, PAGE_SIZE as PAGE } from '../../../services/lib/os/memory.ts';
import { turns, until } from '../../support/until.ts';

export const RULES: Rules = {
  quota: { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED },
  defaultHeap: 'ram',
  blobHeaps: new Map(),
  heaps: [{ name: 'ram', backing: 'memfd', cache: 'cached', granule: PAGE }],
  populate: false,
};

export function grantOf(pages: number, mappings = 100, allocations = 100): Grant {
  return { heaps: new Map([['ram', pages * PAGE]]), mappings, allocations };
}

export function create(resourceId: number, pages = 1): Operation {
  return {
    kind: 'create',
    resourceId,
    contextId: 1,
    memory: 'host3d',
    flags: 1,
    blobId: 0,
    size: pages * PAGE,
  };
}

export function map(resourceId: number, page: number): Operation {
  return { kind: 'map', resourceId, offset: page * PAGE };
}

/** The process died: thrown by steps that are in line. */
export class Death extends Error {}

/** Steps that touch memory, in the order in which they are asked for; each can fail, and the process can die before it. */
export class FlakyMemory extends OwnMemory {
  readonly steps: string[] = [];
  /** Steps of these kinds fail, for as long as they are here. */
  readonly failing = new Set<string>();
  /** So many further steps are done; the process dies before the next. */
  lifetime = Number.POSITIVE_INFINITY;
  /** Resolves when the process has died in a step that is waited for. */
  readonly died: Promise<void>;
  #die: () => void = () => {};
  isDead = false;
  /** Resolves when a step of the kind that is held is begun, and holds it until the test lets it go on. */
  hold: { readonly kind: string; readonly released: Promise<void>; readonly begun: () => void } | null = null;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(window: number, size: number, stash: number) {
    super(window, size, stash);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** Resolves when no step of this process is under way any more. */
  async reaped(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  override zeroInline(offset: number, length: number): void {
    this.#inLine('zero');
    super.zeroInline(offset, length);
  }

  override zero(offset: number, length: number): Promise<void> {
    return this.#later('zero', () => super.zero(offset, length));
  }

  override erase(): Promise<void> {
    return this.#later('erase', () => super.erase());
  }

  override freeInline(offset: number, length: number): void {
    this.#inLine('free');
    super.freeInline(offset, length);
  }

  override populateInline(offset: number, length: number): void {
    this.#inLine('populate');
    super.populateInline(offset, length);
  }

  override populate(offset: number, length: number): Promise<void> {
    return this.#later('populate', () => super.populate(offset, length));
  }

  override stash(resource: number, offset: number, length: number): Promise<number> {
    return this.#later('stash', () => super.stash(resource, offset, length));
  }

  override restore(resource: number, offset: number, length: number): Promise<void> {
    return this.#later('restore', () => super.restore(resource, offset, length));
  }

  override dropStash(resource: number): void {
    this.#inLine('drop-stash');
    super.dropStash(resource);
  }

  #inLine(kind: string): void {
    this.steps.push(kind);
    this.lifetime -= 1;
    if (this.lifetime < 0) {
      this.isDead = true;
      throw new Death();
    }
    if (this.failing.has(kind)) throw new Error(`no memory to ${kind}`);
  }

  #later<Value>(kind: string, work: () => Promise<Value>): Promise<Value> {
    try {
      this.#inLine(kind);
    } catch (error) {
      if (!(error instanceof Death)) return Promise.reject(error);
      this.#die();
      return new Promise(() => {});
    }
    const { hold } = this;
    const done = hold?.kind === kind ? hold.released.then(work) : work();
    if (hold?.kind === kind) hold.begun();
    this.#underWay.add(done);
    const over = (): void => void this.#underWay.delete(done);
    done.then(over, over);
    return done;
  }
}

export type Room = 'grant' | 'refuse' | 'time-out' | 'wait';

export class Rig {
  readonly window: Fd;
  readonly stash = createStashFile();
  readonly size: number;
  readonly #rules: Rules;
  #records: JournalRecord[];
  decider!: Decider;
  memory!: FlakyMemory;
  /** What comes of asking for room. */
  room: Room = 'grant';
  readonly asked: Needed[] = [];
  readonly touched: Touched[] = [];
  #waiting: ((result: Result) => void) | null = null;

  constructor({
    pages = 16,
    grant = grantOf(1000),
    populate = false,
  }: {
    pages?: number;
    grant?: Grant;
    populate?: boolean;
  } = {}) {
    this.size = pages * PAGE;
    this.window = createMemfd('test-window', this.size);
    this.#rules = { ...RULES, populate };
    this.#records = [
      {
        kind: 'session',
        session: new Uint8Array(16),
        placement: 'window',
        windowSize: this.size,
      },
      { kind: 'rules', rules: this.#rules },
      { kind: 'grant', grant },
    ];
    this.#begin(null);
    this.decider.books.set(grant);
  }

  /** What a successor would find. */
  get past(): PastAccounts {
    const { accounts } = replay(
      this.#records.map((record) => decodeRecord(Buffer.from(encodeRecord(record)))),
    );
    if (accounts === null) throw new Error('no accounts are recorded');
    return accounts;
  }

  /** A successor of this process, which has died. */
  async succeed(): Promise<void> {
    await this.memory.reaped();
    this.adopt(this.past);
  }

  /** Begins with what a predecessor is said to have had. Throws what the decider throws. */
  adopt(past: PastAccounts): void {
    this.#begin(past);
  }

  /** Decides, at once or waiting; null when the process has died meanwhile. */
  async decide(operation: Operation): Promise<Result | null> {
    try {
      const result = this.decider.decide(operation);
      if (result !== null) return result;
    } catch (error) {
      if (error instanceof Death) return null;
      throw error;
    }
    const slow = this.decider.decideSlowly(operation, performance.now());
    const dead = this.memory.died.then(() => null);
    return await Promise.race([slow, dead]).catch((error: unknown) => {
      if (error instanceof Death) return null;
      throw error;
    });
  }

  /** Writes down what has changed, and does what waits for that. */
  record(): void {
    this.writeDown();
    this.decider.recorded();
  }

  writeDown(): void {
    const changes = this.decider.takeChanges();
    if (changes.length > 0) this.#records.push({ kind: 'answered', answers: [], changes });
  }

  /** Decides and writes down. */
  async done(operation: Operation): Promise<Result> {
    const result = await this.decide(operation);
    if (result === null) throw new Error('the process has died');
    this.record();
    return result;
  }

  /** As a guest that looks at its window, without giving holes pages. */
  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.window.number, bytes, 0, length, offset);
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    writeSync(this.window.number, bytes, 0, bytes.length, offset);
  }

  /** Pages of the window, or of the stash, that have memory and lie in none of `ranges`. */
  strays(
    where: 'window' | 'stash',
    ranges: readonly { readonly offset: number; readonly size: number }[],
  ): readonly number[] {
    const fd = where === 'window' ? this.window.number : this.stash.number;
    const end = where === 'window' ? this.size : 2 ** 40;
    const strays: number[] = [];
    for (let data = nextData(fd, 0, end); data !== null; ) {
      for (let at = data.offset; at < data.offset + data.length; at += PAGE) {
        if (!ranges.some(({ offset, size }) => at >= offset && at < offset + size)) strays.push(at / PAGE);
      }
      data = nextData(fd, data.offset + data.length, end);
    }
    return strays;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await until('nothing is under way', () => !this.decider.isBusy, { every: 1 });
  }

  close(): void {
    this.memory.close();
    this.window.close();
    this.stash.close();
  }

  #begin(past: PastAccounts | null): void {
    // A process that has died has no timers.
    this.memory?.close();
    const memory = new FlakyMemory(this.window.number, this.size, this.stash.number);
    // The predecessor's; there is none at first.
    (this.memory as FlakyMemory | undefined)?.close();
    this.memory = memory;
    this.decider = new Decider({
      name: 'test',
      windowSize: this.size,
      rules: this.#rules,
      memory,
      memories: null,
      past,
      makeRoom: (needed) => this.#makeRoom(needed),
      withdraw: () => this.#waiting?.(SESSION_LOST),
      record: (change: Change) => this.#records.push({ kind: 'answered', answers: [], changes: [change] }),
      onTouched: (touched) => this.touched.push(touched),
    });
  }

  async #makeRoom(needed: Needed): Promise<Result | null> {
    this.asked.push(needed);
    await turns(1);
    switch (this.room) {
      case 'grant': {
        const { mappings, allocations } = needed;
        const { ram } = { ram: this.decider.books.grant.heaps.get('ram') ?? 0 };
        const grant = {
          heaps: new Map([['ram', Math.max(ram, needed.bytes)]]),
          mappings: Math.max(mappings, this.decider.books.grant.mappings),
          allocations: Math.max(allocations, this.decider.books.grant.allocations),
        };
        this.#records.push({ kind: 'grant', grant });
        this.decider.books.set(grant);
        return null;
      }
      case 'refuse':
        return { kind: 'refused', reason: 'HEAP_CAPACITY', message: 'others have it' };
      case 'time-out':
        return { kind: 'failed', why: 'timeout' };
      case 'wait':
        return await new Promise((resolve) => {
          this.#waiting = resolve;
        });
    }
  }
}

/** Accounts in a form that can be compared. */
export function comparable({ blobs, generation, counts }: PastAccounts): object {
  return {
    blobs: sorted([...blobs.values()].map(({ blob }) => blob)),
    generation,
    counts: COUNTER_KEYS.map((_, index) => counts.get(index) ?? 0),
  };
}

export function comparableVm({ vm }: Decider): object {
  const counts = new Float64Array(COUNTER_KEYS.length);
  vm.counters.flatten(counts);
  return { blobs: sorted(vm.snapshot().blobs), generation: vm.generation, counts: [...counts] };
}

function sorted(blobs: readonly BlobSnapshot[]): readonly BlobSnapshot[] {
  return [...blobs].sort((one, other) => one.resource - other.resource);
}
