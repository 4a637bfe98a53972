// Host memory: memfds, their seals and holes, and shared mappings seen as ArrayBuffers.
import { ftruncateSync } from 'node:fs';
import { Fd } from './fd.ts';
import {
  failure,
  lastErrno,
  libcFallocate,
  libcFcntl,
  libcLseek,
  libcMemfdCreate,
  libcMmap,
  libcMunmap,
  libcSysconf,
  viewOf,
} from './libc.ts';
import { ERRNO, SystemError } from './system-error.ts';

/** <bits/confname.h> of glibc and musl, the same on every architecture. */
const SC_PAGESIZE = 30;

/** The host's page, bytes: 4 KiB on x86-64, 4, 16 or 64 KiB on arm64. */
export const PAGE_SIZE = checkedPage(Number(libcSysconf(SC_PAGESIZE)));

// <linux/memfd.h>, <linux/fcntl.h>, <linux/falloc.h>, <sys/mman.h>
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_HUGETLB = 4;
const MFD_HUGE_2MB = 21 << 26;
const F_GETFL = 3;
const F_DUPFD_CLOEXEC = 1030;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const O_ACCMODE = 3;

export const SEAL = { seal: 1, shrink: 2, grow: 4, write: 8 } as const;
/** The seals of every memfd that Barkeep hands out: its size is final, and nobody can add a write seal. */
export const FIXED_SIZE_SEALS = SEAL.seal | SEAL.shrink | SEAL.grow;

export type MemfdOptions = {
  /** Use 2 MiB huge pages; the size must be a multiple of 2 MiB, and pages must have been reserved (vm.nr_hugepages). */
  readonly huge?: boolean;
};

/**
 * A new memfd of `size` bytes, all zero and sparse, sealed so that its size can never change.
 * The caller owns the descriptor. Throws SystemError (EMFILE, ENOMEM, EINVAL for a size that is no multiple of the page).
 */
export function createMemfd(name: string, size: number, options: MemfdOptions = {}): Fd {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | (options.huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0);
  const number: number = libcMemfdCreate(name, flags >>> 0);
  if (number < 0) throw failure('memfd_create', `create a memfd "${name}" of ${size} bytes`);
  const fd = new Fd(number);
  try {
    ftruncateSync(number, size);
    addSeals(number, FIXED_SIZE_SEALS);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

export function addSeals(fd: number, seals: number): void {
  if (libcFcntl(fd, F_ADD_SEALS, 'int', seals) < 0) throw failure('fcntl', `seal descriptor ${fd}`);
}

/** The seals of a memfd as a bit set of SEAL, or null when the file is no memfd. */
export function getSeals(fd: number): number | null {
  const seals: number = libcFcntl(fd, F_GET_SEALS, 'int', 0);
  return seals < 0 ? null : seals;
}

/** How a descriptor was opened. */
export function accessMode(fd: number): 'read' | 'write' | 'read-write' {
  const flags: number = libcFcntl(fd, F_GETFL, 'int', 0);
  if (flags < 0) throw failure('fcntl', `read the flags of descriptor ${fd}`);
  const mode = flags & O_ACCMODE;
  return mode === 0 ? 'read' : mode === 1 ? 'write' : 'read-write';
}

/** A second descriptor for the same open file; the caller owns it. */
export function duplicate(fd: number): Fd {
  const number: number = libcFcntl(fd, F_DUPFD_CLOEXEC, 'int', 3);
  if (number < 0) throw failure('fcntl', `duplicate descriptor ${fd}`);
  return new Fd(number);
}

/** Frees a range of a sparse file: its bytes read zero afterwards, in every mapping too. Bytes; multiples of the page. */
export function punchHole(fd: number, offset: number, length: number): void {
  if (libcFallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) < 0) {
    throw failure('fallocate', `free ${length} bytes at ${offset} of descriptor ${fd}`);
  }
}

/** punchHole() on a thread of the pool, for ranges so large that freeing their pages would stall the event loop. */
export function punchHoleAsync(fd: number, offset: number, length: number): Promise<void> {
  return fallocateAsync(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length, 'free');
}

/** Makes sure that a range has pages, so that nobody faults for them later. Throws SystemError ENOSPC or ENOMEM. */
export function populate(fd: number, offset: number, length: number): void {
  if (libcFallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length) < 0) {
    throw failure('fallocate', `allocate ${length} bytes at ${offset} of descriptor ${fd}`);
  }
}

/** populate() on a thread of the pool. */
export function populateAsync(fd: number, offset: number, length: number): Promise<void> {
  return fallocateAsync(fd, FALLOC_FL_KEEP_SIZE, offset, length, 'allocate');
}

function fallocateAsync(
  fd: number,
  mode: number,
  offset: number,
  length: number,
  verb: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    libcFallocate.async(fd, mode, offset, length, (error: Error | null, result: number) => {
      // errno of a pool thread is not readable here; a failed fallocate on a memfd means that memory ran out.
      if (error) reject(error);
      else if (result < 0) {
        reject(
          new SystemError(
            'fallocate',
            ERRNO.ENOMEM,
            `${verb} ${length} bytes at ${offset} of descriptor ${fd}`,
          ),
        );
      } else resolve();
    });
  });
}

/** Where the next read or write of an open file starts; every descriptor of the same open file shares it. Bytes. */
export function fileOffset(fd: number): number {
  const offset = Number(libcLseek(fd, 0, SEEK_CUR));
  if (offset < 0) throw failure('lseek', `read the offset of descriptor ${fd}`);
  return offset;
}

export function setFileOffset(fd: number, offset: number): void {
  if (Number(libcLseek(fd, offset, SEEK_SET)) < 0)
    throw failure('lseek', `move the offset of descriptor ${fd} to ${offset}`);
}

export type Extent = { readonly offset: number; readonly length: number };

/** The first run of pages that hold data (touched, not only populated) at or after `from` and before `end`, or null. Bytes. */
export function nextData(fd: number, from: number, end: number): Extent | null {
  if (from >= end) return null;
  const start = Number(libcLseek(fd, from, SEEK_DATA));
  if (start < 0) {
    if (lastErrno() === ERRNO.ENXIO) return null;
    throw failure('lseek', `look for data at ${from} of descriptor ${fd}`);
  }
  if (start >= end) return null;
  const stop = Number(libcLseek(fd, start, SEEK_HOLE));
  if (stop < 0) throw failure('lseek', `look for a hole at ${start} of descriptor ${fd}`);
  return { offset: start, length: Math.min(stop, end) - start };
}

export type MapOptions = { readonly writable?: boolean };

// Views of a large mapping are made by chunk: a view above 4 GiB aborts the process. Chunks overlap by OVERLAP bytes, so that an
// access of up to that size which starts in one chunk ends in the same one.
const CHUNK = 1024 ** 3;
const OVERLAP = 1024 * 1024;

/**
 * A shared mapping of a file. It has one owner, who calls close() once and drops every view before that:
 * a view that outlives its mapping is a wild pointer.
 */
export class Mapping {
  readonly length: number;
  /** The largest access that bytes() promises to give in one piece, wherever it starts. */
  static readonly LARGEST_ACCESS = OVERLAP;
  #address: bigint;
  readonly #chunks: ArrayBuffer[] = [];

  private constructor(address: bigint, length: number) {
    this.#address = address;
    this.length = length;
    for (let start = 0; start < length; start += CHUNK) {
      this.#chunks.push(viewOf(address + BigInt(start), Math.min(length - start, CHUNK + OVERLAP)));
    }
  }

  /** Maps `length` bytes at `offset` of the file. The descriptor stays the caller's. Throws SystemError. */
  static ofFile(fd: number, offset: number, length: number, options: MapOptions = {}): Mapping {
    const protection = PROT_READ | ((options.writable ?? true) ? PROT_WRITE : 0);
    const address: bigint = BigInt.asUintN(
      64,
      BigInt(libcMmap(0n, length, protection, MAP_SHARED, fd, offset)),
    );
    if (address === MAP_FAILED) throw failure('mmap', `map ${length} bytes at ${offset} of descriptor ${fd}`);
    return new Mapping(address, length);
  }

  /** Maps fresh private memory whose address never moves, for structures that the kernel is given pointers to. */
  static anonymous(length: number): Mapping {
    const address: bigint = BigInt.asUintN(
      64,
      BigInt(libcMmap(0n, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
    );
    if (address === MAP_FAILED) throw failure('mmap', `map ${length} bytes of private memory`);
    return new Mapping(address, length);
  }

  get closed(): boolean {
    return this.#address === 0n;
  }

  /** The address of the first byte in this process. */
  get address(): bigint {
    if (this.#address === 0n) throw new Error('this mapping was closed before');
    return this.#address;
  }

  /**
   * The chunk of the mapping that holds [offset, offset + length), and where the range starts in it.
   * `length` is at most LARGEST_ACCESS unless the mapping is no larger than 1 GiB. Throws RangeError outside the mapping.
   */
  locate(offset: number, length: number): { readonly buffer: ArrayBuffer; readonly start: number } {
    if (this.#address === 0n) throw new Error('this mapping was closed before');
    if (!(offset >= 0 && length >= 0 && offset + length <= this.length)) {
      throw new RangeError(
        `bytes ${offset}..${offset + length} of a mapping of ${this.length} bytes were asked for`,
      );
    }
    let index = Math.floor(offset / CHUNK);
    if (index === this.#chunks.length && index > 0) index -= 1; // an empty range at the very end
    const buffer = this.#chunks[index];
    const start = offset - index * CHUNK;
    if (!buffer || start + length > buffer.byteLength) {
      throw new RangeError(`${length} bytes at ${offset} do not lie in one view; ${OVERLAP} is the most`);
    }
    return { buffer, start };
  }

  /** The bytes of a range, without a copy. Limits as for locate(). */
  bytes(offset: number, length: number): Uint8Array {
    const { buffer, start } = this.locate(offset, length);
    return new Uint8Array(buffer, start, length);
  }

  /** Unmaps; later calls do nothing. The caller has dropped every view. */
  close(): void {
    if (this.#address === 0n) return;
    const address = this.#address;
    this.#address = 0n;
    this.#chunks.length = 0;
    if (libcMunmap(address, this.length) < 0) throw failure('munmap', `unmap ${this.length} bytes`);
  }
}

/** What the host says its page is. Offsets in our state files lie within pages of any of these sizes. Throws Error for what is none. */
export function checkedPage(bytes: number): number {
  if ([4096, 16_384, 65_536].includes(bytes)) return bytes;
  throw new Error(
    `the host's page is ${bytes} bytes (sysconf _SC_PAGESIZE); Barkeep knows pages of 4, 16 and 64 KiB: run it on a kernel with one of these`,
  );
}
