// The guest's RAM: one memfd, laid out in guest physical addresses like QEMU's q35 does it, and read and written like a guest would.
//
//   0 .. low end | (PCI hole) | 4 GiB .. the rest
//
// The low end is all of the RAM while it is below 2.75 GiB; otherwise 2 GiB stay below and the rest moves above 4 GiB (QEMU's
// hw/i386/pc_q35.c). The file is contiguous: what lies above 4 GiB follows what lies below. Seen with QEMU 11.1.3: one region of 512 MiB;
// for 4 GiB two, of 2 GiB each.
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, Mapping, PAGE_SIZE } from '../../services/lib/os/memory.ts';
import { toU64, type U64 } from '../../services/lib/wire/u64.ts';

const KIB = 1024;
const GIB = 1024 ** 3;
const SPLIT_FROM = 2.75 * GIB;
const LOW_WHEN_SPLIT = 2 * GIB;
const HIGH_BASE = 4 * GIB;
/** Below this nothing is allocated: a real guest has its firmware, kernel and page 0 there. */
const FIRST_FREE = 16 * 1024 * KIB;

/** A piece of RAM as one entry of the memory table. Bytes. */
export type RamRegion = {
  readonly guestAddress: number;
  readonly size: number;
  readonly fileOffset: number;
};

export class GuestMemory {
  /** RAM in all, bytes. */
  readonly size: number;
  readonly regions: readonly RamRegion[];
  /** The file that backs the RAM. */
  readonly fd: Fd;
  readonly #mapping: Mapping;
  #nextLow = FIRST_FREE;
  #nextHigh = HIGH_BASE;

  /** `size`: bytes, a multiple of 2 MiB and at least 32 MiB. Sparse: only what is touched takes memory. */
  constructor(size: number) {
    if (size % (2 * KIB * KIB) !== 0 || size < 2 * FIRST_FREE) {
      throw new RangeError(
        `${size} bytes of guest memory were asked for; a multiple of 2 MiB from 32 MiB up is needed`,
      );
    }
    this.size = size;
    const low = size >= SPLIT_FROM ? LOW_WHEN_SPLIT : size;
    this.regions = [
      { guestAddress: 0, size: low, fileOffset: 0 },
      ...(size > low ? [{ guestAddress: HIGH_BASE, size: size - low, fileOffset: low }] : []),
    ];
    this.fd = createMemfd('guest-memory', size);
    this.#mapping = Mapping.ofFile(this.fd.number, 0, size);
  }

  /** One past the highest address that has RAM. */
  get end(): number {
    const last = this.regions[this.regions.length - 1]!;
    return last.guestAddress + last.size;
  }

  /** Where the VMM has a guest address mapped: the addresses of SET_VRING_ADDR and of the memory table. */
  userAddress(address: number): U64 {
    return toU64(this.#mapping.address + BigInt(this.#fileOffset(address, 0)));
  }

  /** The bytes at a guest address, without a copy; at most 1 MiB. Throws RangeError where there is no RAM. */
  bytes(address: number, length: number): Uint8Array {
    return this.#mapping.bytes(this.#fileOffset(address, length), length);
  }

  view(address: number, length: number): DataView {
    const { buffer, start } = this.#mapping.locate(this.#fileOffset(address, length), length);
    return new DataView(buffer, start, length);
  }

  /** 16-bit words, for Atomics; the address is even. */
  words(address: number, count: number): Uint16Array {
    const { buffer, start } = this.#mapping.locate(this.#fileOffset(address, count * 2), count * 2);
    return new Uint16Array(buffer, start, count);
  }

  /**
   * Fresh zeroed guest memory for a driver, page-aligned: 'low' is below the PCI hole, 'high' above 4 GiB (throws RangeError when the
   * guest has none). It is never freed alone: see release().
   */
  allocate(length: number, where: 'low' | 'high' = 'low'): number {
    const address = where === 'low' ? this.#nextLow : this.#nextHigh;
    const size = Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
    for (let at = 0; at < size; at += PAGE_SIZE) this.bytes(address + at, PAGE_SIZE).fill(0);
    if (where === 'low') this.#nextLow += size;
    else this.#nextHigh += size;
    return address;
  }

  /** Forgets all allocations, as the guest does when its driver goes or it reboots. */
  release(): void {
    this.#nextLow = FIRST_FREE;
    this.#nextHigh = HIGH_BASE;
  }

  close(): void {
    this.#mapping.close();
    this.fd.close();
  }

  #fileOffset(address: number, length: number): number {
    for (const region of this.regions) {
      const within = address - region.guestAddress;
      if (within >= 0 && within + length <= region.size) return region.fileOffset + within;
    }
    throw new RangeError(
      `the guest has no ${length} bytes of RAM at 0x${address.toString(16)} (${this.size} bytes in all)`,
    );
  }
}
