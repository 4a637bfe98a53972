/**
 * Memory of its own for one blob, asked for by whoever decides for the VM before he makes the blob. It is charged as that blob will be, within
 * the grant, from the answer on: until the blob is told, and gone again; or until it is told that there will be no blob (Accounts.settledMemory).
 */

import { checkSize } from './admission.ts';
import type { Allocation } from './allocation.ts';
import { enterMemory } from './entry.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import type { VmBooks } from './vm-books.ts';
import { hasOwnMemory } from './vm-settings.ts';

export interface MemoryRequest {
  /** From 1; what has the same number is the same memory. */
  readonly number: number;
  /** A heap of the host. */
  readonly heap: string;
  /** Bytes. */
  readonly size: number;
}

/** What was asked breaks the rules, whatever there is room for. */
export class MemoryRequestError extends Error {
  override readonly name = 'MemoryRequestError';
}

/**
 * Makes the memory, and enters it; what was made under that number before is given again.
 * @throws MemoryRequestError; then nothing is changed
 */
export function requestMemory(books: VmBooks, request: MemoryRequest): Allocation | Refusal {
  const { number, heap: name, size } = request;
  const before = books.numbered.get(number);
  if (before !== undefined) return sameAs(books, request, before);
  if (number <= books.settledMemory) {
    throw wrong(
      books,
      request,
      `there is none, and will be none, as numbers up to ${books.settledMemory} are settled`,
    );
  }
  const heap = books.heapNamed(name, 'heap');
  if (!hasOwnMemory(books.settings, heap.settings)) {
    throw wrong(books, request, 'blobs of that heap lie in the memory of the window');
  }
  const unfit = checkSize({ resource: 0, size }, heap);
  if (unfit !== null)
    throw wrong(books, request, `the heap takes multiples of ${heap.settings.granule} above 0`);
  if (
    !heap.fits(size) ||
    !books.host.fitsAllocation() ||
    !books.own.fitsBytes(size) ||
    !books.own.fitsAllocation()
  ) {
    return noRoom(books, request, heap.usedBytes);
  }
  const taken = books.port.allocate(name, size);
  if (taken === null) return exhausted(request);
  const { id, fdOffset } = taken;
  const allocation = { heap: name, id, number, fdOffset, size };
  enterMemory(books, allocation);
  return allocation;
}

function sameAs(books: VmBooks, request: MemoryRequest, before: Allocation): Allocation {
  if (before.heap === request.heap && before.size === request.size) return before;
  throw wrong(books, request, `it is ${before.size} bytes of heap ${before.heap}`);
}

function wrong({ vm }: VmBooks, { number, heap, size }: MemoryRequest, why: string): MemoryRequestError {
  return new MemoryRequestError(
    `VM ${vm} asks for memory ${number}, ${size} bytes of heap ${heap}, but ${why}`,
  );
}

function noRoom({ vm, own, host }: VmBooks, { number, heap, size }: MemoryRequest, used: number): Refusal {
  return refuse(
    'HEAP_CAPACITY',
    `memory ${number} needs ${size} bytes of heap ${heap} and a blob, but VM ${vm} has ${used} bytes and ${own.used.allocations} blobs in use, ` +
      `and is granted ${host.limits.allocations} blobs: tell what is free, and ask for a larger grant before`,
    { vm, heap, bytes: size, used },
  );
}

function exhausted({ number, heap, size }: MemoryRequest): Refusal {
  return refuse(
    'OUT_OF_MEMORY',
    `memory ${number} needs ${size} bytes of heap ${heap}; the books have room for them, but the machine has not: free memory on the ` +
      'host, then ask again',
    { heap, bytes: size },
  );
}
