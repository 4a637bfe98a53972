/**
 * Follows somebody who decides for the VM by himself: enters what became of its blobs, after it is checked as if it were a lie.
 *
 * What is told is the state of blobs, not the commands that led there. So it is checked by itself and as a whole: ids, sizes and flags, heaps,
 * ranges that lie in the window and do not overlap, and what is in use against the grant and the quota. How the VM came there is not looked
 * at: there is no state that is allowed and cannot be reached. Nothing is changed before everything is checked.
 */

import { hex } from '../wire/u64.ts';
import { checkCreate, checkHeap, checkMappable, checkSize, unknownBlobId } from './admission.ts';
import type { Allocation } from './allocation.ts';
import { Blob } from './blob.ts';
import type { CounterFigures } from './counters.ts';
import { countMapping, enterBlob, leaveBlob, leaveMemory, leaveWindow } from './entry.ts';
import type { Grant } from './grant.ts';
import { excess } from './granting.ts';
import type { HeapBooks } from './heap.ts';
import { QUOTA_KINDS } from './quota.ts';
import type { Refusal } from './refusal.ts';
import type { VmBooks } from './vm-books.ts';
import { hasOwnMemory } from './vm-settings.ts';
import type { BlobSnapshot } from './vm-snapshot.ts';

/** What is told, as data. */
export interface Accounts {
  /** All blobs are told: others are gone. */
  readonly complete: boolean;
  /** Blobs that are gone; ids that nobody knew are none. */
  readonly destroyed: readonly number[];
  /** Blobs that are new, or other than they were. */
  readonly blobs: readonly BlobSnapshot[];
  readonly generation: number;
  /** Memory with a number up to this that is in no blob will be in none. */
  readonly settledMemory: number;
  /** Since the session began. */
  readonly counters: CounterFigures;
}

/** What happened, as far as it can be seen. */
export type Followed =
  | { readonly kind: 'created' | 'destroyed' | 'unmapped'; readonly blob: Blob }
  | { readonly kind: 'mapped'; readonly blob: Blob }
  /** Nobody needs it any more: it is to be erased, and goes back to its heap. */
  | { readonly kind: 'released'; readonly allocation: Allocation }
  | { readonly kind: 'reset' };

/** What was told cannot be: whoever told it broke the rules, and nothing was entered. */
export class AccountsError extends Error {
  override readonly name = 'AccountsError';
}

/**
 * @param within what the VM may have in use
 * @throws AccountsError; then nothing is changed
 */
export function follow(books: VmBooks, accounts: Accounts, within: Grant): readonly Followed[] {
  const { complete, blobs, generation, settledMemory, counters } = accounts;
  if (settledMemory < books.settledMemory) {
    lie(books, `memory up to ${settledMemory} is settled, where it was up to ${books.settledMemory}`);
  }
  if (generation < books.generation) {
    lie(books, `generation ${generation} comes after ${books.generation}`);
  }
  const falling = books.counters.firstFalling(counters);
  if (falling !== null) lie(books, `the count of ${falling} falls`);
  const told = new Map(blobs.map((blob) => [blob.resource, blob]));
  if (told.size < blobs.length) lie(books, 'a blob is told twice');
  const gone = goneOf(books, accounts, told);
  const placed: Placed[] = [];
  for (const blob of blobs) {
    checkBlob(books, blob);
    if (isPlaced(blob)) placed.push({ resource: blob.resource, offset: blob.offset, length: blob.size });
  }
  checkOverlaps(books, placed, (resource) => told.has(resource) || gone.has(resource));
  checkOwners(books, blobs);
  const unneeded = unneededBy(books, accounts);
  checkRoomFor(books, told, gone, unneeded, within);

  const happened: Followed[] = [];
  if (generation > books.generation) happened.push({ kind: 'reset' });
  books.generation = generation;
  for (const resource of gone) {
    endBlob(books, books.known(resource), happened);
  }
  for (const allocation of unneeded) {
    leaveMemory(books, allocation);
    happened.push({ kind: 'released', allocation });
  }
  books.settledMemory = settledMemory;
  enterTold(books, blobs, happened);
  books.counters.restore(counters);
  if (complete) books.undo = null;
  return happened;
}

type Placed = {
  readonly resource: number;
  readonly offset: number;
  readonly length: number;
};

function goneOf(
  books: VmBooks,
  { complete, destroyed }: Accounts,
  told: ReadonlyMap<number, BlobSnapshot>,
): ReadonlySet<number> {
  const gone = new Set<number>();
  if (complete) {
    for (const resource of books.blobs.keys()) if (!told.has(resource)) gone.add(resource);
  }
  for (const resource of destroyed) {
    if (told.has(resource)) lie(books, `resource ${resource} is told, and told to be gone`);
    if (books.blobs.has(resource)) gone.add(resource);
  }
  return gone;
}

/** Memory that was asked for, and that no blob has: it came too late, or its create was refused. */
function unneededBy({ unused }: VmBooks, { blobs, settledMemory }: Accounts): readonly Allocation[] {
  if (unused.size === 0) return [];
  const needed = new Set(blobs.map(({ allocation }) => allocation?.number));
  return [...unused.values()].filter(({ number }) => number <= settledMemory && !needed.has(number));
}

/** A blob by itself. */
function checkBlob(books: VmBooks, told: BlobSnapshot): void {
  const { resource, state, offset, size } = told;
  const command = { ...told, kind: 'create', number: 0 } as const;
  const heap = books.heapFor(told.blobId);
  if (heap === null) throw liar(books, unknownBlobId(command, books.vm));
  if (heap.settings.name !== told.heap) {
    lie(
      books,
      `resource ${resource} has memory of heap ${told.heap}, but its blob_id leads to ${heap.settings.name}`,
    );
  }
  const wrong =
    checkCreate(command, books.vm, false) ??
    checkHeap(resource, books.settings, heap) ??
    checkSize(command, heap) ??
    (state === 'unmapped' ? null : checkMappable(new Blob(told, size, heap, null), offset));
  if (wrong !== null) throw liar(books, wrong);
  checkMemory(books, told, heap);
  if (!isPlaced(told)) return;
  const misplaced = books.window.checkRange(resource, offset, size, heap.settings.granule);
  if (typeof misplaced !== 'number') throw liar(books, misplaced);
}

/** Whether it has the memory that a blob of its heap has: of its own, and then that which was made for it. */
function checkMemory(books: VmBooks, told: BlobSnapshot, heap: HeapBooks): void {
  const { resource, allocation, state, size } = told;
  if (!hasOwnMemory(books.settings, heap.settings)) {
    if (allocation !== null)
      lie(books, `resource ${resource} has memory of its own, where it lies in that of the window`);
    return;
  }
  if (allocation === null) throw lying(books, `resource ${resource} has no memory`);
  if (state === 'parked' || state === 'stashed') {
    lie(books, `resource ${resource} is ${state}, where it has memory of its own`);
  }
  const { number } = allocation;
  if (allocation.heap !== told.heap || allocation.size !== size) {
    lie(
      books,
      `resource ${resource} has ${size} bytes of heap ${told.heap}, but its memory ${number} is ${allocation.size} bytes of ${allocation.heap}`,
    );
  }
  const isItsOwn = books.blobs.get(resource)?.allocation?.number === number;
  if (!isItsOwn && !books.unused.has(number)) {
    lie(books, `resource ${resource} has memory ${number}, which another blob has or had`);
  }
}

/** Memory belongs to one blob. */
function checkOwners(books: VmBooks, blobs: readonly BlobSnapshot[]): void {
  const owners = new Map<number, number>();
  for (const { resource, allocation } of blobs) {
    if (allocation === null) continue;
    const other = owners.get(allocation.number);
    if (other !== undefined)
      lie(books, `resources ${other} and ${resource} have the same memory ${allocation.number}`);
    owners.set(allocation.number, resource);
  }
}

/** Ranges among themselves, and against those that stay. */
function checkOverlaps(books: VmBooks, placed: Placed[], leaves: (resource: number) => boolean): void {
  placed.sort((one, other) => one.offset - other.offset);
  let end = 0;
  for (const { resource, offset, length } of placed) {
    if (offset < end)
      lie(books, `resource ${resource} lies at ${hex(offset)}, where another blob is told to lie`);
    end = offset + length;
    for (let at = offset; at < end; ) {
      const other = books.window.firstOccupied(at, end - at);
      if (other === null) break;
      if (!leaves(other.owner)) {
        lie(books, `resource ${resource} lies at ${hex(offset)}, where resource ${other.owner} lies`);
      }
      at = other.offset + other.length;
    }
  }
}

/** What would be in use: within the grant, and within the quota, where it grows. */
function checkRoomFor(
  books: VmBooks,
  told: ReadonlyMap<number, BlobSnapshot>,
  gone: ReadonlySet<number>,
  unneeded: readonly Allocation[],
  within: Grant,
): void {
  const heaps = new Map<string, number>();
  const use = { bytes: 0, mappings: 0, allocations: 0 };
  const count = (heap: string, bytes: number, isMapped: boolean, sign: 1 | -1): void => {
    heaps.set(heap, (heaps.get(heap) ?? 0) + sign * bytes);
    use.bytes += sign * bytes;
    use.allocations += sign;
    if (isMapped) use.mappings += sign;
  };
  for (const { heap, size, state, allocation } of told.values()) {
    count(heap, size, state === 'mapped', 1);
    // Its memory is charged already.
    if (allocation !== null && books.unused.has(allocation.number)) count(heap, size, false, -1);
  }
  for (const { heap, size } of unneeded) count(heap, size, false, -1);
  for (const resource of [...told.keys(), ...gone]) {
    const blob = books.blobs.get(resource);
    if (blob) count(blob.heap.settings.name, blob.charged, blob.state === 'mapped', -1);
  }
  for (const [name, more] of heaps) {
    heaps.set(name, more + books.heapNamed(name, 'heap').usedBytes);
  }
  const { used, limits } = books.own;
  const after = { mappings: used.mappings + use.mappings, allocations: used.allocations + use.allocations };
  const [over] = excess({ heaps, ...after }, within);
  if (over !== undefined) lie(books, over);
  for (const kind of QUOTA_KINDS) {
    if (use[kind] > 0 && used[kind] + use[kind] > limits[kind]) {
      lie(books, `${used[kind] + use[kind]} ${kind} where the quota is ${limits[kind]}`);
    }
  }
}

function enterTold(books: VmBooks, told: readonly BlobSnapshot[], happened: Followed[]): void {
  // All leave their places before any takes a new one: they may have changed places.
  const before = told.map((snapshot) => {
    const blob = books.blobs.get(snapshot.resource);
    if (blob === undefined) return null;
    const { state, offset } = blob;
    if (isSameBlob(blob, snapshot)) {
      leaveWindow(books, blob);
      return { state, offset };
    }
    endBlob(books, blob, happened);
    return null;
  });
  for (const [index, snapshot] of told.entries()) {
    const was = before[index] ?? null;
    const blob = books.blobs.get(snapshot.resource) ?? newBlob(books, snapshot);
    if (was === null) happened.push({ kind: 'created', blob });
    takePlace(books, blob, snapshot);
    const stays = was?.state === 'mapped' && blob.state === 'mapped' && was.offset === blob.offset;
    if (stays) continue;
    if (was?.state === 'mapped') happened.push({ kind: 'unmapped', blob });
    if (blob.state === 'mapped') happened.push({ kind: 'mapped', blob });
  }
}

function endBlob(books: VmBooks, blob: Blob, happened: Followed[]): void {
  if (blob.state === 'mapped') happened.push({ kind: 'unmapped', blob });
  leaveBlob(books, blob);
  happened.push({ kind: 'destroyed', blob });
  const { allocation } = blob;
  if (allocation !== null) happened.push({ kind: 'released', allocation });
}

function newBlob(books: VmBooks, told: BlobSnapshot): Blob {
  const heap = books.heapNamed(told.heap, 'heap');
  const blob = new Blob(told, told.size, heap, told.allocation);
  enterBlob(books, blob);
  return blob;
}

function takePlace(books: VmBooks, blob: Blob, { state, offset }: BlobSnapshot): void {
  blob.state = state;
  blob.offset = offset;
  if (!isPlaced(blob)) return;
  books.window.add(offset, blob.length, blob.resource, state === 'mapped');
  if (state === 'mapped') countMapping(books, blob);
}

function isPlaced({ state }: Pick<BlobSnapshot, 'state'>): boolean {
  return state === 'mapped' || state === 'parked';
}

function isSameBlob(blob: Blob, told: BlobSnapshot): boolean {
  return (
    blob.size === told.size &&
    blob.heap.settings.name === told.heap &&
    blob.allocation?.number === told.allocation?.number &&
    blob.context === told.context &&
    blob.blobId === told.blobId &&
    blob.blobMem === told.blobMem &&
    blob.flags === told.flags
  );
}

function lie(books: VmBooks, problem: string): never {
  throw lying(books, problem);
}

function liar(books: VmBooks, { message }: Refusal): AccountsError {
  return lying(books, message);
}

function lying({ vm }: VmBooks, problem: string): AccountsError {
  return new AccountsError(`the accounts of VM ${vm} cannot be: ${problem}`);
}
