/**
 * What a command comes to: its answer, what has to be done to memory, and the change of the books that follows.
 *
 * A command is checked completely, and nothing is changed here: entry.ts enters what was decided. The one thing that
 * deciding takes is memory from a heap (HeapPort), because whether it is there is known only when it is taken.
 */

import {
  checkCreate,
  checkHeap,
  checkMappable,
  checkMappings,
  checkRoom,
  checkSize,
  unknownBlobId,
} from './admission.ts';
import type { Allocation } from './allocation.ts';
import { Blob } from './blob.ts';
import type {
  Command,
  CreateCommand,
  DestroyCommand,
  MapCommand,
  OkReply,
  RefusedReply,
  ResetCommand,
  UnmapCommand,
} from './command.ts';
import type { Effect, Outcome, StashEffect } from './effect.ts';
import { effectOfEnd, effectsOfEnd, effectsOfMap, NO_EFFECTS, stashOf } from './effect.ts';
import type { HeapBooks } from './heap.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import type { ReadableBooks } from './vm-books.ts';
import { hasOwnMemory } from './vm-settings.ts';

/** What becomes of the books, besides the answer that they remember and count. Blobs are those of the books. */
export type Change =
  | { readonly kind: 'none' }
  /** The blob is new. */
  | { readonly kind: 'create'; readonly blob: Blob }
  /** `stashes`: the parked blobs that leave the window for it, in order. `moves`: its effects move bytes. */
  | {
      readonly kind: 'map';
      readonly blob: Blob;
      readonly offset: number;
      readonly stashes: readonly StashEffect[];
      readonly moves: boolean;
    }
  | { readonly kind: 'unmap'; readonly blob: Blob }
  | { readonly kind: 'destroy'; readonly blob: Blob }
  | { readonly kind: 'reset' };

export interface Decision {
  readonly outcome: Outcome;
  readonly change: Change;
}

const NO_CHANGE: Change = { kind: 'none' };
const NO_STASHES: readonly StashEffect[] = [];

/** Decides the next command of a VM. */
export function decide(books: ReadableBooks, command: Command): Decision {
  switch (command.kind) {
    case 'create':
      return decideCreate(books, command);
    case 'map':
      return decideMap(books, command);
    case 'unmap':
      return decideUnmap(books, command);
    case 'destroy':
      return decideDestroy(books, command);
    case 'reset':
      return decideReset(books, command);
  }
}

/** A command that is refused, by whoever answers for the VM. */
export function refused(
  kind: Command['kind'],
  number: Command['number'],
  resource: number,
  generation: number,
  refusal: Refusal,
): Decision {
  const reply: RefusedReply = { kind, number, generation, result: 'refused', resource, refusal };
  return { outcome: { reply, effects: NO_EFFECTS, barrier: false }, change: NO_CHANGE };
}

/** As refused(), of a command that is here. */
export function refusedCommand(command: Command, generation: number, refusal: Refusal): Decision {
  const resource = command.kind === 'reset' ? 0 : command.resource;
  return refused(command.kind, command.number, resource, generation, refusal);
}

/** A create that nothing speaks against any more. */
export function created(
  books: ReadableBooks,
  command: CreateCommand,
  heap: HeapBooks,
  allocation: Allocation | null,
): Decision {
  const size = Number(command.size);
  const blob = new Blob(command, size, heap, allocation);
  const reply: OkReply = {
    kind: 'create',
    number: Number(command.number),
    generation: books.generation,
    result: 'ok',
    resource: command.resource,
    size,
    charged: blob.charged,
    allocation,
  };
  return decided(reply, { kind: 'create', blob });
}

/** The blob that a map names and the offset where it may lie, limits apart; or why not. */
export function placeOf(
  books: ReadableBooks,
  { resource, offset }: MapCommand,
): { readonly blob: Blob; readonly offset: number } | Refusal {
  const blob = books.find(resource);
  if (!(blob instanceof Blob)) {
    return blob;
  }
  const place =
    checkMappable(blob, offset) ??
    books.window.place(resource, offset, blob.length, blob.heap.settings.granule);
  return typeof place === 'number' ? { blob, offset: place } : place;
}

/** A map that nothing speaks against any more. */
export function mapped(
  books: ReadableBooks,
  command: MapCommand,
  { blob, offset }: { readonly blob: Blob; readonly offset: number },
): Decision {
  const { resource, size, length, allocation } = blob;
  const { memory, populate } = books.settings;
  const stashes = memory !== 'own' ? displacedBy(books, blob, offset) : NO_STASHES;
  const moves = stashes.length > 0 || blob.state === 'stashed';
  const reply: OkReply = {
    kind: 'map',
    number: Number(command.number),
    generation: books.generation,
    result: 'ok',
    resource,
    offset,
    size,
    length,
    cache: blob.heap.settings.cache,
    allocation,
  };
  // The bytes of memory of its own stay where they are.
  const own = stashes.length === 0 ? NO_EFFECTS : stashes;
  const effects = allocation === null ? effectsOfMap(blob, offset, stashes, populate) : own;
  return decided(reply, { kind: 'map', blob, offset, stashes, moves }, effects, moves);
}

function decideCreate(books: ReadableBooks, command: CreateCommand): Decision {
  const { resource, size } = command;
  const invalid = checkCreate(command, books.vm, books.blobs.has(resource));
  if (invalid !== null) {
    return refusedCommand(command, books.generation, invalid);
  }
  const heap = books.heapFor(command.blobId);
  if (heap === null) {
    return refusedCommand(command, books.generation, unknownBlobId(command, books.vm));
  }
  const unfit =
    checkHeap(resource, books.settings, heap) ??
    checkSize(command, heap) ??
    checkRoom(resource, size, heap, books);
  if (unfit !== null) {
    return refusedCommand(command, books.generation, unfit);
  }
  // What fits a heap is below 2^53.
  const memory = hasOwnMemory(books.settings, heap.settings)
    ? allocate(books, resource, heap, Number(size))
    : null;
  return memory !== null && 'reason' in memory
    ? refusedCommand(command, books.generation, memory)
    : created(books, command, heap, memory);
}

function allocate(
  { port }: ReadableBooks,
  resource: number,
  heap: HeapBooks,
  bytes: number,
): Allocation | Refusal {
  const { name } = heap.settings;
  const taken = port.allocate(name, bytes);
  if (taken !== null) {
    const { id, fdOffset, number = 0 } = taken;
    return { heap: name, id, number, fdOffset, size: bytes };
  }
  return refuse(
    'OUT_OF_MEMORY',
    `resource ${resource} needs ${bytes} bytes of heap ${name}; the books have room for them, but the ` +
      'machine has not: free memory on the host, then create it again',
    { resource, heap: name, bytes },
  );
}

function decideMap(books: ReadableBooks, command: MapCommand): Decision {
  const place = placeOf(books, command);
  if ('reason' in place) {
    return refusedCommand(command, books.generation, place);
  }
  const full = checkMappings(command.resource, books);
  return full === null ? mapped(books, command, place) : refusedCommand(command, books.generation, full);
}

/** The parked blobs that a map moves out of the window: its own first, which lies elsewhere, then those in its place. */
function displacedBy(books: ReadableBooks, blob: Blob, offset: number): readonly StashEffect[] {
  const parked = blob.state === 'parked';
  if (parked && blob.offset === offset) {
    return NO_STASHES;
  }
  const end = offset + blob.length;
  let range = books.window.firstOccupied(offset, blob.length);
  if (!parked && range === null) {
    return NO_STASHES;
  }
  const stashes = parked ? [stashOf(blob)] : [];
  while (range !== null) {
    if (range.owner !== blob.resource) {
      stashes.push(stashOf(books.known(range.owner)));
    }
    const next = range.offset + range.length;
    range = next < end ? books.window.firstOccupied(next, end - next) : null;
  }
  return stashes;
}

function decideUnmap(books: ReadableBooks, command: UnmapCommand): Decision {
  const { resource } = command;
  const blob = books.find(resource);
  if (!(blob instanceof Blob)) {
    return refusedCommand(command, books.generation, blob);
  }
  const reply: OkReply = {
    kind: 'unmap',
    number: Number(command.number),
    generation: books.generation,
    result: 'ok',
    resource,
    ...mappingOf(blob),
  };
  return decided(reply, reply.wasMapped ? { kind: 'unmap', blob } : NO_CHANGE);
}

function decideDestroy(books: ReadableBooks, command: DestroyCommand): Decision {
  const { resource } = command;
  const blob = books.find(resource);
  if (!(blob instanceof Blob)) {
    return refusedCommand(command, books.generation, blob);
  }
  const reply: OkReply = {
    kind: 'destroy',
    number: Number(command.number),
    generation: books.generation,
    result: 'ok',
    resource,
    ...mappingOf(blob),
  };
  const effect = effectOfEnd(blob);
  return decided(reply, { kind: 'destroy', blob }, effect === null ? NO_EFFECTS : [effect]);
}

function decideReset(books: ReadableBooks, command: ResetCommand): Decision {
  const effects = effectsOfEnd(books.blobs.values());
  const { memory, windowSize } = books.settings;
  if (memory !== 'own') {
    // All of it, not only what was mapped: the guest may have left bytes anywhere.
    effects.push({ kind: 'zero', offset: 0, length: windowSize });
  }
  const reply: OkReply = {
    kind: 'reset',
    number: Number(command.number),
    generation: books.generation + 1,
    result: 'ok',
    blobs: books.blobs.size,
    mappings: books.window.mappings,
  };
  return decided(reply, { kind: 'reset' }, effects.length === 0 ? NO_EFFECTS : effects);
}

/** What an answer says of the mapping that ends with a command. */
function mappingOf(blob: Blob): {
  readonly wasMapped: boolean;
  readonly offset: number;
  readonly length: number;
} {
  const wasMapped = blob.state === 'mapped';
  return { wasMapped, offset: wasMapped ? blob.offset : 0, length: wasMapped ? blob.length : 0 };
}

function decided(
  reply: OkReply,
  change: Change,
  effects: readonly Effect[] = NO_EFFECTS,
  barrier = false,
): Decision {
  return { outcome: { reply, effects, barrier }, change };
}
