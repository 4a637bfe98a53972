/** A VM made again from its snapshot is the VM that it was: for every further command. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../services/lib/domain/command.ts';
import type { Outcome } from '../../../services/lib/domain/effect.ts';
import { Host } from '../../../services/lib/domain/host.ts';
import { Desk } from './support/commands.ts';
import { commandsOf, stateOf } from './support/history.ts';
import { life } from './support/life.ts';
import { HeapMemory } from './support/memory.ts';
import { HEAPS, HOST_LIMITS, PAGE, VMS, World } from './support/world.ts';

/** The same VMs on a host of their own. */
function copyOf(world: World): Host {
  const host = new Host({ limits: HOST_LIMITS, heaps: HEAPS }, world.heaps);
  // As they come back from bytes.
  for (const [index, { vm }] of world.actors.entries())
    host.restore(VMS[index]!, structuredClone(vm.snapshot()));
  return host;
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
  });

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
    expect(
      restoring([{ ...one, allocation: { heap: 'ram', id: 1, number: 0, fdOffset: 0, size: PAGE } }]),
    ).toThrow('placement');
    expect(other.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(other.host.vms.has('third')).toBe(false);
  });
});

/** Runs with the allocations that live now, and forgets those that are made meanwhile. */
function fresh<Result>(world: World, run: () => Result): Result {
  const live = new Map(world.heaps.live);
  const result = run();
  world.heaps.live.clear();
  for (const [id, pages] of live) world.heaps.live.set(id, pages);
  return result;
}
