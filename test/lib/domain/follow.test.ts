/**
 * Two frontends that decide for their VMs within grants, and the host that follows them: over random lives, with accounts that are lost and
 * told again, with deaths of either side, the books are equal whenever everything was told; and no lie enters them. One of the VMs has blobs of
 * both kinds: in its window, and with memory of their own, which the host makes and the frontend asks for.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountsOf } from '../../../services/lib/domain/accounts.ts';
import type { Allocation, HeapPort, TakenMemory } from '../../../services/lib/domain/allocation.ts';
import type { Command, CreateCommand } from '../../../services/lib/domain/command.ts';
import type { Accounts } from '../../../services/lib/domain/follow.ts';
import { type Grant, GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { TouchedBlobs } from '../../../services/lib/domain/touched.ts';
import { Vm } from '../../../services/lib/domain/vm.ts';
import type { VmSettings } from '../../../services/lib/domain/vm-settings.ts';
import type { BlobSnapshot } from '../../../services/lib/domain/vm-snapshot.ts';
import { command } from './support/life.ts';
import { HeapMemory } from './support/memory.ts';
import { type Bare, HEAPS, HOST_LIMITS, PAGE, VMS, WINDOW_PAGES } from './support/world.ts';

const SETTINGS = { ...VMS[0]!, windowSize: WINDOW_PAGES * PAGE };
const NAMES = ['desk', 'lab'] as const;
const MEMORY = { desk: 'window', lab: 'mixed' } as const;
type Name = (typeof NAMES)[number];

/** What becomes of memory that was asked for. */
type Fate = 'used' | 'late' | 'exhausted';

function amounts(pages: number, count: number): Grant {
  const heaps = new Map(HEAPS.map(({ name }): [string, number] => [name, pages * PAGE]));
  return { heaps, mappings: count, allocations: count };
}

/** Has what was made for the blob that comes next. */
class Offered implements HeapPort {
  memory: TakenMemory | null = null;
  wasMissed = false;

  allocate(): TakenMemory | null {
    const { memory } = this;
    this.memory = null;
    this.wasMissed = memory === null;
    return memory;
  }
}

/** Decides for one VM. */
class Frontend {
  readonly #host: Host;
  readonly #memory: HeapMemory;
  readonly #name: Name;
  readonly #port = new Offered();
  #number = 0;
  books = new GrantedBooks(HEAPS, null);
  vm: Vm;
  /** Not told yet, or told and not acknowledged. */
  readonly untold = new TouchedBlobs();

  constructor(host: Host, memory: HeapMemory, name: Name) {
    this.#host = host;
    this.#memory = memory;
    this.#name = name;
    host.attach(settingsOf(name), true);
    this.vm = this.#newVm();
  }

  /** The answer, or why a larger grant would be needed. `isUndone`: a map comes to nothing, because the VMM does not do its part. */
  apply(bare: Bare, fate: Fate, isUndone = false): string {
    this.#port.wasMissed = false;
    const command = { ...bare, number: 0 } as Command;
    const decision = this.vm.decide(command);
    if (this.#port.wasMissed && command.kind === 'create') return this.#applyMade(command, fate);
    return this.#finish(decision, isUndone);
  }

  /** Asks for the memory first. */
  #applyMade(command: CreateCommand, fate: Fate): string {
    // What was freed is told before.
    this.tell();
    this.#number += 1;
    const request = { number: this.#number, heap: 'bar', size: Number(command.size) };
    this.vm.keepMemory({ ...request, id: 0, fdOffset: 0 });
    this.#memory.exhausted = fate === 'exhausted';
    const made = this.#host.vms.get(this.#name)!.requestMemory(request);
    this.#memory.exhausted = false;
    this.vm.settleMemory(this.#number);
    if ('reason' in made) return made.reason;
    // It came when the guest had been answered: it is told to be settled, and is in no blob.
    if (fate === 'late') return 'late';
    expect(this.#host.vms.get(this.#name)!.requestMemory(request)).toEqual(made);
    this.#port.memory = made;
    return this.#finish(this.vm.decide(command));
  }

  #finish(decision: ReturnType<Vm['decide']>, isUndone = false): string {
    const { reply } = decision.outcome;
    if (reply.result === 'refused') {
      const { reason } = reply.refusal;
      if (reason === 'HEAP_CAPACITY' || reason === 'HOST_CAPACITY') return reason;
    }
    this.vm.enter(decision);
    this.vm.acknowledge(this.vm.lastNumber);
    if (isUndone && reply.kind === 'map' && reply.result === 'ok') this.vm.undoMap(reply.resource);
    this.untold.merge(this.vm.takeTouched());
    return reply.result;
  }

  ask(pages: number, count: number): void {
    const wanted = amounts(pages, count);
    const { used } = this.books;
    // What it has freed is told before it is given back.
    this.tell();
    // Of what is little it would get nothing unless it needed it.
    const bar = Math.max(used.heaps.get('bar') ?? 0, this.#name === 'lab' ? wanted.heaps.get('bar')! : 0);
    const needed = { ...used, heaps: new Map([...used.heaps, ['bar', bar]]) };
    const { grant } = this.#host.requestGrant(this.#name, { wanted, needed });
    this.books.set(grant);
  }

  /** `isLost`: nobody hears of it. */
  tell(isLost = false): void {
    const accounts = accountsOf(this.vm, this.untold);
    if (isLost) return;
    for (const one of this.#host.follow(this.#name, accounts)) {
      if (one.kind === 'released') this.#memory.release(one.allocation);
    }
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
    this.vm.settleMemory(this.#number);
    this.vm.takeTouched();
    this.untold.addEverything();
  }

  #newVm(): Vm {
    const { account, heaps } = this.books;
    const vm = new Vm(settingsOf(this.#name), { account, heaps, port: this.#port });
    vm.collectTouched();
    return vm;
  }
}

/** As small as such a blob can be: few are granted. */
function ofItsOwn(bare: Bare): Bare {
  return bare.kind === 'create' ? { ...bare, blobId: 2, size: 2 * PAGE } : bare;
}

const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .record({
        kind: fc.constant('command' as const),
        vm: fc.nat(1),
        command,
        fate: fc.constantFrom<Fate>('used', 'used', 'late', 'exhausted'),
        isOwn: fc.boolean(),
        isUndone: fc.nat(3).map((number) => number === 0),
      })
      .map((one) => (one.vm === 1 && one.isOwn ? { ...one, command: ofItsOwn(one.command) } : one)),
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

function settingsOf(name: Name): VmSettings {
  return { ...SETTINGS, name, memory: MEMORY[name] };
}

function newHost(memory = new HeapMemory()): Host {
  return new Host({ heaps: HEAPS, limits: HOST_LIMITS }, memory);
}

/** A broker that read its journal: all VMs, as they were told. */
function reborn(host: Host, memory: HeapMemory): Host {
  const next = newHost(memory);
  for (const name of NAMES) {
    const vm = host.vms.get(name)!;
    const again = next.restore(settingsOf(name), vm.snapshot(), host.grantOf(name));
    again.settleMemory(vm.settledMemory);
    for (const allocation of vm.unusedMemory) again.keepMemory(allocation);
  }
  return next;
}

describe('a host that follows', () => {
  it('has the books of whoever decides, whenever it was told', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }), (steps) => {
        const memory = new HeapMemory();
        let host = newHost(memory);
        const proxy = new Proxy({} as Host, {
          get: (_, name) => {
            const value = Reflect.get(host, name) as unknown;
            return typeof value === 'function' ? value.bind(host) : value;
          },
        });
        const frontends = NAMES.map((name) => new Frontend(proxy, memory, name));
        for (const one of steps) {
          const frontend = frontends[one.vm]!;
          if (one.kind === 'command') seen.add(frontend.apply(one.command, one.fate, one.isUndone));
          else if (one.kind === 'ask') frontend.ask(one.pages, one.count);
          else if (one.kind === 'tell') frontend.tell(one.isLost);
          else if (one.kind === 'die') frontend.die();
          else host = reborn(host, memory);
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
          expect([followed.settledMemory, followed.unusedMemory]).toEqual([vm.settledMemory, []]);
          bytes += vm.used.bytes;
        }
        expect(host.used.bytes).toBe(bytes);
        // Memory that no blob has is back in its heap.
        const own = [...host.vms.values()].flatMap((vm) => [...vm.allocations()].map(({ id }) => id));
        expect([...memory.live.keys()].sort()).toEqual(own.sort());
        for (const name of NAMES) host.detach(name);
        expect(host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
        for (const heap of host.heaps.values()) {
          expect(heap).toMatchObject({ usedBytes: 0, idleBytes: 0, allocations: 0 });
        }
      }),
      { numRuns: 150 },
    );
    expect([...seen].sort()).toEqual([
      'HEAP_CAPACITY',
      'HOST_CAPACITY',
      'OUT_OF_MEMORY',
      'late',
      'ok',
      'refused',
    ]);
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
    const rest = { complete: false, destroyed: [], generation: 1, settledMemory: 0, counters };
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
    const accounts = { complete: false, destroyed: [], blobs: [], generation: 1, settledMemory: 0 };
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

describe('memory of its own', () => {
  const request = { number: 3, heap: 'bar', size: 4 * PAGE };
  const OWN: BlobSnapshot = { ...BLOB, blobId: 2, heap: 'bar', size: 4 * PAGE, state: 'unmapped', offset: 0 };

  function lab(): { host: Host; memory: HeapMemory; vm: Vm } {
    const memory = new HeapMemory();
    const host = newHost(memory);
    const vm = host.attach(settingsOf('lab'), true);
    const needed = { heaps: new Map([['bar', 8 * PAGE]]), mappings: 2, allocations: 3 };
    expect(host.requestGrant('lab', { wanted: needed, needed }).refusal).toBe(null);
    return { host, memory, vm };
  }

  function made(vm: Vm, more: Partial<typeof request> = {}): Allocation {
    const found = vm.requestMemory({ ...request, ...more });
    if ('reason' in found) throw new Error(found.message);
    return found;
  }

  function tell(host: Host, told: Partial<Accounts>): readonly string[] {
    const vm = host.vms.get('lab')!;
    const { settledMemory } = vm;
    const rest = { complete: false, destroyed: [], blobs: [], generation: 1, settledMemory };
    const accounts = { ...rest, counters: vm.counters.figures(), ...told };
    return host.follow('lab', accounts).map(({ kind }) => kind);
  }

  it('is charged from the answer on, and no more when its blob is told', () => {
    const { host, vm } = lab();
    const allocation = made(vm);
    expect(vm.used).toEqual({ bytes: 4 * PAGE, mappings: 0, allocations: 1 });

    expect(tell(host, { blobs: [{ ...OWN, allocation }] })).toEqual(['created']);

    expect(vm.used).toEqual({ bytes: 4 * PAGE, mappings: 0, allocations: 1 });
    expect(host.heaps.get('bar')).toMatchObject({ usedBytes: 4 * PAGE, allocations: 1 });
    expect(tell(host, { destroyed: [1] })).toEqual(['destroyed', 'released']);
    expect(vm.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
  });

  it('stays while its number is not settled, and goes when it is and no blob has it', () => {
    const { host, vm } = lab();
    const allocation = made(vm);
    expect(tell(host, { settledMemory: 2 })).toEqual([]);
    expect(vm.unusedMemory).toEqual([allocation]);
    expect(tell(host, { settledMemory: 3 })).toEqual(['released']);
    expect([vm.unusedMemory, vm.used.bytes]).toEqual([[], 0]);
    expect(() => vm.requestMemory(request)).toThrow('numbers up to 3 are settled');
  });

  it('is one for one number', () => {
    const { host, vm, memory } = lab();
    const allocation = made(vm);
    expect(made(vm)).toBe(allocation);
    tell(host, { blobs: [{ ...OWN, allocation }], settledMemory: 3 });
    expect(made(vm)).toBe(allocation);
    expect(memory.live.size).toBe(1);
    expect(() => made(vm, { size: 2 * PAGE })).toThrow('it is 16384 bytes of heap bar');
  });

  it('is refused beyond the grant, and where the machine has none', () => {
    const { vm, memory } = lab();
    expect(vm.requestMemory({ ...request, size: 10 * PAGE })).toMatchObject({ reason: 'HEAP_CAPACITY' });
    memory.exhausted = true;
    expect(vm.requestMemory(request)).toMatchObject({ reason: 'OUT_OF_MEMORY' });
    expect([vm.used.bytes, vm.unusedMemory]).toEqual([0, []]);
  });

  it.each([
    ['of a heap whose blobs lie in the window', { heap: 'ram' }, 'lie in the memory of the window'],
    ['of no bytes', { size: 0 }, 'multiples of 8192'],
    ['of half a granule', { size: PAGE }, 'multiples of 8192'],
  ])('is asked for wrongly: %s', (_, more, message) => {
    const { vm } = lab();
    expect(() => made(vm, more)).toThrow(message);
  });

  it.each<[string, (allocation: Allocation) => Partial<Accounts>, string]>([
    ['that no blob has, told as in the window', () => ({ blobs: [OWN] }), 'has no memory'],
    [
      'in a blob of the window',
      (allocation) => ({ blobs: [{ ...BLOB, allocation }] }),
      'where it lies in that of the window',
    ],
    [
      'that was never made',
      (allocation) => ({ blobs: [{ ...OWN, allocation: { ...allocation, number: 9 } }] }),
      'memory 9, which another blob has or had',
    ],
    [
      'of another size',
      (allocation) => ({ blobs: [{ ...OWN, size: 2 * PAGE, allocation }] }),
      'its memory 3 is 16384 bytes of bar',
    ],
    [
      'of two blobs at once',
      (allocation) => ({
        blobs: [
          { ...OWN, allocation },
          { ...OWN, resource: 2, allocation },
        ],
      }),
      'resources 1 and 2 have the same memory 3',
    ],
    ['that is parked', (allocation) => ({ blobs: [{ ...OWN, state: 'parked', allocation }] }), 'is parked'],
    [
      'that is stashed',
      (allocation) => ({ blobs: [{ ...OWN, state: 'stashed', allocation }] }),
      'is stashed',
    ],
    ['that is less settled than before', () => ({ settledMemory: 0 }), 'settled, where it was up to 1'],
  ])('is a lie: %s', (_, accounts, message) => {
    const { host, vm } = lab();
    tell(host, { settledMemory: 1 });
    const allocation = made(vm);
    const before = [vm.snapshot(), structuredClone(vm.used), vm.unusedMemory, structuredClone(host.used)];

    expect(() => tell(host, accounts(allocation))).toThrow(message);

    expect([vm.snapshot(), vm.used, vm.unusedMemory, host.used]).toEqual(before);
  });

  it('is a lie: of another blob, one after the other', () => {
    const { host, vm } = lab();
    const allocation = made(vm);
    tell(host, { blobs: [{ ...OWN, allocation }] });
    const blobs = [{ ...OWN, resource: 2, allocation }];
    expect(() => tell(host, { blobs, destroyed: [1] })).toThrow('memory 3, which another blob has or had');
  });
});
