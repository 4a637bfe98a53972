/**
 * One VM: its blobs, its window, and what each command does to them.
 *
 * A command is decided (decision.ts), and what was decided is entered (entry.ts). A command that was decided earlier, or by
 * others, is checked (redo.ts) and entered by the same code. What is done to memory is not done here: it is returned as
 * effects (effect.ts), in order.
 *
 *                    MAP                    UNMAP
 *     unmapped ------------> mapped ---------------------> parked        memory in the window
 *                              ^  ^------- MAP, same place ---'|
 *                              |                               | MAP elsewhere, or another blob is mapped over it
 *                              '---------- MAP ----------- stashed
 *
 * A blob with memory of its own is unmapped or mapped, and its bytes never move.
 */

import type { U64 } from '../wire/u64.ts';
import { abandoned } from './abandonment.ts';
import type { Allocation } from './allocation.ts';
import type { BlobView } from './blob.ts';
import { viewOf } from './blob.ts';
import type { Command, Operation } from './command.ts';
import type { Counters } from './counters.ts';
import type { Decision } from './decision.ts';
import { decide, refusedCommand } from './decision.ts';
import type { Effect, Outcome } from './effect.ts';
import { effectsOfEnd, NO_EFFECTS } from './effect.ts';
import {
  enter,
  enterAbandonment,
  enterEnd,
  enterMemory,
  enterUnmap,
  leaveMemory,
  leaveWindow,
} from './entry.ts';
import type { Accounts, Followed } from './follow.ts';
import { follow } from './follow.ts';
import type { Grant } from './grant.ts';
import type { MemoryRequest } from './memory-request.ts';
import { requestMemory } from './memory-request.ts';
import type { Limits } from './quota.ts';
import { NO_LIMITS } from './quota.ts';
import type { Extent } from './range-tree.ts';
import type { CreatedMemory } from './redo.ts';
import { redo, redoRefusal, redoStash } from './redo.ts';
import type { Refusal, RefusalReason } from './refusal.ts';
import { MAX_UNACKNOWLEDGED } from './replies.ts';
import type { Touched } from './touched.ts';
import { TouchedBlobs, UNTOUCHED } from './touched.ts';
import { VmBooks } from './vm-books.ts';
import { restoreBlob, restoreBooks } from './vm-restore.ts';
import type { SharedBooks, VmSettings } from './vm-settings.ts';
import type { BlobSnapshot, VmSnapshot } from './vm-snapshot.ts';
import { snapshotOf, snapshotOfBlob } from './vm-snapshot.ts';
import type { WindowFigures } from './window.ts';

export class Vm {
  readonly #books: VmBooks;

  /**
   * @param maxUnacknowledged see Replies
   * @throws SettingsError
   */
  constructor(settings: VmSettings, shared: SharedBooks, maxUnacknowledged: number = MAX_UNACKNOWLEDGED) {
    this.#books = new VmBooks(settings, shared, maxUnacknowledged);
  }

  get settings(): VmSettings {
    return this.#books.settings;
  }

  get name(): string {
    return this.#books.vm;
  }

  get counters(): Counters {
    return this.#books.counters;
  }

  /** Counts device resets, from 1. */
  get generation(): number {
    return this.#books.generation;
  }

  /** The number that was executed last; 0 before the first. */
  get lastNumber(): number {
    return this.#books.replies.last;
  }

  /** The highest number whose answer is forgotten. */
  get acknowledgedNumber(): number {
    return this.#books.replies.acknowledged;
  }

  /**
   * What every heap of the VM takes sizes and offsets in, bytes: the largest granule. With memory in the window only memfds
   * count, because blobs come from nothing else.
   */
  get blobAlignment(): number {
    return this.#books.blobAlignment;
  }

  /** What is charged to the VM: bytes, live mappings, live blobs. */
  get used(): Readonly<Limits> {
    return this.#books.own.used;
  }

  get quota(): Limits {
    return this.#books.own.limits;
  }

  get window(): WindowFigures {
    return this.#books.window.figures;
  }

  get blobCount(): number {
    return this.#books.blobs.size;
  }

  /** A blob has that resource id. */
  has(resource: number): boolean {
    return this.#books.blobs.has(resource);
  }

  /** The blob of that resource id, or null. */
  blob(resource: number): BlobView | null {
    const blob = this.#books.blobs.get(resource);
    return blob === undefined ? null : viewOf(blob);
  }

  /** All blobs, the oldest first. Not while commands are applied. */
  *blobs(): Generator<BlobView, void, undefined> {
    for (const blob of this.#books.blobs.values()) {
      yield viewOf(blob);
    }
  }

  /** The mapped and parked blobs in order of offset. Not while commands are applied. */
  *placedBlobs(): Generator<BlobView, void, undefined> {
    for (const range of this.#books.window.ranges()) {
      yield viewOf(this.#books.known(range.owner));
    }
  }

  /** What is neither mapped nor parked, in order of offset: what a sweep may punch. Not while commands are applied. */
  freeExtents(): Generator<Extent, void, undefined> {
    return this.#books.window.freeExtents();
  }

  /** The first mapped or parked range that shares a byte with [offset, offset + length), or null: a sweep goes from one to the next. */
  firstOccupied(offset: number, length: number): Extent | null {
    return this.#books.window.firstOccupied(offset, length);
  }

  /** New limits count from the next command on; what is used already stays. @throws SettingsError */
  setQuota(quota: Limits): void {
    this.#books.own.setLimits(quota, `vms.${this.name}.quota`);
  }

  /**
   * Executes the next command, or repeats the answer to an earlier one.
   * Carry out the effects in order, before the reply leaves and before those of later commands.
   * @param instead why it is refused, whatever it asks; null when nothing but the books speaks
   */
  apply(command: Command, instead: Refusal | null = null): Outcome {
    const books = this.#books;
    if (books.closed) {
      throw new Error(`vm ${this.name}: command ${command.number} was applied after the VM was given up`);
    }
    const admitted = books.replies.admit(command.number);
    if (admitted === null) {
      const decision =
        instead === null ? decide(books, command) : refusedCommand(command, books.generation, instead);
      enter(books, decision);
      return decision.outcome;
    }
    if ('result' in admitted) {
      this.countIdle(command.kind, null);
      return { reply: admitted, effects: NO_EFFECTS, barrier: false };
    }
    this.countIdle(command.kind, admitted.reason);
    return refusedCommand(command, books.generation, admitted).outcome;
  }

  /**
   * What the next command comes to, whatever its number says: nothing is changed, and nothing of it holds for longer than until the next
   * enter(). For whoever has to know before he does it.
   */
  decide(command: Command): Decision {
    return decide(this.#books, { ...command, number: this.lastNumber + 1 });
  }

  /** Executes what was decided last. The effects are to be carried out as those of apply(). */
  enter(decision: Decision): void {
    enter(this.#books, decision);
  }

  /** From here on it is collected what changes: see takeTouched(). */
  collectTouched(): void {
    this.#books.touched ??= new TouchedBlobs();
  }

  /** The blobs that are other than at the last call. */
  takeTouched(): Touched {
    return this.#books.touched?.take() ?? UNTOUCHED;
  }

  /**
   * Enters what somebody tells who decides for this VM by himself: see follow.ts. No effects come of it: he has the memory.
   * @param within the VM's grant
   * @throws AccountsError; then nothing is changed
   */
  follow(accounts: Accounts, within: Grant): readonly Followed[] {
    return follow(this.#books, accounts, within);
  }

  /**
   * Makes memory of its own for a blob that whoever decides is about to make, or finds what has that number already.
   * @throws MemoryRequestError when the request breaks the rules; then nothing is changed
   */
  requestMemory(request: MemoryRequest): Allocation | Refusal {
    return requestMemory(this.#books, request);
  }

  /** What was made under that number, in a blob or not; null when there is none. */
  memoryNumbered(number: number): Allocation | null {
    return this.#books.numbered.get(number) ?? null;
  }

  /** Memory of their own that blobs have, or will have. */
  *allocations(): Generator<Allocation, void, undefined> {
    for (const { allocation } of this.#books.blobs.values()) if (allocation !== null) yield allocation;
    yield* this.#books.unused.values();
  }

  /** What of it is in no blob yet. */
  get unusedMemory(): readonly Allocation[] {
    return [...this.#books.unused.values()];
  }

  /** Memory with a number up to this that is in no blob will be in none. */
  get settledMemory(): number {
    return this.#books.settledMemory;
  }

  /** Charges memory before there is a blob of it: of a predecessor, or asked for and not there yet. */
  keepMemory(allocation: Allocation): void {
    enterMemory(this.#books, allocation);
  }

  /** What of the memory with numbers up to `number` is in no blob is charged no more. */
  settleMemory(number: number): void {
    this.#books.settledMemory = Math.max(this.#books.settledMemory, number);
    for (const allocation of this.unusedMemory) {
      if (allocation.number <= number) leaveMemory(this.#books, allocation);
    }
  }

  /** Forgets the answers up to `through`. @returns null, or why not */
  acknowledge(through: U64): Refusal | null {
    return this.#books.replies.acknowledge(through);
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
    const answer = this.#books.replies.find(number);
    if (answer === null || answer.kind !== 'map' || answer.result !== 'ok') {
      return null;
    }
    const abandonment = abandoned(this.#books, answer, completed, cause);
    enterAbandonment(this.#books, abandonment);
    return abandonment.outcome;
  }

  /**
   * Takes a mapping out on the broker's own behalf, without a command: its bytes are kept, as with an unmap.
   * Not while the effects of a barrier are under way.
   * @returns false when that resource is not mapped
   */
  unmapOnBehalf(resource: number): boolean {
    const blob = this.#books.blobs.get(resource);
    if (blob === undefined || blob.state !== 'mapped') {
      return false;
    }
    this.#books.undo = null;
    enterUnmap(this.#books, blob);
    return true;
  }

  /**
   * Undoes a map that was entered and that nobody was told of, because the VMM did not do its part: a blob that had bytes is unmapped and keeps
   * them, one that had none has none, and does not keep the place. Not while the effects of a barrier are under way.
   * @returns false when that resource is not mapped
   */
  undoMap(resource: number): boolean {
    const blob = this.#books.blobs.get(resource);
    if (blob === undefined || blob.state !== 'mapped') {
      return false;
    }
    if (!blob.fresh) {
      return this.unmapOnBehalf(resource);
    }
    this.#books.undo = null;
    leaveWindow(this.#books, blob);
    return true;
  }

  /** A copy of all that the VM is. Not while effects of its commands are under way, or a map may still be abandoned. */
  snapshot(): VmSnapshot {
    return snapshotOf(this.#books);
  }

  /** A copy of one blob, null when there is none of that id. */
  snapshotOf(resource: number): BlobSnapshot | null {
    const blob = this.#books.blobs.get(resource);
    return blob === undefined ? null : snapshotOfBlob(blob);
  }

  /** Makes an empty VM what a snapshot says: use Host.restore. @throws Error when it contradicts itself or the settings */
  restore(snapshot: VmSnapshot): void {
    restoreBooks(this.#books, snapshot);
  }

  /** Counts a command that changed nothing: its answer was given again, or, with a reason, it was refused. */
  countIdle(operation: Operation, reason: RefusalReason | null): void {
    if (reason === null) this.counters.operations[operation].repeated += 1;
    else this.counters.refused(operation, reason);
  }

  /** More of a snapshot, which may be too much for one piece: those behind the blobs that are here. @throws as restore */
  restoreBlobs(blobs: readonly BlobSnapshot[]): void {
    for (const saved of blobs) {
      restoreBlob(this.#books, saved);
    }
  }

  /**
   * Does again what the next command did when it was executed for the first time, and went well. Limits of quota, heap and
   * host are not asked: other VMs may stand elsewhere now.
   * @param memory of a create: the heap's name and, for memory of its own, what it gave then
   * @param within what the VM may use at most all the same, where that was agreed with whoever decided: a grant
   * @returns the effects, which were carried out then
   * @throws Error when the books cannot hold it: then whoever wrote that down is wrong, and nothing is changed
   */
  redo(command: Command, memory: CreatedMemory | null = null, within: Limits = NO_LIMITS): readonly Effect[] {
    return redo(this.#books, command, memory, within);
  }

  /** As redo, for a command that was refused. `resource` is 0 for a reset. */
  redoRefusal(kind: Operation, number: number, resource: number, refusal: Refusal): void {
    redoRefusal(this.#books, kind, number, resource, refusal);
  }

  /** Does again what the stash effect of a map did, which was complete before the map was: a parked blob has left the window. @throws as redo */
  redoStash(resource: number): void {
    redoStash(this.#books, resource);
  }

  /**
   * Ends the VM: gives back everything it was charged. What is left to do are stashes to drop and allocations to
   * release; the memory of its window ends with the window. The VM cannot be used afterwards.
   */
  close(): readonly Effect[] {
    const effects = effectsOfEnd(this.#books.blobs.values());
    for (const allocation of this.unusedMemory) {
      leaveMemory(this.#books, allocation);
      effects.push({ kind: 'release', allocation });
    }
    enterEnd(this.#books);
    this.#books.closed = true;
    return effects;
  }
}
