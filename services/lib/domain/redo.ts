/**
 * Does again what was decided elsewhere or earlier: by the frontend, or by a broker of which only the journal is left. The
 * outcome is believed, not decided a second time; what is looked at is whether the books can hold it. All of that comes
 * before anything is changed, and what is entered is entered by the code that entered it first (entry.ts).
 */

import { checkCreate, checkHeap } from './admission.ts';
import type { Allocation } from './allocation.ts';
import type { Command, CreateCommand, MapCommand, Operation } from './command.ts';
import type { Decision } from './decision.ts';
import { created, decide, mapped, placeOf, refused, refusedCommand } from './decision.ts';
import type { Effect } from './effect.ts';
import { enter, enterStash } from './entry.ts';
import type { HeapBooks } from './heap.ts';
import type { Limits } from './quota.ts';
import { UNLIMITED } from './quota.ts';
import type { Refusal } from './refusal.ts';
import type { VmBooks } from './vm-books.ts';
import { hasOwnMemory } from './vm-settings.ts';

/** What a create was given when it was executed. */
export interface CreatedMemory {
  readonly heap: string;
  /** Null in the window's memory. */
  readonly allocation: Allocation | null;
}

/**
 * Enters the next command, which went well.
 * @param memory of a create; otherwise null
 * @param within what the VM may use at most, for who has to see to that; what heap and host allow is never asked
 * @returns the effects, which were or are carried out elsewhere
 * @throws Error when the books cannot hold it; then nothing is changed
 */
export function redo(
  books: VmBooks,
  command: Command,
  memory: CreatedMemory | null,
  within: Limits,
): readonly Effect[] {
  expectNext(books, Number(command.number));
  const decision = decisionOf(books, command, memory, within);
  const { reply, effects } = decision.outcome;
  if (reply.result === 'refused') {
    throw new Error(
      `vm ${books.vm}: command ${command.number} went well once, and cannot now: ${reply.refusal.message}`,
    );
  }
  enter(books, decision);
  return effects;
}

/** Enters the next command, which was refused. `resource` is 0 for a reset. @throws Error when it is not the next; then nothing is changed */
export function redoRefusal(
  books: VmBooks,
  kind: Operation,
  number: number,
  resource: number,
  refusal: Refusal,
): void {
  expectNext(books, number);
  enter(books, refused(kind, number, resource, books.generation, refusal));
}

/** Enters what the stash effect of a map did, which was complete before the map was. @throws Error; then nothing is changed */
export function redoStash(books: VmBooks, resource: number): void {
  const blob = books.blobs.get(resource);
  if (blob === undefined || blob.state !== 'parked') {
    throw new Error(
      `vm ${books.vm}: resource ${resource} was moved out of the window, but is not parked there`,
    );
  }
  enterStash(books, blob);
}

function expectNext({ vm, replies, closed }: VmBooks, number: number): void {
  if (closed || !replies.takes(number)) {
    throw new Error(
      `vm ${vm}: command ${number} follows ${replies.last}, with ${replies.remembered} answers not acknowledged`,
    );
  }
}

/** Only limits are left out, which depend on others: what is wrong by itself is refused as ever. */
function decisionOf(
  books: VmBooks,
  command: Command,
  memory: CreatedMemory | null,
  within: Limits,
): Decision {
  switch (command.kind) {
    case 'create':
      return creationOf(books, command, memory, within);
    case 'map':
      return mappingOf(books, command, within);
    default:
      // These ask for no limit.
      return decide(books, command);
  }
}

function creationOf(
  books: VmBooks,
  command: CreateCommand,
  memory: CreatedMemory | null,
  within: Limits,
): Decision {
  const invalid = checkCreate(command, books.vm, books.blobs.has(command.resource));
  if (invalid !== null) {
    return refusedCommand(command, books.generation, invalid);
  }
  const heap = books.heapNamed(memory?.heap ?? '', `vms.${books.vm}.heap`);
  const allocation = memory?.allocation ?? null;
  const unfit = checkHeap(command.resource, books.settings, heap);
  if (unfit !== null) {
    return refusedCommand(command, books.generation, unfit);
  }
  checkMemory(books, command, heap, allocation);
  const decision = created(books, command, heap, allocation);
  const { change } = decision;
  if (change.kind === 'create') {
    checkSums(books, command.resource, change.blob.charged, heap, within);
  }
  return decision;
}

function mappingOf(books: VmBooks, command: MapCommand, within: Limits): Decision {
  const place = placeOf(books, command);
  if ('reason' in place) {
    return refusedCommand(command, books.generation, place);
  }
  if (books.own.used.mappings >= within.mappings) {
    throw overdrawn(books, command.resource, 'one mapping', books.own.used.mappings, within.mappings);
  }
  return mapped(books, command, place);
}

/** The size, and whether the memory fits it and lies where the VM's does. Granules may have been smaller then. */
function checkMemory(
  { vm, settings }: VmBooks,
  { resource, size }: CreateCommand,
  heap: HeapBooks,
  allocation: Allocation | null,
): void {
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw new Error(`vm ${vm}: blob ${resource} has a size of ${size} bytes, which no memory has`);
  }
  if ((allocation !== null) !== hasOwnMemory(settings, heap.settings)) {
    throw new Error(`vm ${vm}: the memory of blob ${resource} does not fit the placement`);
  }
  if (allocation !== null && allocation.size < size) {
    throw new Error(`vm ${vm}: blob ${resource} has ${size} bytes, but its memory ${allocation.size}`);
  }
}

/** Room for one blob more in what the VM may use; and for its bytes in every sum, which has to stay exact. */
function checkSums(books: VmBooks, resource: number, charged: number, heap: HeapBooks, within: Limits): void {
  const { bytes, allocations } = books.own.used;
  if (allocations >= within.allocations) {
    throw overdrawn(books, resource, 'one blob', allocations, within.allocations);
  }
  if (charged > within.bytes - bytes) {
    throw overdrawn(books, resource, `${charged} bytes`, bytes, within.bytes);
  }
  const most = Math.max(heap.usedBytes, books.host.used.bytes);
  if (charged > UNLIMITED - most) {
    throw overdrawn(books, resource, `${charged} bytes`, most, UNLIMITED);
  }
}

function overdrawn({ vm }: VmBooks, resource: number, what: string, used: number, limit: number): Error {
  return new Error(
    `vm ${vm}: resource ${resource} would take ${what} more, but ${used} of ${limit} are used, and more were never granted`,
  );
}
