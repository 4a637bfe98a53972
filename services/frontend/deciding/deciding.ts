// A VM that this process decides for: the accounts, the grant, and what the broker is told of both, for one session of the broker's.
import type { Grant } from '../../lib/domain/grant.ts';
import type { SweptVm } from '../../lib/memory/sweeper.ts';
import type { Fd } from '../../lib/os/fd.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../lib/rpc/u64.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { MemoryHandle, Operation, RefusedResult, Result, Rules } from '../operation.ts';
import type { Change } from '../state/changes.ts';
import type { DeviceJournal, PastAccounts } from '../state/device-journal.ts';
import type { JournalRecord } from '../state/records.ts';
import { AccountsTeller } from './accounts-teller.ts';
import { BlobMemories, type BlobMemory } from './blob-memories.ts';
import { Decider } from './decider.ts';
import { GrantHolder } from './grant-holder.ts';
import { OwnMemory } from './own-memory.ts';

/** What is sent on the session's stream; false when there is none at the moment. */
export type BrokerLink = {
  tell(accounts: barkeep.v1.Accounts.$Properties): boolean;
  askGrant(request: barkeep.v1.GrantRequest.$Properties): boolean;
  askMemory(request: barkeep.v1.MemoryRequest.$Properties): boolean;
  /** See BrokerSession. */
  readonly refusal: RefusedResult | null;
};

export type DecidingOptions = {
  readonly name: string;
  /** Bytes. */
  readonly windowSize: number;
  readonly rules: Rules;
  readonly grant: Grant;
  /** Of the broker's; -1 when it is not known whether it has the accounts of this process. */
  readonly accountsVersion: number;
  /** Borrowed descriptors. */
  readonly window: number;
  readonly stash: number;
  readonly past: PastAccounts | null;
  /** The VMM maps each blob by itself, so one may have memory of its own. */
  readonly mapsEachBlob: boolean;
  /** Redeems a token of the broker for a descriptor that the caller owns. */
  readonly fetchMemory: (handle: MemoryHandle) => Promise<Fd>;
  readonly link: BrokerLink;
  readonly journal: Pick<DeviceJournal, 'append'> | null;
  /** Milliseconds that a command of the guest waits for a larger grant at most. */
  readonly answerTimeout: number;
  /** How long one waited, milliseconds. */
  readonly observeGrantWait: (duration: number) => void;
  /** The VM is among these until close(): what its guest touches outside of its blobs is looked for with theirs. */
  readonly swept: Set<SweptVm>;
  readonly log: Logger;
};

export class Deciding {
  readonly #decider: Decider;
  readonly #memory: OwnMemory;
  readonly #teller: AccountsTeller;
  readonly #grants: GrantHolder;
  readonly #memories: BlobMemories | null;
  readonly #swept: SweptVm & { closed: boolean };
  readonly #allSwept: Set<SweptVm>;

  /** Throws Error when a predecessor's accounts contradict themselves. */
  constructor(options: DecidingOptions) {
    const { name, windowSize, rules, grant, past, link, journal, answerTimeout } = options;
    const memory = new OwnMemory(options.window, windowSize, options.stash);
    this.#memory = memory;
    this.#memories = options.mapsEachBlob
      ? new BlobMemories({
          // What was freed before is told before: its room may be needed.
          send: (request) => this.#teller.whenSent(() => link.askMemory(request)),
          fetch: options.fetchMemory,
          answerTimeout,
          log: options.log,
        })
      : null;
    this.#decider = new Decider({
      name,
      windowSize,
      rules,
      memory,
      memories: this.#memories,
      past,
      makeRoom: (needed, since) => this.#grants.makeRoom(needed, since),
      withdraw: () => this.#grants.withdraw(),
      record: (change) => journal?.append({ kind: 'answered', answers: [], changes: [change] }),
      onTouched: (touched) => this.#teller.changed(touched),
    });
    const { vm, books } = this.#decider;
    if (past === null) books.set(grant);
    this.#teller = new AccountsTeller(
      vm,
      options.accountsVersion,
      (message) => link.tell(message),
      () => this.#grants.review(),
      () => this.#decider.isSettled,
    );
    this.#grants = new GrantHolder({
      books,
      heaps: heapsOf(rules, options.mapsEachBlob),
      answerTimeout,
      send: (request) => {
        // What is given back is nobody's here any more.
        memory.giveBack();
        return link.askGrant(request);
      },
      refusal: () => link.refusal,
      record: (granted) => journal?.append({ kind: 'grant', grant: granted }),
      isTold: () => this.#decider.isSettled && this.#teller.isTold,
      observe: options.observeGrantWait,
    });
    const decider = this.#decider;
    const swept = {
      vm,
      window: memory,
      get busy() {
        return decider.isBusy;
      },
      closed: false,
      strayBytes: 0,
    };
    this.#swept = swept;
    this.#allSwept = options.swept;
    this.#allSwept.add(swept);
  }

  /** See Decider. */
  decide(operation: Operation): Result | null {
    return this.#decider.decide(operation);
  }

  decideSlowly(operation: Operation, since: number): Promise<Result> {
    return this.#decider.decideSlowly(operation, since);
  }

  /** See Decider. */
  undoMap(resource: number): void {
    this.#decider.undoMap(resource);
  }

  /** Every blob ends. @returns what that changes, to be recorded at once */
  reset(): readonly Change[] {
    this.#decider.reset();
    return this.#decider.takeChanges();
  }

  takeChanges(): readonly Change[] {
    return this.#decider.takeChanges();
  }

  /** What takeChanges() gave is recorded. */
  recorded(): void {
    this.#decider.recorded();
  }

  /** For a snapshot of the journal, behind the session's records. */
  get grantRecord(): JournalRecord {
    return { kind: 'grant', grant: this.#decider.books.grant };
  }

  snapshot(): Iterable<Change> {
    return this.#decider.snapshot();
  }

  /** See Decider. */
  memoryOf(resource: number): BlobMemory | null {
    return this.#decider.memoryOf(resource);
  }

  memoryReady(resource: number): Promise<BlobMemory | null> {
    return this.#decider.memoryReady(resource);
  }

  /** Bytes that the last sweep found outside of blobs, and those of blobs that have ended just now. */
  get strayBytes(): number {
    return this.#swept.strayBytes + this.#memory.freedBytes;
  }

  /** Blobs whose state the broker may not have. */
  get untold(): number {
    return this.#teller.untold;
  }

  /** The session goes on, with what the broker has. */
  attached({ grant, accountsVersion }: { readonly grant: Grant; readonly accountsVersion: number }): void {
    // What is free has to be told before it can be given back.
    this.#teller.attached(accountsVersion);
    this.#grants.attached(grant);
    this.#memories?.attached();
  }

  entered({ version }: barkeep.v1.AccountsEntered.$Properties): void {
    this.#teller.entered(countFromWire(version));
  }

  granted(grant: barkeep.v1.Grant.$Properties): void {
    this.#grants.answered(grant);
  }

  /** The answer to a request for memory. */
  given(memory: barkeep.v1.Memory.$Properties): void {
    this.#memories?.answered(memory);
  }

  recalled(): void {
    this.#grants.recalled();
  }

  /** The broker is there, and does not take the VM back. What needs no more than is granted goes on. */
  refused(refusal: RefusedResult): void {
    this.#grants.refused(refusal);
  }

  /** Nothing is decided any more. */
  close(): void {
    this.#teller.close();
    this.#grants.close();
    this.#memories?.close();
    this.#swept.closed = true;
    this.#allSwept.delete(this.#swept);
    this.#decider.close();
  }
}

/** Heaps that blobs can come from: only memfds fit a window. */
function heapsOf({ defaultHeap, blobHeaps, heaps }: Rules, mapsEachBlob: boolean): readonly string[] {
  const used = new Set([defaultHeap, ...blobHeaps.values()]);
  return heaps
    .filter(({ name, backing }) => used.has(name) && (mapsEachBlob || backing === 'memfd'))
    .map(({ name }) => name);
}
