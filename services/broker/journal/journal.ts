// The journal of a running broker: what is complete is appended to it before anybody is told.
//
//     RUN/journal        one file: the VMs as they stood when it was begun, then every change
//     RUN/journal.next   while a new one is begun: renamed over the old one when all VMs are in it
//
// A new one is begun at every start and whenever the file has grown to twice its beginning: a VM at a time, in slices, and a VM whose books
// are ahead of the journal when it has caught up. Meanwhile changes go to the old file, and for the VMs that the new one has already to it too:
// either file is whole at any moment, and a kill leaves the old one.
//
// Room for what is under way is taken ahead. Without it nothing new is done (isShort): what has to be written all the same is written into what
// was taken, and the journal stays whole.
//
// A journal that cannot be written is worse than none: a successor would trust it. So it is removed, and a new one is tried every second.
import { renameSync, rmSync } from 'node:fs';
import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Command, Reply } from '../../lib/domain/command.ts';
import type { Grant } from '../../lib/domain/grant.ts';
import type { RefusalReason } from '../../lib/domain/refusal.ts';
import type { Vm } from '../../lib/domain/vm.ts';
import { ByteWriter } from '../../lib/journal/bytes.ts';
import { FileJournal, LEAST_SNAPSHOT_BYTES } from '../../lib/journal/file-journal.ts';
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { Told } from '../told.ts';
import {
  type BatchMemory,
  beginBatch,
  encodeAttach,
  encodeComplete,
  encodeCounts,
  encodeGrant,
  encodeMemory,
  encodeReclaim,
  encodeStart,
  encodeStash,
  encodeState,
  encodeStep,
  encodeTold,
  encodeVm,
  finishBatch,
} from './encode.ts';
import {
  type Abandoned,
  type HeapRecord,
  type IdleCommand,
  journalKind,
  type KeptState,
  type VmImage,
  type VmRecord,
} from './record.ts';

/** A slice of a new journal: about 2 ms. */
const BLOBS_PER_SLICE = 2000;
/** Before a new journal takes the place of an earlier broker's, before a VM is asked again whose books are ahead, and before a journal that could not be written is tried again. Milliseconds. */
const RESUME_PAUSE = 1000;
const BUSY_PAUSE = 5;
const FAILURE_PAUSE = 1000;
/** What is certain to have room as long as new commands are done: several batches of the largest kind. Bytes. */
const RESERVE = 512 * 1024;
/** After there was none, before it is looked again, at most. Milliseconds. */
const ROOM_PAUSE = 250;

/** A VM that a journal tells of, as long as it is attached or orphaned. */
export type JournalledVm = {
  readonly slot: number;
  /** Its books are ahead of the journal. */
  readonly busy: boolean;
  /** As it stands; while not busy. */
  image(): VmImage;
};

export type JournalOptions = {
  readonly path: string;
  /** lib/journal/boot-id.ts */
  readonly bootId: Uint8Array;
  readonly brokerVersion: string;
  /** As they stand now. */
  readonly heaps: () => readonly HeapRecord[];
  readonly inodeOf: (allocation: Allocation) => number;
  readonly log: Logger;
  /** Bytes from which on a new journal is begun. Default 4 MiB. */
  readonly firstLimit?: number;
};

/** A journal of an earlier broker, at its end; whoever goes on with it owns the file. */
export type ContinuedJournal = { readonly file: FileJournal; readonly lastSlot: number };

export type JournalFigures = {
  /** Of the file, bytes. */
  readonly size: number;
  /** Since the start, all three. */
  readonly records: number;
  readonly bytes: number;
  readonly errors: number;
  /** Times a new file was begun. */
  readonly snapshots: number;
  /** False: it could not be written, and nothing would survive the broker. */
  readonly isWhole: boolean;
};

type Next = {
  readonly file: FileJournal;
  /** Slots that it has not yet. */
  readonly pending: Set<number>;
};

export class Journal {
  readonly #options: JournalOptions;
  readonly #vms = new Map<number, JournalledVm>();
  readonly #heapIndexes = new Map<string, number>();
  readonly #out = new ByteWriter();
  #file: FileJournal | null = null;
  #next: Next | null = null;
  #limit = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastSlot = 0;
  #records = 0;
  #bytes = 0;
  #errors = 0;
  #snapshots = 0;
  #isShort = false;
  #roomTimer: NodeJS.Timeout | null = null;
  /** A new file could not be begun, which was told. */
  #isFailing = false;
  #closed = false;

  private constructor(options: JournalOptions) {
    this.#options = options;
    for (const [index, heap] of options.heaps().entries()) this.#heapIndexes.set(heap.name, index);
  }

  /**
   * Goes on with the journal of an earlier broker, in which `vms` are what is left; a new one is begun soon. The journal's heaps have to be
   * those of the options, in the same order.
   */
  static resume(
    options: JournalOptions,
    { file, lastSlot }: ContinuedJournal,
    vms: (journal: Journal) => readonly JournalledVm[],
    lostSlots: readonly number[],
  ): Journal {
    const journal = new Journal(options);
    journal.#file = file;
    journal.#lastSlot = lastSlot;
    journal.#limit = Number.POSITIVE_INFINITY;
    for (const slot of lostSlots) journal.#writeReclaim(slot);
    for (const vm of vms(journal)) journal.#vms.set(vm.slot, vm);
    // Frontends come back first.
    journal.#later(RESUME_PAUSE);
    return journal;
  }

  /**
   * Begins a journal with `vms` in it, in place of whatever is at its path: that one counts until this returns.
   * When it cannot be written, it is as if that had happened later.
   */
  static begin(options: JournalOptions, vms: (journal: Journal) => readonly JournalledVm[]): Journal {
    const journal = new Journal(options);
    for (const vm of vms(journal)) journal.#vms.set(vm.slot, vm);
    try {
      journal.#begin();
      journal.#copyVms(Number.MAX_SAFE_INTEGER);
      journal.#finish();
    } catch (error) {
      journal.#giveUpNext();
      journal.#failed(error);
    }
    return journal;
  }

  get figures(): JournalFigures {
    return {
      size: this.#file?.size ?? 0,
      records: this.#records,
      bytes: this.#bytes,
      errors: this.#errors,
      snapshots: this.#snapshots,
      isWhole: this.#file !== null,
    };
  }

  /** Whether so many bytes more are certain to be written. Where there is no journal nothing is, and nothing has to be. */
  reserve(bytes: number): boolean {
    return this.#file?.reserve(bytes) ?? true;
  }

  /** There is no room for what new commands would leave, or no journal at all. Takes room ahead where it can. */
  get isShort(): boolean {
    const isShort = !this.#closed && !(this.#file?.reserve(RESERVE) ?? false);
    if (isShort !== this.#isShort) this.#roomChanged(isShort);
    return isShort;
  }

  /** A slot for a VM that will be attached. */
  newSlot(): number {
    this.#lastSlot += 1;
    return this.#lastSlot;
  }

  attached(record: VmRecord, vm: JournalledVm): void {
    this.#vms.set(vm.slot, vm);
    this.#begun();
    encodeAttach(this.#out, record);
    this.#append(vm.slot);
  }

  /** `suspension`: why, of a suspended VM. */
  stateChanged(slot: number, state: KeptState, graceEnds: number, suspension = ''): void {
    this.#begun();
    encodeState(this.#out, slot, state, graceEnds, suspension);
    this.#append(slot);
  }

  /** Nothing of the VM will be asked for any more, from here on. */
  reclaimed(slot: number): void {
    if (!this.#vms.delete(slot)) return;
    this.#writeReclaim(slot);
    this.#next?.pending.delete(slot);
  }

  #writeReclaim(slot: number): void {
    this.#begun();
    encodeReclaim(this.#out, slot);
    this.#append(slot);
  }

  /** What writes down the commands of a VM. `heapOf`: the heap of a blob_id, by the VM's settings. */
  commandsOf(slot: number, vm: Vm, heapOf: (blobId: number | bigint) => string): CommandLog {
    const memory: BatchMemory = {
      heapIndex: (blobId) => this.#heapIndex(heapOf(blobId)),
      inodeOf: this.#options.inodeOf,
    };
    return new CommandLog(vm, {
      slot,
      memory,
      heapIndex: (name) => this.#heapIndex(name),
      begun: () => this.#begun(),
      append: () => this.#append(slot),
      isShort: () => this.isShort,
      reserve: (bytes) => this.reserve(bytes),
    });
  }

  /** Stops writing; the file stays. Later calls do nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#roomTimer !== null) clearInterval(this.#roomTimer);
    this.#giveUpNext();
    this.#file?.close();
    this.#file = null;
  }

  get #nextPath(): string {
    return `${this.#options.path}.next`;
  }

  #heapIndex(name: string): number {
    const index = this.#heapIndexes.get(name);
    if (index === undefined) throw new Error(`heap ${name} is none of the journal's`);
    return index;
  }

  #begun(): ByteWriter {
    this.#out.restart();
    return this.#out;
  }

  /** Appends what was encoded, which is about the VM in `slot`. */
  #append(slot: number): void {
    if (this.#closed) return;
    const { bytes } = this.#out;
    if (this.#file !== null) {
      try {
        this.#file.append([bytes]);
        this.#records += 1;
        this.#bytes += bytes.length;
      } catch (error) {
        this.#failed(error);
      }
    }
    const next = this.#next;
    if (next !== null && !next.pending.has(slot)) {
      try {
        next.file.append([bytes]);
      } catch (error) {
        this.#nextFailed(error);
      }
    }
    if (this.#next === null && this.#timer === null && this.#file !== null && this.#file.size > this.#limit) {
      this.#later(0);
    }
  }

  #roomChanged(isShort: boolean): void {
    this.#isShort = isShort;
    const { path, log } = this.#options;
    if (this.#roomTimer !== null) clearInterval(this.#roomTimer);
    this.#roomTimer = null;
    if (!isShort) {
      log.info({ path }, 'the journal has room again: new commands are done');
      return;
    }
    this.#roomTimer = setInterval(() => void this.isShort, ROOM_PAUSE).unref();
    log.error(
      { path, reserve: RESERVE },
      'the journal has no room: VMs keep what they have, and new commands are refused with OUT_OF_MEMORY until there is some; free space where it lies',
    );
    // What is out of date in it is all that this process can give back.
    if (this.#next === null && this.#timer === null) this.#later(0);
  }

  #failed(error: unknown): void {
    this.#errors += 1;
    this.#file?.close();
    this.#file = null;
    rmSync(this.#options.path, { force: true });
    this.#options.log.error(
      { err: error, path: this.#options.path },
      'the journal cannot be written and was removed: until a new one is complete, VMs would not survive the end of the broker',
    );
    if (this.#next === null) this.#later(FAILURE_PAUSE);
  }

  #nextFailed(error: unknown): void {
    this.#errors += 1;
    const level = this.#isFailing ? 'debug' : 'error';
    this.#isFailing = true;
    this.#options.log[level]({ err: error, path: this.#nextPath }, 'a new journal cannot be written');
    this.#giveUpNext();
    this.#later(FAILURE_PAUSE);
  }

  #giveUpNext(): void {
    if (this.#next === null) return;
    this.#next.file.close();
    this.#next = null;
    rmSync(this.#nextPath, { force: true });
  }

  #later(pause: number): void {
    if (this.#closed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, pause);
    this.#timer.unref();
  }

  #work(): void {
    try {
      if (this.#next === null) this.#begin();
      const isBusy = this.#copyVms(BLOBS_PER_SLICE);
      if (this.#next?.pending.size === 0) this.#finish();
      else this.#later(isBusy ? BUSY_PAUSE : 0);
    } catch (error) {
      this.#nextFailed(error);
    }
  }

  #begin(): void {
    const { bootId, brokerVersion, heaps } = this.#options;
    const file = FileJournal.create(this.#nextPath, journalKind(bootId));
    this.#next = { file, pending: new Set(this.#vms.keys()) };
    this.#begun();
    encodeStart(this.#out, brokerVersion, heaps());
    file.append([this.#out.bytes]);
    faultPoint('broker.journal-begun');
  }

  /** True when nothing could be copied, because all that are missing are busy. */
  #copyVms(mostBlobs: number): boolean {
    const { file, pending } = this.#next!;
    let blobs = 0;
    let isBusy = true;
    for (const slot of pending) {
      const vm = this.#vms.get(slot);
      if (vm?.busy) continue;
      isBusy = false;
      pending.delete(slot);
      if (vm === undefined) continue;
      const image = vm.image();
      this.#begun();
      encodeVm(
        this.#out,
        image,
        (name) => this.#heapIndex(name),
        () => file.append([this.#out.bytes]),
      );
      faultPoint('broker.journal-vm-copied');
      blobs += image.snapshot.blobs.length + image.snapshot.replies.length + 10;
      if (blobs >= mostBlobs) break;
    }
    return isBusy;
  }

  #finish(): void {
    const { file } = this.#next!;
    this.#begun();
    encodeComplete(this.#out);
    file.append([this.#out.bytes]);
    faultPoint('broker.journal-complete');
    renameSync(this.#nextPath, this.#options.path);
    faultPoint('broker.journal-renamed');
    if (this.#file === null && this.#errors > 0) {
      this.#options.log.info({ path: this.#options.path }, 'the journal is whole again');
    }
    this.#file?.close();
    this.#file = file;
    this.#next = null;
    this.#isFailing = false;
    this.#snapshots += 1;
    this.#limit = Math.max(this.#options.firstLimit ?? LEAST_SNAPSHOT_BYTES, 2 * file.size);
  }
}

/** Why a command has no turn (domain/replies.ts). */
const WITHOUT_TURN: ReadonlySet<RefusalReason> = new Set([
  'NUMBER_GAP',
  'NUMBER_FORGOTTEN',
  'UNACKNOWLEDGED_LIMIT',
]);

/** Of what a frontend tells, by encode.ts: what there is once, all counts of a VM, and each blob. Bytes. */
const MOST_TOLD_BYTES = 4096;
const MOST_BLOB_BYTES = 128;

type CommandLogPort = {
  readonly slot: number;
  readonly memory: BatchMemory;
  readonly heapIndex: (name: string) => number;
  readonly begun: () => ByteWriter;
  readonly append: () => void;
  readonly isShort: () => boolean;
  readonly reserve: (bytes: number) => boolean;
};

/** Writes down what one VM executes, or what it tells. */
export class CommandLog {
  readonly #vm: Vm;
  readonly #port: CommandLogPort;
  /** The last number that is in the journal. */
  #last: number;

  constructor(vm: Vm, port: CommandLogPort) {
    this.#vm = vm;
    this.#port = port;
    this.#last = vm.lastNumber;
  }

  /** See Journal. */
  get isShort(): boolean {
    return this.#port.isShort();
  }

  /** Whether it is certain that this can be written down. */
  hasRoomFor({ blobs, destroyed }: Told): boolean {
    const { length } = blobs;
    return this.#port.reserve(MOST_TOLD_BYTES + length * MOST_BLOB_BYTES + destroyed.length * 4);
  }

  /**
   * Commands [from, to) of a batch are complete. `notExecuted`: indices of those that only repeated an answer, or had no turn.
   * `abandoned`: of all of them, in order. One record, one system call.
   */
  executed(
    commands: readonly Command[],
    replies: readonly Reply[],
    from: number,
    to: number,
    notExecuted: ReadonlySet<number> | null,
    abandoned: readonly Abandoned[],
  ): void {
    if (notExecuted !== null) this.#countIdle(commands, replies, from, to, notExecuted);
    if (notExecuted !== null && !hasExecuted(from, to, notExecuted)) return;
    const { slot, memory, begun, append } = this.#port;
    const out = begun();
    const at = beginBatch(out, slot, this.#vm.acknowledgedNumber, this.#last + 1);
    let count = 0;
    for (let index = from; index < to; index += 1) {
      if (notExecuted?.has(index)) continue;
      const command = commands[index]!;
      const reply = replies[index]!;
      const isOk =
        reply.result === 'ok' ||
        (abandoned.length > 0 && abandoned.some(({ number }) => number === reply.number));
      encodeStep(out, command, reply, isOk, memory);
      count += 1;
    }
    finishBatch(out, at, count, abandoned);
    this.#last += count;
    append();
  }

  #countIdle(
    commands: readonly Command[],
    replies: readonly Reply[],
    from: number,
    to: number,
    notExecuted: ReadonlySet<number>,
  ): void {
    const idle: IdleCommand[] = [];
    for (let index = from; index < to; index += 1) {
      if (!notExecuted.has(index)) continue;
      idle.push({ operation: commands[index]!.kind, reason: reasonWithoutTurn(replies[index]!) });
    }
    if (idle.length === 0) return;
    encodeCounts(this.#port.begun(), this.#port.slot, idle);
    this.#port.append();
  }

  /** What a frontend that decides has told was entered. */
  followed(told: Told): void {
    const { slot, heapIndex, begun, append } = this.#port;
    encodeTold(begun(), slot, told, heapIndex, append);
  }

  /** Memory of their own for blobs that whoever decides is about to make. */
  madeMemory(allocations: readonly Allocation[]): void {
    const { slot, heapIndex, memory, begun, append } = this.#port;
    const made = allocations.map((allocation) => ({ allocation, inode: memory.inodeOf(allocation) }));
    encodeMemory(begun(), slot, this.#vm.settledMemory, made, heapIndex);
    append();
  }

  granted(grant: Grant): void {
    const { slot, heapIndex, begun, append } = this.#port;
    encodeGrant(begun(), slot, grant, heapIndex);
    append();
  }

  /** The bytes of a parked blob are safe in a file of their own. */
  stashed(resource: number, inode: number): void {
    encodeStash(this.#port.begun(), this.#port.slot, resource, inode);
    this.#port.append();
  }
}

/** Null for an answer that was remembered: those are never about the number itself. */
function reasonWithoutTurn(reply: Reply): RefusalReason | null {
  if (reply.result !== 'refused') return null;
  const { reason } = reply.refusal;
  return WITHOUT_TURN.has(reason) ? reason : null;
}

function hasExecuted(from: number, to: number, notExecuted: ReadonlySet<number>): boolean {
  for (let index = from; index < to; index += 1) if (!notExecuted.has(index)) return true;
  return false;
}
