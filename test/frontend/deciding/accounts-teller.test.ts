// What the broker is told of a VM that is decided for here: coalesced, one version at a time, and everything in the end, whatever was lost.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountsReader } from '../../../services/broker/rpc/accounts-codec.ts';
import { accountsIn } from '../../../services/broker/told.ts';
import { AccountsTeller, piecesOf } from '../../../services/frontend/deciding/accounts-teller.ts';
import { accountsOf } from '../../../services/lib/domain/accounts.ts';
import type { Command } from '../../../services/lib/domain/command.ts';
import { GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import { Vm } from '../../../services/lib/domain/vm.ts';
import { PAGE_SIZE as PAGE } from '../../../services/lib/os/memory.ts';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { grantOf, RULES } from './rig.ts';

type Message = barkeep.v1.Accounts.$Properties;
type Bare = Command extends infer One ? (One extends Command ? Omit<One, 'number'> : never) : never;

const PLENTY = grantOf(2 ** 20, 2 ** 20, 2 ** 20);
const COALESCING = 5;
const MOST_COALESCING = 40;
const SOON = 256;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function newVm(): Vm {
  const heaps = RULES.heaps.map((heap) => ({ ...heap, capacity: UNLIMITED }));
  const books = new GrantedBooks(heaps, null);
  books.set(PLENTY);
  const { quota, defaultHeap, blobHeaps, populate } = RULES;
  const settings = { name: 'test', windowSize: 2 ** 30, quota, defaultHeap, blobHeaps, populate };
  return new Vm({ ...settings, memory: 'window' }, { ...books, port: { allocate: () => null } });
}

/** A frontend's VM, and a broker that follows it. */
/** Of a VM without memory of its own. */
function readerOf(vm: Vm): AccountsReader {
  return new AccountsReader({ vm, memory: { named: () => null } });
}

class Pair {
  readonly vm = newVm();
  readonly followed = newVm();
  readonly teller: AccountsTeller;
  readonly sent: Message[] = [];
  isConnected = true;
  isSettled = true;
  told = 0;
  /** Of the broker. */
  version = 0;
  #reader = readerOf(this.followed);

  constructor(entered = 0) {
    this.vm.collectTouched();
    this.teller = new AccountsTeller(
      this.vm,
      entered,
      (message) => {
        if (!this.isConnected) return false;
        this.sent.push(message);
        return true;
      },
      () => {
        this.told += 1;
      },
      () => this.isSettled,
    );
  }

  apply(bare: Bare): void {
    this.vm.enter(this.vm.decide({ ...bare, number: 0 } as Command));
    this.vm.acknowledge(this.vm.lastNumber);
    this.teller.changed(this.vm.takeTouched());
  }

  create(resource: number): void {
    this.apply({
      kind: 'create',
      resource,
      context: 1,
      blobMem: 'host3d',
      flags: 1,
      blobId: 0,
      size: PAGE,
    });
  }

  destroy(resource: number): void {
    this.apply({ kind: 'destroy', resource });
  }

  /** The broker enters what was sent. @returns whether it was all of a version */
  enter(messages: readonly Message[] = this.sent.splice(0)): void {
    for (const message of messages) {
      const read = barkeep.v1.Accounts.decode(barkeep.v1.Accounts.encode(message).finish());
      const told = this.#reader.take(read, this.version, 2 ** 20);
      if (told === null) continue;
      this.followed.follow(accountsIn(told, this.followed), PLENTY);
      this.version = told.version;
    }
  }

  /** Both sides go on until everything is told. */
  settle(): void {
    for (let round = 0; round < 10 && !this.teller.isTold; round += 1) {
      vi.advanceTimersByTime(MOST_COALESCING);
      this.enter();
      this.teller.entered(this.version);
    }
  }

  /** The stream is another one: pieces that came on the old one are gone with it. */
  reconnect(): void {
    this.sent.length = 0;
    this.#reader = readerOf(this.followed);
    this.isConnected = true;
    this.teller.attached(this.version);
  }

  expectEqual(): void {
    const shown = (vm: Vm) => {
      const { blobs, generation, counters } = vm.snapshot();
      return {
        blobs: [...blobs].sort((one, other) => one.resource - other.resource),
        generation,
        counters,
      };
    };
    expect(shown(this.followed)).toEqual(shown(this.vm));
  }
}

const resources = (messages: readonly Message[]) =>
  messages.flatMap(({ blobs }) => (blobs ?? []).map(({ created }) => created?.resourceId));

describe('coalescing', () => {
  it('waits 5 ms for more, and what comes and goes meanwhile is told as gone', () => {
    const pair = new Pair();
    pair.create(1);
    pair.create(2);
    pair.destroy(1);
    vi.advanceTimersByTime(COALESCING - 1);
    expect(pair.sent).toEqual([]);

    vi.advanceTimersByTime(1);

    expect(pair.sent).toHaveLength(1);
    expect(pair.sent[0]).toMatchObject({ version: 1, complete: false, continues: false, destroyed: [1] });
    expect(resources(pair.sent)).toEqual([2]);
    expect(pair.teller.untold).toBe(2);
  });

  it('tells 256 blobs at once', () => {
    const pair = new Pair();
    for (let resource = 1; resource < SOON; resource += 1) pair.create(resource);
    expect(pair.sent).toEqual([]);

    pair.create(SOON);

    expect(resources(pair.sent)).toHaveLength(SOON);
  });

  it('waits longer where changes go on and on, and not after a rest', () => {
    const pair = new Pair();
    let resource = 1;
    const pauses: number[] = [];
    pair.create(resource);
    for (let version = 0; version < 6; version += 1) {
      const since = Date.now();
      while (pair.sent.length === 0) vi.advanceTimersByTime(1);
      pauses.push(Date.now() - since);
      resource += 1;
      pair.create(resource);
      pair.enter();
      pair.teller.entered(pair.version);
    }
    expect(pauses).toEqual([COALESCING, 10, 20, MOST_COALESCING, MOST_COALESCING, MOST_COALESCING]);

    pair.settle();
    pair.create(resource + 1);
    vi.advanceTimersByTime(COALESCING);
    expect(pair.sent).toHaveLength(1);
  });

  it('tells 256 blobs at once, also when others are under way', () => {
    const pair = new Pair();
    pair.create(1000);
    vi.advanceTimersByTime(COALESCING);
    for (let resource = 1; resource <= SOON; resource += 1) pair.create(resource);
    pair.enter();
    pair.teller.entered(1);
    expect(resources(pair.sent)).toHaveLength(SOON);
  });

  it('tells figures that changed without a blob', () => {
    const pair = new Pair();
    pair.destroy(77);
    pair.settle();
    pair.expectEqual();
    expect(pair.followed.counters.figures().operations.destroy.refused).toBe(1);
  });
});

describe('one version', () => {
  it('is under way at a time; the next one has everything since', () => {
    const pair = new Pair();
    pair.create(1);
    vi.advanceTimersByTime(COALESCING);
    for (let resource = 2; resource < 2 * SOON; resource += 1) pair.create(resource);
    vi.advanceTimersByTime(10 * COALESCING);
    expect(pair.sent).toHaveLength(1);
    expect(pair.told).toBe(0);

    pair.enter();
    pair.teller.entered(7);
    vi.advanceTimersByTime(COALESCING);
    expect(pair.sent).toHaveLength(0);
    pair.teller.entered(1);
    vi.advanceTimersByTime(COALESCING);

    expect(pair.sent[0]?.version).toBe(2);
    expect(resources(pair.sent)).toHaveLength(2 * SOON - 2);
    expect(pair.told).toBe(0);
    pair.settle();
    expect([pair.told, pair.teller.isTold, pair.teller.untold]).toEqual([1, true, 0]);
    pair.expectEqual();
  });

  it('is not told while something is decided and not recorded', () => {
    const pair = new Pair();
    pair.create(1);
    pair.isSettled = false;
    vi.advanceTimersByTime(20 * COALESCING);
    expect(pair.sent).toEqual([]);

    pair.isSettled = true;
    vi.advanceTimersByTime(COALESCING);

    expect(resources(pair.sent)).toEqual([1]);
  });
});

describe('pieces', () => {
  it('of at most 1,024 blobs and 4,096 ids have the figures in the last, and are entered as one', () => {
    const pair = new Pair();
    pair.isConnected = false;
    for (let resource = 1; resource <= 12_000; resource += 1) pair.create(resource);
    for (let resource = 1; resource <= 9000; resource += 1) pair.destroy(resource);
    pair.reconnect();

    expect(
      pair.sent.map(({ blobs, destroyed, continues, decisions }) => [
        blobs?.length,
        destroyed?.length,
        continues,
        (decisions ?? []).length > 0,
      ]),
    ).toEqual([
      [1024, 4096, true, false],
      [1024, 4096, true, false],
      [952, 808, false, true],
    ]);
    pair.enter(pair.sent.splice(0, 2));
    expect([pair.version, pair.followed.blobCount]).toEqual([0, 0]);
    pair.enter();
    expect([pair.version, pair.followed.blobCount]).toEqual([1, 3000]);
    pair.expectEqual();
  });

  it('are one where nothing is left', () => {
    const { vm } = new Pair();
    const pieces = piecesOf(accountsOf(vm, { everything: true, resources: new Set() }), 4);
    expect(pieces).toHaveLength(1);
    expect(pieces[0]).toMatchObject({ version: 4, complete: true, continues: false, generation: 1 });
  });
});

describe('a broker that comes back', () => {
  function broken(): Pair {
    const pair = new Pair();
    pair.create(1);
    pair.settle();
    pair.create(2);
    vi.advanceTimersByTime(COALESCING);
    return pair;
  }

  it('has what was under way: it is not told again', () => {
    const pair = broken();
    pair.enter();
    pair.isConnected = false;
    pair.create(3);
    pair.reconnect();

    expect(resources(pair.sent)).toEqual([3]);
    expect(pair.sent[0]).toMatchObject({ version: 3, complete: false });
    pair.settle();
    pair.expectEqual();
  });

  it('has not heard of it: it is told again, with what came since, in the order in which it came', () => {
    const pair = broken();
    pair.isConnected = false;
    pair.create(3);
    pair.destroy(2);
    pair.reconnect();

    expect(pair.sent[0]).toMatchObject({ version: 2, complete: false, destroyed: [2] });
    expect(resources(pair.sent)).toEqual([3]);
    pair.settle();
    pair.expectEqual();
  });

  it.each([0, 5])('has version %i of somebody else: it is told everything', (version) => {
    const pair = broken();
    pair.version = version;
    pair.reconnect();

    expect(pair.sent[0]).toMatchObject({ version: version + 1, complete: true });
    expect(resources(pair.sent)).toEqual([1, 2]);
    pair.settle();
    pair.expectEqual();
  });

  it('is told nothing by a successor before it has said what it has, and then everything', () => {
    const pair = new Pair(-1);
    pair.create(1);
    vi.advanceTimersByTime(10 * COALESCING);
    expect(pair.sent).toEqual([]);

    pair.version = 9;
    pair.reconnect();

    expect(pair.sent[0]).toMatchObject({ version: 10, complete: true });
    pair.settle();
    pair.expectEqual();
  });

  it('was away while the guest worked: that costs one attempt to tell, and then nothing', () => {
    const pair = new Pair();
    pair.isConnected = false;
    let attempts = 0;
    const snapshotOf = pair.vm.snapshotOf.bind(pair.vm);
    pair.vm.snapshotOf = (resource) => {
      attempts += 1;
      return snapshotOf(resource);
    };
    for (let resource = 1; resource <= 10 * SOON; resource += 1) {
      pair.create(resource);
      vi.advanceTimersByTime(1);
    }

    expect(attempts).toBeLessThan(SOON);
  });

  it('is told everything when more came and went than anybody wants to remember', () => {
    const pair = new Pair();
    pair.create(1);
    pair.settle();
    pair.isConnected = false;
    for (let resource = 2; resource < 70_000; resource += 1) {
      pair.create(resource);
      pair.destroy(resource);
    }
    expect(pair.teller.untold).toBeLessThan(66_000);

    pair.reconnect();

    expect(pair.sent).toHaveLength(1);
    expect(pair.sent[0]).toMatchObject({ complete: true, destroyed: [] });
    pair.settle();
    pair.expectEqual();
  });
});

it('whatever is lost and whoever forgets, both sides have the same accounts in the end', () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ create: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 3, arbitrary: fc.record({ destroy: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 3, arbitrary: fc.record({ map: fc.integer({ min: 1, max: 6 }), page: fc.nat(7) }) },
    { weight: 1, arbitrary: fc.constant({ reset: true }) },
    { weight: 4, arbitrary: fc.record({ wait: fc.nat(12) }) },
    { weight: 3, arbitrary: fc.constant({ enter: true }) },
    { weight: 2, arbitrary: fc.constant({ answer: true }) },
    { weight: 1, arbitrary: fc.constant({ lose: true }) },
    { weight: 2, arbitrary: fc.constant({ reconnect: true }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const one of steps) {
        if ('create' in one) pair.create(one.create);
        else if ('destroy' in one) pair.destroy(one.destroy);
        else if ('map' in one) pair.apply({ kind: 'map', resource: one.map, offset: one.page * PAGE });
        else if ('reset' in one) pair.apply({ kind: 'reset' });
        else if ('wait' in one) vi.advanceTimersByTime(one.wait);
        else if ('enter' in one && pair.isConnected) pair.enter();
        else if ('answer' in one && pair.isConnected) pair.teller.entered(pair.version);
        else if ('lose' in one) {
          pair.isConnected = false;
          pair.sent.length = 0;
        } else if ('reconnect' in one) pair.reconnect();
      }
      pair.reconnect();
      pair.settle();
      pair.expectEqual();
      expect(pair.teller.untold).toBe(0);
    }),
    { numRuns: 200 },
  );
});
