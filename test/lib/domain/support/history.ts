/** Histories of the VMs of world.ts, and all that can be seen of a host, to be compared. */

import type { Command } from '../../../../services/lib/domain/command.ts';
import type { Host } from '../../../../services/lib/domain/host.ts';
import type { Vm } from '../../../../services/lib/domain/vm.ts';
import { type Step, VMS } from './world.ts';

export function stateOf(host: Host): unknown {
  return structuredClone({
    used: host.used,
    heaps: [...host.heaps.values()].map((heap) => [heap.usedBytes, heap.allocations]),
    // A VM that came again stands behind the others.
    vms: VMS.flatMap(({ name }) => host.vms.get(name) ?? []).map(stateOfVm),
  });
}

/** Its books, its counters and the answers it remembers. */
export function stateOfVm(vm: Vm): unknown {
  return structuredClone({
    snapshot: vm.snapshot(),
    used: vm.used,
    window: vm.window,
    placed: [...vm.placedBlobs()],
    free: [...vm.freeExtents()],
    mappings: vm.counters.mappings,
  });
}

/** The commands of a life, numbered on from where each VM stands. */
export function commandsOf(steps: readonly Step[], host: Host): [string, Command][] {
  const numbers = new Map([...host.vms.values()].map((vm) => [vm.name, vm.lastNumber]));
  return steps.flatMap((step) => {
    if (step.kind !== 'command') return [];
    const { name } = VMS[step.vm]!;
    const number = (numbers.get(name) ?? 0) + 1;
    numbers.set(name, number);
    return [[name, { ...step.command, number } as Command]];
  });
}
