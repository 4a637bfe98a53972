// What a broker does with what its predecessor left: the journal says what there was, the fd store gives back the memory, and what fits
// together goes on as if nothing had happened.
//
//   journal --replay--> VMs --compare with configuration and descriptors--> survivors, adopted as orphans until their frontends return
//                                                                     \--> lost: told why, erased, closed; they cost nobody else anything
//   a window that did not come back is with the VM's frontend, where that decides: it hands it over when it comes back (vm-directory.ts)
//   descriptors that belong to nothing: told, erased when they are ours, closed

import { existsSync, fstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Allocation } from '../lib/domain/allocation.ts';
import type { Host } from '../lib/domain/host.ts';
import type { Vm } from '../lib/domain/vm.ts';
import type { VmSettings } from '../lib/domain/vm-settings.ts';
import { bootId, describeBootId } from '../lib/journal/boot-id.ts';
import { FileJournal, type OpenedJournal } from '../lib/journal/file-journal.ts';
import { JournalError } from '../lib/journal/journal-error.ts';
import { inodeOf, stashName, windowName } from '../lib/memory/kept-memory.ts';
import { WindowMemory } from '../lib/memory/window-memory.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { Fd } from '../lib/os/fd.ts';
import { FIXED_SIZE_SEALS, getSeals, punchHole } from '../lib/os/memory.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { attachedSettings } from './followed-vm.ts';
import type { DescriptorBudget } from './heaps/descriptor-budget.ts';
import {
  type BrokerStore,
  type HeldDescriptors,
  memoryName,
  memoryProblem,
} from './heaps/descriptor-store.ts';
import type { Heaps } from './heaps/heaps.ts';
import { memoryKey } from './journal/decode.ts';
import type { ContinuedJournal } from './journal/journal.ts';
import { type HeapRecord, journalKind, type VmRecord } from './journal/record.ts';
import { type Replay, type ReplayedVm, type ReplayTarget, replayJournal } from './journal/replay.ts';
import { limitsOf, type Survivor } from './vm-directory.ts';

/** A frontend that was looking for its broker finds the new one within this time (it tries every second at least). Milliseconds. */
const LEAST_GRACE = 5_000;
/** Names in one line of the log. */
const MOST_NAMES = 20;
/** Names of descriptors that this broker's kind puts: what they name is its own to erase. */
const OWN_NAME = /^[wbs]\./;

export type RecoveryFigures = {
  readonly vmsAdopted: number;
  readonly vmsLost: number;
  readonly fdsAdopted: number;
  readonly fdsOrphaned: number;
  readonly records: number;
  readonly tornBytes: number;
  readonly seconds: number;
};

export const NOTHING_RECOVERED: RecoveryFigures = {
  vmsAdopted: 0,
  vmsLost: 0,
  fdsAdopted: 0,
  fdsOrphaned: 0,
  records: 0,
  tornBytes: 0,
  seconds: 0,
};

export type RecoveryOptions = {
  readonly journalPath: string;
  /** What openJournal() found there; it is closed, or gone on with. */
  readonly opened: OpenedJournal | null;
  readonly store: BrokerStore;
  readonly held: HeldDescriptors;
  readonly heaps: Heaps;
  readonly host: Host;
  readonly budget: DescriptorBudget;
  /** In force, by name. */
  readonly settings: ReadonlyMap<string, VmSettings>;
  readonly orphanGraceMs: number;
  readonly log: Logger;
};

export type Recovered = {
  readonly survivors: ReadonlyMap<string, Survivor>;
  /** In the journal, and gone. */
  readonly lostSlots: readonly number[];
  /** The journal, when it can be gone on with; otherwise a new one has to be begun. */
  readonly continued: ContinuedJournal | null;
  readonly figures: RecoveryFigures;
};

/** Puts the journal aside, whatever is in it, as the operator asked. */
export function discardJournal(path: string, log: Logger): void {
  if (!existsSync(path)) return;
  renameSync(path, `${path}.discarded`);
  log.warn({ path, now: `${path}.discarded` }, 'the journal is discarded: what it speaks of is reclaimed');
}

/** A journal that nobody will write any more, because this broker keeps none: a later one must not take it for its own. */
export function retireJournal(path: string, log: Logger): void {
  if (!existsSync(path)) return;
  renameSync(path, `${path}.unused`);
  log.warn(
    { path, now: `${path}.unused` },
    'a journal of an earlier broker is put aside: this one keeps none',
  );
}

/** Takes over what can be. Throws ExitError for a journal that cannot be read, HeapError as refuseStrangers(); then everything is as it was. */
export function recover(options: RecoveryOptions): Recovered {
  const { journalPath, opened, store, heaps, log } = options;
  const start = performance.now();
  const returned = store.left.size;
  const recovery = new Recovery(options);
  const found = opened === null ? null : replayed(journalPath, opened, recovery);
  faultPoint('broker.replayed');
  if (found === null) heaps.refuseStrangers();
  else recovery.takeAll(found.replay);
  if (found !== null && returned === 0 && recovery.lostSlots.length > 0) {
    log.warn(
      { vms: recovery.lostSlots.length },
      'the fd store came back empty, so the broker was stopped and not replaced: its VMs are reclaimed',
    );
  }
  faultPoint('broker.adopted');
  const fdsOrphaned = discardLeft(options, recovery.inodes);
  faultPoint('broker.left-discarded');
  const figures: RecoveryFigures = {
    vmsAdopted: recovery.survivors.size,
    vmsLost: recovery.lostSlots.length,
    fdsAdopted: recovery.inodes.size,
    fdsOrphaned,
    records: found?.records ?? 0,
    tornBytes: found?.tornBytes ?? 0,
    seconds: (performance.now() - start) / 1000,
  };
  if (found !== null) log.info(figures, 'took over from an earlier broker');
  const continued =
    found === null || !isSameTable(found.replay.heaps, heaps.records()) ? null : continuationOf(found);
  if (continued === null) found?.journal.close();
  return { survivors: recovery.survivors, lostSlots: recovery.lostSlots, figures, continued };
}

type Found = {
  readonly journal: FileJournal;
  readonly replay: Replay;
  readonly records: number;
  readonly tornBytes: number;
};

function continuationOf({ journal, replay }: Found): ContinuedJournal {
  return { file: journal, lastSlot: replay.lastSlot };
}

/** Records name heaps by their place in the table. */
function isSameTable(before: readonly HeapRecord[], now: readonly HeapRecord[]): boolean {
  return (
    before.length === now.length &&
    before.every((heap, index) => heapProblem(heap, now[index]) === null && heap.name === now[index]?.name)
  );
}

/** Opens what a predecessor left. Null when there is none that matters any more. Throws ExitError for one that cannot be read. */
export function openJournal(path: string, log: Logger): OpenedJournal | null {
  // A new journal that was never complete.
  rmSync(`${path}.next`, { force: true });
  rmSync(`${path}.next.new`, { force: true });
  try {
    const opened = FileJournal.open(path, journalKind(bootId()));
    if (opened !== null && opened.cut > 0) {
      log.warn(
        { path, bytes: opened.cut },
        'the end of the journal was never complete and is cut off: nobody was told of it',
      );
    }
    return opened;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    if (error.code !== 'OTHER_BOOT') throw refusal(path, error);
    setAside(path, error, log);
    return null;
  }
}

function replayed(path: string, { journal, payloads, cut }: OpenedJournal, target: ReplayTarget): Found {
  try {
    const replay = replayJournal(path, payloads, target);
    return { journal, replay, records: payloads.length, tornBytes: cut };
  } catch (error) {
    journal.close();
    throw error instanceof JournalError ? refusal(path, error) : error;
  }
}

/** The memory that it speaks of went with the kernel. Of several such journals the last one is kept. */
function setAside(path: string, error: JournalError, log: Logger): void {
  const id = /of boot (\S+),/.exec(error.message)?.[1] ?? 'another-boot';
  const name = basename(path);
  for (const other of readdirSync(dirname(path))) {
    if (other.startsWith(`${name}.boot-`)) rmSync(join(dirname(path), other));
  }
  renameSync(path, `${path}.boot-${id}`);
  log.info(
    { path, now: `${path}.boot-${id}`, boot: describeBootId(bootId()) },
    'the host was restarted: its old journal is put aside',
  );
}

function refusal(path: string, error: JournalError): ExitError {
  const advice =
    error.code === 'OTHER_VERSION'
      ? 'start the version of barkeep that wrote it'
      : 'keep a copy of it for whoever looks into this';
  return new ExitError(
    EXIT.FAILURE,
    `take over from an earlier broker: ${error.message}; ${advice}, or start once with \`barkeep broker --discard-journal\` ` +
      `(or move ${path} away), which gives up every VM that it speaks of: their frontends have to attach anew`,
    { cause: error },
  );
}

class Recovery implements ReplayTarget {
  readonly host: Host;
  readonly survivors = new Map<string, Survivor>();
  readonly lostSlots: number[] = [];
  /** Of descriptors that were taken over. */
  readonly inodes = new Set<number>();
  readonly #options: RecoveryOptions;
  readonly #heaps: ReadonlyMap<string, HeapRecord>;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.host = options.host;
    this.#heaps = new Map(options.heaps.records().map((heap) => [heap.name, heap]));
  }

  /** The terms that it was attached on: what is configured otherwise waits (terms.ts). Whoever decides goes by the quota that he was told, too. */
  settingsOf({ name, decides, quota, windowInode }: VmRecord): VmSettings | string {
    const configured = this.#options.settings.get(name);
    if (configured === undefined) return 'the broker has no such VM';
    const settings = attachedSettings(configured, windowInode !== 0);
    return decides ? { ...settings, quota: limitsOf(quota) } : settings;
  }

  heapProblem(heap: HeapRecord): string | null {
    return heapProblem(heap, this.#heaps.get(heap.name));
  }

  takeAll({ vms, heaps }: Replay): void {
    for (const { name, lastId } of heaps) this.#options.heaps.skipIds(name, lastId);
    for (const replayed of vms) {
      const problem = replayed.vm === null ? replayed.problem : this.#take(replayed, replayed.vm);
      if (problem === null) continue;
      this.lostSlots.push(replayed.record.slot);
      this.#options.log.error(
        { vm: replayed.record.name, problem },
        'a VM cannot be taken over and is reclaimed',
      );
    }
  }

  /** What is wrong, or null. */
  #take(replayed: ReplayedVm, vm: Vm): string | null {
    const claims = this.#claim(replayed, vm);
    const problem = typeof claims === 'string' ? claims : this.#adopt(replayed, vm, claims);
    if (problem === null) return null;
    this.#withhold(vm);
    this.host.detach(vm.name);
    return problem;
  }

  /** Its guest may have ranges of a file mapped still: while this broker lives nobody else gets them. */
  #withhold(vm: Vm): void {
    const { heaps } = this.#options;
    for (const allocation of vm.allocations()) {
      if (!heaps.hasOwnFiles(allocation.heap)) heaps.adopt(allocation, null);
    }
  }

  /** Takes the VM's descriptors out of the store; what is wrong with the first that does not fit otherwise, and then none are taken. */
  #claim(replayed: ReplayedVm, vm: Vm): Claim[] | string {
    const { store, heaps } = this.#options;
    const isHandedOver = isWithFrontend(replayed, store);
    const wanted = wantedBy(replayed, vm, (heap) => heaps.hasOwnFiles(heap)).filter(
      ({ role }) => role !== 'window' || !isHandedOver,
    );
    for (const { name, inode, size } of wanted) {
      const there = store.left.get(name) ?? [];
      const problems = there.map((fd) => memoryProblem(fd.number, { inode, size }));
      if (problems.includes(null)) continue;
      return there.length === 0
        ? `the fd store did not give "${name}" back`
        : `what the fd store gave back as "${name}" is not what was put: ${problems[0]}`;
    }
    return wanted.map((want) => ({ ...want, fd: this.#takeFitting(want) }));
  }

  #takeFitting({ name, inode, size }: Wanted): Fd {
    const { store, held, log } = this.#options;
    const fds = store.take(name);
    held.keep(name);
    const index = fds.findIndex((fd) => memoryProblem(fd.number, { inode, size }) === null);
    const [fitting] = fds.splice(index, 1);
    for (const other of fds) {
      log.warn(
        { name, inode: inodeOf(other.number) },
        'the fd store gave back more than was put under that name',
      );
      other.close();
    }
    return fitting!;
  }

  #adopt(
    { record, state, graceEnds, suspension, accountsVersion }: ReplayedVm,
    vm: Vm,
    claims: readonly Claim[],
  ): string | null {
    const { heaps, budget, held, orphanGraceMs } = this.#options;
    const files = new Map(claims.map(({ allocation, fd }) => [allocation && memoryKey(allocation), fd]));
    const adopted: Allocation[] = [];
    for (const allocation of vm.allocations()) {
      if (heaps.adopt(allocation, files.get(memoryKey(allocation)) ?? null)) {
        adopted.push(allocation);
        continue;
      }
      this.#giveUp(claims, adopted);
      return `memory ${allocation.id} of heap ${allocation.heap} has another owner, or no descriptor is left for it`;
    }
    const window = claims.find(({ role }) => role === 'window')?.fd;
    const stashes = new Map(
      claims.flatMap(({ role, resource, fd, size }) =>
        role === 'stash' ? [[resource, { fd, length: size }] as const] : [],
      ),
    );
    const memory =
      window === undefined
        ? null
        : new WindowMemory(record.name, record.windowSize, budget, held, { window, stashes });
    for (const { inode } of claims) this.inodes.add(inode);
    if (memory === null && record.decides)
      this.#options.log.warn(
        { vm: record.name, inode: record.windowInode },
        'the window of a VM did not come back; it goes on, and its frontend is asked for it',
      );
    const soonest = Date.now() + LEAST_GRACE;
    this.survivors.set(record.name, {
      vm,
      slot: record.slot,
      window: memory,
      windowInode: record.windowInode,
      session: record.session,
      graceEnds: Math.max(soonest, state === 'orphaned' ? graceEnds : Date.now() + orphanGraceMs),
      suspension: state === 'suspended' ? suspension : null,
      accountsVersion: record.decides ? accountsVersion : null,
    });
    return null;
  }

  /** Of a VM that is lost after all: what was claimed for it is erased and closed. */
  #giveUp(claims: readonly Claim[], adopted: readonly Allocation[]): void {
    const { heaps, held } = this.#options;
    for (const { fd } of claims) erase(fd, this.inodes);
    for (const allocation of adopted) {
      void heaps.release(allocation);
      heaps.drop(allocation);
    }
    for (const { name, fd } of claims) {
      fd.close();
      held.remove(name);
    }
  }
}

/** The holder of descriptors has lost the window; whoever decides for the VM has it too. */
function isWithFrontend({ record }: ReplayedVm, { left }: BrokerStore): boolean {
  return record.decides && (left.get(windowName(record.name)) ?? []).length === 0;
}

type Wanted = {
  readonly role: 'window' | 'memory' | 'stash';
  readonly name: string;
  readonly inode: number;
  /** Bytes. */
  readonly size: number;
  /** Of a stash. */
  readonly resource: number;
  /** Of memory. */
  readonly allocation: Allocation | null;
};
type Claim = Wanted & { readonly fd: Fd };

function wantedBy(
  { record, inodeOf: inode, stashInode }: ReplayedVm,
  vm: Vm,
  hasOwnFile: (heap: string) => boolean,
): Wanted[] {
  const wanted: Wanted[] = [];
  if (record.windowInode !== 0) {
    const name = windowName(record.name);
    wanted.push({
      role: 'window',
      name,
      inode: record.windowInode,
      size: record.windowSize,
      resource: 0,
      allocation: null,
    });
  }
  for (const allocation of vm.allocations()) {
    if (!hasOwnFile(allocation.heap)) continue;
    const name = memoryName(allocation.heap, allocation.id);
    wanted.push({
      role: 'memory',
      name,
      inode: inode(allocation),
      size: allocation.size,
      resource: 0,
      allocation,
    });
  }
  for (const { resource, state, size } of vm.blobs()) {
    if (state === 'stashed' && !record.decides) {
      const name = stashName(record.name, resource);
      wanted.push({ role: 'stash', name, inode: stashInode(resource), size, resource, allocation: null });
    }
  }
  return wanted;
}

function heapProblem(before: HeapRecord, now: HeapRecord | undefined): string | null {
  const { name } = before;
  if (now === undefined) return `its heap ${name} is not in the configuration any more`;
  for (const key of ['backing', 'cache', 'granule'] as const) {
    if (now[key] !== before[key])
      return `its heap ${name} had ${key} ${before[key]}, and has ${now[key]} now`;
  }
  const isSameFile = now.device === before.device && now.inode === before.inode && now.size === before.size;
  return isSameFile ? null : `its heap ${name} is another file now`;
}

/**
 * Erases and closes what nobody claimed. Erased because a VMM may have it mapped still, and only what is plainly ours and not a second
 * descriptor of something that goes on. Returns how many there were.
 */
function discardLeft({ store, log }: RecoveryOptions, adopted: ReadonlySet<number>): number {
  let count = 0;
  for (const [name, fds] of store.left) {
    count += fds.length;
    if (!OWN_NAME.test(name)) continue;
    for (const fd of fds) erase(fd, adopted);
  }
  faultPoint('broker.lost-erased');
  const names = store.discardLeft();
  if (count > 0) {
    log.warn(
      { count, names: names.slice(0, MOST_NAMES), more: Math.max(0, names.length - MOST_NAMES) },
      'descriptors came back that belong to no VM that goes on; they are closed',
    );
  }
  return count;
}

function erase(fd: Fd, adopted: ReadonlySet<number>): void {
  const seals = getSeals(fd.number);
  if (seals === null || (seals & FIXED_SIZE_SEALS) !== FIXED_SIZE_SEALS) return;
  const { ino, size } = fstatSync(fd.number);
  if (adopted.has(ino) || size === 0) return;
  try {
    punchHole(fd.number, 0, size);
  } catch {
    // Closing it is what counts; its pages go with the last mapping.
  }
}
