/**
 * The books of one VM: its blobs, its window, its account, its counters, and the answers it remembers. Whoever decides
 * only reads them (ReadableBooks); entry.ts, and vm-restore.ts for a VM that was here before, write into them.
 */

import { SMALLEST_PAGE } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import type { Books } from './admission.ts';
import { unknownResource } from './admission.ts';
import type { Allocation, HeapPort } from './allocation.ts';
import type { Blob } from './blob.ts';
import { Counters } from './counters.ts';
import type { StashEffect } from './effect.ts';
import type { HeapBooks } from './heap.ts';
import { Account, type HostBooks } from './quota.ts';
import type { Refusal } from './refusal.ts';
import { MAX_UNACKNOWLEDGED, Replies } from './replies.ts';
import { SettingsError } from './settings-error.ts';
import type { TouchedBlobs } from './touched.ts';
import type { SharedBooks, VmSettings } from './vm-settings.ts';
import { Window } from './window.ts';

/** A map whose effects move bytes, until the next command: what is needed to put things back when they fail. */
export interface Undo {
  /** The map command's. */
  readonly number: number;
  /** Its stash effects, which come first. */
  readonly stashes: readonly StashEffect[];
}

/** What deciding sees of the books. A blob is looked at, and never changed there. */
export interface ReadableBooks extends Books {
  readonly settings: VmSettings;
  readonly generation: number;
  readonly undo: Undo | null;
  readonly blobs: ReadonlyMap<number, Blob>;
  readonly window: Pick<Window, 'mappings' | 'place' | 'firstOccupied'>;
  readonly port: HeapPort;
  /** Null when the blob_id leads to no memory. */
  heapFor(blobId: U64): HeapBooks | null;
  find(resource: number): Blob | Refusal;
  known(resource: number): Blob;
}

export class VmBooks implements ReadableBooks {
  readonly settings: VmSettings;
  /** The VM's name. */
  readonly vm: string;
  readonly own: Account;
  readonly host: HostBooks;
  readonly port: HeapPort;
  readonly window: Window;
  readonly blobs = new Map<number, Blob>();
  readonly replies: Replies;
  readonly counters = new Counters();
  /** Counts device resets, from 1. */
  generation = 1;
  undo: Undo | null = null;
  /** Memory that was made for whoever decides, by its number; and what of it is in no blob yet, which is charged all the same. */
  readonly numbered = new Map<number, Allocation>();
  readonly unused = new Map<number, Allocation>();
  /** Memory with a number up to this that is in no blob will be in none. */
  settledMemory = 0;
  /** Collects what changes; null where nobody asks. */
  touched: TouchedBlobs | null = null;
  /** The VM was given up: nothing is entered any more. */
  closed = false;
  readonly #heaps: ReadonlyMap<string, HeapBooks>;
  readonly #defaultHeap: HeapBooks;
  readonly #blobHeaps = new Map<string, HeapBooks>();

  /**
   * @param maxUnacknowledged see Replies
   * @throws SettingsError
   */
  constructor(settings: VmSettings, shared: SharedBooks, maxUnacknowledged: number = MAX_UNACKNOWLEDGED) {
    const at = `vms.${settings.name}`;
    this.settings = settings;
    this.vm = settings.name;
    this.host = shared.account;
    this.port = shared.port;
    this.#heaps = shared.heaps;
    this.window = new Window(settings.windowSize, `${at}.windowSize`);
    this.own = new Account(settings.quota, `${at}.quota`);
    this.#defaultHeap = this.heapNamed(settings.defaultHeap, `${at}.defaultHeap`);
    for (const [blobId, heap] of settings.blobHeaps) {
      if (!/^[1-9][0-9]{0,19}$/.test(blobId) || BigInt(blobId) >= 1n << 64n) {
        throw new SettingsError(`${at}.blobHeaps`, 'blob ids from 1 to 2^64 - 1, in decimals', blobId);
      }
      this.#blobHeaps.set(blobId, this.heapNamed(heap, `${at}.blobHeaps.${blobId}`));
    }
    this.replies = new Replies(maxUnacknowledged);
  }

  /**
   * What every heap of the VM takes sizes and offsets in, bytes: the largest granule. With memory in the window only memfds
   * count, because blobs come from nothing else.
   */
  get blobAlignment(): number {
    const heaps = [this.#defaultHeap, ...this.#blobHeaps.values()].map(({ settings }) => settings);
    const usable = heaps.filter(({ backing }) => this.settings.memory !== 'window' || backing === 'memfd');
    return Math.max(SMALLEST_PAGE, ...usable.map(({ granule }) => granule));
  }

  heapFor(blobId: U64): HeapBooks | null {
    return blobId === 0 ? this.#defaultHeap : (this.#blobHeaps.get(String(blobId)) ?? null);
  }

  /**
   * A heap of the host.
   * @param setting where the name stands, for the error
   * @throws SettingsError when there is none of that name
   */
  heapNamed(name: string, setting: string): HeapBooks {
    const heap = this.#heaps.get(name);
    if (heap === undefined) {
      throw new SettingsError(setting, `one of the heaps ${[...this.#heaps.keys()].join(', ')}`, name);
    }
    return heap;
  }

  /** The blob that a command names, or why there is none. */
  find(resource: number): Blob | Refusal {
    return this.blobs.get(resource) ?? unknownResource(resource, this.vm);
  }

  /** A blob that the books name. */
  known(resource: number): Blob {
    const blob = this.blobs.get(resource);
    if (blob === undefined) {
      throw new Error(`vm ${this.vm}: the window names resource ${resource}, which has no blob`);
    }
    return blob;
  }
}
