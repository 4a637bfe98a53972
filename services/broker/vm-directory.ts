// The configured VMs: who has which, who may have it, and what becomes of it when its frontend goes.
//
//     detached --attach--> attached --detach--> (reclaimed) detached
//                          |  ^
//      connection or stream|  |attach with the session
//                     ends v  |
//                        orphaned --grace over, or attach without the session--> (reclaimed) detached
//
//     attached --its frontend, which decides, told what cannot be--> suspended --evict--> (reclaimed) detached
//
// The memory of a VM that its frontend decides for is reclaimed when that has let go of it, or is dead: until then the VM is suspended.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Host } from '../lib/domain/host.ts';
import { type Limits, UNLIMITED } from '../lib/domain/quota.ts';
import type { Vm } from '../lib/domain/vm.ts';
import type { VmSettings } from '../lib/domain/vm-settings.ts';
import { type DescriptorStore, NO_STORE, windowName } from '../lib/memory/kept-memory.ts';
import { WindowMemory } from '../lib/memory/window-memory.ts';
import { afterReading, type Deadline, readingFor } from '../lib/os/after-reading.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { Fd } from '../lib/os/fd.ts';
import { accessMode } from '../lib/os/memory.ts';
import type { ProcessLife } from '../lib/os/process-life.ts';
import { StatusError } from '../lib/rpc/status-error.ts';
import type { Peer } from '../lib/rpc/unix-server.ts';
import type { HeapConfig, VmConfig } from '../lib/runtime/config.ts';
import { changesText, heapsOf } from '../lib/runtime/config-difference.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { AttachedVm } from './attached-vm.ts';
import type { Events } from './events.ts';
import { DecidingProcess } from './fencing.ts';
import { attachedSettings, FollowedVm, fitsWindow } from './followed-vm.ts';
import type { FrontendFigures } from './frontend-figures.ts';
import type { GrantDesk, GrantHolder } from './grants.ts';
import type { DescriptorBudget } from './heaps/descriptor-budget.ts';
import { type ExpectedMemory, memoryProblem } from './heaps/descriptor-store.ts';
import type { Heaps } from './heaps/heaps.ts';
import type { CommandLog, Journal, JournalledVm } from './journal/journal.ts';
import type { VmImage, VmRecord } from './journal/record.ts';
import { shortJournal } from './short-journal.ts';
import type { Waiting } from './terms.ts';
import type { Tokens } from './tokens.ts';

export const SESSION_BYTES = 16;
/** The longest delay that a timer of Node's takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long another process that wants a session waits for the death of the one that has it, and an eviction for one that lets go. Milliseconds. */
const PATIENCE_MS = 2000;

/** Of what is told about a suspended VM, characters. */
const MOST_REASON = 500;

export type VmState = 'detached' | 'attached' | 'orphaned' | 'suspended';

/** Whoever has a VM: a stream, or a connection. */
export type VmOwner = {
  readonly peer: Peer;
  /** The VM is not the owner's any more: another connection resumed its session (with `error`), or it was given up. */
  readonly dismiss: (error: StatusError | null) => void;
  /** Asks whoever decides for the VM to give back what he does not use. */
  readonly recall?: () => void;
  /** Asks whoever decides for the VM to let go of all of it, and to say so (Detach). */
  readonly revoke?: (why: string) => void;
};

export type AttachRequest = {
  readonly vm: string;
  readonly secret: string;
  /** Empty for a new session. */
  readonly session: Uint8Array;
  /** The caller decides for the VM, where its placement lets him. Default: no. */
  readonly decides?: boolean;
  /** And asks for memory of its own for blobs that fit no window. Default: no. */
  readonly asksMemory?: boolean;
};

export type Attachment = {
  readonly entry: VmEntry;
  readonly attached: AttachedVm;
  readonly session: Buffer;
  readonly resumed: boolean;
};

/** One configured VM. Only VmDirectory changes it. */
export type VmEntry = {
  config: VmConfig;
  settings: VmSettings;
  secretDigest: Buffer;
  /** What is configured and cannot be had before the VM is reclaimed. */
  waiting: Waiting<VmConfig> | null;
  state: VmState;
  /** Milliseconds since 1970. */
  stateSince: number;
  /** While attached, orphaned or suspended. */
  attached: AttachedVm | null;
  session: Buffer | null;
  /** While attached. */
  owner: VmOwner | null;
  /** While orphaned: milliseconds since 1970. */
  graceEnds: number;
  graceTimer: Deadline | null;
  /** Who decides for it, or did last; null when the broker does, and where that is not known. */
  decider: DecidingProcess | null;
  /** Why it is reclaimed as soon as that process is dead; null when it is not to be. */
  ending: string | null;
  /** Called once when nobody has it attached any more. */
  onLeft: (() => void) | null;
  /** Its window, which its frontend has and is to hand over; null as a rule. */
  wanted: WantedWindow | null;
  /** While suspended: what its frontend told, or what it does not do, in our words. */
  suspension: string;
  reclaiming: Promise<void> | null;
  /** As the frontend last reported. */
  frontend: FrontendFigures | null;
  /** How the journal names it while it is attached or orphaned; 0 when there is no journal. */
  slot: number;
};

/** Memory that the broker had and lost. */
export type WantedWindow = ExpectedMemory & {
  /** Takes the descriptor over, unless it says false: it is something else. */
  readonly take: (fd: Fd) => boolean;
};

/** What is left of a VM of an earlier life, ready to go on. */
export type Survivor = {
  readonly vm: Vm;
  /** In the journal that is gone on with. */
  readonly slot: number;
  /** Null in per-blob placement, and of a VM whose frontend has it alone. */
  readonly window: WindowMemory | null;
  readonly windowInode: number;
  readonly session: Buffer;
  /** Milliseconds since 1970: when nobody has resumed its session by then it is reclaimed. */
  readonly graceEnds: number;
  /** Of a VM that was suspended: why. Null otherwise. */
  readonly suspension: string | null;
  /** Of a VM whose frontend decides for it; null of others. */
  readonly accountsVersion: number | null;
};

export type VmDirectoryOptions = {
  readonly vms: readonly VmConfig[];
  /** What of the configuration waits (terms.ts). Default: nothing. */
  readonly waiting?: ReadonlyMap<string, Waiting<VmConfig>>;
  readonly waitingHeaps?: ReadonlyMap<string, Waiting<HeapConfig>>;
  /** Called when nobody uses the heaps any more that something waits for. */
  readonly giveWay?: () => void;
  /** The content of a VM's secret file. */
  readonly secretOf: (vm: VmConfig) => string;
  /** Of heaps by name: give blobs their pages when they are mapped. */
  readonly prefaulted: (heap: string) => boolean;
  readonly host: Host;
  readonly heaps: Heaps;
  readonly budget: DescriptorBudget;
  readonly tokens: Tokens;
  readonly events: Events;
  readonly grants: GrantDesk;
  readonly orphanGraceMs: number;
  readonly log: Logger;
  /** Default: none. */
  readonly store?: DescriptorStore;
  /** Of the process behind a connection; null where the kernel does not tell. Default: it never does. */
  readonly lifeOf?: (peer: Peer) => ProcessLife | null;
};

/** What came of an eviction. */
export type Eviction = {
  /** False: it had nothing. */
  readonly evicted: boolean;
  /** Of the process that has not let go: the VM's memory is charged until it is dead. 0 when all is reclaimed. */
  readonly awaitedPid: number;
};

export class VmDirectory {
  readonly #entries = new Map<string, VmEntry>();
  readonly #options: VmDirectoryOptions;
  #journal: Journal | null = null;
  #shuttingDown = false;
  #suspensions = 0;
  /** A successor is to come: nothing new is begun. */
  #givesWay = false;

  constructor(options: VmDirectoryOptions) {
    this.#options = options;
    const names = [...options.vms].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const config of names) {
      this.#entries.set(config.name, {
        config,
        settings: settingsOf(config, options.prefaulted(config.heap)),
        secretDigest: digest(options.secretOf(config)),
        waiting: options.waiting?.get(config.name) ?? null,
        state: 'detached',
        stateSince: Date.now(),
        attached: null,
        session: null,
        owner: null,
        graceEnds: 0,
        graceTimer: null,
        decider: null,
        ending: null,
        onLeft: null,
        wanted: null,
        suspension: '',
        reclaiming: null,
        frontend: null,
        slot: 0,
      });
    }
  }

  /**
   * Takes VMs of an earlier life over, as orphans, and has everything written down from here on. `start` makes the journal from what is
   * in it (`isContinued`: that of the earlier life). Only before the first attach.
   */
  adopt(
    survivors: ReadonlyMap<string, Survivor>,
    start: (vms: (journal: Journal) => JournalledVm[]) => Journal,
    isContinued: boolean,
  ): Journal {
    const journal = start((starting) =>
      [...survivors].map(([name, survivor]) => {
        const slot = isContinued ? survivor.slot : starting.newSlot();
        return this.#adopt(starting, this.entry(name), slot, survivor);
      }),
    );
    this.#journal = journal;
    // Of VMs that could not be taken over.
    for (const entry of this.#entries.values()) if (entry.attached === null) this.#takeWaiting(entry);
    return journal;
  }

  #adopt(
    journal: Journal,
    entry: VmEntry,
    slot: number,
    { vm, window, windowInode, session, graceEnds, suspension, accountsVersion }: Survivor,
  ): JournalledVm {
    const { heaps, host } = this.#options;
    entry.slot = slot;
    const log = this.#commandsOf(journal, entry, vm);
    const followed = accountsVersion === null ? null : new FollowedVm(vm, host, heaps, log, accountsVersion);
    entry.attached = new AttachedVm(vm, window, heaps, log, followed);
    if (followed !== null && window === null) entry.wanted = this.#wanted(entry, entry.attached, windowInode);
    entry.session = session;
    if (suspension === null) this.#awaitReturn(entry, graceEnds);
    else this.#setSuspended(entry, suspension);
    return this.#journalled(entry);
  }

  #wanted(entry: VmEntry, attached: AttachedVm, inode: number): WantedWindow {
    const { budget, store = NO_STORE, log } = this.#options;
    const { name } = entry.config;
    const { windowSize: size } = attached.vm.settings;
    const take = (fd: Fd): boolean => {
      if (entry.attached !== attached || entry.wanted === null) return false;
      const problem = windowProblem(fd, { inode, size });
      if (problem !== null || !store.put(windowName(name), fd.number)) {
        log.warn({ vm: name, problem }, 'what a frontend handed over is not taken for the window of its VM');
        return false;
      }
      attached.takeWindow(new WindowMemory(name, size, budget, store, { window: fd, stashes: new Map() }));
      entry.wanted = null;
      log.info({ vm: name, inode }, 'a frontend handed the window of its VM over');
      return true;
    };
    return { inode, size, take };
  }

  /** By name, in alphabetical order. */
  get entries(): ReadonlyMap<string, VmEntry> {
    return this.#entries;
  }

  /** The VMs whose memory is worked on here, attached and orphaned: that of others is their frontends' business. */
  *sweptVms(): Generator<AttachedVm, void, undefined> {
    for (const { attached } of this.#entries.values()) {
      if (attached !== null && attached.followed === null) yield attached;
    }
  }

  /** The VMs whose frontends decide for them. */
  *followedVms(): Generator<GrantHolder, void, undefined> {
    for (const { attached, owner, reclaiming } of this.#entries.values()) {
      const followed = attached?.followed ?? null;
      if (followed === null || reclaiming !== null) continue;
      yield { followed, recall: owner?.recall === undefined ? null : () => owner.recall?.() };
    }
  }

  /** VMs that were suspended since the start. */
  get suspensions(): number {
    return this.#suspensions;
  }

  /** Throws StatusError VM_UNKNOWN. */
  entry(name: string): VmEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    throw new StatusError(
      'VM_UNKNOWN',
      `VM "${name}" was named, but the broker's configuration has no VM of that name; check the name, or add it and restart the broker`,
      { vm: name },
    );
  }

  /**
   * Gives a VM to `owner`: anew, or with everything it had when `session` names its session.
   * Rejects with StatusError: VM_UNKNOWN, VM_FORBIDDEN, VM_ATTACHED, VM_SUSPENDED, SESSION_UNKNOWN, PROTOCOL, OUT_OF_MEMORY, SHUTTING_DOWN.
   */
  async attach(request: AttachRequest, owner: VmOwner): Promise<Attachment> {
    let entry = this.entry(request.vm);
    this.#admit(entry, request.secret, owner.peer);
    const wanted = Buffer.from(request.session);
    const decides = request.decides ?? false;
    if (wanted.length > 0) {
      if (isSessionOf(entry, wanted)) await this.#awaitDeath(entry, owner.peer);
      return this.#resume(entry, wanted, decides, owner);
    }
    for (;;) {
      this.#checkRunning();
      // It begins anew: so it has let go.
      if (entry.ending !== null && isSameProcess(entry, owner.peer)) await this.#reclaim(entry, entry.ending);
      checkNotSuspended(entry);
      const { settings } = entry;
      if (entry.reclaiming !== null) await entry.reclaiming;
      else if (entry.state === 'orphaned') await this.#takeFromOrphan(entry, owner.peer);
      else break;
      // What waited for this may have another user, or be no VM any more.
      entry = this.entry(request.vm);
      if (entry.settings !== settings) this.#admit(entry, request.secret, owner.peer);
    }
    if (entry.owner !== null) throw attachedElsewhere(entry, entry.owner.peer);
    if (this.#journal?.isShort) throw noRoom(entry);
    return this.#open(entry, decides && this.#canDecide(entry, request), owner);
  }

  /** The VM that the connection of `peer` has attached. Throws StatusError VM_UNKNOWN, VM_NOT_ATTACHED. */
  attachedBy(name: string, peer: Peer): AttachedVm {
    const { owner, attached } = this.entry(name);
    if (owner !== null && attached !== null && owner.peer.name === peer.name) return attached;
    throw new StatusError(
      'VM_NOT_ATTACHED',
      `a call acts for VM "${name}", but its connection has not attached it; call AttachVm or open a Session on this connection first`,
      { vm: name },
    );
  }

  /** Ends `owner`'s hold of a VM without a detach: it is kept for the grace. Does nothing when the VM is no longer the owner's. */
  orphan(entry: VmEntry, owner: VmOwner): void {
    if (entry.owner !== owner || this.#shuttingDown) return;
    const grace = this.#options.orphanGraceMs;
    const kept = holdingsOf(entry);
    this.#setNoOwner(entry);
    this.#options.tokens.revoke(entry.config.name);
    if (grace === 0) {
      void this.#endWithDecider(entry, 'its frontend vanished');
      return;
    }
    this.#awaitReturn(entry, Date.now() + grace);
    this.#journal?.stateChanged(entry.slot, 'orphaned', entry.graceEnds);
    faultPoint('broker.state-journalled');
    this.#options.log.warn(
      { vm: entry.config.name, graceMs: grace, peer: owner.peer.name, ...kept },
      'frontend vanished; its VM is kept',
    );
  }

  /**
   * `owner` told what cannot be, or whoever decides for the VM (null: an orphan) did it: nobody gets the VM any more, and its memory and its charge stay
   * as they are, until it is evicted. `why` is in our words. Does nothing when the VM is no longer the owner's.
   */
  suspend(entry: VmEntry, owner: VmOwner | null, why: string): void {
    if (entry.owner !== owner || entry.attached === null || this.#shuttingDown) return;
    entry.graceTimer?.cancel();
    entry.graceTimer = null;
    const { name } = entry.config;
    const suspension = why.slice(0, MOST_REASON);
    this.#setNoOwner(entry);
    this.#suspensions += 1;
    this.#options.tokens.revoke(name);
    this.#setSuspended(entry, suspension);
    this.#journal?.stateChanged(entry.slot, 'suspended', 0, suspension);
    faultPoint('broker.state-journalled');
    this.#options.log.error(
      { vm: name, peer: owner?.peer.name, why: suspension, ...holdingsOf(entry) },
      'a frontend told what cannot be, or did it; its VM is suspended until it is evicted',
    );
  }

  /** Gives a VM up: resolves when everything of it is reclaimed. Does nothing when the VM is no longer the owner's. */
  async detach(entry: VmEntry, owner: VmOwner): Promise<void> {
    if (entry.owner !== owner) return;
    await this.#reclaim(entry, 'detached');
  }

  /**
   * Reclaims a VM on an operator's word: resolves when everything of it is, or when it is clear that somebody does not let go of it: then it is reclaimed
   * when he is dead. One that is attached only by `force`: its frontend is told that it has lost everything. Throws StatusError VM_UNKNOWN, VM_IN_USE.
   */
  async evict(name: string, force: boolean): Promise<Eviction> {
    const entry = this.entry(name);
    const { owner } = entry;
    if (entry.attached === null) return { evicted: false, awaitedPid: 0 };
    if (owner !== null && !force) {
      throw new StatusError(
        'VM_IN_USE',
        `VM "${name}" was to be evicted, but its frontend (pid ${owner.peer.pid === 0 ? 'unknown' : owner.peer.pid}) has it attached; stop that first, or evict it by force: its guest loses what it has mapped`,
        { vm: name, pid: String(owner.peer.pid) },
      );
    }
    const dismissal = evicted(name);
    if (isFenced(entry) && owner?.revoke !== undefined) await this.#revoke(entry, owner, dismissal);
    await this.#endWithDecider(entry, 'evicted', dismissal);
    return { evicted: true, awaitedPid: entry.ending === null ? 0 : (entry.decider?.pid ?? 0) };
  }

  /** Asks whoever decides for a VM to let go of it, and gives him time to. */
  async #revoke(entry: VmEntry, owner: VmOwner, { details }: StatusError): Promise<void> {
    const left = new Promise<void>((resolve) => {
      entry.onLeft = resolve;
    });
    owner.revoke?.(details);
    await Promise.race([left, readingFor(PATIENCE_MS)]);
    await entry.reclaiming;
  }

  /** Reclaims a VM, at once or when the process is dead that decided for it. `dismissal`: see #reclaim(). */
  async #endWithDecider(entry: VmEntry, why: string, dismissal: StatusError | null = null): Promise<void> {
    if (!isFenced(entry)) {
      await this.#reclaim(entry, why, dismissal);
      return;
    }
    const { owner, decider, attached } = entry;
    const { name } = entry.config;
    entry.graceTimer?.cancel();
    entry.graceTimer = null;
    this.#setNoOwner(entry);
    entry.session = null;
    entry.ending = why;
    if (attached?.followed) this.#options.grants.withdraw(attached.followed);
    this.#options.tokens.revoke(name);
    const suspension = `${why}; the process that decided for it (pid ${decider?.pid || 'unknown'}) has not let go of its memory, which stays charged until that process ends: stop it`;
    this.#setSuspended(entry, suspension);
    this.#journal?.stateChanged(entry.slot, 'suspended', 0, suspension);
    faultPoint('broker.state-journalled');
    owner?.dismiss(dismissal);
    this.#options.log.warn(
      { vm: name, pid: decider?.pid, why, ...holdingsOf(entry) },
      'the process that decided for a VM has not let go of it: its memory stays charged until that process ends',
    );
    decider?.onDeath(() => void this.#reclaim(entry, `${why}, and process ${decider.pid} is dead`));
  }

  /** A frontend began anew; not from one that lives on, and may come back. */
  async #takeFromOrphan(entry: VmEntry, peer: Peer): Promise<void> {
    await this.#awaitDeath(entry, peer);
    if (entry.state !== 'orphaned') return;
    const { decider } = entry;
    if (decider?.holdsAgainst(peer, false)) throw attachedElsewhere(entry, decider);
    await this.#reclaim(entry, 'its frontend started anew');
  }

  /** A successor may be faster than the end of its predecessor. */
  async #awaitDeath({ decider, attached, owner, ending }: VmEntry, peer: Peer): Promise<void> {
    if (!attached?.followed || ending !== null) return;
    if (decider === null || !decider.holdsAgainst(peer, owner !== null)) return;
    const dead = new Promise<void>((resolve) => decider.onDeath(resolve));
    await Promise.race([dead, readingFor(PATIENCE_MS)]);
  }

  /** A batch of the VM failed because of a fault: nothing it says can be trusted, so it is given up. */
  async giveUp(entry: VmEntry, error: unknown): Promise<void> {
    this.#options.log.error({ err: error, vm: entry.config.name }, 'a VM is given up because of a fault');
    await this.#endWithDecider(entry, 'given up because of a fault');
  }

  /** Every attach fails from here on, and every owner is told. Memory is closed but not erased: guests go on with what they have mapped. */
  async shutDown(): Promise<void> {
    this.#shuttingDown = true;
    const closing: Promise<void>[] = [];
    for (const entry of this.#entries.values()) {
      entry.graceTimer?.cancel();
      const { owner, attached } = entry;
      entry.owner = null;
      this.#setDecider(entry, null);
      owner?.dismiss(shuttingDown());
      if (entry.reclaiming !== null) closing.push(entry.reclaiming);
      else if (attached !== null) closing.push(this.#closeMemory(entry, attached, false));
      entry.attached = null;
    }
    await Promise.all(closing);
  }

  #checkRunning(): void {
    if (this.#shuttingDown || this.#givesWay) throw shuttingDown();
  }

  /** Of a VM that nobody has: from here on it is as configured. */
  #takeWaiting(entry: VmEntry): void {
    const { waiting } = entry;
    const { name } = entry.config;
    const { log, secretOf, prefaulted } = this.#options;
    entry.waiting = null;
    if (waiting !== null && waiting.next === null) {
      this.#entries.delete(name);
      log.info({ vm: name }, 'a VM that is not configured any more is gone');
    } else if (waiting !== null && waiting.next !== null) {
      try {
        entry.secretDigest = digest(secretOf(waiting.next));
        entry.config = waiting.next;
        entry.settings = settingsOf(waiting.next, prefaulted(waiting.next.heap));
        log.info({ vm: name, took: changesText(waiting.changes) }, 'a change that waited is taken');
      } catch (error) {
        log.error({ err: error, vm: name }, 'a change that waited cannot be taken before the next start');
      }
    }
    this.#giveWayIfFree();
  }

  /** A heap's other kind, or its end, takes another broker: when nobody of before uses it. */
  #giveWayIfFree(): void {
    const { waitingHeaps, giveWay, log } = this.#options;
    if (this.#givesWay || this.#shuttingDown || !waitingHeaps?.size || giveWay === undefined) return;
    for (const { attached, config } of this.#entries.values()) {
      if (attached === null) continue;
      for (const heap of heapsOf(config)) if (waitingHeaps.has(heap)) return;
    }
    log.info(
      { heaps: [...waitingHeaps.keys()] },
      'heaps that a change waited for are free: a successor takes it',
    );
    this.#givesWay = true;
    giveWay();
  }

  #admit(entry: VmEntry, secret: string, peer: Peer): void {
    this.#checkRunning();
    const { name, attachedBy } = entry.config;
    // Digests, since timingSafeEqual wants equal lengths.
    const isRight = timingSafeEqual(digest(secret), entry.secretDigest);
    // Whoever has a group's secret has proved to be a member.
    const isRightUser = attachedBy.kind === 'group' || peer.uid === attachedBy.uid;
    if (isRight && isRightUser) return;
    this.#options.log.warn({ vm: name, peer: peer.name, secretMatches: isRight }, 'an attach was refused');
    throw new StatusError(
      'VM_FORBIDDEN',
      attachedBy.kind === 'group' || isRightUser
        ? `VM "${name}" was to be attached, but the secret is not the VM's; send the content of vms/${name}/secret in the run directory`
        : `VM "${name}" was to be attached by uid ${peer.uid}, but it belongs to uid ${attachedBy.uid}; run the frontend as that user, or set the VM's uid in the configuration`,
      { vm: name, uid: String(peer.uid) },
    );
  }

  /** A frontend that comes back may be faster than the end of its old connection: whoever knows the session takes it over. */
  #resume(entry: VmEntry, wanted: Buffer, decides: boolean, owner: VmOwner): Attachment {
    checkNotSuspended(entry);
    const { session, attached } = entry;
    if (session === null || !isSessionOf(entry, wanted) || attached === null) {
      throw new StatusError(
        'SESSION_UNKNOWN',
        `a session of VM "${entry.config.name}" was to be resumed, but it was reclaimed, or belongs to an earlier broker; attach without a session`,
        { vm: entry.config.name },
      );
    }
    const before = entry.owner;
    checkDecides(entry, attached, decides);
    if (attached.followed !== null) {
      const { decider } = entry;
      if (decider?.holdsAgainst(owner.peer, before !== null)) throw attachedElsewhere(entry, decider);
      this.#setDecider(entry, owner.peer);
    }
    entry.graceTimer?.cancel();
    entry.graceTimer = null;
    entry.owner = owner;
    this.#options.tokens.revoke(entry.config.name);
    before?.dismiss(attachedElsewhere(entry, owner.peer));
    this.#setState(entry, 'attached');
    this.#journal?.stateChanged(entry.slot, 'attached', 0);
    faultPoint('broker.state-journalled');
    this.#options.log.info(
      { vm: entry.config.name, peer: owner.peer.name, lastNumber: attached.vm.lastNumber },
      'resumed',
    );
    return { entry, attached, session, resumed: true };
  }

  /** In window placement what fits no window is refused, whoever decides. */
  #canDecide({ config, settings }: VmEntry, { asksMemory = false }: AttachRequest): boolean {
    return config.placement === 'window' || asksMemory || fitsWindow(settings, this.#options.host);
  }

  /** What fails leaves nothing behind: a frontend tries again, many times a second. */
  #open(entry: VmEntry, decides: boolean, owner: VmOwner): Attachment {
    const window = this.#openWindow(entry, decides);
    faultPoint('broker.window-stored');
    try {
      return this.#openBooks(entry, decides, owner, window);
    } catch (error) {
      this.#options.host.detach(entry.config.name);
      this.#journal?.reclaimed(entry.slot);
      window?.discard();
      this.#setDecider(entry, null);
      entry.attached = null;
      entry.owner = null;
      entry.session = null;
      entry.state = 'detached';
      throw error;
    }
  }

  #openBooks(entry: VmEntry, decides: boolean, owner: VmOwner, window: WindowMemory | null): Attachment {
    const { host, heaps } = this.#options;
    const isFollowed = decides && window !== null;
    const vm = host.attach(attachedSettings(entry.settings, window !== null), isFollowed);
    const journal = this.#journal;
    entry.slot = journal?.newSlot() ?? 0;
    const log = journal === null ? null : this.#commandsOf(journal, entry, vm);
    const followed = isFollowed ? new FollowedVm(vm, host, heaps, log) : null;
    const attached = new AttachedVm(vm, window, heaps, log, followed);
    entry.attached = attached;
    entry.owner = owner;
    entry.session = randomBytes(SESSION_BYTES);
    journal?.attached(recordOf(entry, entry.session), this.#journalled(entry));
    faultPoint('broker.attach-journalled');
    followed?.requestFirst();
    this.#setDecider(entry, followed === null ? null : owner.peer);
    entry.frontend = null;
    this.#setState(entry, 'attached');
    this.#options.log.info({ vm: entry.config.name, peer: owner.peer.name, decides: isFollowed }, 'attached');
    return { entry, attached, session: entry.session, resumed: false };
  }

  /** The memory that the VM's blobs lie in; null when each has its own. */
  #openWindow({ config }: VmEntry, decides: boolean): WindowMemory | null {
    if (config.placement !== 'window' && !decides) return null;
    try {
      return new WindowMemory(config.name, config.window, this.#options.budget, this.#options.store);
    } catch (error) {
      throw new StatusError(
        'OUT_OF_MEMORY',
        `VM "${config.name}" was to be attached, but its window could not be made: ${(error as Error).message}`,
        { vm: config.name },
      );
    }
  }

  /** Orphaned until then. */
  #awaitReturn(entry: VmEntry, graceEnds: number): void {
    this.#setState(entry, 'orphaned');
    entry.graceEnds = graceEnds;
    const left = Math.max(0, graceEnds - Date.now());
    entry.graceTimer = afterReading(
      Math.min(left, LONGEST_TIMER_MS),
      () => void this.#endWithDecider(entry, 'its grace is over'),
    ).unref();
  }

  #commandsOf(journal: Journal, { slot, settings }: VmEntry, vm: Vm): CommandLog {
    return journal.commandsOf(slot, vm, (blobId) =>
      blobId === 0 ? settings.defaultHeap : (settings.blobHeaps.get(String(blobId)) ?? ''),
    );
  }

  #journalled(entry: VmEntry): JournalledVm {
    return {
      slot: entry.slot,
      get busy() {
        const { attached } = entry;
        return attached === null || attached.busy || (attached.followed?.memory.busy ?? false);
      },
      image: () => imageOf(entry, this.#options.heaps),
    };
  }

  /** `dismissal` is what its owner is told; null when that knows already. */
  #reclaim(entry: VmEntry, why: string, dismissal: StatusError | null = null): Promise<void> {
    const { attached, owner, graceTimer } = entry;
    if (entry.reclaiming !== null || attached === null) return entry.reclaiming ?? Promise.resolve();
    graceTimer?.cancel();
    entry.graceTimer = null;
    this.#setNoOwner(entry);
    entry.session = null;
    const had = holdingsOf(entry);
    // Whatever happens from here on, nobody may come back to it: what a successor finds of its memory it erases.
    this.#journal?.reclaimed(entry.slot);
    faultPoint('broker.reclaim-journalled');
    if (attached.followed !== null) this.#options.grants.withdraw(attached.followed);
    entry.reclaiming = this.#closeMemory(entry, attached, true).then(() => {
      entry.attached = null;
      entry.frontend = null;
      entry.reclaiming = null;
      entry.wanted = null;
      entry.ending = null;
      this.#setDecider(entry, null);
      entry.suspension = '';
      this.#options.grants.retry();
      this.#setState(entry, 'detached');
      faultPoint('broker.reclaim-dropped');
      this.#options.log.info({ vm: entry.config.name, why, ...had }, 'reclaimed');
      owner?.dismiss(dismissal);
      this.#takeWaiting(entry);
    });
    return entry.reclaiming;
  }

  async #closeMemory(entry: VmEntry, attached: AttachedVm, erase: boolean): Promise<void> {
    const { name } = entry.config;
    this.#options.tokens.revoke(name);
    await attached.close(
      () => this.#options.host.detach(name) ?? [],
      erase,
      (error) => this.#options.log.error({ err: error, vm: name }, 'memory of a VM could not be erased'),
    );
  }

  #setNoOwner(entry: VmEntry): void {
    entry.owner = null;
    entry.onLeft?.();
    entry.onLeft = null;
  }

  /** The process behind a connection decides for the VM from now on; null: nobody but the broker. */
  #setDecider(entry: VmEntry, peer: Peer | null): void {
    const before = entry.decider;
    entry.decider =
      peer === null ? null : new DecidingProcess(peer.pid, this.#options.lifeOf?.(peer) ?? null);
    before?.close();
  }

  #setSuspended(entry: VmEntry, suspension: string): void {
    entry.suspension = suspension;
    this.#setState(entry, 'suspended');
  }

  #setState(entry: VmEntry, state: VmState): void {
    const { config, suspension } = entry;
    entry.state = state;
    entry.stateSince = Date.now();
    if (this.#options.events.watched) {
      this.#options.events.publish({ kind: 'state', vm: config.name, state, reason: suspension });
    }
  }
}

export function shuttingDown(): StatusError {
  return new StatusError('SHUTTING_DOWN', 'the broker is shutting down; connect again later');
}

/** Somebody decides, or decided, for the VM who may still touch its memory. The broker's own process is none: it would wait for its own end. */
function isFenced({ attached, decider }: VmEntry): boolean {
  if (!attached?.followed || decider === null) return false;
  return decider.pid !== process.pid && decider.isAlive;
}

function isSessionOf({ session }: VmEntry, wanted: Buffer): boolean {
  return session !== null && session.length === wanted.length && timingSafeEqual(session, wanted);
}

function isSameProcess({ decider }: VmEntry, { pid }: Peer): boolean {
  return pid !== 0 && decider?.pid === pid;
}

/** One that is being evicted is waited for. */
function checkNotSuspended({ config, state, suspension, reclaiming }: VmEntry): void {
  if (state !== 'suspended' || reclaiming !== null) return;
  throw suspended(config.name, suspension);
}

/** What a frontend that told what cannot be gets, and whoever wants its VM afterwards. */
export function suspended(name: string, why: string): StatusError {
  return new StatusError(
    'VM_SUSPENDED',
    `VM "${name}" is suspended: ${why.slice(0, MOST_REASON)}; find out what runs as its frontend, then \`barkeep vm evict ${name}\``,
    { vm: name },
  );
}

function noRoom({ config: { name } }: VmEntry): StatusError {
  const { message, metadata } = shortJournal(`an attach of VM "${name}"`, name);
  return new StatusError('OUT_OF_MEMORY', message, metadata);
}

function checkDecides({ config }: VmEntry, attached: AttachedVm, decides: boolean): void {
  const has = attached.followed !== null;
  // In per-blob placement who wants to decide may have begun without: with other heaps, or at an older broker.
  if (has === decides || (decides && config.placement === 'per-blob')) return;
  throw new StatusError(
    'PROTOCOL',
    `a session of VM "${config.name}" was to be resumed ${decides ? 'with' : 'without'} decides, but it was begun ${has ? 'with' : 'without'}; resume it as it was begun, or attach without a session`,
    { vm: config.name },
  );
}

function evicted(name: string): StatusError {
  return new StatusError(
    'SESSION_UNKNOWN',
    `VM "${name}" was evicted by an operator: everything that it had is reclaimed; attach without a session`,
    { vm: name },
  );
}

/** For the log: what a VM has, or had. */
function holdingsOf({ attached }: VmEntry): Partial<Limits> {
  return { ...attached?.vm.used };
}

/** What is wrong with what is handed over as a window; null when nothing is. */
function windowProblem(fd: Fd, expected: ExpectedMemory): string | null {
  const problem = memoryProblem(fd.number, expected);
  if (problem !== null) return problem;
  return accessMode(fd.number) === 'read-write' ? null : 'it can only be read, or only be written';
}

function recordOf({ slot, config, attached, wanted }: VmEntry, session: Buffer): VmRecord {
  return {
    slot,
    name: config.name,
    session,
    windowSize: config.window,
    placement: config.placement,
    windowInode: attached?.window?.inode ?? wanted?.inode ?? 0,
    heap: config.heap,
    blobHeaps: config.blobHeaps,
    attachedBy: config.attachedBy,
    scanouts: config.scanouts,
    // They hold for the session of whoever decides by them.
    quota: attached?.followed ? quotaOf(attached.vm.quota) : config.quota,
    decides: (attached?.followed ?? null) !== null,
  };
}

function quotaOf({ bytes, mappings, allocations }: Limits): VmConfig['quota'] {
  const limit = (amount: number): number => (amount === UNLIMITED ? 0 : amount);
  return { bytes: limit(bytes), mappings: limit(mappings), allocations: limit(allocations) };
}

/** Of an attached or orphaned VM. */
function imageOf(entry: VmEntry, heaps: Heaps): VmImage {
  const { attached, session, state, graceEnds, suspension } = entry;
  if (attached === null || session === null)
    throw new Error(`VM ${entry.config.name} has nothing to be written down`);
  const { followed } = attached;
  return {
    vm: recordOf(entry, session),
    state: state === 'detached' ? 'attached' : state,
    graceEnds: state === 'orphaned' ? graceEnds : 0,
    suspension,
    snapshot: attached.vm.snapshot(),
    grant: followed?.grant ?? null,
    accountsVersion: followed?.accountsVersion ?? 0,
    settledMemory: attached.vm.settledMemory,
    unusedMemory: attached.vm.unusedMemory,
    inodeOf: (allocation) => heaps.inodeOf(allocation),
    stashInode: (resource) => attached.window?.stashInode(resource) ?? 0,
  };
}

function attachedElsewhere(entry: VmEntry, peer: { readonly pid: number }): StatusError {
  const { name } = entry.config;
  return new StatusError(
    'VM_ATTACHED',
    `VM "${name}" is attached by another connection, of pid ${peer.pid === 0 ? 'unknown' : peer.pid}; stop that frontend, or name another VM`,
    { vm: name, pid: String(peer.pid) },
  );
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret.trim()).digest();
}

function settingsOf(config: VmConfig, populate: boolean): VmSettings {
  return {
    name: config.name,
    windowSize: config.window,
    // Without its frontend's deciding: see attachedSettings().
    memory: config.placement === 'window' ? 'window' : 'own',
    defaultHeap: config.heap,
    blobHeaps: new Map([...config.blobHeaps].map(([id, heap]) => [String(id), heap])),
    quota: limitsOf(config.quota),
    populate,
  };
}

/** Of a quota as configured, where 0 is no limit. */
export function limitsOf({ bytes, mappings, allocations }: VmConfig['quota']): Limits {
  return {
    bytes: bytes || UNLIMITED,
    mappings: mappings || UNLIMITED,
    allocations: allocations || UNLIMITED,
  };
}
