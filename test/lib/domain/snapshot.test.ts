/** A VM made again from its snapshot, or from what it executed, is the VM that it was: for every further command. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command, Effect, Outcome } from '../../../services/lib/domain/command.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import type { Vm } from '../../../services/lib/domain/vm.ts';
import { Desk } from './support/commands.ts';
import { life } from './support/life.ts';
import { HeapMemory } from './support/memory.ts';
import { HEAPS, HOST_LIMITS, PAGE, type Step, VMS, World } from './support/world.ts';

const NO_LIMITS = { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED };

/** The same VMs on a host of their own. */
function copyOf(world: World): Host {
  const host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, world.heaps);
  // As they come back from bytes.
  for (const [index, { vm }] of world.actors.entries())
    host.restore(VMS[index]!, structuredClone(vm.snapshot()));
  return host;
}

function stateOf(host: Host): unknown {
  return structuredClone({
    used: host.used,
    heaps: [...host.heaps.values()].map((heap) => [heap.usedBytes, heap.allocations]),
    // A VM that came again stands behind the others.
    vms: VMS.map(({ name }) => host.vms.get(name)!).map((vm) => ({
      snapshot: vm.snapshot(),
      used: vm.used,
      window: vm.window,
      placed: [...vm.placedBlobs()],
      free: [...vm.freeExtents()],
      mappings: vm.counters.mappings,
    })),
  });
}

/** The commands of a life, numbered on from where each VM stands. */
function commandsOf(steps: readonly Step[], host: Host): [string, Command][] {
  const numbers = new Map([...host.vms.values()].map((vm) => [vm.name, vm.lastNumber]));
  return steps.flatMap((step) => {
    if (step.kind !== 'command') return [];
    const { name } = VMS[step.vm]!;
    const number = (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    return [[name, { ...step.command, number } as Command]];
  });
}

/** Executes commands as the broker does, and says what was to be done, and what is left. */
function execute(host: Host, commands: readonly [string, Command][]): unknown {
  return commands.map(([name, command]): [Outcome, unknown] => [host.apply(name, command), host.used]);
}

describe('a snapshot', () => {
  it('makes a VM again that goes on like the first', () => {
    fc.assert(
      fc.property(life(80), life(40), (before, after) => {
        const world = new World();
        for (const step of before) world.take(step);
        const copy = copyOf(world);
        expect(stateOf(copy)).toEqual(stateOf(world.host));
        const commands = commandsOf(after, world.host);
        // Each with memory of its own: numbers are given in the order of asking.
        const first = fresh(world, () => execute(world.host, commands));
        const second = fresh(world, () => execute(copy, commands));
        expect(second).toEqual(first);
        expect(stateOf(copy)).toEqual(stateOf(world.host));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('of contradictions is refused, and leaves the books as they were', () => {
    const desk = new Desk();
    desk.create(1, { size: 2 * PAGE });
    desk.map(1, 0);
    desk.create(2);
    desk.map(2, 4 * PAGE);
    const snapshot = desk.vm.snapshot();
    const [one, two] = snapshot.blobs as [(typeof snapshot.blobs)[0], (typeof snapshot.blobs)[0]];
    const other = new Desk({ name: 'other' }, {}, new HeapMemory());
    const settings = { ...desk.vm.settings, name: 'third' };
    const restoring =
      (blobs: readonly object[], more: object = {}) =>
      () =>
        other.host.restore(settings, { ...snapshot, blobs: blobs as typeof snapshot.blobs, ...more });
    expect(restoring([one, { ...two, offset: PAGE }])).toThrow('does not fit at 0x1000');
    expect(restoring([one, one])).toThrow('two blobs of id 1');
    expect(restoring([{ ...one, heap: 'none' }])).toThrow('one of the heaps');
    expect(restoring([{ ...one, offset: 2 ** 40 }])).toThrow('does not fit');
    expect(restoring([one], { lastNumber: 9 })).toThrow('do not lead to 9');
    expect(restoring([{ ...one, allocation: { heap: 'ram', id: 1, fdOffset: 0, size: PAGE } }])).toThrow(
      'placement',
    );
    expect(other.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(other.host.vms.has('third')).toBe(false);
  });
});

describe('what was executed, done again', () => {
  it('makes the VM that it was, whatever other VMs do', () => {
    fc.assert(
      fc.property(life(120), (steps) => {
        const host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, new HeapMemory());
        for (const settings of VMS) host.attach(settings);
        // One VM after the other, on a host without limits: nothing that was refused for them may depend on that.
        const again = new Host({ limits: NO_LIMITS, heaps: HEAPS }, { allocate: () => null });
        const done: [Vm, Command, Outcome][] = commandsOf(steps, host).map(([name, command]) => [
          host.vms.get(name)!,
          command,
          host.apply(name, command),
        ]);
        for (const settings of VMS) {
          const copy = again.attach(settings);
          for (const [vm, command, outcome] of done) {
            if (vm.name === settings.name) redo(copy, vm, command, outcome);
          }
          expect(copy.snapshot()).toEqual(host.vms.get(settings.name)!.snapshot());
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('is refused when it cannot have been', () => {
    const { vm } = new Desk();
    const map = { kind: 'map', number: 1, resource: 1, offset: 0 } as const;
    expect(() => vm.redo(map)).toThrow('went well once, and cannot now');
    expect(() => vm.redo({ ...map, number: 7 })).toThrow('command 7 follows 0');
    expect(() => vm.redoStash(1)).toThrow('not parked');
    expect(vm.lastNumber).toBe(0);
  });
});

/** As the broker's journal does: moves to the side store first, then the command with what became of it. */
function redo(copy: Vm, vm: Vm, command: Command, { reply, effects }: Outcome): void {
  const stashes = effects.filter((effect): effect is Effect & { kind: 'stash' } => effect.kind === 'stash');
  for (const { resource } of stashes) copy.redoStash(resource);
  if (reply.result === 'refused') {
    copy.redoRefusal(reply.kind, Number(reply.number), reply.resource, reply.refusal);
    return;
  }
  const { defaultHeap, blobHeaps } = vm.settings;
  const memory =
    command.kind === 'create' && reply.kind === 'create'
      ? {
          heap: command.blobId === 0 ? defaultHeap : (blobHeaps.get(String(command.blobId)) ?? ''),
          allocation: reply.allocation,
        }
      : null;
  const rest = effects.filter((effect) => effect.kind !== 'stash' && effect.kind !== 'populate');
  const redone = copy.redo(command, memory).filter((effect) => effect.kind !== 'populate');
  expect(redone).toEqual(rest);
}

/** Runs with the allocations that live now, and forgets those that are made meanwhile. */
function fresh<Result>(world: World, run: () => Result): Result {
  const live = new Map(world.heaps.live);
  const result = run();
  world.heaps.live.clear();
  for (const [id, pages] of live) world.heaps.live.set(id, pages);
  return result;
}
