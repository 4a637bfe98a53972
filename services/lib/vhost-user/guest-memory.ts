// The guest's memory as the VMM describes it: which file holds which addresses, and the bytes behind them.
//
//   guest physical address        user address (the VMM's own)          file
//   0x0000_0000 .. 0x8000_0000    0x7f10_0000_0000 ..                   memfd "mem"  @ 0            mapped here
//   0x1_0000_0000 .. (above 4 G)  0x7f10_8000_0000 ..                   memfd "mem"  @ 0x8000_0000  mapped here
//   0x80_0000_0000 .. (a BAR)     0x7f20_0000_0000 ..                   the window   @ 0            own memory: remembered, not mapped
//
// Rules:
// - A range of addresses lies in one region or nowhere; it never crosses from one region into the next.
// - Everything that a DataView or Uint8Array of this file shows is valid until the table changes, and the table changes only between two
//   events of the loop. So nobody keeps a view across events, or whoever does compares `generation` first (see virtqueue.ts).
import { fstatSync } from 'node:fs';
import { closeAll, type Fd } from '../os/fd.ts';
import { Mapping, PAGE_SIZE } from '../os/memory.ts';
import { checkedAdd, checkedSubtract, hex, type U64 } from '../wire/u64.ts';
import type { MemoryRegion } from '../wire/vhost-user.ts';
import { messageOf, RecoveryError, VhostUserError } from './errors.ts';

/**
 * Regions at most, in all. QEMU 11.1 takes the smaller of this and its own 512; a larger table lets other VMMs map more blobs one by one.
 * It costs a table entry each (own memory) or a mapping (guest RAM; the kernel allows 65,530 of those to a process).
 */
export const MOST_MEMORY_SLOTS = 4096;

/** All mapped regions together: half of the 2^47 bytes of address space that a process has on x86-64. */
const MOST_MAPPED_BYTES = 2 ** 46;

/** Which file a descriptor refers to. Two descriptors with the same dev and ino are the same memory. */
export type FileIdentity = { readonly dev: bigint; readonly ino: bigint; readonly size: number };

/** Throws Node's system error for a bad descriptor. */
export function fileIdentity(fd: number): FileIdentity {
  const status = fstatSync(fd, { bigint: true });
  return { dev: status.dev, ino: status.ino, size: Number(status.size) };
}

/** What is known of a descriptor that came with a message. */
export type Note = {
  /** 0: it is not stored. */
  readonly name: number;
  /** The device's own memory: which file it is, is all that matters. */
  readonly own: FileIdentity | null;
};

/** A piece of the device's own memory that the guest sees at the moment. Bytes. */
export type OwnRegion = {
  readonly guestAddress: number;
  readonly size: number;
  /** Where it starts in its file. */
  readonly fileOffset: number;
  readonly file: FileIdentity;
};

/** A region of the memory table, for a successor. */
export type RegionRecord = {
  readonly guestAddress: number;
  readonly size: number;
  readonly userAddress: U64;
  readonly fileOffset: number;
  readonly file: FileIdentity;
  /** The stored descriptor behind it; 0 for the device's own memory, which is not mapped here. */
  readonly name: number;
};

/** Bytes of guest memory, without a copy: `length` bytes from `offset` in `bytes` (and in `view`, which shows the same buffer). */
export type Location = {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offset: number;
};

type Region = {
  readonly guestAddress: number;
  readonly size: number;
  readonly guestEnd: number;
  readonly userAddress: U64;
  readonly userEnd: U64;
  readonly fileOffset: number;
  readonly file: FileIdentity;
  /** Null for own memory. */
  readonly mapped: MappedBytes | null;
  /** The descriptor in the store; 0 for own memory, and without a store. */
  readonly name: number;
};

type Views = { readonly bytes: Uint8Array; readonly view: DataView };

/** A mapping with the views of its chunks, made once: making them anew for every access would cost more than the access. */
class MappedBytes {
  readonly #mapping: Mapping;
  readonly #views = new Map<ArrayBuffer, Views>();

  constructor(mapping: Mapping) {
    this.#mapping = mapping;
  }

  /** `length` at most Mapping.LARGEST_ACCESS. */
  locate(offset: number, length: number): Location {
    const { buffer, start } = this.#mapping.locate(offset, length);
    let views = this.#views.get(buffer);
    if (!views) {
      views = { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
      this.#views.set(buffer, views);
    }
    return { bytes: views.bytes, view: views.view, offset: start };
  }

  close(): void {
    this.#views.clear();
    this.#mapping.close();
  }
}

export class GuestMemory {
  readonly #isOwnMemory: (file: FileIdentity) => boolean;
  readonly #noteOf: (fd: Fd) => Note;
  #regions: readonly Region[] = [];
  #ram: readonly Region[] = [];
  #last: Region | null = null;
  #generation = 0;

  /** `noteOf` tells what is known of a descriptor in a store. */
  constructor(isOwnMemory: (file: FileIdentity) => boolean, noteOf: (fd: Fd) => Note = nothingKnown) {
    this.#isOwnMemory = isOwnMemory;
    this.#noteOf = noteOf;
  }

  /** Moves on whenever a mapped region came or went: views from before are dead. */
  get generation(): number {
    return this.#generation;
  }

  /** The device's own memory that the guest sees, in the order of the table. */
  get ownRegions(): readonly OwnRegion[] {
    return this.#regions
      .filter((region) => region.mapped === null)
      .map(({ guestAddress, size, fileOffset, file }) => ({ guestAddress, size, fileOffset, file }));
  }

  /** Bytes of guest RAM that are mapped here. */
  get mappedBytes(): number {
    return this.#ram.reduce((sum, region) => sum + region.size, 0);
  }

  get regionCount(): number {
    return this.#regions.length;
  }

  /**
   * SET_MEM_TABLE: these regions and no others; fds[i] belongs to regions[i]. Takes the descriptors over, whatever happens.
   * Mappings that stay the same are kept. Throws VhostUserError (policy 'refuse') and then leaves the table as it was.
   */
  replaceTable(regions: readonly MemoryRegion[], fds: readonly Fd[]): void {
    const opened: Region[] = [];
    try {
      const table: Region[] = [];
      for (const [index, region] of regions.entries()) {
        const entry = this.#open(region, fds[index] as Fd, table, opened);
        table.push(entry);
      }
      this.#install(table);
    } catch (error) {
      for (const region of opened) region.mapped?.close();
      throw error;
    } finally {
      closeAll(fds);
    }
  }

  /** ADD_MEM_REG. Takes the descriptor over. Throws VhostUserError (policy 'refuse') and then leaves the table as it was. */
  addRegion(region: MemoryRegion, fd: Fd): void {
    const opened: Region[] = [];
    try {
      if (this.#regions.length >= MOST_MEMORY_SLOTS) {
        throw refusal(`there are ${this.#regions.length} memory regions, ${MOST_MEMORY_SLOTS} is the most`);
      }
      this.#install([...this.#regions, this.#open(region, fd, this.#regions, opened)]);
    } catch (error) {
      for (const entry of opened) entry.mapped?.close();
      throw error;
    } finally {
      fd.close();
    }
  }

  /** REM_MEM_REG: the region with these addresses and this size. Throws VhostUserError (policy 'refuse') when there is none. */
  removeRegion(region: MemoryRegion): void {
    const found = this.#regions.find(
      (entry) =>
        entry.guestAddress === region.guestAddress &&
        entry.size === region.size &&
        entry.userAddress === region.userAddress,
    );
    if (!found) throw refusal(`no such memory region: ${describe(region)}`);
    this.#install(this.#regions.filter((entry) => entry !== found));
  }

  /** The table for a successor. A region that stays is the same object in every table. */
  get records(): readonly RegionRecord[] {
    return this.#regions;
  }

  /**
   * A predecessor's table. `take` gives the descriptor of a name, which is closed here.
   * Throws RecoveryError when one is missing or is another file than it was; the table is empty then.
   */
  restore(records: readonly RegionRecord[], take: (name: number, what: string) => Fd): void {
    const opened: Region[] = [];
    const table: Region[] = [];
    try {
      for (const record of records) {
        if (record.name !== 0) {
          const region = { ...record, mmapOffset: record.fileOffset };
          const fd = take(record.name, `guest memory: ${describe(region)}`);
          try {
            expectSameFile(fileIdentity(fd.number), record);
            table.push(this.#open(region, fd, table, opened));
          } finally {
            fd.close();
          }
        } else table.push(ownRegion(record));
      }
    } catch (error) {
      for (const region of opened) region.mapped?.close();
      if (error instanceof VhostUserError) throw new RecoveryError('WRONG', error.message);
      throw error;
    }
    this.#install(table);
  }

  /** The bytes of [address, address + length) by guest physical address; null when they do not lie in one mapped region.
   * `length` is at most Mapping.LARGEST_ACCESS (1 MiB); RangeError above that. The location is valid until the table changes. */
  locate(address: number, length: number): Location | null {
    const region = this.#find(address, length);
    return region?.mapped ? region.mapped.locate(address - region.guestAddress, length) : null;
  }

  /** The same by the VMM's own address: ring addresses come in these terms. */
  locateUser(address: U64, length: number): Location | null {
    for (const region of this.#ram) {
      const offset = checkedSubtract(address, region.userAddress);
      if (typeof offset === 'number' && offset <= region.size - length && region.mapped) {
        return region.mapped.locate(offset, length);
      }
    }
    return null;
  }

  /** Whether [address, address + length) lies in one mapped region. */
  contains(address: number, length: number): boolean {
    return this.#find(address, length) !== null;
  }

  /** A copy of [address, address + length); null when they do not lie in one mapped region. The caller bounds `length`. */
  readBytes(address: number, length: number): Buffer | null {
    if (!this.contains(address, length)) return null;
    const copy = Buffer.allocUnsafe(length);
    this.copyOut(address, length, copy, 0);
    return copy;
  }

  /** Writes bytes at `address`; false (and nothing is written) when they do not lie in one mapped region. */
  writeBytes(address: number, bytes: Uint8Array): boolean {
    if (!this.contains(address, bytes.length)) return false;
    this.copyIn(address, bytes, 0, bytes.length);
    return true;
  }

  /** Copies a range that contains() accepted in this same event. */
  copyOut(address: number, length: number, target: Uint8Array, at: number): void {
    const region = this.#find(address, length);
    if (!region?.mapped) throw new RangeError(`${length} bytes at ${hex(address)} are not guest memory`);
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, Mapping.LARGEST_ACCESS);
      const { bytes, offset } = region.mapped.locate(address - region.guestAddress + done, piece);
      copy(bytes, offset, target, at + done, piece);
      done += piece;
    }
  }

  /** Writes source[from, from + length) to a range that contains() accepted in this same event. */
  copyIn(address: number, source: Uint8Array, from: number, length: number): void {
    const region = this.#find(address, length);
    if (!region?.mapped) throw new RangeError(`${length} bytes at ${hex(address)} are not guest memory`);
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, Mapping.LARGEST_ACCESS);
      const { bytes, offset } = region.mapped.locate(address - region.guestAddress + done, piece);
      copy(source, from + done, bytes, offset, piece);
      done += piece;
    }
  }

  /** Unmaps everything; the table is empty afterwards. */
  close(): void {
    this.#install([]);
  }

  #find(address: number, length: number): Region | null {
    const last = this.#last;
    if (last && address >= last.guestAddress && address - last.guestAddress <= last.size - length)
      return last;
    for (const region of this.#ram) {
      if (address >= region.guestAddress && address - region.guestAddress <= region.size - length) {
        this.#last = region;
        return region;
      }
    }
    return null;
  }

  /** Checks one region against the others of its table and maps it, unless it is own memory or mapped already. */
  #open(region: MemoryRegion, fd: Fd, others: readonly Region[], opened: Region[]): Region {
    const { guestAddress, size, mmapOffset, userAddress } = region;
    if (typeof guestAddress === 'bigint' || typeof size === 'bigint' || typeof mmapOffset === 'bigint') {
      throw refusal(`an address or a size above 2^53 in the memory region ${describe(region)}`);
    }
    const end = checkedAdd(guestAddress, size);
    const fileEnd = checkedAdd(mmapOffset, size);
    const userEnd = checkedAdd(userAddress, size);
    if (size === 0 || typeof end !== 'number' || typeof fileEnd !== 'number' || userEnd === null) {
      throw refusal(`an empty or overflowing memory region: ${describe(region)}`);
    }
    if (
      [guestAddress, size, mmapOffset].some((value) => value % PAGE_SIZE !== 0) ||
      !isPageAligned(userAddress)
    ) {
      throw refusal(
        `a memory region that is not aligned to pages of ${PAGE_SIZE} bytes: ${describe(region)}`,
      );
    }
    for (const other of others) {
      if (
        (guestAddress < other.guestEnd && other.guestAddress < end) ||
        (userAddress < other.userEnd && other.userAddress < userEnd)
      ) {
        throw refusal(`overlapping memory regions: ${describe(region)} and ${describe(asRegion(other))}`);
      }
    }
    const note = this.#noteOf(fd);
    const file = note.own ?? identityOf(fd, region);
    const entry = {
      guestAddress,
      size,
      guestEnd: end,
      userAddress,
      userEnd,
      fileOffset: mmapOffset,
      file,
      name: note.name,
    };
    if (note.own || this.#isOwnMemory(file)) return { ...entry, mapped: null, name: 0 };
    const kept = this.#ram.find(
      (ram) =>
        ram.file.dev === file.dev &&
        ram.file.ino === file.ino &&
        ram.fileOffset === mmapOffset &&
        ram.size === size &&
        !others.some((other) => other.mapped === ram.mapped),
    );
    if (kept) return { ...entry, mapped: kept.mapped };
    const mappedBytes = others.reduce((sum, other) => sum + (other.mapped ? other.size : 0), size);
    if (mappedBytes > MOST_MAPPED_BYTES) {
      throw refusal(`${mappedBytes} bytes of guest memory, ${MOST_MAPPED_BYTES} is the most`);
    }
    // A file that is shorter than its region would turn an access into SIGBUS. Devices (devdax) have no size; the kernel checks those.
    if (fstatSync(fd.number).isFile() && file.size < fileEnd) {
      throw refusal(`a file of ${file.size} bytes behind the memory region ${describe(region)}`);
    }
    const opening: Region = { ...entry, mapped: mapRegion(fd, region, mmapOffset, size) };
    opened.push(opening);
    return opening;
  }

  #install(table: readonly Region[]): void {
    const before = this.#ram;
    this.#regions = table;
    this.#ram = table.filter((region) => region.mapped !== null);
    this.#last = null;
    const same =
      before.length === this.#ram.length &&
      before.every((region, index) => {
        const now = this.#ram[index] as Region;
        return (
          now.mapped === region.mapped &&
          now.guestAddress === region.guestAddress &&
          now.userAddress === region.userAddress
        );
      });
    if (same) return;
    this.#generation += 1;
    for (const region of before) {
      if (!this.#ram.some((now) => now.mapped === region.mapped)) region.mapped?.close();
    }
  }
}

function nothingKnown(): Note {
  return { name: 0, own: null };
}

function ownRegion(record: RegionRecord): Region {
  const userEnd = checkedAdd(record.userAddress, record.size);
  if (userEnd === null)
    throw new RecoveryError('DAMAGED', `a memory region that overflows: ${hex(record.userAddress)}`);
  return { ...record, guestEnd: record.guestAddress + record.size, userEnd, mapped: null };
}

function expectSameFile(found: FileIdentity, { file, name }: RegionRecord): void {
  if (found.dev === file.dev && found.ino === file.ino) return;
  throw new RecoveryError(
    'WRONG',
    `what is stored as guest memory ("${name}") is file ${found.dev}:${found.ino}, it was ${file.dev}:${file.ino}`,
  );
}

function mapRegion(fd: Fd, region: MemoryRegion, offset: number, size: number): MappedBytes {
  try {
    return new MappedBytes(Mapping.ofFile(fd.number, offset, size));
  } catch (error) {
    throw refusal(`the memory region ${describe(region)} cannot be mapped: ${messageOf(error)}`);
  }
}

function identityOf(fd: Fd, region: MemoryRegion): FileIdentity {
  try {
    return fileIdentity(fd.number);
  } catch (error) {
    throw refusal(`the descriptor of the memory region ${describe(region)} is unusable: ${messageOf(error)}`);
  }
}

// Below this a loop is faster than setting up a native copy.
const LOOP_BYTES = 96;

function copy(source: Uint8Array, from: number, target: Uint8Array, at: number, length: number): void {
  if (length > LOOP_BYTES) {
    target.set(source.subarray(from, from + length), at);
    return;
  }
  for (let index = 0; index < length; index += 1) target[at + index] = source[from + index] as number;
}

function isPageAligned(address: U64): boolean {
  return typeof address === 'bigint' ? address % BigInt(PAGE_SIZE) === 0n : address % PAGE_SIZE === 0;
}

function asRegion(region: Region): MemoryRegion {
  const { guestAddress, size, userAddress, fileOffset } = region;
  return { guestAddress, size, userAddress, mmapOffset: fileOffset };
}

function describe(region: MemoryRegion): string {
  return `${hex(region.size)} bytes at guest ${hex(region.guestAddress)} (user ${hex(region.userAddress)}, file ${hex(region.mmapOffset)})`;
}

function refusal(message: string): VhostUserError {
  return new VhostUserError('BAD_MEMORY', 'refuse', message);
}
