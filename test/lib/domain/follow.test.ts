/**
 * Two frontends that decide for their VMs within grants, and the host that follows them: over random lives, with accounts that are lost and
 * told again, with deaths of either side, the books are equal whenever everything was told; and no lie enters them.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountsOf } from '../../../services/lib/domain/accounts.ts';
import type { Command } from '../../../services/lib/domain/command.ts';
import type { Accounts } from '../../../services/lib/domain/follow.ts';
import { type Grant, GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { TouchedBlobs } from '../../../services/lib/domain/touched.ts';
import { Vm } from '../../../services/lib/domain/vm.ts';
import type { BlobSnapshot } from '../../../services/lib/domain/vm-snapshot.ts';
import { command } from './support/life.ts';
import { HeapMemory } from './support/memory.ts';
import { type Bare, HEAPS, HOST_LIMITS, PAGE, VMS, WINDOW_PAGES } from './support/world.ts';

const SETTINGS = { ...VMS[0]!, windowSize: WINDOW_PAGES * PAGE };
const NAMES = ['desk', 'lab'] as const;

function amounts(pages: number, count: number): Grant {
  const heaps = new Map(HEAPS.map(({ name }): [string, number] => [name, pages * PAGE]));
  return { heaps, mappings: count, allocations: count };
}

/** Decides for one VM. */
class Frontend {
  readonly #host: Host;
  readonly #name: string;
  books = new GrantedBooks(HEAPS, null);
  vm: Vm;
  /** Not told yet, or told and not acknowledged. */
  readonly untold = new TouchedBlobs();

  constructor(host: Host, name: string) {
    this.#host = host;
    this.#name = name;
    host.attach({ ...SETTINGS, name }, true);
    this.vm = this.#newVm();
  }

  /** The answer, or why a larger grant would be needed. `isUndone`: a map comes to nothing, because the VMM does not do its part. */
  apply(bare: Bare, isUndone = false): string {
    const decision = this.vm.decide({ ...bare, number: 0 } as Command);
    const { reply } = decision.outcome;
    if (reply.result === 'refused') {
      const { reason } = reply.refusal;
      if (reason === 'HEAP_CAPACITY' || reason === 'HOST_CAPACITY') return reason;
    }
    this.vm.enter(decision);
    this.vm.acknowledge(this.vm.lastNumber);
    if (isUndone && bare.kind === 'map' && reply.result === 'ok') this.vm.undoMap(bare.resource);
    this.untold.merge(this.vm.takeTouched());
    return reply.result;
  }

  ask(pages: number, count: number): void {
    const wanted = amounts(pages, count);
    const { used } = this.books;
    // What it has freed is told before it is given back.
    this.tell();
    const { grant } = this.#host.requestGrant(this.#name, { wanted, needed: used });
    this.books.set(grant);
  }

  /** `isLost`: nobody hears of it. */
  tell(isLost = false): void {
    const accounts = accountsOf(this.vm, this.untold);
    if (isLost) return;
    this.#host.follow(this.#name, accounts);
    this.untold.take();
  }

  /** A successor has everything from a journal, but for what was told. */
  die(): void {
    const { blobs, ...rest } = this.vm.snapshot();
    const { grant } = this.books;
    this.books = new GrantedBooks(HEAPS, null);
    this.books.set(grant);
    this.vm = this.#newVm();
    this.vm.restore({ ...rest, blobs });
    this.vm.takeTouched();
    this.untold.addEverything();
  }

  #newVm(): Vm {
    const { account, heaps } = this.books;
    const vm = new Vm({ ...SETTINGS, name: this.#name }, { account, heaps, port: new HeapMemory() });
    vm.collectTouched();
    return vm;
  }
}

const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      vm: fc.nat(1),
      command,
      isUndone: fc.nat(3).map((number) => number === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      vm: fc.nat(1),
      pages: fc.nat(16),
      count: fc.nat(8),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('tell' as const), vm: fc.nat(1), isLost: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), vm: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('broker-dies' as const), vm: fc.nat(1) }) },
);

function sorted(blobs: readonly BlobSnapshot[]): readonly BlobSnapshot[] {
  return [...blobs].sort((one, other) => one.resource - other.resource);
}

function newHost(): Host {
  return new Host({ heaps: HEAPS, limits: HOST_LIMITS }, new HeapMemory());
}

/** A broker that read its journal: all VMs, as they were told. */
function reborn(host: Host): Host {
  const next = newHost();
  for (const [name, vm] of host.vms) {
    next.restore({ ...SETTINGS, name }, vm.snapshot(), host.grantOf(name));
  }
  return next;
}

describe('a host that follows', () => {
  it('has the books of whoever decides, whenever it was told', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
        let host = newHost();
        const proxy = new Proxy({} as Host, {
          get: (_, name) => {
            const value = Reflect.get(host, name) as unknown;
            return typeof value === 'function' ? value.bind(host) : value;
          },
        });
        const frontends = NAMES.map((name) => new Frontend(proxy, name));
        for (const one of steps) {
          const frontend = frontends[one.vm]!;
          if (one.kind === 'command') seen.add(frontend.apply(one.command, one.isUndone));
          else if (one.kind === 'ask') frontend.ask(one.pages, one.count);
          else if (one.kind === 'tell') frontend.tell(one.isLost);
          else if (one.kind === 'die') frontend.die();
          else host = reborn(host);
        }
        for (const frontend of frontends) frontend.tell();
        let bytes = 0;
        for (const [index, name] of NAMES.entries()) {
          const { vm, books } = frontends[index]!;
          const followed = host.vms.get(name)!;
          expect(sorted(followed.snapshot().blobs)).toEqual(sorted(vm.snapshot().blobs));
          expect(followed.snapshot().counters).toEqual(vm.snapshot().counters);
          expect(followed.counters.mappings).toEqual(vm.counters.mappings);
          expect([...followed.freeExtents()]).toEqual([...vm.freeExtents()]);
          expect(followed.used).toEqual(vm.used);
          expect(followed.generation).toBe(vm.generation);
          expect(host.grantOf(name)).toEqual(books.grant);
          bytes += vm.used.bytes;
        }
        expect(host.used.bytes).toBe(bytes);
        for (const name of NAMES) host.detach(name);
        expect(host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
        for (const heap of host.heaps.values()) {
          expect(heap).toMatchObject({ usedBytes: 0, idleBytes: 0, allocations: 0 });
        }
      }),
      { numRuns: 150 },
    );
    expect([...seen].sort()).toEqual(['HEAP_CAPACITY', 'HOST_CAPACITY', 'ok', 'refused']);
  }, 120_000);
});

const BLOB: BlobSnapshot = {
  resource: 1,
  context: 1,
  blobId: 0,
  blobMem: 'host3d',
  flags: 1,
  size: 2 * PAGE,
  heap: 'ram',
  allocation: null,
  state: 'mapped',
  offset: 0,
};

describe('a lie', () => {
  const lies: [string, Partial<Accounts> | readonly Partial<BlobSnapshot>[], string][] = [
    ['two blobs of one id', [{}, { offset: 8 * PAGE }], 'a blob is told twice'],
    ['id 0', [{ resource: 0 }], 'ids of blobs are from 1'],
    ['flags without a meaning', [{ flags: 8 }], 'blob flags 0x8'],
    ['a blob_id that leads nowhere', [{ blobId: 9 }], 'blob_id 9'],
    ['another heap', [{ heap: 'combined' }], 'its blob_id leads to ram'],
    ['a heap that fits no window', [{ blobId: 2, heap: 'bar' }], 'would come from heap bar'],
    ['half a page', [{ size: PAGE / 2 }], 'has a size of 2048 bytes'],
    ['no bytes', [{ size: 0 }], 'has a size of 0 bytes'],
    ['a place between pages', [{ offset: 5 }], 'not a multiple of 4096'],
    ['a place outside', [{ offset: WINDOW_PAGES * PAGE }], 'the window ends at'],
    ['a mapping of what cannot be mapped', [{ flags: 0 }], 'create it with USE_MAPPABLE'],
    ['two blobs in one place', [{}, { resource: 2, offset: PAGE }], 'where another blob is told to lie'],
    ['a blob in the place of one that stays', [{ resource: 2, offset: 5 * PAGE }], 'where resource 7 lies'],
    [
      'more bytes than granted',
      [{ size: 12 * PAGE, state: 'unmapped', offset: 0 }],
      'bytes of heap ram where 32768',
    ],
    [
      'more blobs than granted',
      [2, 3, 4, 5].map((resource) => ({ resource, size: PAGE, state: 'unmapped', offset: 0 })),
      '5 allocations where 4 are granted',
    ],
    [
      'more mappings than the quota',
      [2, 3].map((resource) => ({ resource, size: PAGE, offset: resource * 8 * PAGE - 16 * PAGE })),
      '3 mappings where the quota is 2',
    ],
    ['a blob that is there and gone', { blobs: [BLOB], destroyed: [1] }, 'is told, and told to be gone'],
    ['an earlier generation', { generation: 0 }, 'generation 0 comes after 1'],
  ];
  it.each(lies)('is found, and enters nothing: %s', (_name, told, message) => {
    const host = newHost();
    const vm = host.attach({ ...SETTINGS, name: 'desk' }, true);
    host.requestGrant('desk', {
      wanted: amounts(0, 0),
      needed: { heaps: new Map([['ram', 8 * PAGE]]), mappings: 3, allocations: 4 },
    });
    const counters = vm.counters.figures();
    const rest = { complete: false, destroyed: [], generation: 1, counters };
    host.follow('desk', { ...rest, blobs: [{ ...BLOB, resource: 7, offset: 4 * PAGE }] });
    const before = [
      vm.snapshot(),
      structuredClone(vm.used),
      [...vm.freeExtents()],
      structuredClone(host.used),
    ];
    const accounts: Accounts = Array.isArray(told)
      ? { ...rest, blobs: told.map((more) => ({ ...BLOB, ...more })) }
      : { ...rest, blobs: [], ...told };

    expect(() => host.follow('desk', accounts)).toThrow(message);

    expect([vm.snapshot(), vm.used, [...vm.freeExtents()], host.used]).toEqual(before);
  });

  it('is a count that falls', () => {
    const host = newHost();
    const vm = host.attach({ ...SETTINGS, name: 'desk' }, true);
    const accounts = { complete: false, destroyed: [], blobs: [], generation: 1 };
    const figures = vm.counters.figures();
    const counters = {
      ...figures,
      operations: { ...figures.operations, map: { ...figures.operations.map, ok: 3 } },
    };
    host.follow('desk', { ...accounts, counters });

    expect(() => host.follow('desk', { ...accounts, counters: figures })).toThrow(
      'the count of map ok falls',
    );
  });
});
