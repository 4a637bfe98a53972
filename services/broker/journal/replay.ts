// Reads a journal and makes the VMs again that were there when it ended, with all that they had. It touches no memory: whether that is there
// is recovery.ts's question.

import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Host } from '../../lib/domain/host.ts';
import { MAX_UNACKNOWLEDGED } from '../../lib/domain/replies.ts';
import type { Vm } from '../../lib/domain/vm.ts';
import type { VmSettings } from '../../lib/domain/vm-settings.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { HEADER_BYTES } from '../../lib/journal/header.ts';
import { JournalError } from '../../lib/journal/journal-error.ts';
import { RECORD_HEAD_BYTES } from '../../lib/journal/record.ts';
import { accountsIn, type Told } from '../told.ts';
import { decodeEntry, memoryKey } from './decode.ts';
import type {
  BlobInodes,
  Executed,
  HeapRecord,
  JournalEntry,
  KeptState,
  ToldPiece,
  VmImage,
  VmRecord,
} from './record.ts';

export type ReplayedVm = {
  readonly record: VmRecord;
  /** Null when it cannot go on; `problem` says why. */
  readonly vm: Vm | null;
  readonly problem: string | null;
  readonly state: KeptState;
  /** Of an orphaned VM: milliseconds since 1970. */
  readonly graceEnds: number;
  /** Of a suspended VM: why. */
  readonly suspension: string;
  /** Of a VM whose frontend decides. */
  readonly accountsVersion: number;
} & BlobInodes;

export type Replay = {
  readonly brokerVersion: string;
  /** With the highest numbers that were ever given. */
  readonly heaps: readonly HeapRecord[];
  /** In the order of their slots. */
  readonly vms: readonly ReplayedVm[];
  /** The highest slot that was ever used. */
  readonly lastSlot: number;
};

/** Where the VMs are made again. */
export type ReplayTarget = {
  readonly host: Host;
  /** Of a VM as it is configured now; in words what is wrong when it cannot go on as it was. */
  readonly settingsOf: (record: VmRecord) => VmSettings | string;
  /** What is wrong with a heap, when what came from it cannot be taken over; otherwise null. */
  readonly heapProblem: (heap: HeapRecord) => string | null;
};

/**
 * Makes the VMs of a journal again, in the books of `target`. `path` is for messages. What is wrong with one VM costs that VM alone.
 * Throws JournalError DAMAGED; then the books are worth nothing.
 */
export function replayJournal(path: string, payloads: readonly Uint8Array[], target: ReplayTarget): Replay {
  const replayer = new Replayer(target);
  let offset = HEADER_BYTES;
  for (const payload of payloads) {
    replayer.take(entryOf({ path, offset, payload }, replayer.heaps));
    offset += RECORD_HEAD_BYTES + payload.length;
  }
  if (!replayer.complete) {
    throw damaged(path, offset, 'it ends before all the VMs that were there at its beginning');
  }
  return {
    brokerVersion: replayer.brokerVersion,
    heaps: replayer.heapsNow(),
    vms: replayer.vms(),
    lastSlot: replayer.lastSlot,
  };
}

type At = { readonly path: string; readonly offset: number; readonly payload: Uint8Array };

function entryOf({ path, offset, payload }: At, heaps: readonly HeapRecord[]): JournalEntry {
  let entry: JournalEntry;
  try {
    entry = decodeEntry(payload, heaps);
  } catch (error) {
    throw damaged(
      path,
      offset,
      `a record of ${payload.length} bytes makes no sense: ${(error as Error).message}`,
    );
  }
  if ((entry.kind === 'start') === (offset === HEADER_BYTES)) return entry;
  throw damaged(path, offset, `a record "${entry.kind}" stands where none may`);
}

function damaged(path: string, offset: number, found: string): JournalError {
  return new JournalError('DAMAGED', offset, `${path} is damaged at byte ${offset}: ${found}`);
}

class Slot {
  readonly record: VmRecord;
  readonly inodes = new Map<string, number>();
  readonly stashes = new Map<number, number>();
  vm: Vm | null = null;
  state: KeptState = 'attached';
  graceEnds = 0;
  suspension = '';
  accountsVersion = 0;
  /** The first pieces of a version that is not whole. */
  readonly pieces: ToldPiece[] = [];
  problem: string | null = null;

  constructor(record: VmRecord) {
    this.record = record;
  }
}

class Replayer {
  brokerVersion = '';
  heaps: readonly HeapRecord[] = [];
  complete = false;
  lastSlot = 0;
  readonly #target: ReplayTarget;
  readonly #slots = new Map<number, Slot>();
  readonly #lastIds = new Map<string, number>();
  readonly #heapProblems = new Map<string, string>();

  constructor(target: ReplayTarget) {
    this.#target = target;
  }

  take(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'start':
        this.#start(entry);
        return;
      case 'vm':
        this.#restore(entry.image);
        return;
      case 'complete':
        this.complete = true;
        return;
      case 'attach':
        this.#open(entry.vm);
        return;
      case 'reclaim':
        this.#close(this.#slots.get(entry.slot));
        return;
      default:
        this.#change(entry);
    }
  }

  heapsNow(): HeapRecord[] {
    return this.heaps.map((heap) => ({
      ...heap,
      lastId: Math.max(heap.lastId, this.#lastIds.get(heap.name) ?? 0),
    }));
  }

  vms(): ReplayedVm[] {
    return [...this.#slots.values()].map((slot) => ({
      record: slot.record,
      vm: slot.vm,
      problem: slot.problem,
      state: slot.state,
      graceEnds: slot.graceEnds,
      suspension: slot.suspension,
      accountsVersion: slot.accountsVersion,
      inodeOf: (allocation: Allocation) => slot.inodes.get(memoryKey(allocation)) ?? 0,
      stashInode: (resource: number) => slot.stashes.get(resource) ?? 0,
    }));
  }

  #start({ brokerVersion, heaps }: JournalEntry & { kind: 'start' }): void {
    this.brokerVersion = brokerVersion;
    this.heaps = heaps;
    for (const heap of heaps) {
      const problem = this.#target.heapProblem(heap);
      if (problem !== null) this.#heapProblems.set(heap.name, problem);
    }
  }

  #open(record: VmRecord): Slot {
    // A VM that was given up without a word, before this one of the same name came, is gone.
    for (const other of this.#slots.values()) if (other.record.name === record.name) this.#close(other);
    const slot = new Slot(record);
    this.#slots.set(record.slot, slot);
    this.lastSlot = Math.max(this.lastSlot, record.slot);
    const settings = this.#target.settingsOf(record);
    if (typeof settings === 'string') slot.problem = settings;
    else slot.vm = this.#target.host.attach(settings, record.decides);
    return slot;
  }

  #close(slot: Slot | undefined): void {
    if (slot === undefined) return;
    this.#slots.delete(slot.record.slot);
    if (slot.vm !== null) this.#target.host.detach(slot.record.name);
  }

  #restore(image: VmImage): void {
    const slot = this.#open(image.vm);
    slot.state = image.state;
    slot.graceEnds = image.graceEnds;
    slot.suspension = image.suspension;
    slot.accountsVersion = image.accountsVersion;
    this.#guard(slot, (vm) => {
      this.#checkHeaps(image.snapshot.blobs);
      if (image.grant !== null) this.#target.host.setGrant(vm.name, image.grant);
      vm.restore(image.snapshot);
      noteInodes(slot, image.snapshot.blobs, image);
    });
  }

  #change(
    entry: JournalEntry & {
      kind: 'blobs' | 'state' | 'batch' | 'counts' | 'accounts' | 'memory' | 'grant' | 'stash';
    },
  ): void {
    if (entry.kind === 'batch') this.#noteIds(allocationsOf(entry.executed));
    if (entry.kind === 'memory') this.#noteIds(entry.made.map(({ allocation }) => allocation));
    const slot = this.#slots.get(entry.slot);
    // Of a VM that was given up: its end is written down before the last of its commands has been.
    if (slot === undefined) return;
    this.#guard(slot, (vm) => {
      switch (entry.kind) {
        case 'blobs':
          this.#checkHeaps(entry.blobs);
          vm.restoreBlobs(entry.blobs);
          noteInodes(slot, entry.blobs, entry);
          return;
        case 'state':
          slot.state = entry.state;
          slot.graceEnds = entry.graceEnds;
          slot.suspension = entry.suspension;
          return;
        case 'accounts':
          this.#follow(slot, vm, entry.told);
          return;
        case 'memory':
          this.#keepMemory(slot, vm, entry);
          return;
        case 'grant':
          this.#target.host.setGrant(vm.name, entry.grant);
          return;
        case 'counts':
          for (const { operation, reason } of entry.idle) vm.countIdle(operation, reason);
          return;
        case 'stash':
          vm.redoStash(entry.resource);
          slot.stashes.set(entry.resource, entry.inode);
          return;
        case 'batch':
          this.#redoBatch(slot, vm, entry);
      }
    });
  }

  /** Enters a version when its last piece is there: before that nobody was told that it is. */
  #follow(slot: Slot, vm: Vm, told: ToldPiece): void {
    if (told.piece === 0) slot.pieces.length = 0;
    slot.pieces.push(told);
    if (!told.isLast) return;
    const pieces = slot.pieces.splice(0);
    const whole: Told = { ...told, blobs: pieces.flatMap(({ blobs }) => blobs) };
    if (pieces.length !== told.piece + 1)
      throw new Error(`pieces of its accounts ${told.version} are missing`);
    this.#checkHeaps(whole.blobs);
    for (const one of this.#target.host.follow(vm.name, accountsIn(whole, vm))) {
      if (one.kind === 'released') slot.inodes.delete(memoryKey(one.allocation));
    }
    slot.accountsVersion = whole.version;
  }

  #keepMemory(slot: Slot, vm: Vm, { settled, made }: JournalEntry & { kind: 'memory' }): void {
    vm.settleMemory(settled);
    for (const { allocation, inode } of made) {
      this.#checkHeaps([allocation]);
      vm.keepMemory(allocation);
      slot.inodes.set(memoryKey(allocation), inode);
    }
  }

  #redoBatch(
    slot: Slot,
    vm: Vm,
    { acknowledged, executed, abandoned }: JournalEntry & { kind: 'batch' },
  ): void {
    const acknowledge = (): void => void vm.acknowledge(Math.min(acknowledged, vm.lastNumber));
    acknowledge();
    let undone = 0;
    const undo = (before: number): void => {
      for (; undone < abandoned.length && abandoned[undone]!.after < before; undone += 1) {
        const { number, completed, cause } = abandoned[undone]!;
        vm.abandonMap(number, completed, cause);
      }
    };
    for (const step of executed) {
      undo(vm.lastNumber + 1);
      if (vm.lastNumber - vm.acknowledgedNumber >= MAX_UNACKNOWLEDGED) acknowledge();
      if (step.result === 'refused') {
        vm.redoRefusal(step.operation, step.number, step.resource, step.refusal);
        continue;
      }
      if (step.memory !== null) this.#checkHeaps([step.memory]);
      const allocation = step.memory?.allocation ?? null;
      if (allocation !== null) slot.inodes.set(memoryKey(allocation), step.inode);
      for (const effect of vm.redo(step.command, step.memory)) {
        if (effect.kind === 'release') slot.inodes.delete(memoryKey(effect.allocation));
      }
    }
    undo(Number.POSITIVE_INFINITY);
    acknowledge();
  }

  /** Does something for a VM. When it fails the VM is out of the books. */
  #guard(slot: Slot, work: (vm: Vm) => void): void {
    if (slot.vm === null) return;
    try {
      work(slot.vm);
    } catch (error) {
      const { message } = error as Error;
      slot.problem = error instanceof Unfit ? message : `its journal contradicts itself: ${message}`;
      this.#target.host.detach(slot.record.name);
      slot.vm = null;
    }
  }

  #checkHeaps(memory: Iterable<{ readonly heap: string }>): void {
    if (this.#heapProblems.size === 0) return;
    for (const { heap } of memory) {
      const problem = this.#heapProblems.get(heap);
      if (problem !== undefined) throw new Unfit(problem);
    }
  }

  #noteIds(allocations: readonly Allocation[]): void {
    for (const { heap, id } of allocations) {
      this.#lastIds.set(heap, Math.max(id, this.#lastIds.get(heap) ?? 0));
    }
  }
}

function allocationsOf(executed: readonly Executed[]): readonly Allocation[] {
  return executed.flatMap((step) => (step.result === 'ok' ? (step.memory?.allocation ?? []) : []));
}

/** What the journal says of a VM is right, and cannot be had any more. */
class Unfit extends Error {}

function noteInodes(slot: Slot, blobs: readonly BlobSnapshot[], { inodeOf, stashInode }: BlobInodes): void {
  for (const { resource, allocation, state } of blobs) {
    if (allocation !== null) slot.inodes.set(memoryKey(allocation), inodeOf(allocation));
    else if (state === 'stashed') slot.stashes.set(resource, stashInode(resource));
  }
}
