/** Heaps: what they are, and the books of how much of each is used. The memory itself is no business of the domain. */

import { SettingsError } from './settings-error.ts';
import type { U64 } from './u64.ts';
import { isPowerOfTwo, PAGE_SIZE } from './u64.ts';

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
  /** Bytes, a power of two from 4096: sizes are rounded up to it in the books, and in a heap that is no memfd also in the window. */
  readonly granule: number;
}

export class Heap {
  readonly settings: HeapSettings;
  #usedBytes = 0;
  #allocations = 0;

  /** @throws SettingsError */
  constructor(settings: HeapSettings) {
    const at = `heaps.${settings.name}`;
    if (!isPowerOfTwo(settings.granule) || settings.granule < PAGE_SIZE) {
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

  /** Bytes charged, rounded up to granules. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Blobs charged. */
  get allocations(): number {
    return this.#allocations;
  }

  /**
   * The unit of offsets and lengths in a window, bytes. A memfd can be mapped page by page whatever its books
   * say; huge pages and devices can only be mapped in whole granules, at multiples of them.
   */
  get mapUnit(): number {
    return this.settings.backing === 'memfd' ? PAGE_SIZE : this.settings.granule;
  }

  fits(bytes: U64): boolean {
    return bytes <= this.settings.capacity - this.#usedBytes;
  }

  /** Books one blob of `bytes`; the caller has asked `fits` before. */
  charge(bytes: number): void {
    this.#usedBytes += bytes;
    this.#allocations += 1;
  }

  /** Gives back what one `charge` took. */
  release(bytes: number): void {
    if (this.#usedBytes < bytes || this.#allocations < 1) {
      throw new Error(
        `heap ${this.settings.name}: ${bytes} bytes were released, but only ${this.#usedBytes} are charged`,
      );
    }
    this.#usedBytes -= bytes;
    this.#allocations -= 1;
  }
}
