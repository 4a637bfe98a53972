// What of a VM and of a heap cannot change while somebody has them, and how two configurations differ in it. A change of these waits: the broker
// holds a VM to the terms on which it was attached (broker/terms.ts), and `config check` says before what will wait (cli/config.ts).
import type { HeapConfig, VmConfig } from './config.ts';
import type { SecretReader } from './run-directory.ts';
import { formatExactBytes } from './units.ts';

/** What a guest builds on: its window's size and kind, where its blobs come from, and who may come back to it. */
export type VmTerms = Pick<
  VmConfig,
  'window' | 'placement' | 'heap' | 'blobHeaps' | 'attachedBy' | 'scanouts'
>;
/** What the memory of a heap is. */
export type HeapTerms = Pick<HeapConfig, 'backing' | 'cache' | 'path'>;

export type Change = {
  /** As the file names it. */
  readonly setting: string;
  readonly now: string;
  readonly next: string;
};

/** `next` is null for a VM that is not in the file any more. */
export function vmChanges(now: VmTerms, next: VmTerms | null): Change[] {
  if (next === null) return [{ setting: 'vms', now: 'configured', next: 'removed' }];
  return changes([
    ['window', formatExactBytes(now.window), formatExactBytes(next.window)],
    ['placement', now.placement, next.placement],
    ['heap', now.heap, next.heap],
    ['blob_heaps', blobHeapsText(now.blobHeaps), blobHeapsText(next.blobHeaps)],
    ['scanouts', String(now.scanouts), String(next.scanouts)],
    ['uid, group', readerText(now.attachedBy), readerText(next.attachedBy)],
  ]);
}

/** `next` is null for a heap that is not in the file any more. */
export function heapChanges(now: HeapTerms, next: HeapTerms | null): Change[] {
  if (next === null) return [{ setting: 'heaps', now: 'configured', next: 'removed' }];
  return changes([
    ['backing', now.backing, next.backing],
    ['cache', now.cache, next.cache],
    ['path', now.path ?? 'none', next.path ?? 'none'],
  ]);
}

/** The heaps that a VM has its memory from. */
export function heapsOf({ heap, blobHeaps }: Pick<VmTerms, 'heap' | 'blobHeaps'>): Set<string> {
  return new Set([heap, ...blobHeaps.values()]);
}

/** "window 64MiB -> 128MiB, heap ram -> other" */
export function changesText(list: readonly Change[]): string {
  return list.map(({ setting, now, next }) => `${setting} ${now} -> ${next}`).join(', ');
}

export function blobHeapsText(heaps: ReadonlyMap<number, string>): string {
  const sorted = [...heaps].sort(([a], [b]) => a - b);
  return sorted.length === 0 ? 'none' : sorted.map(([id, heap]) => `${id}: ${heap}`).join(', ');
}

export function readerText(reader: SecretReader): string {
  return reader.kind === 'user' ? `user ${reader.uid}` : `group ${reader.gid}`;
}

function changes(rows: readonly (readonly [setting: string, now: string, next: string])[]): Change[] {
  return rows.flatMap(([setting, now, next]) => (now === next ? [] : [{ setting, now, next }]));
}
