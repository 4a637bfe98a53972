/** The books of the host: its heaps, its limits, and the VMs that share them. */

import type { HeapPort } from './allocation.ts';
import type { Command } from './command.ts';
import { refusedCommand } from './decision.ts';
import type { Effect, Outcome } from './effect.ts';
import type { Accounts, Followed } from './follow.ts';
import { type Grant, GrantedBooks, NO_GRANT } from './grant.ts';
import {
  answerRequest,
  type Competition,
  type GrantAnswer,
  type GrantRequest,
  type Shortages,
  shortagesOf,
} from './granting.ts';
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
  /** Of VMs that somebody else decides for. */
  readonly #grants = new Map<string, GrantedBooks>();
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
   * @param granted somebody else decides for it, within a grant: nothing is granted yet, and apply() is not for it
   * @throws SettingsError, also when a VM of that name is here
   */
  attach(settings: VmSettings, granted = false): Vm {
    if (this.#vms.has(settings.name)) {
      throw new SettingsError('vms', 'a VM that is not attached yet', settings.name);
    }
    const shares = granted ? new GrantedBooks(this.#heaps.values(), this.#account) : null;
    const { account, heaps } = shares ?? { account: this.#account, heaps: this.#heaps };
    const vm = new Vm(settings, { account, heaps, port: this.#port });
    this.#vms.set(settings.name, vm);
    if (shares !== null) this.#grants.set(settings.name, shares);
    return vm;
  }

  /** What the VM of that name may have in use without asking; null when the host decides for it, and when there is none. */
  grantOf(name: string): Grant | null {
    return this.#grants.get(name)?.grant ?? null;
  }

  /** What of its grant the VM uses; null when it has none. */
  grantUseOf(name: string): Grant | null {
    return this.#grants.get(name)?.used ?? null;
  }

  /** What the VM's request needs and cannot be had now, by what it is; see granting.ts. @throws Error when the VM has no grant */
  shortagesOf(name: string, request: GrantRequest): Shortages {
    return shortagesOf(this.#sharesOf(name), request, this.#competition(name));
  }

  /** Answers a request for another grant; it holds from here on. @throws Error when the VM has none */
  requestGrant(name: string, request: GrantRequest): GrantAnswer {
    const shares = this.#sharesOf(name);
    const answer = answerRequest(shares, request, this.#competition(name));
    if (answer.refusal === null) shares.set(answer.grant);
    return answer;
  }

  /** A grant of an earlier life: what others have by now is not asked. @throws Error when the VM has none */
  setGrant(name: string, grant: Grant): void {
    this.#sharesOf(name).set(grant);
  }

  /** Enters what became of a VM that somebody else decides for. @throws AccountsError; then nothing is changed */
  follow(name: string, accounts: Accounts): readonly Followed[] {
    const vm = this.#vms.get(name);
    if (vm === undefined) throw new Error(`host: there is no VM ${name} to follow`);
    return vm.follow(accounts, this.#sharesOf(name).grant);
  }

  #competition(vm: string): Competition {
    return { vm, heaps: this.#heaps, host: this.#account, sharers: this.#grants.size };
  }

  #sharesOf(name: string): GrantedBooks {
    const shares = this.#grants.get(name);
    if (shares === undefined) throw new Error(`host: VM ${name} has no grant`);
    return shares;
  }

  /**
   * Opens the books of a VM that was here before, with all that it had. Limits are not asked: what it has, it keeps.
   * @param grant what it had, when somebody else decides for it
   * @throws SettingsError as attach; Error when the snapshot contradicts itself or the settings. Then nothing is changed
   */
  restore(settings: VmSettings, snapshot: VmSnapshot, grant: Grant | null = null): Vm {
    const vm = this.attach(settings, grant !== null);
    try {
      if (grant !== null) this.setGrant(settings.name, grant);
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
    const effects = vm.close();
    this.#grants.get(name)?.set(NO_GRANT);
    this.#grants.delete(name);
    return effects;
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
