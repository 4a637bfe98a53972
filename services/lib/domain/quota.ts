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

export class Account {
  #limits: Limits;
  readonly #used = { bytes: 0, mappings: 0, allocations: 0 };

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

  /** New limits count from the next command on; what is used already stays, even above them. */
  setLimits(limits: Limits, setting: string): void {
    checkLimits(limits, setting);
    this.#limits = limits;
  }

  fitsBytes(bytes: U64): boolean {
    return bytes <= this.#limits.bytes - this.#used.bytes;
  }

  fitsAllocation(): boolean {
    return this.#used.allocations < this.#limits.allocations;
  }

  fitsMapping(): boolean {
    return this.#used.mappings < this.#limits.mappings;
  }

  /** Books one blob of `bytes`; the caller has asked whether it fits. */
  addAllocation(bytes: number): void {
    this.#used.bytes += bytes;
    this.#used.allocations += 1;
  }

  /** Gives back what one `addAllocation` took. */
  removeAllocation(bytes: number): void {
    if (this.#used.bytes < bytes || this.#used.allocations < 1) {
      throw new Error(
        `quota: a blob of ${bytes} bytes was given back, but only ${this.#used.allocations} of ${this.#used.bytes} bytes are charged`,
      );
    }
    this.#used.bytes -= bytes;
    this.#used.allocations -= 1;
  }

  /** Books one mapping; the caller has asked whether it fits. */
  addMapping(): void {
    this.#used.mappings += 1;
  }

  /** Gives back what one `addMapping` took. */
  removeMapping(): void {
    if (this.#used.mappings < 1) {
      throw new Error('quota: a mapping was given back, but none is charged');
    }
    this.#used.mappings -= 1;
  }
}

function checkLimits(limits: Limits, setting: string): void {
  for (const kind of QUOTA_KINDS) {
    if (!Number.isSafeInteger(limits[kind]) || limits[kind] < 0) {
      throw new SettingsError(`${setting}.${kind}`, 'a whole number from 0 to 2^53 - 1', limits[kind]);
    }
  }
}
