/** A host with one VM, and commands for it that count themselves. */

import type { HeapPort } from '../../../../services/lib/domain/allocation.ts';
import type { Command } from '../../../../services/lib/domain/command.ts';
import type { Outcome } from '../../../../services/lib/domain/effect.ts';
import type { HostSettings } from '../../../../services/lib/domain/host.ts';
import { Host } from '../../../../services/lib/domain/host.ts';
import type { Vm } from '../../../../services/lib/domain/vm.ts';
import type { VmSettings } from '../../../../services/lib/domain/vm-settings.ts';
import { HeapMemory } from './memory.ts';
import type { Bare } from './world.ts';

export const PAGE = 4096;
export const HUGE = 2 ** 21;

export const HOST: HostSettings = {
  limits: { bytes: 64 * HUGE, mappings: 100, allocations: 100 },
  heaps: [
    { name: 'ram', backing: 'memfd', cache: 'cached', capacity: 16 * HUGE, granule: PAGE },
    { name: 'combined', backing: 'memfd', cache: 'wc', capacity: 16 * HUGE, granule: PAGE },
    { name: 'huge', backing: 'hugetlb', cache: 'cached', capacity: 4 * HUGE, granule: HUGE },
    { name: 'bar', backing: 'file', cache: 'uncached', capacity: 4 * HUGE, granule: PAGE },
  ],
};

export const DESK: VmSettings = {
  name: 'desk',
  windowSize: 8 * HUGE,
  memory: 'window',
  defaultHeap: 'ram',
  blobHeaps: new Map([
    ['1', 'combined'],
    ['2', 'huge'],
    ['18446744073709551615', 'bar'],
  ]),
  quota: { bytes: 32 * HUGE, mappings: 50, allocations: 50 },
  populate: false,
};

export class Desk {
  readonly host: Host;
  readonly vm: Vm;
  readonly port: HeapPort;
  #number = 0;

  constructor(
    settings: Partial<VmSettings> = {},
    host: Partial<HostSettings> = {},
    port: HeapPort = new HeapMemory(),
  ) {
    this.port = port;
    this.host = new Host({ ...HOST, ...host }, port);
    this.vm = this.host.attach({ ...DESK, ...settings });
  }

  /** The number of the last command. */
  get number(): number {
    return this.#number;
  }

  apply(bare: Bare): Outcome {
    this.#number += 1;
    return this.vm.apply({ ...bare, number: this.#number } as Command);
  }

  create(resource: number, more: Partial<Bare<Extract<Command, { kind: 'create' }>>> = {}): Outcome {
    return this.apply({
      kind: 'create',
      resource,
      context: 1,
      blobMem: 'host3d',
      flags: 1,
      blobId: 0,
      size: PAGE,
      ...more,
    });
  }

  map(resource: number, offset: number | bigint): Outcome {
    return this.apply({ kind: 'map', resource, offset });
  }

  unmap(resource: number): Outcome {
    return this.apply({ kind: 'unmap', resource });
  }

  destroy(resource: number): Outcome {
    return this.apply({ kind: 'destroy', resource });
  }

  reset(): Outcome {
    return this.apply({ kind: 'reset' });
  }
}
