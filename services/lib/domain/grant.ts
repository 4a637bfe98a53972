/**
 * Grants: what a VM may have in use without asking anybody. A grant is charged to the heaps and to the host when it is given, so within it
 * nothing that other VMs do can stand in the way, and whoever decides for the VM needs no more than these books: the broker has them
 * over its own heaps, a frontend over nothing.
 *
 *     a heap of the host:   | blobs of VMs without a grant | blobs under grants | idle: granted, in no blob | free |
 *     a VM's share of it:                                  | used               | idle                      |
 *                                                          '------------------- granted -------------------'
 *
 * Amounts are absolute, so that to say one twice changes nothing.
 */

import type { U64 } from '../wire/u64.ts';
import type { Heap, HeapBooks, HeapSettings } from './heap.ts';
import { type Account, type HostBooks, type Limits, QUOTA_KINDS } from './quota.ts';

/** Each a whole number from 0 to 2^53 - 1. */
export interface Grant {
  /** Bytes by heap; one that is not named has none. */
  readonly heaps: ReadonlyMap<string, number>;
  /** Blobs that are mapped at one time. */
  readonly mappings: number;
  /** Blobs that live at one time. */
  readonly allocations: number;
}

/** Bytes of blobs that are gone, which a frontend may give back a little later, at most. */
export const LATE_BYTES = 64 * 1024 * 1024;
/** What guests may have touched in holes of their windows since these were swept, bytes. */
const SWEPT_LATER_BYTES = 64 * 1024 * 1024;
/** What a VM's window may hold beyond its grant, bytes, and nobody minds. */
export const GRANT_ALLOWANCE = LATE_BYTES + SWEPT_LATER_BYTES;

/** How much of `held` bytes in a VM's window its grant does not account for, nor what is allowed beyond it. */
export function beyondGrant(held: number, { heaps }: Grant): number {
  let granted = GRANT_ALLOWANCE;
  for (const bytes of heaps.values()) granted += bytes;
  return Math.max(0, held - granted);
}

export const NO_GRANT: Grant = { heaps: new Map(), mappings: 0, allocations: 0 };

/** A VM's share of one heap. */
export class HeapShare implements HeapBooks {
  readonly settings: HeapSettings;
  /** Null where the heap itself is somebody else's: in a frontend. */
  readonly #heap: Heap | null;
  #granted = 0;
  #used = 0;

  constructor(settings: HeapSettings, heap: Heap | null) {
    this.settings = settings;
    this.#heap = heap;
  }

  get granted(): number {
    return this.#granted;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Below 0 while more is used than is granted, which a new grant can bring about. */
  get idle(): number {
    return this.#granted - this.#used;
  }

  fits(bytes: U64): boolean {
    return bytes <= this.idle;
  }

  charge(bytes: number): void {
    this.#heap?.chargeGranted(bytes);
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#heap?.releaseGranted(bytes);
    this.#used -= bytes;
  }

  /** The heap has room for what is more. */
  grant(bytes: number): void {
    this.#heap?.keep(bytes - this.#granted);
    this.#granted = bytes;
  }
}

/** A VM's share of what is counted over the whole host. Its bytes are those of its heaps, which are asked before. */
export class HostShare implements HostBooks {
  /** Null where the host is somebody else's. */
  readonly #account: Account | null;
  readonly #granted = { bytes: 0, mappings: 0, allocations: 0 };
  readonly #used = { bytes: 0, mappings: 0, allocations: 0 };

  constructor(account: Account | null) {
    this.#account = account;
  }

  get limits(): Limits {
    return this.#granted;
  }

  get used(): Readonly<Limits> {
    return this.#used;
  }

  fitsBytes(bytes: U64): boolean {
    return bytes <= this.#granted.bytes - this.#used.bytes;
  }

  fitsAllocation(): boolean {
    return this.#used.allocations < this.#granted.allocations;
  }

  fitsMapping(): boolean {
    return this.#used.mappings < this.#granted.mappings;
  }

  addAllocation(bytes: number): void {
    this.#account?.keep('bytes', -bytes);
    this.#account?.keep('allocations', -1);
    this.#account?.addAllocation(bytes);
    this.#used.bytes += bytes;
    this.#used.allocations += 1;
  }

  removeAllocation(bytes: number): void {
    this.#account?.removeAllocation(bytes);
    this.#account?.keep('bytes', bytes);
    this.#account?.keep('allocations', 1);
    this.#used.bytes -= bytes;
    this.#used.allocations -= 1;
  }

  addMapping(): void {
    this.#account?.keep('mappings', -1);
    this.#account?.addMapping();
    this.#used.mappings += 1;
  }

  removeMapping(): void {
    this.#account?.removeMapping();
    this.#account?.keep('mappings', 1);
    this.#used.mappings -= 1;
  }

  /** The host has room for what is more. */
  grant(amounts: Limits): void {
    for (const kind of QUOTA_KINDS) {
      this.#account?.keep(kind, amounts[kind] - this.#granted[kind]);
      this.#granted[kind] = amounts[kind];
    }
  }
}

/** A VM's shares of everything. */
export class GrantedBooks {
  readonly account: HostShare;
  readonly heaps: ReadonlyMap<string, HeapShare>;

  /** Nothing is granted yet. `account`: the host's, and heaps with theirs; null where only the grant is known. */
  constructor(heaps: Iterable<HeapSettings | Heap>, account: Account | null) {
    this.account = new HostShare(account);
    this.heaps = new Map(
      [...heaps].map((heap) => {
        const share = 'settings' in heap ? new HeapShare(heap.settings, heap) : new HeapShare(heap, null);
        return [share.settings.name, share];
      }),
    );
  }

  get grant(): Grant {
    const heaps = [...this.heaps].map(([name, { granted }]): [string, number] => [name, granted]);
    const { mappings, allocations } = this.account.limits;
    return { heaps: new Map(heaps), mappings, allocations };
  }

  /** The least that could be granted. */
  get used(): Grant {
    const heaps = [...this.heaps].map(([name, { usedBytes }]): [string, number] => [name, usedBytes]);
    const { mappings, allocations } = this.account.used;
    return { heaps: new Map(heaps), mappings, allocations };
  }

  /** What is granted from here on. Heaps and host have room for what is more; heaps that are not here are left out. */
  set(grant: Grant): void {
    let bytes = 0;
    for (const [name, share] of this.heaps) {
      const granted = grant.heaps.get(name) ?? 0;
      share.grant(granted);
      bytes += granted;
    }
    this.account.grant({ bytes, mappings: grant.mappings, allocations: grant.allocations });
  }
}
