/**
 * Enters what was decided into the books: the only place that changes them, for whoever decides and for whoever follows.
 * What comes here holds (decision.ts, redo.ts, abandonment.ts, vm-restore.ts have checked it), so nothing here is refused.
 */

import type { Abandonment } from './abandonment.ts';
import type { Allocation } from './allocation.ts';
import type { Blob } from './blob.ts';
import type { Change, Decision } from './decision.ts';
import type { HeapBooks } from './heap.ts';
import type { VmBooks } from './vm-books.ts';

/** Enters the next command. */
export function enter(books: VmBooks, { outcome: { reply }, change }: Decision): void {
  // Whatever an earlier map had to move has been moved, or there would be no next command.
  books.undo = null;
  enterChange(books, change, Number(reply.number));
  books.counters.answered(reply);
  books.replies.add(reply);
}

/** Memory for a blob that whoever decides is about to make: charged as that blob will be. */
export function enterMemory(books: VmBooks, allocation: Allocation): void {
  charge(books, books.heapNamed(allocation.heap, 'heap'), allocation.size);
  books.unused.set(allocation.number, allocation);
  books.numbered.set(allocation.number, allocation);
}

/** There will be no blob of that memory. */
export function leaveMemory(books: VmBooks, allocation: Allocation): void {
  if (!books.unused.delete(allocation.number)) return;
  books.numbered.delete(allocation.number);
  release(books, books.heapNamed(allocation.heap, 'heap'), allocation.size);
}

/** Enters a new blob into all books but the window. What was charged for its memory is charged for it from here on. */
export function enterBlob(books: VmBooks, blob: Blob): void {
  const { allocation } = blob;
  if (allocation !== null) leaveMemory(books, allocation);
  charge(books, blob.heap, blob.charged);
  if (allocation !== null && allocation.number > 0) books.numbered.set(allocation.number, allocation);
  books.blobs.set(blob.resource, blob);
  books.touched?.add(blob.resource);
}

/** Counts a mapping that the window has. */
export function countMapping(books: VmBooks, { heap, length }: Blob): void {
  books.own.addMapping();
  books.host.addMapping();
  books.counters.mapped(heap.settings.cache, length);
}

/** A parked blob has left the window: its bytes lie in the side store. */
export function enterStash(books: VmBooks, blob: Blob): void {
  books.window.free(blob.offset, blob.length, false);
  blob.state = 'stashed';
  books.touched?.add(blob.resource);
}

/** Ends a mapping; the bytes stay. */
export function enterUnmap(books: VmBooks, blob: Blob): void {
  const { offset, length } = blob;
  if (blob.allocation === null) {
    books.window.park(offset, length);
    blob.state = 'parked';
  } else {
    books.window.free(offset, length, true);
    blob.state = 'unmapped';
  }
  books.own.removeMapping();
  books.host.removeMapping();
  books.counters.unmapped(blob.heap.settings.cache, length);
  books.touched?.add(blob.resource);
}

/** Takes a blob out of the window: its bytes lie nowhere. */
export function leaveWindow(books: VmBooks, blob: Blob): void {
  if (blob.state === 'mapped') {
    enterUnmap(books, blob);
  }
  if (blob.state === 'parked') {
    books.window.free(blob.offset, blob.length, false);
  }
  blob.state = 'unmapped';
}

/** Takes a blob out of all books. */
export function leaveBlob(books: VmBooks, blob: Blob): void {
  endBlob(books, blob);
  books.blobs.delete(blob.resource);
}

/** Ends all blobs. */
export function enterEnd(books: VmBooks): void {
  for (const blob of books.blobs.values()) {
    endBlob(books, blob);
  }
  books.blobs.clear();
  books.window.clear();
  books.undo = null;
  books.touched?.addEverything();
}

/** Enters that a map is undone: another answer, and the blobs where their bytes lie. */
export function enterAbandonment(books: VmBooks, { outcome: { reply }, putBack }: Abandonment): void {
  if (putBack !== null) {
    const { blob, state, returned } = putBack;
    // A later map of the same batch may wait for its effects, and keeps what it needs.
    if (books.undo?.number === blob.mappedBy) books.undo = null;
    enterUnmap(books, blob);
    if (blob.state !== state) {
      books.window.free(blob.offset, blob.length, false);
      blob.state = state;
    }
    for (const { resource, offset, length } of returned) {
      const moved = books.known(resource);
      moved.state = 'parked';
      moved.offset = offset;
      books.window.add(offset, length, resource, false);
      books.touched?.add(resource);
    }
  }
  books.counters.operations.map.abandoned += 1;
  books.counters.refusals[reply.refusal.reason] += 1;
  books.replies.replace(reply);
}

function enterChange(books: VmBooks, change: Change, number: number): void {
  switch (change.kind) {
    case 'none':
      return;
    case 'create':
      enterBlob(books, change.blob);
      return;
    case 'map':
      enterMap(books, change, number);
      return;
    case 'unmap':
      enterUnmap(books, change.blob);
      return;
    case 'destroy':
      leaveBlob(books, change.blob);
      return;
    case 'reset':
      enterEnd(books);
      books.generation += 1;
      return;
  }
}

function enterMap(
  books: VmBooks,
  { blob, offset, stashes, moves }: Change & { kind: 'map' },
  number: number,
): void {
  for (const { resource } of stashes) {
    enterStash(books, books.known(resource));
  }
  if (blob.state === 'parked') {
    books.window.unpark(offset, blob.length);
  } else {
    books.window.add(offset, blob.length, blob.resource, true);
  }
  if (moves) {
    books.undo = { number, stashes };
  }
  blob.fresh = blob.state === 'unmapped';
  blob.state = 'mapped';
  blob.offset = offset;
  blob.mappedBy = number;
  countMapping(books, blob);
  books.touched?.add(blob.resource);
}

/** Takes a blob out of all books but the table of blobs. */
function endBlob(books: VmBooks, blob: Blob): void {
  if (blob.state === 'mapped') {
    enterUnmap(books, blob);
  }
  release(books, blob.heap, blob.charged);
  if (blob.allocation !== null) books.numbered.delete(blob.allocation.number);
  books.touched?.add(blob.resource);
  if (blob.state === 'parked') {
    books.window.free(blob.offset, blob.length, false);
  }
}

function charge({ own, host }: VmBooks, heap: HeapBooks, bytes: number): void {
  heap.charge(bytes);
  own.addAllocation(bytes);
  host.addAllocation(bytes);
}

function release({ own, host }: VmBooks, heap: HeapBooks, bytes: number): void {
  heap.release(bytes);
  own.removeAllocation(bytes);
  host.removeAllocation(bytes);
}
