/** A VM that was here before: its books as a snapshot says. Limits are not asked: what it has, it keeps. */

import { hex } from '../wire/u64.ts';
import { Blob } from './blob.ts';
import { countMapping, enterBlob } from './entry.ts';
import type { VmBooks } from './vm-books.ts';
import { hasOwnMemory } from './vm-settings.ts';
import type { BlobSnapshot, VmSnapshot } from './vm-snapshot.ts';

/** Makes empty books what a snapshot says. @throws Error when it contradicts itself or the settings; then they are worth nothing */
export function restoreBooks(books: VmBooks, snapshot: VmSnapshot): void {
  const { generation, lastNumber, acknowledgedNumber, replies, blobs, counters } = snapshot;
  books.replies.restore(acknowledgedNumber, replies);
  if (books.replies.last !== lastNumber) {
    throw new Error(
      `vm ${books.vm}: ${replies.length} answers behind number ${acknowledgedNumber} do not lead to ${lastNumber}`,
    );
  }
  books.generation = generation;
  books.counters.restore(counters);
  for (const saved of blobs) {
    restoreBlob(books, saved);
  }
}

/** One blob more. @throws as restoreBooks */
export function restoreBlob(books: VmBooks, saved: BlobSnapshot): void {
  const { resource, size, allocation, state, offset } = saved;
  const heap = books.heapNamed(saved.heap, `vms.${books.vm}.blobs.${resource}.heap`);
  if (books.blobs.has(resource)) {
    throw new Error(`vm ${books.vm}: there are two blobs of id ${resource}`);
  }
  if ((allocation !== null) !== hasOwnMemory(books.settings, heap.settings)) {
    throw new Error(`vm ${books.vm}: the memory of blob ${resource} does not fit the placement`);
  }
  const blob = new Blob(saved, size, heap, allocation);
  if (state === 'mapped' || state === 'parked') {
    if (typeof books.window.place(resource, offset, blob.length, heap.settings.granule) !== 'number') {
      throw new Error(`vm ${books.vm}: blob ${resource} does not fit at ${hex(offset)} of its window`);
    }
    books.window.add(offset, blob.length, resource, state === 'mapped');
  }
  blob.state = state;
  blob.offset = offset;
  enterBlob(books, blob);
  if (state === 'mapped') {
    countMapping(books, blob);
  }
}
