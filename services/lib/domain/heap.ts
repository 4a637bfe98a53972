/** Heaps: what they are, and the books of how much of each is used. The memory itself is no business of the domain. */

import { isPowerOfTwo, SMALLEST_PAGE } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import { SettingsError } from './settings-error.ts';

/** In the order of virtio-gpu's map_info: the index is the number (virtio 1.3, 5.7.6.8, VIRTIO_GPU_MAP_CACHE_*). */
export const CACHE_TYPES = ['none', 'cached', 'uncached', 'wc'] as const;
export type CacheType = (typeof CACHE_TYPES)[number];

export const BACKINGS = ['memfd', 'hugetlb', 'file'] as const;
export type Backing = (typeof BACKINGS)[number];

export interface HeapSettings {
  readonly name: string;
  readonly backing: Backing;
  readonly cache: CacheType;
  /** Bytes. */
  readonly capacity: number;
  /** Bytes, a power of two from 4096: what the heap can be mapped in, so sizes of blobs and their offsets in a window are multiples of it. */
  readonly granule: number;
}

/** Where blobs are charged: a heap of the host, or a VM's share of one (grant.ts). */
export interface HeapBooks {
  readonly settings: HeapSettings;
  /** Bytes of the blobs that are charged. */
  readonly usedBytes: number;
  fits(bytes: U64): boolean;
  /** Books one blob of `bytes`; the caller has asked `fits` before. */
  charge(bytes: number): void;
  /** Gives back what one `charge` took. */
  release(bytes: number): void;
}

export class Heap implements HeapBooks {
  readonly settings: HeapSettings;
  #usedBytes = 0;
  #idleBytes = 0;
  #allocations = 0;

  /** @throws SettingsError */
  constructor(settings: HeapSettings) {
    const at = `heaps.${settings.name}`;
    if (!isPowerOfTwo(settings.granule) || settings.granule < SMALLEST_PAGE) {
      throw new SettingsError(`${at}.granule`, 'a power of two from 4096', settings.granule);
    }
    if (!Number.isSafeInteger(settings.capacity) || settings.capacity < 0) {
      throw new SettingsError(
        `${at}.capacity`,
        'a whole number of bytes from 0 to 2^53 - 1',
        settings.capacity,
      );
    }
    this.settings = settings;
  }

  /** Bytes of blobs, those under grants among them. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes that grants keep for VMs and no blob holds: nobody else can have them. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** Bytes that neither blobs nor grants hold. */
  get freeBytes(): number {
    return this.settings.capacity - this.#usedBytes - this.#idleBytes;
  }

  /** Blobs charged. */
  get allocations(): number {
    return this.#allocations;
  }

  fits(bytes: U64): boolean {
    return bytes <= this.freeBytes;
  }

  charge(bytes: number): void {
    this.#usedBytes += bytes;
    this.#allocations += 1;
  }

  release(bytes: number): void {
    if (this.#usedBytes < bytes || this.#allocations < 1) {
      throw new Error(
        `heap ${this.settings.name}: ${bytes} bytes were released, but only ${this.#usedBytes} are charged`,
      );
    }
    this.#usedBytes -= bytes;
    this.#allocations -= 1;
  }

  /** A grant of this heap grows by `bytes`, or shrinks when they are negative; the caller has asked `fits` before. */
  keep(bytes: number): void {
    this.#checkIdle(-bytes);
    this.#idleBytes += bytes;
  }

  /** Books one blob of `bytes` within a grant. */
  chargeGranted(bytes: number): void {
    this.#checkIdle(bytes);
    this.#idleBytes -= bytes;
    this.charge(bytes);
  }

  /** Gives back what one `chargeGranted` took: the grant keeps it. */
  releaseGranted(bytes: number): void {
    this.release(bytes);
    this.#idleBytes += bytes;
  }

  #checkIdle(bytes: number): void {
    if (bytes > this.#idleBytes) {
      throw new Error(
        `heap ${this.settings.name}: ${bytes} bytes were taken out of grants, but they keep only ${this.#idleBytes}`,
      );
    }
  }
}
