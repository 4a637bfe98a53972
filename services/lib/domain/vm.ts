/**
 * One VM: its blobs, its window, and what each command does to them.
 *
 * A command is checked completely before anything changes, so a refused one changes nothing but its number.
 * What is done to memory is not done here: it is returned as effects, in order.
 *
 *                    MAP                    UNMAP
 *     unmapped ------------> mapped ---------------------> parked        window placement
 *                              ^  ^------- MAP, same place ---'|
 *                              |                               | MAP elsewhere, or another blob is mapped over it
 *                              '---------- MAP ----------- stashed
 *
 * In per-blob placement a blob has memory of its own: it is unmapped or mapped, and its bytes never move.
 */

import type { Books } from './admission.ts';
import {
  checkCreate,
  checkMappable,
  checkMappings,
  checkRoom,
  checkSize,
  checkWindowHeap,
  unknownBlobId,
  unknownResource,
} from './admission.ts';
import type { Allocation, HeapPort } from './allocation.ts';
import type { BlobView } from './blob.ts';
import { Blob, viewOf } from './blob.ts';
import type {
  Command,
  CreateCommand,
  DestroyCommand,
  Effect,
  MapCommand,
  OkReply,
  Operation,
  Outcome,
  RefusedReply,
  ResetCommand,
  UnmapCommand,
} from './command.ts';
import { NO_EFFECTS } from './command.ts';
import { Counters } from './counters.ts';
import type { Heap } from './heap.ts';
import type { Limits } from './quota.ts';
import { Account } from './quota.ts';
import type { Extent } from './range-tree.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { MAX_UNACKNOWLEDGED, Replies } from './replies.ts';
import { SettingsError } from './settings-error.ts';
import type { U64 } from './u64.ts';
import { hex, SMALLEST_PAGE } from './u64.ts';
import type { BlobSnapshot, VmSnapshot } from './vm-snapshot.ts';
import type { WindowFigures } from './window.ts';
import { Window } from './window.ts';

export const PLACEMENTS = ['window', 'per-blob'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface VmSettings {
  readonly name: string;
  /** Bytes: a power of two of at least 4096. */
  readonly windowSize: number;
  readonly placement: Placement;
  /** The heap for blob_id 0. */
  readonly defaultHeap: string;
  /** Further blob_ids, written as decimals, and the heaps that fresh memory for them comes from. */
  readonly blobHeaps: ReadonlyMap<string, string>;
  readonly quota: Limits;
  /** Window placement: give a fresh blob its pages when it is mapped, not when the guest first touches them. */
  readonly populate: boolean;
}

/** What a create was given when it was executed. */
export interface CreatedMemory {
  readonly heap: string;
  /** Null in window placement. */
  readonly allocation: Allocation | null;
}

/** What the VMs of a host share. */
export interface SharedBooks {
  readonly account: Account;
  readonly heaps: ReadonlyMap<string, Heap>;
  readonly port: HeapPort;
}

/** A map whose effects move bytes, until the next command: what `abandonMap` needs to put things back. */
interface Undo {
  readonly number: number;
  /** The stash effects, which come first. */
  readonly stashes: readonly (Effect & { kind: 'stash' })[];
}

export class Vm {
  readonly settings: VmSettings;
  readonly counters = new Counters();
  readonly #shared: SharedBooks;
  readonly #account: Account;
  readonly #books: Books;
  readonly #defaultHeap: Heap;
  readonly #blobHeaps = new Map<string, Heap>();
  readonly #replies: Replies;
  readonly #window: Window;
  readonly #blobs = new Map<number, Blob>();
  #generation = 1;
  #undo: Undo | null = null;
  #closed = false;

  /**
   * @param maxUnacknowledged see Replies
   * @throws SettingsError
   */
  constructor(settings: VmSettings, shared: SharedBooks, maxUnacknowledged: number = MAX_UNACKNOWLEDGED) {
    const at = `vms.${settings.name}`;
    this.settings = settings;
    this.#shared = shared;
    this.#window = new Window(settings.windowSize, `${at}.windowSize`);
    this.#account = new Account(settings.quota, `${at}.quota`);
    this.#books = { vm: settings.name, own: this.#account, host: shared.account };
    this.#defaultHeap = heapNamed(shared, settings.defaultHeap, `${at}.defaultHeap`);
    for (const [blobId, heap] of settings.blobHeaps) {
      if (!/^[1-9][0-9]{0,19}$/.test(blobId) || BigInt(blobId) >= 1n << 64n) {
        throw new SettingsError(`${at}.blobHeaps`, 'blob ids from 1 to 2^64 - 1, in decimals', blobId);
      }
      this.#blobHeaps.set(blobId, heapNamed(shared, heap, `${at}.blobHeaps.${blobId}`));
    }
    this.#replies = new Replies(maxUnacknowledged);
  }

  get name(): string {
    return this.settings.name;
  }

  /** Counts device resets, from 1. */
  get generation(): number {
    return this.#generation;
  }

  /** The number that was executed last; 0 before the first. */
  get lastNumber(): number {
    return this.#replies.last;
  }

  /** The highest number whose answer is forgotten. */
  get acknowledgedNumber(): number {
    return this.#replies.acknowledged;
  }

  /**
   * What every heap of the VM takes sizes and offsets in, bytes: the largest granule. In window placement only memfds count, because blobs come
   * from nothing else.
   */
  get blobAlignment(): number {
    const heaps = [this.#defaultHeap, ...this.#blobHeaps.values()].map(({ settings }) => settings);
    const usable = heaps.filter(
      ({ backing }) => this.settings.placement === 'per-blob' || backing === 'memfd',
    );
    return Math.max(SMALLEST_PAGE, ...usable.map(({ granule }) => granule));
  }

  /** What is charged to the VM: bytes, live mappings, live blobs. */
  get used(): Readonly<Limits> {
    return this.#account.used;
  }

  get quota(): Limits {
    return this.#account.limits;
  }

  get window(): WindowFigures {
    return this.#window.figures;
  }

  get blobCount(): number {
    return this.#blobs.size;
  }

  /** The blob of that resource id, or null. */
  blob(resource: number): BlobView | null {
    const blob = this.#blobs.get(resource);
    return blob === undefined ? null : viewOf(blob);
  }

  /** All blobs, the oldest first. Not while commands are applied. */
  *blobs(): Generator<BlobView, void, undefined> {
    for (const blob of this.#blobs.values()) {
      yield viewOf(blob);
    }
  }

  /** The mapped and parked blobs in order of offset. Not while commands are applied. */
  *placedBlobs(): Generator<BlobView, void, undefined> {
    for (const range of this.#window.ranges()) {
      yield viewOf(this.#known(range.owner));
    }
  }

  /** What is neither mapped nor parked, in order of offset: what a sweep may punch. Not while commands are applied. */
  freeExtents(): Generator<Extent, void, undefined> {
    return this.#window.freeExtents();
  }

  /** The first mapped or parked range that shares a byte with [offset, offset + length), or null: a sweep goes from one to the next. */
  firstOccupied(offset: number, length: number): Extent | null {
    return this.#window.firstOccupied(offset, length);
  }

  /** New limits count from the next command on; what is used already stays. @throws SettingsError */
  setQuota(quota: Limits): void {
    this.#account.setLimits(quota, `vms.${this.name}.quota`);
  }

  /**
   * Executes the next command, or repeats the answer to an earlier one.
   * Carry out the effects in order, before the reply leaves and before those of later commands.
   */
  apply(command: Command): Outcome {
    if (this.#closed) {
      throw new Error(`vm ${this.name}: command ${command.number} was applied after the VM was given up`);
    }
    const admitted = this.#replies.admit(command.number);
    if (admitted === null) {
      // Whatever an earlier map had to move has been moved, or this command would not be here.
      this.#undo = null;
      const outcome = this.#execute(command);
      this.#replies.add(outcome.reply);
      return outcome;
    }
    if ('result' in admitted) {
      this.counters.operations[command.kind].repeated += 1;
      return { reply: admitted, effects: NO_EFFECTS, barrier: false };
    }
    return this.#refused(command, admitted);
  }

  /** Forgets the answers up to `through`. @returns null, or why not */
  acknowledge(through: U64): Refusal | null {
    return this.#replies.acknowledge(through);
  }

  /**
   * Undoes the map command `number`, because its memory could not be made ready. Its answer becomes OUT_OF_MEMORY,
   * so call this before the answer leaves; when the map was a barrier also before the next command is applied.
   * No blob loses bytes: what was not moved yet is parked where it was.
   * @param completed how many of the map's effects were carried out completely, in their order; the one that failed
   *   has left its source as it was
   * @param cause what failed, for the message
   * @returns the new answer and what is to be done now; null when `number` is not a remembered map that went well
   */
  abandonMap(number: U64, completed: number, cause: string): Outcome | null {
    const answer = this.#replies.find(number);
    if (answer === null || answer.kind !== 'map' || answer.result !== 'ok') {
      return null;
    }
    const blob = this.#blobs.get(answer.resource);
    // Later commands of the same batch may have ended this mapping already; then only the answer is left to change.
    const live = blob !== undefined && blob.state === 'mapped' && blob.mappedBy === answer.number;
    const effects = live ? this.#putBack(blob, completed) : NO_EFFECTS;
    const refusal = refuse(
      'OUT_OF_MEMORY',
      `resource ${answer.resource} was to be mapped at ${hex(answer.offset)}, but its memory could not be made ready: ` +
        `${cause}; free memory on the host, then map it again`,
      { resource: answer.resource, offset: answer.offset, length: answer.length, cause },
    );
    this.counters.operations.map.abandoned += 1;
    this.counters.refusals[refusal.reason] += 1;
    const reply: RefusedReply = {
      kind: 'map',
      number: answer.number,
      generation: answer.generation,
      result: 'refused',
      resource: answer.resource,
      refusal,
    };
    this.#replies.replace(reply);
    return { reply, effects, barrier: false };
  }

  /**
   * Takes a mapping out on the broker's own behalf, without a command: its bytes are kept, as with an unmap.
   * Not while the effects of a barrier are under way.
   * @returns false when that resource is not mapped
   */
  unmapOnBehalf(resource: number): boolean {
    const blob = this.#blobs.get(resource);
    if (blob === undefined || blob.state !== 'mapped') {
      return false;
    }
    this.#undo = null;
    this.#unmapBlob(blob);
    return true;
  }

  /** A copy of all that the VM is. Not while effects of its commands are under way, or a map may still be abandoned. */
  snapshot(): VmSnapshot {
    const blobs: BlobSnapshot[] = [];
    for (const blob of this.#blobs.values()) {
      const placed = blob.state === 'mapped' || blob.state === 'parked';
      blobs.push({
        resource: blob.resource,
        context: blob.context,
        blobId: blob.blobId,
        blobMem: blob.blobMem,
        flags: blob.flags,
        size: blob.size,
        heap: blob.heap.settings.name,
        allocation: blob.allocation,
        state: blob.state,
        offset: placed ? blob.offset : 0,
      });
    }
    return {
      generation: this.#generation,
      lastNumber: this.#replies.last,
      acknowledgedNumber: this.#replies.acknowledged,
      replies: [...this.#replies.all()],
      blobs,
      counters: this.counters.figures(),
    };
  }

  /** Makes an empty VM what a snapshot says: use Host.restore. @throws Error when it contradicts itself or the settings */
  restore({ generation, lastNumber, acknowledgedNumber, replies, blobs, counters }: VmSnapshot): void {
    this.#replies.restore(acknowledgedNumber, replies);
    if (this.#replies.last !== lastNumber) {
      throw new Error(
        `vm ${this.name}: ${replies.length} answers behind number ${acknowledgedNumber} do not lead to ${lastNumber}`,
      );
    }
    this.#generation = generation;
    this.counters.restore(counters);
    this.restoreBlobs(blobs);
  }

  /** More of a snapshot, which may be too much for one piece: those behind the blobs that are here. @throws as restore */
  restoreBlobs(blobs: readonly BlobSnapshot[]): void {
    for (const saved of blobs) {
      this.#restoreBlob(saved);
    }
  }

  #restoreBlob(saved: BlobSnapshot): void {
    const { resource, size, allocation, state, offset } = saved;
    const heap = heapNamed(this.#shared, saved.heap, `vms.${this.name}.blobs.${resource}.heap`);
    if (this.#blobs.has(resource)) {
      throw new Error(`vm ${this.name}: there are two blobs of id ${resource}`);
    }
    if ((allocation === null) !== (this.settings.placement === 'window')) {
      throw new Error(`vm ${this.name}: the memory of blob ${resource} does not fit the placement`);
    }
    const blob = new Blob(saved, size, heap, allocation);
    if (state === 'mapped' || state === 'parked') {
      if (typeof this.#window.place(resource, offset, blob.length, heap.settings.granule) !== 'number') {
        throw new Error(`vm ${this.name}: blob ${resource} does not fit at ${hex(offset)} of its window`);
      }
      this.#window.add(offset, blob.length, resource, state === 'mapped');
    }
    blob.state = state;
    blob.offset = offset;
    this.#add(blob);
    if (state === 'mapped') {
      this.#countMapping(blob);
    }
  }

  /**
   * Does again what the next command did when it was executed for the first time, and went well. Limits are not asked:
   * other VMs may stand elsewhere now.
   * @param memory of a create: the heap's name and, in per-blob placement, what it gave then
   * @returns the effects, which were carried out then
   * @throws Error when it could not have gone well: then whoever wrote that down is wrong
   */
  redo(command: Command, memory: CreatedMemory | null = null): readonly Effect[] {
    this.#expectNext(Number(command.number));
    this.#undo = null;
    const { reply, effects } = this.#redoUnchecked(command, memory);
    if (reply.result === 'refused') {
      throw new Error(
        `vm ${this.name}: command ${command.number} went well once, and cannot now: ${reply.refusal.message}`,
      );
    }
    this.#replies.add(reply);
    return effects;
  }

  /** As redo, for a command that was refused. `resource` is 0 for a reset. */
  redoRefusal(kind: Operation, number: number, resource: number, refusal: Refusal): void {
    this.#expectNext(number);
    this.#undo = null;
    const generation = this.#generation;
    this.counters.operations[kind].refused += 1;
    this.counters.refusals[refusal.reason] += 1;
    this.#replies.add({ kind, number, generation, result: 'refused', resource, refusal });
  }

  /** Does again what the stash effect of a map did, which was complete before the map was: a parked blob has left the window. */
  redoStash(resource: number): void {
    const blob = this.#blobs.get(resource);
    if (blob === undefined || blob.state !== 'parked') {
      throw new Error(
        `vm ${this.name}: resource ${resource} was moved out of the window, but is not parked there`,
      );
    }
    this.#stash(blob);
  }

  /** Only limits are left out, which depend on others: what is wrong by itself is refused as ever. */
  #redoUnchecked(command: Command, memory: CreatedMemory | null): Outcome {
    if (command.kind === 'create' && memory !== null) {
      const heap = heapNamed(this.#shared, memory.heap, `vms.${this.name}.heap`);
      const invalid = checkCreate(command, this.name, this.#blobs.has(command.resource));
      return invalid === null
        ? this.#createFrom(command, heap, memory.allocation)
        : this.#refused(command, invalid);
    }
    if (command.kind === 'map') {
      const blob = this.#find(command.resource);
      if (!(blob instanceof Blob)) {
        return this.#refused(command, blob);
      }
      const unfit = checkMappable(blob, command.offset);
      const offset =
        unfit ?? this.#window.place(blob.resource, command.offset, blob.length, blob.heap.settings.granule);
      return typeof offset === 'number' ? this.#mapAt(command, blob, offset) : this.#refused(command, offset);
    }
    return this.#execute(command);
  }

  #expectNext(number: number): void {
    if (number !== this.#replies.last + 1 || this.#closed) {
      throw new Error(`vm ${this.name}: command ${number} follows ${this.#replies.last}`);
    }
  }

  /**
   * Ends the VM: gives back everything it was charged. What is left to do are stashes to drop and allocations to
   * release; the memory of its window ends with the window. The VM cannot be used afterwards.
   */
  close(): readonly Effect[] {
    const effects = this.#endAll();
    this.#closed = true;
    return effects;
  }

  #execute(command: Command): Outcome {
    switch (command.kind) {
      case 'create':
        return this.#create(command);
      case 'map':
        return this.#map(command);
      case 'unmap':
        return this.#unmap(command);
      case 'destroy':
        return this.#destroy(command);
      case 'reset':
        return this.#reset(command);
    }
  }

  #create(command: CreateCommand): Outcome {
    const invalid = checkCreate(command, this.name, this.#blobs.has(command.resource));
    if (invalid !== null) {
      return this.#refused(command, invalid);
    }
    const heap = this.#heapFor(command.blobId);
    if (heap === null) {
      return this.#refused(command, unknownBlobId(command, this.name));
    }
    const { resource, size } = command;
    const windowed = this.settings.placement === 'window';
    const unfit =
      (windowed ? checkWindowHeap(resource, this.name, heap) : null) ??
      checkSize(command, heap) ??
      checkRoom(resource, size, heap, this.#books);
    if (unfit !== null) {
      return this.#refused(command, unfit);
    }
    let allocation: Allocation | null = null;
    if (!windowed) {
      // What fits a heap is below 2^53.
      const bytes = Number(size);
      const taken = this.#shared.port.allocate(heap.settings.name, bytes);
      if (taken === null) {
        return this.#refused(
          command,
          refuse(
            'OUT_OF_MEMORY',
            `resource ${command.resource} needs ${bytes} bytes of heap ${heap.settings.name}; the books have room for them, but the ` +
              'machine has not: free memory on the host, then create it again',
            { resource: command.resource, heap: heap.settings.name, bytes },
          ),
        );
      }
      allocation = { heap: heap.settings.name, id: taken.id, fdOffset: taken.fdOffset, size: bytes };
    }
    return this.#createFrom(command, heap, allocation);
  }

  /** A create that nothing speaks against any more. */
  #createFrom(command: CreateCommand, heap: Heap, allocation: Allocation | null): Outcome {
    const size = Number(command.size);
    const bytes = this.#add(new Blob(command, size, heap, allocation));
    this.counters.operations.create.ok += 1;
    return done({
      kind: 'create',
      number: Number(command.number),
      generation: this.#generation,
      result: 'ok',
      resource: command.resource,
      size,
      charged: bytes,
      allocation,
    });
  }

  /** Enters a blob into all books but the window. @returns what is charged, bytes */
  #add(blob: Blob): number {
    const { charged } = blob;
    blob.heap.charge(charged);
    this.#account.addAllocation(charged);
    this.#shared.account.addAllocation(charged);
    this.#blobs.set(blob.resource, blob);
    return charged;
  }

  #map(command: MapCommand): Outcome {
    const { resource } = command;
    const blob = this.#find(resource);
    if (!(blob instanceof Blob)) {
      return this.#refused(command, blob);
    }
    const { length } = blob;
    const unfit = checkMappable(blob, command.offset);
    if (unfit !== null) {
      return this.#refused(command, unfit);
    }
    const offset = this.#window.place(resource, command.offset, length, blob.heap.settings.granule);
    if (typeof offset !== 'number') {
      return this.#refused(command, offset);
    }
    const full = checkMappings(resource, this.#books);
    if (full !== null) {
      return this.#refused(command, full);
    }
    return this.#mapAt(command, blob, offset);
  }

  /** A map that nothing speaks against any more. */
  #mapAt(command: MapCommand, blob: Blob, offset: number): Outcome {
    const { resource, length } = blob;
    const number = Number(command.number);
    const effects = this.#place(blob, offset, length, number);
    blob.fresh = blob.state === 'unmapped';
    blob.state = 'mapped';
    blob.offset = offset;
    blob.mappedBy = number;
    const { cache } = blob.heap.settings;
    this.#countMapping(blob);
    const { allocation, size } = blob;
    const generation = this.#generation;
    this.counters.operations.map.ok += 1;
    return done(
      { kind: 'map', number, generation, result: 'ok', resource, offset, size, length, cache, allocation },
      effects,
      this.#undo !== null,
    );
  }

  #countMapping({ heap, length }: Blob): void {
    this.#account.addMapping();
    this.#shared.account.addMapping();
    this.counters.mapped(heap.settings.cache, length);
  }

  #unmap(command: UnmapCommand): Outcome {
    const { resource } = command;
    const blob = this.#find(resource);
    if (!(blob instanceof Blob)) {
      return this.#refused(command, blob);
    }
    const number = Number(command.number);
    const generation = this.#generation;
    if (blob.state !== 'mapped') {
      this.counters.operations.unmap.noop += 1;
      const reply: OkReply = {
        kind: 'unmap',
        number,
        generation,
        result: 'ok',
        resource,
        wasMapped: false,
        offset: 0,
        length: 0,
      };
      return done(reply);
    }
    const { offset, length } = blob;
    this.#unmapBlob(blob);
    this.counters.operations.unmap.ok += 1;
    return done({
      kind: 'unmap',
      number,
      generation,
      result: 'ok',
      resource,
      wasMapped: true,
      offset,
      length,
    });
  }

  #destroy(command: DestroyCommand): Outcome {
    const { resource } = command;
    const blob = this.#find(resource);
    if (!(blob instanceof Blob)) {
      return this.#refused(command, blob);
    }
    const wasMapped = blob.state === 'mapped';
    const offset = wasMapped ? blob.offset : 0;
    const length = wasMapped ? blob.length : 0;
    const effects = this.#end(blob);
    this.#blobs.delete(resource);
    const number = Number(command.number);
    const generation = this.#generation;
    this.counters.operations.destroy.ok += 1;
    return done(
      { kind: 'destroy', number, generation, result: 'ok', resource, wasMapped, offset, length },
      effects === null ? NO_EFFECTS : [effects],
    );
  }

  #reset(command: ResetCommand): Outcome {
    const blobs = this.#blobs.size;
    const { mappings } = this.#window;
    const effects = this.#endAll();
    if (this.settings.placement === 'window') {
      // All of it, not only what was mapped: the guest may have left bytes anywhere.
      effects.push({ kind: 'zero', offset: 0, length: this.settings.windowSize });
    }
    this.#generation += 1;
    this.counters.operations.reset.ok += 1;
    return done(
      {
        kind: 'reset',
        number: Number(command.number),
        generation: this.#generation,
        result: 'ok',
        blobs,
        mappings,
      },
      effects.length === 0 ? NO_EFFECTS : effects,
    );
  }

  #refused(command: Command, refusal: Refusal): Outcome {
    this.counters.operations[command.kind].refused += 1;
    this.counters.refusals[refusal.reason] += 1;
    return { reply: refusedReply(command, this.#generation, refusal), effects: NO_EFFECTS, barrier: false };
  }

  #find(resource: number): Blob | Refusal {
    return this.#blobs.get(resource) ?? unknownResource(resource, this.name);
  }

  /** A blob that the books name. */
  #known(resource: number): Blob {
    const blob = this.#blobs.get(resource);
    if (blob === undefined) {
      throw new Error(`vm ${this.name}: the window names resource ${resource}, which has no blob`);
    }
    return blob;
  }

  #heapFor(blobId: U64): Heap | null {
    return blobId === 0 ? this.#defaultHeap : (this.#blobHeaps.get(String(blobId)) ?? null);
  }

  /** Enters the mapping into the window. @returns what that asks of memory; #undo is set when it moves bytes */
  #place(blob: Blob, offset: number, length: number, number: number): readonly Effect[] {
    if (this.settings.placement === 'per-blob') {
      this.#window.add(offset, length, blob.resource, true);
      return NO_EFFECTS;
    }
    if (blob.state === 'parked' && blob.offset === offset) {
      this.#window.unpark(offset, length);
      return NO_EFFECTS;
    }
    const stashes: (Effect & { kind: 'stash' })[] = [];
    if (blob.state === 'parked') {
      stashes.push(this.#stash(blob));
    }
    let parked = this.#window.firstOccupied(offset, length);
    while (parked !== null) {
      stashes.push(this.#stash(this.#known(parked.owner)));
      parked = this.#window.firstOccupied(offset, length);
    }
    this.#window.add(offset, length, blob.resource, true);
    const { resource } = blob;
    const effects: Effect[] = [...stashes, { kind: 'zero', offset, length }];
    if (blob.state === 'stashed') {
      effects.push({ kind: 'restore', resource, offset, length });
    } else if (this.settings.populate) {
      effects.push({ kind: 'populate', offset, length });
    }
    if (stashes.length > 0 || blob.state === 'stashed') {
      this.#undo = { number, stashes };
    }
    return effects;
  }

  /** Moves a parked blob out of the window. */
  #stash(blob: Blob): Effect & { kind: 'stash' } {
    const { resource, offset, length } = blob;
    this.#window.free(offset, length, false);
    blob.state = 'stashed';
    return { kind: 'stash', resource, offset, length };
  }

  /** Takes an abandoned mapping out, and puts back what its effects have not moved. */
  #putBack(blob: Blob, completed: number): readonly Effect[] {
    const { offset, length, mappedBy } = blob;
    const undo = this.#undo !== null && this.#undo.number === mappedBy ? this.#undo : null;
    const { fresh } = blob;
    // A later map of the same batch may wait for its effects, and keeps what it needs.
    if (undo !== null) this.#undo = null;
    this.#unmapBlob(blob);
    if (this.settings.placement === 'per-blob') {
      return NO_EFFECTS;
    }
    const stashes = undo === null ? [] : undo.stashes;
    // After the stashes come the zero and, for a blob that has bytes, the restore. Restored bytes lie there complete.
    if (!fresh && (undo === null || completed >= stashes.length + 2)) {
      return NO_EFFECTS;
    }
    this.#window.free(offset, length, false);
    blob.state = fresh ? 'unmapped' : 'stashed';
    for (const stash of stashes.slice(completed)) {
      const moved = this.#known(stash.resource);
      moved.state = 'parked';
      moved.offset = stash.offset;
      this.#window.add(stash.offset, stash.length, stash.resource, false);
    }
    // Until all stashes were done nothing was written to the range, and parked bytes may lie in it again.
    return completed < stashes.length ? NO_EFFECTS : [{ kind: 'zero', offset, length }];
  }

  /** Ends a mapping; the bytes stay. */
  #unmapBlob(blob: Blob): void {
    const { length } = blob;
    if (this.settings.placement === 'window') {
      this.#window.park(blob.offset, length);
      blob.state = 'parked';
    } else {
      this.#window.free(blob.offset, length, true);
      blob.state = 'unmapped';
    }
    this.#account.removeMapping();
    this.#shared.account.removeMapping();
    this.counters.unmapped(blob.heap.settings.cache, length);
  }

  /** Takes a blob out of all books but the table of blobs. @returns what is left to do with its memory */
  #end(blob: Blob): Effect | null {
    if (blob.state === 'mapped') {
      this.#unmapBlob(blob);
    }
    const { charged } = blob;
    blob.heap.release(charged);
    this.#account.removeAllocation(charged);
    this.#shared.account.removeAllocation(charged);
    if (blob.allocation !== null) {
      return { kind: 'release', allocation: blob.allocation };
    }
    if (blob.state === 'parked') {
      const { offset, length } = blob;
      this.#window.free(offset, length, false);
      return { kind: 'zero', offset, length };
    }
    return blob.state === 'stashed' ? { kind: 'drop-stash', resource: blob.resource } : null;
  }

  /** Ends all blobs. @returns what is left to do outside of the window */
  #endAll(): Effect[] {
    const effects: Effect[] = [];
    for (const blob of this.#blobs.values()) {
      const effect = this.#end(blob);
      if (effect !== null && effect.kind !== 'zero') {
        effects.push(effect);
      }
    }
    this.#blobs.clear();
    this.#window.clear();
    this.#undo = null;
    return effects;
  }
}

/** The reply to a command that was refused by whoever answers for the VM. */
export function refusedReply(command: Command, generation: number, refusal: Refusal): RefusedReply {
  return {
    kind: command.kind,
    number: command.number,
    generation,
    result: 'refused',
    resource: command.kind === 'reset' ? 0 : command.resource,
    refusal,
  };
}

function done(reply: OkReply, effects: readonly Effect[] = NO_EFFECTS, barrier = false): Outcome {
  return { reply, effects, barrier };
}

function heapNamed(shared: SharedBooks, name: string, setting: string): Heap {
  const heap = shared.heaps.get(name);
  if (heap === undefined) {
    throw new SettingsError(setting, `one of the heaps ${[...shared.heaps.keys()].join(', ')}`, name);
  }
  return heap;
}
