/**
 * Whoever follows with outcomes has the books of whoever decided: for every history. And an outcome that the books cannot
 * hold is refused before anything is changed.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../services/lib/domain/command.ts';
import { decide } from '../../../services/lib/domain/decision.ts';
import type { Outcome, StashEffect } from '../../../services/lib/domain/effect.ts';
import { enter } from '../../../services/lib/domain/entry.ts';
import { Heap } from '../../../services/lib/domain/heap.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { Account, type Limits, NO_LIMITS, UNLIMITED } from '../../../services/lib/domain/quota.ts';
import type { CreatedMemory } from '../../../services/lib/domain/redo.ts';
import { redo as redoInBooks } from '../../../services/lib/domain/redo.ts';
import type { Vm } from '../../../services/lib/domain/vm.ts';
import { VmBooks } from '../../../services/lib/domain/vm-books.ts';
import type { VmSettings } from '../../../services/lib/domain/vm-settings.ts';
import { snapshotOf } from '../../../services/lib/domain/vm-snapshot.ts';
import { Desk } from './support/commands.ts';
import { commandsOf, stateOf, stateOfVm } from './support/history.ts';
import { life } from './support/life.ts';
import { HeapMemory } from './support/memory.ts';
import { type Bare, HEAPS, HOST_LIMITS, PAGE, type Step, VMS } from './support/world.ts';

const ALL_REFUSED = { allocate: () => null };

function deciding(): Host {
  const host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, new HeapMemory());
  for (const settings of VMS) host.attach(settings);
  return host;
}

/** Without limits and without memory: nothing that was decided elsewhere may depend on them. */
function following(): Host {
  return new Host({ limits: NO_LIMITS, heaps: HEAPS }, ALL_REFUSED);
}

/** Executes the commands of a life. */
function decided(host: Host, steps: readonly Step[]): [string, Command, Outcome][] {
  return commandsOf(steps, host).map(([name, command]) => [name, command, host.apply(name, command)]);
}

/** As the broker's journal does: moves to the side store first, then the command with what became of it. */
function redo(vm: Vm, command: Command, { reply, effects }: Outcome): void {
  const stashes = effects.filter((effect): effect is StashEffect => effect.kind === 'stash');
  for (const { resource } of stashes) vm.redoStash(resource);
  if (reply.result === 'refused') {
    vm.redoRefusal(reply.kind, Number(reply.number), reply.resource, reply.refusal);
    return;
  }
  const rest = effects.filter((effect) => effect.kind !== 'stash');
  expect(vm.redo(command, memoryOf(vm.settings, command, { reply, effects, barrier: false }))).toEqual(rest);
}

function memoryOf(
  { defaultHeap, blobHeaps }: VmSettings,
  command: Command,
  { reply }: Outcome,
): CreatedMemory | null {
  if (command.kind !== 'create' || reply.kind !== 'create' || reply.result !== 'ok') return null;
  const heap = command.blobId === 0 ? defaultHeap : (blobHeaps.get(String(command.blobId)) ?? '');
  return { heap, allocation: reply.allocation };
}

describe('what was decided, entered again', () => {
  it('makes the VM that it was, whatever other VMs do', () => {
    fc.assert(
      fc.property(life(120), (steps) => {
        const host = deciding();
        const done = decided(host, steps);
        // One VM after the other.
        const follower = following();
        for (const settings of VMS) {
          const vm = follower.attach(settings);
          for (const [name, command, outcome] of done) {
            if (name === settings.name) redo(vm, command, outcome);
          }
          expect(stateOfVm(vm)).toEqual(stateOfVm(host.vms.get(settings.name)!));
        }
        expect(follower.used).toEqual(host.used);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('knows of a map what it displaces, whether or not that was written down before', () => {
    fc.assert(
      fc.property(life(120), (steps) => {
        const host = deciding();
        const done = decided(host, steps);
        const follower = following();
        for (const settings of VMS) {
          const vm = follower.attach(settings);
          for (const [name, command, outcome] of done) {
            if (name !== settings.name) continue;
            const { reply, effects } = outcome;
            if (reply.result === 'refused') redo(vm, command, outcome);
            else expect(vm.redo(command, memoryOf(settings, command, outcome))).toEqual(effects);
          }
        }
        expect(stateOf(follower)).toEqual(stateOf(host));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('goes on as it would have: with the same decisions', () => {
    fc.assert(
      fc.property(life(80), life(40), (before, after) => {
        const port = new HeapMemory();
        const host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, port);
        const copy = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, port);
        for (const settings of VMS) host.attach(settings);
        for (const settings of VMS) copy.attach(settings);
        for (const [name, command, outcome] of decided(host, before))
          redo(copy.vms.get(name)!, command, outcome);
        const live = new Map(port.live);
        const first = decided(host, after);
        port.live.clear();
        for (const [id, pages] of live) port.live.set(id, pages);
        expect(decided(copy, after)).toEqual(first);
        expect(stateOf(copy)).toEqual(stateOf(host));
      }),
      { numRuns: 30 },
    );
  }, 120_000);
});

describe('deciding', () => {
  it('changes nothing: only entering does', () => {
    fc.assert(
      fc.property(life(80), fc.constantFrom(...VMS), (steps, settings) => {
        const heaps = new Map(HEAPS.map((heap) => [heap.name, new Heap(heap)]));
        const account = new Account(HOST_LIMITS, 'host.limits');
        const books = new VmBooks(settings, { account, heaps, port: new HeapMemory() });
        const seen = (): unknown =>
          structuredClone({
            snapshot: snapshotOf(books),
            undo: books.undo,
            used: [books.own.used, account.used, [...heaps.values()].map((heap) => heap.usedBytes)],
            window: [books.window.figures, [...books.window.ranges()]],
            mappings: books.counters.mappings,
            blobs: [...books.blobs.values()].map(({ state, offset, fresh, mappedBy }) => [
              state,
              offset,
              fresh,
              mappedBy,
            ]),
          });
        let number = 0;
        for (const step of steps) {
          if (step.kind !== 'command') continue;
          number += 1;
          const before = seen();
          const decision = decide(books, { ...step.command, number } as Command);
          expect(seen()).toEqual(before);
          enter(books, decision);
          expect(seen()).not.toEqual(before);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

const PAGES = fc.nat(20).map((pages) => pages * PAGE);
const MEMORY: fc.Arbitrary<CreatedMemory | null> = fc.option(
  fc.record({
    heap: fc.constantFrom('ram', 'ram', 'combined', 'bar', 'none'),
    allocation: fc.option(
      fc.record({
        heap: fc.constant('ram'),
        id: fc.nat(9),
        number: fc.constant(0),
        fdOffset: PAGES,
        size: PAGES,
      }),
    ),
  }),
);
/** What a create names: memory as it should be, or any. */
const NAMED = fc.oneof(
  { weight: 3, arbitrary: fc.constant('fitting' as const) },
  { weight: 1, arbitrary: MEMORY },
);
const WITHIN: fc.Arbitrary<Limits> = fc.record({
  bytes: fc.constantFrom(2 * PAGE, 8 * PAGE, UNLIMITED),
  mappings: fc.constantFrom(0, 1, 2, UNLIMITED),
  allocations: fc.constantFrom(0, 1, 4, UNLIMITED),
});

/** The command of a step, sent to a blob that is there when the step aims at one. */
function aimed(vm: Vm, { command, aim }: Step & { kind: 'command' }): Bare {
  const ids = [...vm.blobs()].map(({ resource }) => resource);
  const isAimed = aim !== null && ids.length > 0 && command.kind !== 'create' && command.kind !== 'reset';
  return isAimed ? { ...command, resource: ids[aim % ids.length]! } : command;
}

function fitting(vm: Vm, command: Bare): CreatedMemory {
  const size = 'size' in command ? Number(command.size) : 0;
  const own = { heap: 'ram', id: 1, number: 0, fdOffset: 0, size };
  return { heap: 'ram', allocation: vm.settings.memory === 'window' ? null : own };
}

describe('an outcome that cannot have been', () => {
  it('is refused before anything is changed, whatever it is', () => {
    const met = { entered: 0, refused: 0 };
    fc.assert(
      fc.property(life(120), fc.array(NAMED, { minLength: 10 }), WITHIN, (steps, memories, within) => {
        const host = following();
        for (const settings of VMS) host.attach(settings);
        const numbers = new Map<string, number>();
        for (const [index, step] of steps.entries()) {
          if (step.kind !== 'command') continue;
          const vm = host.vms.get(VMS[step.vm]!.name)!;
          const number = (numbers.get(vm.name) ?? 0) + 1;
          const before = stateOf(host);
          const command = aimed(vm, step);
          const named = memories[index % memories.length]!;
          const memory = named === 'fitting' ? fitting(vm, command) : named;
          try {
            vm.redo({ ...command, number } as Command, memory, within);
          } catch {
            expect(stateOf(host)).toEqual(before);
            met.refused += 1;
            continue;
          }
          met.entered += 1;
          numbers.set(vm.name, number);
          expect(vm.used.bytes).toBeLessThanOrEqual(within.bytes);
          expect(vm.used.mappings).toBeLessThanOrEqual(within.mappings);
          expect(vm.used.allocations).toBeLessThanOrEqual(within.allocations);
        }
        // Whatever was entered can be given back.
        for (const { name } of VMS) host.detach(name);
        expect(host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
      }),
      { numRuns: 60 },
    );
    expect(met.entered).toBeGreaterThan(200);
    expect(met.refused).toBeGreaterThan(200);
  }, 120_000);

  const create = {
    kind: 'create',
    number: 5,
    resource: 9,
    context: 1,
    blobMem: 'host3d',
    flags: 1,
    blobId: 0,
    size: PAGE,
  } as const;
  const map = { kind: 'map', number: 5, resource: 3, offset: 0 } as const;
  const ram = { heap: 'ram', allocation: null };
  const own = { heap: 'ram', id: 1, number: 0, fdOffset: 0, size: PAGE };

  it.each<[string, Command, CreatedMemory | null, Partial<Limits>, string]>([
    ['a blob that is unknown, mapped', { ...map, resource: 7 }, null, {}, 'no blob of that id'],
    [
      'a blob that is unknown, unmapped',
      { kind: 'unmap', number: 5, resource: 7 },
      null,
      {},
      'no blob of that id',
    ],
    [
      'a blob that is unknown, destroyed',
      { kind: 'destroy', number: 5, resource: 7 },
      null,
      {},
      'no blob of that id',
    ],
    ['a mapping over another', { ...map, offset: PAGE }, null, {}, 'resource 1 is mapped at 0x1000'],
    ['a blob that is mapped', { ...map, resource: 1 }, null, {}, 'it is mapped at 0x1000'],
    ['a range outside of the window', { ...map, offset: 2 ** 40 }, null, {}, 'the window ends at'],
    ['an offset within a page', { ...map, offset: 1 }, null, {}, 'not a multiple of 4096'],
    ['an offset above 2^53', { ...map, offset: 2n ** 63n }, null, {}, 'the window ends at'],
    ['an id that is taken', { ...create, resource: 1 }, ram, {}, 'has a blob of that id'],
    ['a size of nothing', { ...create, size: 0 }, ram, {}, 'a size of 0 bytes'],
    ['a size above 2^53', { ...create, size: 2n ** 63n }, ram, {}, 'which no memory has'],
    ['sums above 2^53', { ...create, size: UNLIMITED - PAGE + 1 }, ram, {}, `of ${UNLIMITED} are used`],
    ['no memory', create, null, {}, 'one of the heaps'],
    ['a heap that is not there', create, { heap: 'none', allocation: null }, {}, 'one of the heaps'],
    ['a heap that fits no window', create, { heap: 'bar', allocation: null }, {}, 'memfd of its window'],
    [
      'memory of its own in a window',
      create,
      { heap: 'ram', allocation: own },
      {},
      'does not fit the placement',
    ],
    ['more bytes than were granted', create, ram, { bytes: 3 * PAGE }, `${3 * PAGE} of ${3 * PAGE} are used`],
    ['more blobs than were granted', create, ram, { allocations: 2 }, '2 of 2 are used'],
    [
      'more mappings than were granted',
      { ...map, offset: 4 * PAGE },
      null,
      { mappings: 1 },
      '1 of 1 are used',
    ],
    ['another number', { ...map, number: 7 }, null, {}, 'command 7 follows 4'],
  ])('is %s', (_what, command, memory, within, message) => {
    const desk = new Desk();
    desk.create(1, { size: PAGE });
    desk.map(1, PAGE);
    desk.create(3, { size: 2 * PAGE });
    desk.unmap(3);
    const before = stateOfVm(desk.vm);
    expect(() => desk.vm.redo(command, memory, { ...NO_LIMITS, ...within })).toThrow(message);
    expect(stateOfVm(desk.vm)).toEqual(before);
  });

  it('is memory that is smaller than its blob', () => {
    const desk = new Desk({ memory: 'own' });
    const large = { ...create, number: 1, size: 2 * PAGE };
    expect(() => desk.vm.redo(large, { heap: 'ram', allocation: own })).toThrow('but its memory 4096');
    expect(() => desk.vm.redo(large, { heap: 'ram', allocation: null })).toThrow(
      'does not fit the placement',
    );
    expect(desk.vm.used.bytes).toBe(0);
  });

  it('is one answer more than are kept', () => {
    const heaps = new Map(HEAPS.map((heap) => [heap.name, new Heap(heap)]));
    const account = new Account(NO_LIMITS, 'host.limits');
    const books = new VmBooks(VMS[0]!, { account, heaps, port: ALL_REFUSED }, 16);
    const step = (number: number): unknown => redoInBooks(books, { kind: 'reset', number }, null, NO_LIMITS);
    for (let number = 1; number <= 16; number += 1) step(number);
    expect(() => step(17)).toThrow('16 answers not acknowledged');
    expect(books.generation).toBe(17);
    expect(books.replies.acknowledge(1)).toBeNull();
    expect(step(17)).toBeDefined();
  });

  it('is a move of what is not parked, and a command of a VM that was given up', () => {
    const { vm, host } = new Desk();
    expect(() => vm.redoStash(1)).toThrow('not parked');
    expect(vm.lastNumber).toBe(0);
    host.detach('desk');
    expect(() => vm.redo({ kind: 'reset', number: 1 })).toThrow('command 1 follows 0');
  });
});
