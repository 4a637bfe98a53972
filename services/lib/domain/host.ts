/** The books of the host: its heaps, its limits, and the VMs that share them. */

import type { HeapPort } from './allocation.ts';
import type { Command, Outcome } from './command.ts';
import { refusedCommand } from './decision.ts';
import type { Effect } from './effect.ts';
import type { HeapSettings } from './heap.ts';
import { Heap } from './heap.ts';
import type { Limits } from './quota.ts';
import { Account } from './quota.ts';
import { refuse } from './refusal.ts';
import { SettingsError } from './settings-error.ts';
import { Vm } from './vm.ts';
import type { VmSettings } from './vm-settings.ts';
import type { VmSnapshot } from './vm-snapshot.ts';

export interface HostSettings {
  /** Over all VMs. */
  readonly limits: Limits;
  readonly heaps: readonly HeapSettings[];
}

export class Host {
  readonly #account: Account;
  readonly #heaps = new Map<string, Heap>();
  readonly #vms = new Map<string, Vm>();
  readonly #port: HeapPort;
  #unknownVms = 0;

  /** @throws SettingsError */
  constructor(settings: HostSettings, port: HeapPort) {
    this.#account = new Account(settings.limits, 'host.limits');
    this.#port = port;
    for (const heap of settings.heaps) {
      if (this.#heaps.has(heap.name)) {
        throw new SettingsError('heaps', 'names that differ', heap.name);
      }
      this.#heaps.set(heap.name, new Heap(heap));
    }
  }

  get limits(): Limits {
    return this.#account.limits;
  }

  /** What all VMs use together. */
  get used(): Readonly<Limits> {
    return this.#account.used;
  }

  /** Commands that named a VM which is not here. */
  get unknownVms(): number {
    return this.#unknownVms;
  }

  /** The heaps by name, in the order of the settings. */
  get heaps(): ReadonlyMap<string, Heap> {
    return this.#heaps;
  }

  /** The VMs by name, in the order of their coming. */
  get vms(): ReadonlyMap<string, Vm> {
    return this.#vms;
  }

  /**
   * Opens the books of a VM: empty, generation 1, numbers from 1.
   * @throws SettingsError, also when a VM of that name is here
   */
  attach(settings: VmSettings): Vm {
    if (this.#vms.has(settings.name)) {
      throw new SettingsError('vms', 'a VM that is not attached yet', settings.name);
    }
    const vm = new Vm(settings, { account: this.#account, heaps: this.#heaps, port: this.#port });
    this.#vms.set(settings.name, vm);
    return vm;
  }

  /**
   * Opens the books of a VM that was here before, with all that it had. Limits are not asked: what it has, it keeps.
   * @throws SettingsError as attach; Error when the snapshot contradicts itself or the settings. Then nothing is changed
   */
  restore(settings: VmSettings, snapshot: VmSnapshot): Vm {
    const vm = this.attach(settings);
    try {
      vm.restore(snapshot);
    } catch (error) {
      this.detach(settings.name);
      throw error;
    }
    return vm;
  }

  /** Ends a VM. @returns what is left to do outside of its window; null when there is none of that name */
  detach(name: string): readonly Effect[] | null {
    const vm = this.#vms.get(name);
    if (vm === undefined) {
      return null;
    }
    this.#vms.delete(name);
    return vm.close();
  }

  /** Vm.apply for the VM of that name; VM_UNKNOWN (generation 0) when there is none. */
  apply(name: string, command: Command): Outcome {
    const vm = this.#vms.get(name);
    if (vm !== undefined) {
      return vm.apply(command);
    }
    this.#unknownVms += 1;
    const refusal = refuse(
      'VM_UNKNOWN',
      `a command for VM ${name} came, but the host has no VM of that name: attach it first`,
      {
        vm: name,
      },
    );
    return refusedCommand(command, 0, refusal).outcome;
  }
}
