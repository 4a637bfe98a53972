// Reads a journal and says which VMs there were when it ended, with all that they had. It touches no memory and no configuration: what of
// it can be taken over is recovery.ts's question.
import { HEADER_BYTES } from '../../lib/journal/header.ts';
import { JournalError } from '../../lib/journal/journal-error.ts';
import { RECORD_HEAD_BYTES } from '../../lib/journal/record.ts';
import type { Allocation } from '../domain/allocation.ts';
import { Host } from '../domain/host.ts';
import { UNLIMITED } from '../domain/quota.ts';
import { MAX_UNACKNOWLEDGED } from '../domain/replies.ts';
import type { Vm } from '../domain/vm.ts';
import type { BlobSnapshot } from '../domain/vm-snapshot.ts';
import { decodeEntry, memoryKey } from './decode.ts';
import type {
  BlobInodes,
  Executed,
  HeapRecord,
  JournalEntry,
  KeptState,
  VmImage,
  VmRecord,
} from './record.ts';

const LIMITS = { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED };

export type ReplayedVm = {
  readonly record: VmRecord;
  /** Null: what is written about it contradicts itself; `problem` says how. */
  readonly image: VmImage | null;
  readonly problem: string | null;
};

export type Replay = {
  readonly brokerVersion: string;
  /** With the highest numbers that were ever given. */
  readonly heaps: readonly HeapRecord[];
  /** In the order of their slots. */
  readonly vms: readonly ReplayedVm[];
};

/** `path` is for messages. Throws JournalError DAMAGED. A contradiction in what is written about one VM costs that VM alone. */
export function replayJournal(path: string, payloads: readonly Uint8Array[]): Replay {
  const replayer = new Replayer();
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
  readonly vm: Vm;
  readonly inodes = new Map<string, number>();
  readonly stashes = new Map<number, number>();
  state: KeptState = 'attached';
  graceEnds = 0;
  problem: string | null = null;

  constructor(record: VmRecord, vm: Vm) {
    this.record = record;
    this.vm = vm;
  }
}

class Replayer {
  brokerVersion = '';
  heaps: readonly HeapRecord[] = [];
  complete = false;
  #host = new Host({ limits: LIMITS, heaps: [] }, { allocate: () => null });
  readonly #slots = new Map<number, Slot>();
  readonly #lastIds = new Map<string, number>();

  take(entry: JournalEntry): void {
    switch (entry.kind) {
      case 'start':
        this.brokerVersion = entry.brokerVersion;
        this.heaps = entry.heaps;
        this.#host = new Host({ limits: LIMITS, heaps: entry.heaps }, { allocate: () => null });
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
        this.#host.detach(this.#slots.get(entry.slot)?.record.name ?? '');
        this.#slots.delete(entry.slot);
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
    return [...this.#slots.values()].map((slot) => {
      const { record, problem, state, graceEnds, vm, inodes, stashes } = slot;
      if (problem !== null) return { record, image: null, problem };
      const image: VmImage = {
        vm: record,
        state,
        graceEnds,
        snapshot: vm.snapshot(),
        inodeOf: (allocation: Allocation) => inodes.get(memoryKey(allocation)) ?? 0,
        stashInode: (resource: number) => stashes.get(resource) ?? 0,
      };
      return { record, image, problem };
    });
  }

  #open(record: VmRecord): Slot {
    const { slot, name, windowSize, placement } = record;
    // A VM that was given up without a word, before this one of the same name came, is gone.
    if (this.#host.detach(name) !== null) {
      for (const other of this.#slots.values())
        if (other.record.name === name) this.#slots.delete(other.record.slot);
    }
    const vm = this.#host.attach({
      name,
      windowSize,
      placement,
      defaultHeap: this.heaps[0]?.name ?? '',
      blobHeaps: new Map(),
      quota: LIMITS,
      populate: false,
    });
    const opened = new Slot(record, vm);
    this.#slots.set(slot, opened);
    return opened;
  }

  #restore(image: VmImage): void {
    const slot = this.#open(image.vm);
    slot.state = image.state;
    slot.graceEnds = image.graceEnds;
    guard(slot, () => {
      slot.vm.restore(image.snapshot);
      noteInodes(slot, image.snapshot.blobs, image);
    });
  }

  #noteIds(executed: readonly Executed[]): void {
    for (const step of executed) {
      const allocation = step.result === 'ok' ? (step.memory?.allocation ?? null) : null;
      if (allocation === null) continue;
      this.#lastIds.set(allocation.heap, Math.max(allocation.id, this.#lastIds.get(allocation.heap) ?? 0));
    }
  }

  #change(entry: JournalEntry & { kind: 'blobs' | 'state' | 'batch' | 'stash' }): void {
    if (entry.kind === 'batch') this.#noteIds(entry.executed);
    const slot = this.#slots.get(entry.slot);
    // Of a VM that was given up: its end is written down before the last of its commands has been.
    if (slot === undefined || slot.problem !== null) return;
    guard(slot, () => {
      switch (entry.kind) {
        case 'blobs':
          slot.vm.restoreBlobs(entry.blobs);
          noteInodes(slot, entry.blobs, entry);
          return;
        case 'state':
          slot.state = entry.state;
          slot.graceEnds = entry.graceEnds;
          return;
        case 'stash':
          slot.vm.redoStash(entry.resource);
          slot.stashes.set(entry.resource, entry.inode);
          return;
        case 'batch':
          redoBatch(slot, entry);
      }
    });
  }
}

function guard(slot: Slot, work: () => void): void {
  try {
    work();
  } catch (error) {
    slot.problem = `its journal contradicts itself: ${(error as Error).message}`;
  }
}

function noteInodes(slot: Slot, blobs: readonly BlobSnapshot[], { inodeOf, stashInode }: BlobInodes): void {
  for (const { resource, allocation, state } of blobs) {
    if (allocation !== null) slot.inodes.set(memoryKey(allocation), inodeOf(allocation));
    else if (state === 'stashed') slot.stashes.set(resource, stashInode(resource));
  }
}

function redoBatch(
  slot: Slot,
  { acknowledged, executed, abandoned }: JournalEntry & { kind: 'batch' },
): void {
  const { vm, inodes } = slot;
  const acknowledge = (): void => void vm.acknowledge(Math.min(acknowledged, vm.lastNumber));
  acknowledge();
  for (const step of executed) {
    if (vm.lastNumber - vm.acknowledgedNumber >= MAX_UNACKNOWLEDGED) acknowledge();
    if (step.result === 'refused') {
      vm.redoRefusal(step.operation, step.number, step.resource, step.refusal);
      continue;
    }
    const allocation = step.memory?.allocation ?? null;
    if (allocation !== null) inodes.set(memoryKey(allocation), step.inode);
    for (const effect of vm.redo(step.command, step.memory)) {
      if (effect.kind === 'release') inodes.delete(memoryKey(effect.allocation));
    }
  }
  for (const { number, completed, cause } of abandoned) vm.abandonMap(number, completed, cause);
  acknowledge();
}
