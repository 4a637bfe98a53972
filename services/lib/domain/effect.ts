/**
 * What has to be done to memory, as data: who keeps the books says it, who has the memory does it.
 *
 * The order given is the order to keep, and all of it comes before the answer:
 *
 *     MAP       stash of every blob in the way, then zero, then restore (the blob had bytes) or populate (it had none)
 *     DESTROY   free of its range, or drop-stash, or release
 *     RESET     drop-stash and release of every blob, then zero of the whole window
 *
 * A stash has saved its bytes before it zeroes their range. A restore finds zeros. A range is not handed out again before
 * it reads as zero. What moves bytes (stash, restore) may fail, and is a barrier: see Outcome.
 */

import type { Allocation } from './allocation.ts';
import type { Blob } from './blob.ts';
import type { Reply } from './command.ts';

/** Offsets and lengths are bytes of the VM's window, whole pages. */
export type Effect =
  /** The range reads as zero afterwards, and its pages are given back. */
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number }
  /** Nobody needs the range's bytes any more: its pages are given back. What is mapped there next is zeroed first all the same. */
  | { readonly kind: 'free'; readonly offset: number; readonly length: number }
  /** The range gets its pages now, so that the guest does not fault for them. It still reads as zero. */
  | { readonly kind: 'populate'; readonly offset: number; readonly length: number }
  /** The range's bytes are copied to a side store under the resource's id; when the copy is complete, the range is zeroed. */
  | { readonly kind: 'stash'; readonly resource: number; readonly offset: number; readonly length: number }
  /** The stashed bytes are copied to the range, which reads as zero; when the copy is complete, the stash is dropped. */
  | { readonly kind: 'restore'; readonly resource: number; readonly offset: number; readonly length: number }
  /** The stashed bytes are dropped. */
  | { readonly kind: 'drop-stash'; readonly resource: number }
  /** The allocation goes back to its heap. Who gets it next must find zeros. */
  | { readonly kind: 'release'; readonly allocation: Allocation };

export interface Outcome {
  readonly reply: Reply;
  readonly effects: readonly Effect[];
  /**
   * True when the effects move bytes and may fail: carry them out before the VM's next command is applied, so
   * that a failure can still be undone (Vm.abandonMap). Otherwise effects may be collected over a batch.
   */
  readonly barrier: boolean;
}

export type StashEffect = Extract<Effect, { kind: 'stash' }>;

/** Shared by every outcome that has nothing to do. */
export const NO_EFFECTS: readonly Effect[] = Object.freeze([]);

/** Moves a parked blob out of the window. */
export function stashOf({ resource, offset, length }: Blob): StashEffect {
  return { kind: 'stash', resource, offset, length };
}

/** Memory in the window: of a map of `blob` at `offset`, before it is entered. `stashes`: what leaves the window for it. */
export function effectsOfMap(
  blob: Blob,
  offset: number,
  stashes: readonly StashEffect[],
  populate: boolean,
): readonly Effect[] {
  const { resource, length, state } = blob;
  if (state === 'parked' && blob.offset === offset) {
    return NO_EFFECTS;
  }
  const effects: Effect[] = [...stashes, { kind: 'zero', offset, length }];
  if (state !== 'unmapped') {
    effects.push({ kind: 'restore', resource, offset, length });
  } else if (populate) {
    effects.push({ kind: 'populate', offset, length });
  }
  return effects;
}

/** What is left to do with the memory of a blob that ends, before its end is entered; null for nothing. */
export function effectOfEnd({ resource, state, offset, length, allocation }: Blob): Effect | null {
  if (allocation !== null) {
    return { kind: 'release', allocation };
  }
  switch (state) {
    case 'mapped':
    case 'parked':
      return { kind: 'free', offset, length };
    case 'stashed':
      return { kind: 'drop-stash', resource };
    case 'unmapped':
      return null;
  }
}

/** What is left to do outside of the window when all blobs end. */
export function effectsOfEnd(blobs: Iterable<Blob>): Effect[] {
  const effects: Effect[] = [];
  for (const blob of blobs) {
    const effect = effectOfEnd(blob);
    if (effect !== null && effect.kind !== 'free') {
      effects.push(effect);
    }
  }
  return effects;
}
