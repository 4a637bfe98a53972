// Tells the broker what became of the VM's blobs: their state, as it is when it is sent, so that what came and went in between costs nothing.
//
//     touched -> untold  --5 to 40 ms, or 256 blobs-->  told, version n  --AccountsEntered n-->  forgotten
//
// The first change after a rest is told after 5 ms. A message costs both sides as much as dozens of commands, so a guest that goes on and on
// has them told less often: each version that finds more to tell when it is entered doubles the pause before the next.
//
// One version is under way at a time. A broker that comes back says which version it has: what is not in it is told again; a broker or a
// frontend that does not remember is told everything.
import { accountsOf } from '../../lib/domain/accounts.ts';
import { OPERATIONS } from '../../lib/domain/command.ts';
import { RESULTS } from '../../lib/domain/counters.ts';
import type { Accounts } from '../../lib/domain/follow.ts';
import { REFUSAL_REASONS } from '../../lib/domain/refusal.ts';
import { type Touched, TouchedBlobs } from '../../lib/domain/touched.ts';
import type { Vm } from '../../lib/domain/vm.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { toWire } from '../../lib/rpc/u64.ts';

/** Milliseconds that a change waits for others: after a rest, and in the long run of a guest that takes none. */
const COALESCING = 5;
const MOST_COALESCING = 40;
/** So many blobs are told at once. */
const SOON = 256;
/** The contract's limits of a message. */
const MOST_BLOBS = 1024;
const MOST_DESTROYED = 4096;
/** Above this everything is told: a broker that is away for long costs no more memory than the blobs that live. */
const MOST_UNTOLD = 65_536;

type Message = barkeep.v1.Accounts.$Properties;

export class AccountsTeller {
  readonly #send: (message: Message) => boolean;
  readonly #onTold: () => void;
  readonly #isSettled: () => boolean;
  #vm: Vm;
  readonly #untold = new TouchedBlobs();
  /** Figures may have changed without a blob. */
  #isDue = false;
  #underWay: { readonly version: number; readonly touched: Touched } | null = null;
  /** The last that the broker is known to have; -1: unknown. */
  #entered: number;
  #timer: NodeJS.Timeout | null = null;
  /** Before the next version, milliseconds. */
  #pause = COALESCING;
  /** Who waits for everything to be sent. */
  #onSent: (() => void)[] = [];
  /** There was nobody to tell; attached() ends it. */
  #isAway = false;

  /**
   * @param entered the version that the broker has, of this process' accounts; -1 when it may have others
   * @param send false when there is no broker
   * @param onTold everything is entered
   * @param isSettled the accounts of `vm` are what is recorded: nothing else is told
   */
  constructor(
    vm: Vm,
    entered: number,
    send: (message: Message) => boolean,
    onTold: () => void,
    isSettled: () => boolean,
  ) {
    this.#vm = vm;
    this.#entered = entered;
    this.#send = send;
    this.#onTold = onTold;
    this.#isSettled = isSettled;
  }

  /** Blobs whose state the broker may not have. */
  get untold(): number {
    if (this.#untold.everything || this.#underWay?.touched.everything) return this.#vm.blobCount;
    return this.#untold.resources.size + (this.#underWay?.touched.resources.size ?? 0);
  }

  get isTold(): boolean {
    return !this.#isDue && this.#underWay === null;
  }

  changed(touched: Touched): void {
    this.#untold.merge(touched);
    if (this.#untold.resources.size > MOST_UNTOLD) this.#untold.addEverything();
    this.#isDue = true;
    if (this.#underWay !== null || this.#isAway) return;
    this.#tellSoon();
  }

  /** Calls `then` when everything is sent: at once, or later; never when the broker goes away first. */
  whenSent(then: () => void): void {
    if (!this.#isDue) {
      then();
      return;
    }
    if (this.#isAway) return;
    this.#onSent.push(then);
    this.#tell();
  }

  /** The session goes on, or began; the broker has `version`. */
  attached(version: number): void {
    const underWay = this.#underWay;
    this.#underWay = null;
    this.#isAway = false;
    if (underWay !== null && underWay.version === version) this.#entered = version;
    else if (version !== this.#entered) {
      this.#untold.addEverything();
      this.#entered = version;
      this.#isDue = true;
    } else if (underWay !== null) {
      this.#again(underWay.touched);
    }
    if (this.#isDue) this.#tell();
  }

  entered(version: number): void {
    if (this.#underWay?.version !== version) return;
    this.#underWay = null;
    this.#entered = version;
    if (!this.#isDue) {
      this.#pause = COALESCING;
      this.#onTold();
      return;
    }
    this.#pause = Math.min(2 * this.#pause, MOST_COALESCING);
    if (this.#onSent.length > 0) this.#tell();
    else this.#tellSoon();
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#isDue = false;
    this.#onSent = [];
  }

  #tellSoon(): void {
    if (this.#untold.resources.size >= SOON) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), this.#pause);
  }

  /** What was under way comes before what is untold. */
  #again(touched: Touched): void {
    const later = this.#untold.take();
    this.#untold.merge(touched);
    this.#untold.merge(later);
    this.#isDue = true;
  }

  #tell(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#underWay !== null || !this.#isDue || this.#entered < 0) return;
    if (!this.#isSettled()) {
      this.#timer = setTimeout(() => this.#tell(), COALESCING);
      return;
    }
    const touched = this.#untold.take();
    const version = this.#entered + 1;
    const pieces = piecesOf(accountsOf(this.#vm, touched), version);
    this.#isDue = false;
    if (pieces.every((piece) => this.#send(piece))) {
      this.#underWay = { version, touched };
      for (const then of this.#onSent.splice(0)) then();
      return;
    }
    this.#isAway = true;
    this.#onSent = [];
    this.#again(touched);
  }
}

/** As messages of the contract: the figures are in the last. */
export function piecesOf(accounts: Accounts, version: number): readonly Message[] {
  const { complete, destroyed, blobs, generation, settledMemory } = accounts;
  const pieces: Message[] = [];
  const count = Math.max(
    1,
    Math.ceil(blobs.length / MOST_BLOBS),
    Math.ceil(destroyed.length / MOST_DESTROYED),
  );
  for (let index = 0; index < count; index += 1) {
    pieces.push({
      version,
      complete,
      continues: index < count - 1,
      destroyed: destroyed.slice(index * MOST_DESTROYED, (index + 1) * MOST_DESTROYED),
      blobs: blobs.slice(index * MOST_BLOBS, (index + 1) * MOST_BLOBS).map(blobMessage),
    });
  }
  Object.assign(pieces.at(-1) as Message, { generation, settledMemory, ...figuresOf(accounts) });
  return pieces;
}

const { BlobMemory, BlobPlace, DecisionResult, OperationKind, Reason } = barkeep.v1;
const MEMORY = {
  host3d: BlobMemory.BLOB_MEMORY_HOST3D,
  'host3d-guest': BlobMemory.BLOB_MEMORY_HOST3D_GUEST,
} as const;
const PLACE = {
  unmapped: BlobPlace.BLOB_PLACE_UNMAPPED,
  mapped: BlobPlace.BLOB_PLACE_MAPPED,
  parked: BlobPlace.BLOB_PLACE_PARKED,
  stashed: BlobPlace.BLOB_PLACE_STASHED,
} as const;
const OPERATION = {
  create: OperationKind.OPERATION_KIND_CREATE,
  map: OperationKind.OPERATION_KIND_MAP,
  unmap: OperationKind.OPERATION_KIND_UNMAP,
  destroy: OperationKind.OPERATION_KIND_DESTROY,
  reset: OperationKind.OPERATION_KIND_RESET,
} as const;
const RESULT = {
  ok: DecisionResult.DECISION_RESULT_OK,
  noop: DecisionResult.DECISION_RESULT_NOOP,
  refused: DecisionResult.DECISION_RESULT_REFUSED,
  abandoned: DecisionResult.DECISION_RESULT_ABANDONED,
} as const;

function blobMessage(blob: BlobSnapshot): barkeep.v1.BlobAccount.$Properties {
  return {
    created: {
      contextId: blob.context,
      resourceId: blob.resource,
      memory: MEMORY[blob.blobMem],
      flags: blob.flags,
      blobId: toWire(blob.blobId),
      size: blob.size,
    },
    heap: blob.heap,
    place: PLACE[blob.state],
    offset: blob.offset,
    memory: blob.allocation?.number ?? 0,
  };
}

function figuresOf({
  counters: { operations, refusals },
}: Accounts): Pick<Message, 'decisions' | 'refusals'> {
  const decisions = OPERATIONS.flatMap((operation) =>
    RESULTS.flatMap((result) => {
      const count = operations[operation][result];
      // Nobody repeats anything to himself.
      if (count === 0 || result === 'repeated') return [];
      return [{ operation: OPERATION[operation], result: RESULT[result], count }];
    }),
  );
  const totals = REFUSAL_REASONS.flatMap((reason) =>
    refusals[reason] === 0 ? [] : [{ reason: Reason[`REASON_${reason}`], count: refusals[reason] }],
  );
  return { decisions, refusals: totals };
}
