/** Limits and what is used of them: one account for each VM, and one for the host. */

import type { U64 } from '../wire/u64.ts';
import { SettingsError } from './settings-error.ts';

export const QUOTA_KINDS = ['bytes', 'mappings', 'allocations'] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** "No limit" for a kind: nothing that is counted gets there. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Each from 0 (nothing at all) to UNLIMITED. */
export interface Limits {
  /** Bytes of all blobs. */
  readonly bytes: number;
  /** Blobs that are mapped at one time. */
  readonly mappings: number;
  /** Blobs that live at one time. */
  readonly allocations: number;
}

/** What is counted stays exact up to here, and nothing else stands against it. */
export const NO_LIMITS: Limits = { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED };

/** Where a VM's blobs and mappings are counted besides its own account: the host's, or the VM's share of it (grant.ts). */
export interface HostBooks {
  readonly limits: Limits;
  readonly used: Readonly<Limits>;
  fitsBytes(bytes: U64): boolean;
  fitsAllocation(): boolean;
  fitsMapping(): boolean;
  /** Books one blob of `bytes`; the caller has asked whether it fits. */
  addAllocation(bytes: number): void;
  /** Gives back what one `addAllocation` took. */
  removeAllocation(bytes: number): void;
  /** Books one mapping; the caller has asked whether it fits. */
  addMapping(): void;
  /** Gives back what one `addMapping` took. */
  removeMapping(): void;
}

export class Account implements HostBooks {
  #limits: Limits;
  readonly #used = { bytes: 0, mappings: 0, allocations: 0 };
  readonly #idle = { bytes: 0, mappings: 0, allocations: 0 };

  /** @param setting where the limits stand, for the error: `vms.desk.quota` */
  constructor(limits: Limits, setting: string) {
    checkLimits(limits, setting);
    this.#limits = limits;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get used(): Readonly<Limits> {
    return this.#used;
  }

  /** What grants keep for VMs and nothing uses: nobody else can have it. */
  get idle(): Readonly<Limits> {
    return this.#idle;
  }

  /** What neither blobs nor grants hold of a kind; below 0 when the limit was lowered. */
  free(kind: QuotaKind): number {
    return this.#limits[kind] - this.#used[kind] - this.#idle[kind];
  }

  /** New limits count from the next command on; what is used already stays, even above them. */
  setLimits(limits: Limits, setting: string): void {
    checkLimits(limits, setting);
    this.#limits = limits;
  }

  fitsBytes(bytes: U64): boolean {
    return bytes <= this.free('bytes');
  }

  fitsAllocation(): boolean {
    return this.free('allocations') > 0;
  }

  fitsMapping(): boolean {
    return this.free('mappings') > 0;
  }

  addAllocation(bytes: number): void {
    this.#used.bytes += bytes;
    this.#used.allocations += 1;
  }

  removeAllocation(bytes: number): void {
    if (this.#used.bytes < bytes || this.#used.allocations < 1) {
      throw new Error(
        `quota: a blob of ${bytes} bytes was given back, but only ${this.#used.allocations} of ${this.#used.bytes} bytes are charged`,
      );
    }
    this.#used.bytes -= bytes;
    this.#used.allocations -= 1;
  }

  addMapping(): void {
    this.#used.mappings += 1;
  }

  removeMapping(): void {
    if (this.#used.mappings < 1) {
      throw new Error('quota: a mapping was given back, but none is charged');
    }
    this.#used.mappings -= 1;
  }

  /** A grant of a kind grows by `amount`, or shrinks when it is negative; the caller has asked whether it fits. */
  keep(kind: QuotaKind, amount: number): void {
    if (-amount > this.#idle[kind]) {
      throw new Error(
        `quota: ${-amount} ${kind} were taken out of grants, but they keep only ${this.#idle[kind]}`,
      );
    }
    this.#idle[kind] += amount;
  }
}

function checkLimits(limits: Limits, setting: string): void {
  for (const kind of QUOTA_KINDS) {
    if (!Number.isSafeInteger(limits[kind]) || limits[kind] < 0) {
      throw new SettingsError(`${setting}.${kind}`, 'a whole number from 0 to 2^53 - 1', limits[kind]);
    }
  }
}
