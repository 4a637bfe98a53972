/**
 * A map that is undone, because its memory could not be made ready: which answer it gets instead, and where everything lies
 * then. No blob loses bytes: what was not moved yet is parked where it was. Nothing is changed here; entry.ts enters it.
 */

import { hex } from '../wire/u64.ts';
import type { Blob, BlobState } from './blob.ts';
import type { MapReply, RefusedReply } from './command.ts';
import type { Effect, StashEffect } from './effect.ts';
import { NO_EFFECTS } from './effect.ts';
import { refuse } from './refusal.ts';
import type { ReadableBooks, Undo } from './vm-books.ts';

export interface Abandonment {
  readonly outcome: {
    readonly reply: RefusedReply;
    readonly effects: readonly Effect[];
    readonly barrier: false;
  };
  /** Null when a later command has ended the mapping already: then only the answer is left to change. */
  readonly putBack: PutBack | null;
}

interface PutBack {
  readonly blob: Blob;
  /** What the blob becomes. */
  readonly state: BlobState;
  /** What was to leave the window for it and has not: it is parked there again. */
  readonly returned: readonly StashEffect[];
}

const NOTHING_RETURNED: readonly StashEffect[] = [];

/** @param completed how many of the map's effects were carried out; see Vm.abandonMap */
export function abandoned(
  books: ReadableBooks,
  answer: MapReply,
  completed: number,
  cause: string,
): Abandonment {
  const { resource, offset, length, number, generation } = answer;
  const refusal = refuse(
    'OUT_OF_MEMORY',
    `resource ${resource} was to be mapped at ${hex(offset)}, but its memory could not be made ready: ` +
      `${cause}; free memory on the host, then map it again`,
    { resource, offset, length, cause },
  );
  const reply: RefusedReply = { kind: 'map', number, generation, result: 'refused', resource, refusal };
  const blob = books.blobs.get(resource);
  const live = blob !== undefined && blob.state === 'mapped' && blob.mappedBy === number;
  if (!live) {
    return { outcome: { reply, effects: NO_EFFECTS, barrier: false }, putBack: null };
  }
  const undo = books.undo !== null && books.undo.number === number ? books.undo : null;
  const putBack = putBackOf(blob, undo, completed);
  // Until all stashes were done nothing was written to the range, and parked bytes may lie in it again.
  const written = putBack.state !== 'parked' && (undo === null || completed >= undo.stashes.length);
  const zeroed = written && blob.allocation === null;
  const effects: readonly Effect[] = zeroed ? [{ kind: 'zero', offset, length }] : NO_EFFECTS;
  return { outcome: { reply, effects, barrier: false }, putBack };
}

function putBackOf(blob: Blob, undo: Undo | null, completed: number): PutBack {
  if (blob.fresh) {
    return { blob, state: 'unmapped', returned: undo?.stashes.slice(completed) ?? NOTHING_RETURNED };
  }
  // After the stashes come the zero and, for a blob that has bytes, the restore. Restored bytes lie there complete.
  if (undo === null || completed >= undo.stashes.length + 2) {
    return { blob, state: 'parked', returned: NOTHING_RETURNED };
  }
  return { blob, state: 'stashed', returned: undo.stashes.slice(completed) };
}
