/** What is told to whoever follows: the state of the blobs that were touched. */

import type { Accounts } from './follow.ts';
import type { Touched } from './touched.ts';
import type { Vm } from './vm.ts';
import type { BlobSnapshot } from './vm-snapshot.ts';

/** The VM's accounts as far as they are other than they were. Everything touched makes them complete. */
export function accountsOf(vm: Vm, { everything, resources }: Touched): Accounts {
  const destroyed: number[] = [];
  // Thousands may be there, too many to be arguments.
  const blobs: BlobSnapshot[] = everything ? [...vm.snapshot().blobs] : [];
  if (!everything) {
    for (const resource of resources) {
      const blob = vm.snapshotOf(resource);
      if (blob === null) destroyed.push(resource);
      else blobs.push(blob);
    }
  }
  return {
    complete: everything,
    destroyed,
    blobs,
    generation: vm.generation,
    settledMemory: vm.settledMemory,
    counters: vm.counters.figures(),
  };
}
