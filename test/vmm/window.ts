// The host-visible region of the guest's GPU as the VMM builds it: mappings of files at offsets, and holes between them.
//
// QEMU makes two steps of every change: it accepts a mapping (from then on it counts for overlaps and the back-end has its
// acknowledgement), and it commits it (from then on the guest sees it). So does this file; what the guest does in between meets a hole.
import { Fd } from '../../services/lib/os/fd.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { toU64, type U64 } from '../../services/lib/wire/u64.ts';
import type { ShmemRange } from '../../services/lib/wire/vhost-user.ts';

/** What the guest gets where nothing is mapped. (Real hardware reads all ones; a test wants to know.) */
export class WindowHoleError extends Error {
  readonly offset: number;
  readonly length: number;

  constructor(offset: number, length: number) {
    super(`the window has a hole in ${length} bytes at offset 0x${offset.toString(16)}`);
    this.name = 'WindowHoleError';
    this.offset = offset;
    this.length = length;
  }
}

/** A mapping that the back-end asked for. Bytes. */
export type WindowMapping = {
  readonly offset: number;
  readonly length: number;
  readonly fdOffset: number;
  readonly writable: boolean;
  /** The file; the window closes it when the mapping goes. */
  readonly fd: Fd;
  readonly userAddress: U64;
};

type Entry = WindowMapping & {
  readonly memory: Mapping;
  visible: boolean;
  leaving: boolean;
};

export class Window {
  /** Bytes, a power of two. */
  readonly size: number;
  // By offset; no two overlap. Entries that are leaving do not count for overlaps, but the guest sees them until the commit.
  readonly #entries: Entry[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /**
   * Accepts a mapping and takes its descriptor out of `fd`. False, and the descriptor stays the caller's, when QEMU would refuse it:
   * outside the window, empty, overlapping another mapping, or not mappable.
   */
  map(range: ShmemRange, fd: Fd): boolean {
    const { shmOffset: offset, length, fdOffset } = range;
    if (typeof offset === 'bigint' || typeof length === 'bigint' || typeof fdOffset === 'bigint')
      return false;
    if (length === 0 || offset + length > this.size) return false;
    if (this.#entries.some((entry) => !entry.leaving && overlap(entry, offset, length))) return false;
    let memory: Mapping;
    try {
      memory = Mapping.ofFile(fd.number, fdOffset, length, { writable: range.writable });
    } catch {
      return false;
    }
    this.#entries.push({
      offset,
      length,
      fdOffset,
      writable: range.writable,
      fd: new Fd(fd.release()),
      userAddress: toU64(memory.address),
      memory,
      visible: false,
      leaving: false,
    });
    return true;
  }

  /** Accepts the end of exactly one earlier mapping; false when there is no such mapping. */
  unmap(range: ShmemRange): boolean {
    const entry = this.#entries.find(
      (candidate) =>
        !candidate.leaving && candidate.offset === range.shmOffset && candidate.length === range.length,
    );
    if (!entry) return false;
    entry.leaving = true;
    return true;
  }

  /** Shows the guest what was accepted. */
  commit(): void {
    for (let index = this.#entries.length - 1; index >= 0; index -= 1) {
      const entry = this.#entries[index]!;
      if (entry.leaving) {
        this.#entries.splice(index, 1);
        release(entry);
      } else entry.visible = true;
    }
  }

  /** A device reset: every mapping goes without a message. */
  clear(): void {
    for (const entry of this.#entries.splice(0)) release(entry);
  }

  /** The mappings that the guest sees, by offset. */
  get mappings(): readonly WindowMapping[] {
    return this.#entries.filter((entry) => entry.visible).sort((a, b) => a.offset - b.offset);
  }

  /**
   * What the guest sees, without a copy; at most 1 MiB (see Mapping). Throws WindowHoleError unless one mapping holds the whole range.
   * Drop it before the mapping can go: it is a wild pointer afterwards.
   */
  bytes(offset: number, length: number): Uint8Array {
    const entry = this.#entries.find(
      (candidate) =>
        candidate.visible &&
        offset >= candidate.offset &&
        offset + length <= candidate.offset + candidate.length,
    );
    if (!entry) throw new WindowHoleError(offset, length);
    return entry.memory.bytes(offset - entry.offset, length);
  }

  /** A copy of what the guest reads. Throws WindowHoleError. */
  read(offset: number, length: number): Buffer {
    return Buffer.from(this.bytes(offset, length));
  }

  /** What the guest writes. Throws WindowHoleError; a mapping without the writable flag is a hole for writes. */
  write(offset: number, data: Uint8Array): void {
    const bytes = this.bytes(offset, data.length);
    const readOnly = this.#entries.some(
      (entry) => entry.visible && !entry.writable && overlap(entry, offset, data.length),
    );
    if (readOnly) throw new WindowHoleError(offset, data.length);
    bytes.set(data);
  }
}

function overlap(entry: WindowMapping, offset: number, length: number): boolean {
  return offset < entry.offset + entry.length && entry.offset < offset + length;
}

function release(entry: Entry): void {
  entry.memory.close();
  entry.fd.close();
}
