// Decides for the VM: what the guest asks of its blobs is answered by the accounts that this process keeps, within what the broker has granted.
// The broker hears of it afterwards (accounts-teller.ts).
//
//   decide()         at once: the answer is there, and memory is as it says. Null when something has to come first; nothing has changed then
//   decideSlowly()   the same, after waiting: for a larger grant, for the window to be erased, for memory that takes more than a moment, for memory
//                    of its own that the broker has to make (blob-memories.ts)
//
// Nothing is asked while something slow is under way: the control queue answers in order, and waits.
//
// What was decided counts when its record is in the journal, together with the answers to the guest: takeChanges(). Effects on memory come
// before that and are harmless if the command never happened: a range that is mapped anew is zeroed first, a range that is freed has bytes of
// a blob that ends again. Only what moves bytes is written down by itself, blob by blob: copied, recorded, freed.
import type { HeapPort, TakenMemory } from '../../lib/domain/allocation.ts';
import type { Command, CreateCommand } from '../../lib/domain/command.ts';
import { COUNTER_KEYS } from '../../lib/domain/counters.ts';
import type { Decision } from '../../lib/domain/decision.ts';
import type { Effect } from '../../lib/domain/effect.ts';
import { GrantedBooks } from '../../lib/domain/grant.ts';
import { UNLIMITED } from '../../lib/domain/quota.ts';
import type { Refusal, RefusalReason } from '../../lib/domain/refusal.ts';
import { type Touched, UNTOUCHED } from '../../lib/domain/touched.ts';
import { Vm } from '../../lib/domain/vm.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import { MAP_CACHE } from '../../lib/wire/virtio-gpu.ts';
import { type Operation, type RefusedResult, type Result, type Rules, SESSION_LOST } from '../operation.ts';
import type { Change } from '../state/changes.ts';
import type { PastAccounts } from '../state/device-journal.ts';
import type { BlobMemories, BlobMemory } from './blob-memories.ts';
import { MOST_INLINE_BYTES, type OwnMemory } from './own-memory.ts';

export type DeciderOptions = {
  readonly name: string;
  /** Bytes. */
  readonly windowSize: number;
  readonly rules: Rules;
  /** The window's memory, and where bytes are put that have to leave it. Closed by close(). */
  readonly memory: OwnMemory;
  /** What does not fit a window has memory of its own: null where the VM has nothing else than its window. Not closed here. */
  readonly memories: Pick<BlobMemories, 'of' | 'ask' | 'want' | 'ready' | 'release' | 'reset'> | null;
  /** What a predecessor had. */
  readonly past: PastAccounts | null;
  /** See GrantHolder. */
  readonly makeRoom: (needed: Needed, since: number) => Promise<Result | null>;
  /** Ends that wait. */
  readonly withdraw: () => void;
  /** Counts from here on: a blob's bytes are safe outside of the window, and will go from their place in it next; or memory is about to be asked for. */
  readonly record: (change: Change) => void;
  /** What was touched, for whoever is told; it is recorded. */
  readonly onTouched: (touched: Touched) => void;
};

/** What one command more would have in use. */
export type Needed = {
  readonly heap: string | null;
  readonly bytes: number;
  readonly mappings: number;
  readonly allocations: number;
};

export class Decider {
  readonly vm: Vm;
  readonly books: GrantedBooks;
  readonly #options: DeciderOptions;
  readonly #memory: OwnMemory;
  /** Counters as they were recorded last, in the order of COUNTER_KEYS. */
  #recorded = new Float64Array(COUNTER_KEYS.length);
  #counts = new Float64Array(COUNTER_KEYS.length);
  #recordedGeneration = 1;
  /** The window is being erased. */
  #erasing: Promise<void> | null = null;
  /** What is done slowly at the moment. Never rejects. */
  #slow: Promise<unknown> | null = null;
  /** Counts resets: what was begun before one comes to nothing. */
  #epoch = 0;
  /** What was decided last is recorded. */
  #isSettled = true;
  /** Of the last takeChanges(), until it is recorded. */
  #toTell: Touched | null = null;
  readonly #port = new OfferedMemory();
  /** The last that memory was asked for under. */
  #memoryNumber = 0;
  /** Blobs whose bytes are back in the window, until that is recorded. */
  #unneeded: number[] = [];

  /** Throws Error when what a predecessor left contradicts itself. */
  constructor(options: DeciderOptions) {
    this.#options = options;
    this.#memory = options.memory;
    const { name, windowSize, rules, past } = options;
    this.books = new GrantedBooks(
      rules.heaps.map((heap) => ({ ...heap, capacity: UNLIMITED })),
      null,
    );
    if (past) this.books.set(past.grant);
    const { quota, defaultHeap, blobHeaps, populate } = rules;
    const settings = {
      name,
      windowSize,
      memory: options.memories === null ? 'window' : 'mixed',
      defaultHeap,
      blobHeaps,
      quota,
      populate,
    } as const;
    this.vm = new Vm(settings, { ...this.books, port: this.#port });
    this.vm.collectTouched();
    if (past) this.#restore(past);
  }

  /** Memory is being worked on off the event loop, or about to be. */
  get isBusy(): boolean {
    return this.#slow !== null || this.#erasing !== null;
  }

  /** The accounts are what is recorded: nobody else may be told of others. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  decide(operation: Operation): Result | null {
    if (this.#erasing !== null) return null;
    const decision = this.#tryDecide(commandOf(operation));
    if (decision === null) return null;
    const { effects, barrier, reply } = decision.outcome;
    if (barrier || inlineBytes(effects) > MOST_INLINE_BYTES) return null;
    if (reply.result === 'refused' && isShort(reply.refusal)) return null;
    this.#enter(decision);
    const failed = this.#carryOutInline(effects);
    const result = failed === null ? resultOf(decision) : this.#abandon(failed, 1);
    this.#forgetAnswer();
    return result;
  }

  /**
   * One at a time. Rejects for faults of this program. What a reset ends resolves with SESSION_LOST, and nobody waits for it. `since`:
   * performance.now() from which the guest waits.
   */
  async decideSlowly(operation: Operation, since: number): Promise<Result> {
    const epoch = this.#epoch;
    while (this.#erasing !== null) await this.#erasing;
    if (epoch !== this.#epoch) return SESSION_LOST;
    const work = this.#decideSlowly(commandOf(operation), epoch, since);
    const slow = work.catch(() => undefined);
    this.#slow = slow;
    try {
      return await work;
    } finally {
      if (this.#slow === slow) this.#slow = null;
    }
  }

  /** The VMM did not do its part of a map that was decided: the blob is what it was before, but for the place of bytes that had to move. */
  undoMap(resource: number): void {
    this.#isSettled = false;
    this.vm.undoMap(resource);
  }

  /** The device was reset: every blob ends. What is decided from here on waits until the window is erased. */
  reset(): void {
    this.#enter(this.vm.decide({ kind: 'reset', number: 0 }));
    this.#forgetAnswer();
    this.#unneeded = [];
    this.#options.memories?.reset();
    this.#memory.forgetStashes();
    this.#epoch += 1;
    this.#options.withdraw();
    // What is under way may still write into the window.
    const before = Promise.all([this.#slow, this.#erasing]);
    const done = before
      .then(() => this.#memory.erase())
      .catch(() => undefined)
      .then(() => {
        if (this.#erasing === done) this.#erasing = null;
      });
    this.#erasing = done;
  }

  /** Nothing is decided any more: what is under way comes to nothing. */
  close(): void {
    this.#epoch += 1;
    this.#memory.close();
  }

  /** What the VMM is to map for a blob that has memory of its own; null for one that lies in the window, and while it is not here. */
  memoryOf(resource: number): BlobMemory | null {
    const allocation = this.vm.blob(resource)?.allocation ?? null;
    return allocation && (this.#options.memories?.of(allocation.number) ?? null);
  }

  /** As memoryOf(), waiting for it; null for a blob that lies in the window, and when there is none in time. Never rejects. */
  async memoryReady(resource: number): Promise<BlobMemory | null> {
    const allocation = this.vm.blob(resource)?.allocation ?? null;
    const memory = allocation && (await this.#options.memories?.ready(allocation.number));
    return memory && 'fd' in memory ? memory : null;
  }

  /** What has changed since the last call, for the journal; recorded() follows. */
  takeChanges(): readonly Change[] {
    const touched = this.vm.takeTouched();
    const changes: Change[] = [];
    if (touched.everything) changes.push({ kind: 'blobs-gone' });
    for (const resource of touched.resources) {
      const blob = this.vm.snapshotOf(resource);
      if (blob !== null) changes.push(this.#changeOf(blob));
      else if (!touched.everything) changes.push({ kind: 'blob-gone', id: resource });
    }
    this.#addFigures(changes);
    if (changes.length > 0) this.#toTell = touched;
    return changes;
  }

  /** What takeChanges() gave is in the journal: from here on it counts. It can be told, and what it made free can go. */
  recorded(): void {
    this.#isSettled = true;
    const touched = this.#toTell;
    this.#toTell = null;
    if (touched !== null) this.#options.onTouched(touched);
    for (const resource of this.#unneeded) this.#memory.dropStash(resource);
    this.#unneeded = [];
  }

  /** All that the accounts are, as changes of empty ones. */
  *snapshot(): Generator<Change> {
    for (const blob of this.vm.snapshot().blobs) yield this.#changeOf(blob);
    yield { kind: 'generation', generation: this.vm.generation };
    if (this.#memoryNumber > 0) yield { kind: 'memory-asked', number: this.#memoryNumber };
    for (const [index, count] of this.#recorded.entries())
      if (count > 0) yield { kind: 'count', index, count };
  }

  #restore({ blobs, generation, memoryNumber, counts }: PastAccounts): void {
    this.vm.restore({
      generation,
      lastNumber: 0,
      acknowledgedNumber: 0,
      replies: [],
      blobs: [...blobs.values()].map(({ blob }) => blob),
      counters: this.vm.counters.figures(),
    });
    this.vm.counters.restoreFlat(counts);
    this.vm.counters.flatten(this.#recorded);
    this.#recordedGeneration = generation;
    this.vm.takeTouched();
    // What the predecessor asked for and has in no blob is nobody's any more.
    this.#memoryNumber = memoryNumber;
    this.vm.settleMemory(memoryNumber);
    for (const { allocation } of this.vm.blobs())
      if (allocation !== null) this.#options.memories?.want(allocation);
    for (const { blob, stash } of blobs.values()) {
      if (blob.state !== 'stashed') continue;
      if (stash === null) throw new Error(`the bytes of blob ${blob.resource} lie nowhere`);
      this.#memory.adoptStash(blob.resource, stash, blob.size);
    }
    this.#memory.dropStrayStashes();
  }

  async #decideSlowly(command: Command, epoch: number, since: number): Promise<Result> {
    const first = this.vm.decide(command);
    const { reply } = first.outcome;
    if (reply.result === 'refused' && isShort(reply.refusal)) {
      const refused = await this.#options.makeRoom(this.#neededBy(command), since);
      if (epoch !== this.#epoch) return SESSION_LOST;
      if (refused !== null) {
        if (refused.kind === 'refused') this.vm.countIdle(command.kind, reply.refusal.reason);
        return refused;
      }
    }
    const { memories } = this.#options;
    const absent = memories === null ? null : await this.#fetchMemory(memories, command, since);
    if (epoch !== this.#epoch) return SESSION_LOST;
    if (absent !== null) return absent;
    // Books and grant are what they were, or more: nobody else changes them.
    const decision = this.vm.decide(command);
    this.#enter(decision);
    try {
      return await this.#carryOutSlowly(decision, epoch);
    } finally {
      this.#forgetAnswer();
    }
  }

  /** Null: it needs memory of its own that is not at hand. */
  #tryDecide(command: Command): Decision | null {
    if (this.#options.memories && command.kind === 'map' && this.#isMissing(command.resource)) return null;
    this.#port.isMissing = false;
    const decision = this.vm.decide(command);
    return this.#port.isMissing ? null : decision;
  }

  #isMissing(resource: number): boolean {
    return (this.vm.blob(resource)?.allocation ?? null) !== null && this.memoryOf(resource) === null;
  }

  /** Waits for memory of its own, where a command needs that. Resolves with what it is answered when there is none. */
  async #fetchMemory(
    memories: NonNullable<DeciderOptions['memories']>,
    command: Command,
    since: number,
  ): Promise<Result | null> {
    if (this.#tryDecide(command) !== null) return null;
    if (command.kind !== 'create') {
      const { allocation = null } = (command.kind === 'map' && this.vm.blob(command.resource)) || {};
      const found = allocation && (await memories.ready(allocation.number));
      return found && 'kind' in found ? found : null;
    }
    const epoch = this.#epoch;
    const memory = await this.#askMemory(memories, command, since);
    if (epoch !== this.#epoch) return SESSION_LOST;
    if ('kind' in memory) {
      if (memory.kind === 'refused') this.vm.countIdle('create', reasonOf(memory));
      return memory;
    }
    const { number, fdOffset } = memory;
    this.#port.offered = { id: number, number, fdOffset };
    return null;
  }

  /** While it is asked for it is charged, so that its room is not given back. Whatever comes of it, its number is settled. */
  async #askMemory(
    memories: Pick<BlobMemories, 'ask'>,
    command: CreateCommand,
    since: number,
  ): Promise<BlobMemory | Result> {
    this.#memoryNumber += 1;
    const wanted = { number: this.#memoryNumber, heap: this.#heapOf(command), size: Number(command.size) };
    this.#options.record({ kind: 'memory-asked', number: wanted.number });
    faultPoint('gpu.memory-asked');
    this.vm.keepMemory({ ...wanted, id: wanted.number, fdOffset: 0 });
    const memory = await memories.ask(wanted, since);
    faultPoint('gpu.memory-given');
    this.vm.settleMemory(wanted.number);
    this.#options.onTouched(UNTOUCHED);
    return memory;
  }

  #enter(decision: Decision): void {
    this.#isSettled = false;
    this.vm.enter(decision);
  }

  #neededBy(command: Command): Needed {
    const { mappings, allocations } = this.books.account.used;
    if (command.kind !== 'create') return { heap: null, bytes: 0, mappings: mappings + 1, allocations };
    const heap = this.#heapOf(command);
    const used = this.books.heaps.get(heap)?.usedBytes ?? 0;
    return { heap, bytes: used + Number(command.size), mappings, allocations: allocations + 1 };
  }

  #heapOf({ blobId }: CreateCommand): string {
    const { defaultHeap, blobHeaps } = this.#options.rules;
    return blobId === 0 ? defaultHeap : (blobHeaps.get(String(blobId)) ?? defaultHeap);
  }

  /** @returns null, or why the pages of the last populate are not there */
  #carryOutInline(effects: readonly Effect[]): string | null {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'zero':
          this.#memory.zeroInline(effect.offset, effect.length);
          break;
        case 'free':
          this.#memory.freeInline(effect.offset, effect.length);
          break;
        case 'populate':
          try {
            this.#memory.populateInline(effect.offset, effect.length);
          } catch (error) {
            return (error as Error).message;
          }
          break;
        case 'drop-stash':
          this.#memory.dropStash(effect.resource);
          break;
        case 'release':
          this.#options.memories?.release(effect.allocation.number);
          break;
        default:
          throw new Error(`a ${effect.kind} is not done in passing`);
      }
    }
    return null;
  }

  async #carryOutSlowly(decision: Decision, epoch: number): Promise<Result> {
    let completed = 0;
    try {
      for (const effect of decision.outcome.effects) {
        await this.#carryOut(effect, epoch);
        if (epoch !== this.#epoch) return SESSION_LOST;
        completed += 1;
      }
      return resultOf(decision);
    } catch (error) {
      if (epoch !== this.#epoch) return SESSION_LOST;
      return this.#abandon((error as Error).message, completed);
    }
  }

  async #carryOut(effect: Effect, epoch: number): Promise<void> {
    const memory = this.#memory;
    switch (effect.kind) {
      case 'zero':
      case 'free':
        await memory.zero(effect.offset, effect.length);
        return;
      case 'populate':
        await memory.populate(effect.offset, effect.length);
        return;
      case 'stash': {
        const { resource, offset, length } = effect;
        const stash = await memory.stash(resource, offset, length);
        if (epoch !== this.#epoch) return;
        faultPoint('gpu.stash-copied');
        const blob = this.vm.snapshotOf(resource);
        // The blob that is being mapped may be the one that moves: it lies in the stash until its map is recorded.
        if (blob !== null)
          this.#options.record({ kind: 'blob', blob: { ...blob, state: 'stashed', offset: 0 }, stash });
        faultPoint('gpu.stash-recorded');
        await memory.zero(offset, length);
        return;
      }
      case 'restore':
        await memory.restore(effect.resource, effect.offset, effect.length);
        if (epoch !== this.#epoch) return;
        this.#unneeded.push(effect.resource);
        faultPoint('gpu.map-restored');
        return;
      case 'drop-stash':
        memory.dropStash(effect.resource);
        return;
      case 'release':
        this.#options.memories?.release(effect.allocation.number);
    }
  }

  /** Undoes the map that was entered last: its memory could not be made ready. */
  #abandon(cause: string, completed: number): Result {
    const outcome = this.vm.abandonMap(this.vm.lastNumber, completed, cause);
    if (outcome === null || outcome.reply.result !== 'refused') throw new Error(cause);
    this.#carryOutInline(outcome.effects);
    const { reason, message } = outcome.reply.refusal;
    return { kind: 'refused', reason, message };
  }

  /** Nobody asks for an answer again: the queue has it, and the journal. */
  #forgetAnswer(): void {
    this.vm.acknowledge(this.vm.lastNumber);
  }

  #changeOf(blob: BlobSnapshot): Change {
    return {
      kind: 'blob',
      blob,
      stash: blob.state === 'stashed' ? this.#memory.stashOffset(blob.resource) : null,
    };
  }

  #addFigures(changes: Change[]): void {
    const { generation } = this.vm;
    if (generation !== this.#recordedGeneration) changes.push({ kind: 'generation', generation });
    this.#recordedGeneration = generation;
    this.vm.counters.flatten(this.#counts);
    for (let index = 0; index < this.#counts.length; index += 1) {
      const count = this.#counts[index] as number;
      if (count !== this.#recorded[index]) changes.push({ kind: 'count', index, count });
    }
    [this.#counts, this.#recorded] = [this.#recorded, this.#counts];
  }
}

/** The memory that a create is decided with: it was asked for before. */
class OfferedMemory implements HeapPort {
  offered: TakenMemory | null = null;
  /** A create needed memory, and none was offered. */
  isMissing = false;

  allocate(): TakenMemory | null {
    const { offered } = this;
    this.offered = null;
    this.isMissing = offered === null;
    return offered;
  }
}

const CACHE = {
  none: MAP_CACHE.NONE,
  cached: MAP_CACHE.CACHED,
  uncached: MAP_CACHE.UNCACHED,
  wc: MAP_CACHE.WC,
} as const;

/** The domain numbers it. */
function commandOf(operation: Operation): Command {
  const number = 0;
  switch (operation.kind) {
    case 'create': {
      const { resourceId: resource, contextId: context, memory: blobMem, flags, blobId, size } = operation;
      return { kind: 'create', number, resource, context, blobMem, flags, blobId, size };
    }
    case 'map':
      return { kind: 'map', number, resource: operation.resourceId, offset: operation.offset };
    case 'unmap':
    case 'destroy':
      return { kind: operation.kind, number, resource: operation.resourceId };
  }
}

function resultOf({ outcome: { reply } }: Decision): Result {
  if (reply.result === 'refused') {
    const { reason, message } = reply.refusal;
    return { kind: 'refused', reason, message };
  }
  if (reply.kind === 'map') {
    return { kind: 'mapped', mapInfo: CACHE[reply.cache], size: reply.size, memory: null };
  }
  const wasMapped = (reply.kind === 'unmap' || reply.kind === 'destroy') && reply.wasMapped;
  return { kind: 'done', wasMapped, generation: reply.kind === 'reset' ? reply.generation : 0 };
}

/** The broker's refusal of memory, by those that a create can have. */
function reasonOf({ reason }: RefusedResult): RefusalReason {
  return reason === 'HEAP_CAPACITY' ? reason : 'OUT_OF_MEMORY';
}

/** The grant is too small for it; more may be had. */
function isShort({ reason }: Refusal): boolean {
  return reason === 'HEAP_CAPACITY' || reason === 'HOST_CAPACITY';
}

function inlineBytes(effects: readonly Effect[]): number {
  let bytes = 0;
  for (const effect of effects) {
    if (effect.kind === 'zero' || effect.kind === 'free' || effect.kind === 'populate')
      bytes += effect.length;
  }
  return bytes;
}
