// What every source of memory can do, and what they share.

export type Taken = {
  /** Names the memory in its heap; never used again after its release. */
  readonly id: number;
  /** Where the memory begins in the file that descriptor() gives, bytes. */
  readonly fdOffset: number;
  /** Work that has to be done before anyone may see the memory; null when there is none. */
  readonly ready: Promise<void> | null;
};

export type OpenMemory = {
  /** Borrowed: the heap's own. */
  readonly fd: number;
  /** The length of the whole file, bytes. */
  readonly fileSize: number;
};

/** A heap's memory. The books (capacity, quotas) are kept elsewhere: see lib/domain/heap.ts. */
export interface HeapBacking {
  /** Bytes, a power of two: sizes and offsets are multiples of it. */
  readonly granule: number;
  /** Memory that is held now. */
  readonly count: number;
  /**
   * Takes `size` bytes (whole granules, > 0), which read as zero once `ready` is done.
   * Null when the machine has none, or no descriptor for it: then nothing is taken.
   */
  allocate(size: number): Taken | null;
  /** The file behind memory that is held; null when it was released. */
  open(id: number): OpenMemory | null;
  /**
   * Erases memory that nobody will use any more. open() gives null from here on. The promise, if any, ends when the bytes are gone.
   * An id that is not held is ignored. The memory itself stays until drop(): so long the release can be forgotten, and done again.
   */
  release(id: number): Promise<void> | null;
  /** Gives erased memory back; whoever gets it next finds zeros. An id that was not released, or could not be erased, is ignored. */
  drop(id: number): void;
  /** The inode of the file behind memory that is held or released, when it has a file of its own; otherwise 0. */
  inodeOf(id: number): number;
  /** The highest id that was ever given. */
  readonly lastId: number;
  /** Never gives an id up to this one again. */
  skipIds(lastId: number): void;
  /** Closes every descriptor. Memory that others have mapped stays theirs. */
  close(): void;
}

/** A heap that cannot be opened: which one, what was found, what to do. */
export class HeapError extends Error {
  readonly heap: string;

  constructor(heap: string, problem: string, options?: ErrorOptions) {
    super(`heap ${heap}: ${problem}`, options);
    this.name = 'HeapError';
    this.heap = heap;
  }
}

/** The errno's name of a failed system call, by Node or by lib/os; null for any other error. */
export function errnoName(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}
