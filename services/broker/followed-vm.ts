// A VM whose frontend decides for it: what that tells is checked, entered and written down, and so is what it is granted, before anybody hears
// of it. Its memory is the frontend's business from its attach until it is reclaimed.
import type { Followed } from '../lib/domain/follow.ts';
import { type Grant, NO_GRANT } from '../lib/domain/grant.ts';
import { excess, type GrantAnswer, type GrantRequest } from '../lib/domain/granting.ts';
import type { HeapSettings } from '../lib/domain/heap.ts';
import type { Host } from '../lib/domain/host.ts';
import type { Vm } from '../lib/domain/vm.ts';
import type { VmSettings } from '../lib/domain/vm-settings.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { CommandLog } from './journal/journal.ts';
import { MadeMemory, type MemoryHeaps } from './made-memory.ts';
import { shortJournal } from './short-journal.ts';
import { accountsIn, type Told } from './told.ts';

/** What a VM is given at its attach beyond what it uses, as far as there is enough of it: bytes of each heap, mappings and blobs. */
const FIRST_BYTES = 256 * 1024 * 1024;
const FIRST_COUNT = 1024;

export class FollowedVm {
  readonly vm: Vm;
  /** What its window held beyond its grant at the last look, bytes, and at how many looks up to that (audit.ts). */
  beyond = { bytes: 0, looks: 0 };
  /** Of their own, for blobs that do not lie in the window. */
  readonly memory: MadeMemory;
  readonly #host: Host;
  readonly #log: CommandLog | null;
  #accountsVersion: number;

  /** `vm` is the host's, and has a grant. `heaps`: the host's. `log`: see AttachedVm. `accountsVersion`: of an earlier life. */
  constructor(vm: Vm, host: Host, heaps: MemoryHeaps, log: CommandLog | null, accountsVersion = 0) {
    this.vm = vm;
    this.memory = new MadeMemory(vm, heaps, log);
    this.#host = host;
    this.#log = log;
    this.#accountsVersion = accountsVersion;
  }

  /** The last that was entered; 0 for none. */
  get accountsVersion(): number {
    return this.#accountsVersion;
  }

  get grant(): Grant {
    return this.#host.grantOf(this.vm.name) ?? NO_GRANT;
  }

  /** What of its grant is in use. */
  get used(): Grant {
    return this.#host.grantUseOf(this.vm.name) ?? NO_GRANT;
  }

  /** False when it could not be written down: then it waits. */
  hasRoomFor(told: Told): boolean {
    return this.#log?.hasRoomFor(told) ?? true;
  }

  /** @throws AccountsError; then nothing is changed */
  enter(told: Told): readonly Followed[] {
    const happened = this.#host.follow(this.vm.name, accountsIn(told, this.vm));
    this.#accountsVersion = told.version;
    faultPoint('broker.accounts-entered');
    this.#log?.followed(told);
    faultPoint('broker.accounts-journalled');
    for (const one of happened) if (one.kind === 'released') this.memory.release(one.allocation);
    return happened;
  }

  /** Answers a request for another grant, which holds from here on. */
  request(request: GrantRequest): GrantAnswer {
    const before = this.grant;
    if (this.#log?.isShort && excess(request.needed, before).length > 0) {
      const { name } = this.vm;
      return { grant: before, refusal: shortJournal(`a request for a larger grant of VM ${name}`, name) };
    }
    const answer = this.#host.requestGrant(this.vm.name, request);
    if (excess(answer.grant, before).length > 0 || excess(before, answer.grant).length > 0) {
      this.#log?.granted(answer.grant);
      faultPoint('broker.grant-journalled');
    }
    return answer;
  }

  /** See granting.ts. */
  shortagesOf(request: GrantRequest): ReadonlyMap<string, number> {
    return this.#host.shortagesOf(this.vm.name, request);
  }

  /** What it is given at its attach, as far as it can be had. */
  requestFirst(): GrantAnswer {
    const { vm, used } = this;
    const heaps = [...usableHeaps(vm.settings, this.#host)].map((name): [string, number] => [
      name,
      Math.min(vm.quota.bytes, (used.heaps.get(name) ?? 0) + FIRST_BYTES),
    ]);
    const wanted = {
      heaps: new Map(heaps),
      mappings: Math.min(vm.quota.mappings, FIRST_COUNT),
      allocations: Math.min(vm.quota.allocations, FIRST_COUNT),
    };
    return this.request({ wanted, needed: NO_GRANT });
  }
}

/** Whether all blobs of a VM fit a window: then its frontend can decide for it without ever asking for memory. */
export function fitsWindow(settings: VmSettings, { heaps }: Host): boolean {
  return [...heapsOfVm(settings)].every((name) => heaps.get(name)?.settings.backing === 'memfd');
}

/**
 * A VM's settings while it is attached, where without a window each blob has memory of its own. With one that is left for what fits none: heaps
 * of files and huge pages.
 */
export function attachedSettings(settings: VmSettings, hasWindow: boolean): VmSettings {
  return settings.memory === 'own' && hasWindow ? { ...settings, memory: 'mixed' } : settings;
}

/** The names of all heaps that a VM's blob_ids lead to. */
export function heapsOfVm({ defaultHeap, blobHeaps }: VmSettings): ReadonlySet<string> {
  return new Set([defaultHeap, ...blobHeaps.values()]);
}

/** Those of them that its blobs can come from: not all fit a window. */
export function usableHeaps(settings: VmSettings, { heaps }: Host): ReadonlySet<string> {
  const isUsable = (heap: HeapSettings | undefined): boolean =>
    settings.memory !== 'window' || heap?.backing === 'memfd';
  return new Set([...heapsOfVm(settings)].filter((name) => isUsable(heaps.get(name)?.settings)));
}
