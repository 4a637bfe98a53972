// What a frontend that decides tells, from messages to plain data: pieces are put together here, and what has no meaning is found before the domain
// looks at what is told (lib/domain/follow.ts). Everything that is wrong is an AccountsError, in our words: nothing of a frontend's but numbers.

import type { Allocation } from '../../lib/domain/allocation.ts';
import type { BlobState } from '../../lib/domain/blob.ts';
import type { BlobMem, Operation } from '../../lib/domain/command.ts';
import type { CounterChanges, Result } from '../../lib/domain/counters.ts';
import { AccountsError } from '../../lib/domain/follow.ts';
import { REFUSAL_REASONS, type RefusalReason } from '../../lib/domain/refusal.ts';
import type { Vm } from '../../lib/domain/vm.ts';
import type { BlobSnapshot } from '../../lib/domain/vm-snapshot.ts';
import { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonName } from '../../lib/rpc/status-error.ts';
import { fromWire, type WireU64 } from '../../lib/rpc/u64.ts';
import { heapsOfVm } from '../followed-vm.ts';
import type { MadeMemory } from '../made-memory.ts';
import type { Told } from '../told.ts';

type Wire = barkeep.v1.Accounts.$Properties;
const { BlobMemory, BlobPlace, DecisionResult, OperationKind } = barkeep.v1;

/** proto: Accounts. */
export const MOST_BLOBS = 1024;
export const MOST_IDS = 4096;
export const MOST_IDS_OF_A_VERSION = 1_048_576;
/** Operations times results, and reasons: more than there are is nonsense, fewer than a newer frontend may have is not. */
const MOST_COUNTS = 256;

const STATES: ReadonlyMap<number, BlobState> = new Map([
  [BlobPlace.BLOB_PLACE_UNMAPPED, 'unmapped'],
  [BlobPlace.BLOB_PLACE_MAPPED, 'mapped'],
  [BlobPlace.BLOB_PLACE_PARKED, 'parked'],
  [BlobPlace.BLOB_PLACE_STASHED, 'stashed'],
]);
const MEMORIES: ReadonlyMap<number, BlobMem> = new Map([
  [BlobMemory.BLOB_MEMORY_HOST3D, 'host3d'],
  [BlobMemory.BLOB_MEMORY_HOST3D_GUEST, 'host3d-guest'],
]);
const OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  [OperationKind.OPERATION_KIND_CREATE, 'create'],
  [OperationKind.OPERATION_KIND_MAP, 'map'],
  [OperationKind.OPERATION_KIND_UNMAP, 'unmap'],
  [OperationKind.OPERATION_KIND_DESTROY, 'destroy'],
  [OperationKind.OPERATION_KIND_RESET, 'reset'],
]);
const RESULTS: ReadonlyMap<number, Result> = new Map([
  [DecisionResult.DECISION_RESULT_OK, 'ok'],
  [DecisionResult.DECISION_RESULT_NOOP, 'noop'],
  [DecisionResult.DECISION_RESULT_REFUSED, 'refused'],
  [DecisionResult.DECISION_RESULT_ABANDONED, 'abandoned'],
]);
const REASONS: ReadonlySet<string> = new Set(REFUSAL_REASONS);

/** The pieces of a version so far. */
type Staged = {
  readonly version: number;
  readonly complete: boolean;
  readonly blobs: BlobSnapshot[];
  readonly destroyed: number[];
  /** Ids that came, those that nobody knew among them. */
  ids: number;
};

export class AccountsReader {
  readonly #vm: Vm;
  readonly #memory: Pick<MadeMemory, 'named'>;
  readonly #heaps: ReadonlySet<string>;
  #staged: Staged | null = null;

  constructor({ vm, memory }: { readonly vm: Vm; readonly memory: Pick<MadeMemory, 'named'> }) {
    this.#vm = vm;
    this.#memory = memory;
    this.#heaps = heapsOfVm(vm.settings);
  }

  /**
   * Takes a message.
   * @param last the version that was entered last
   * @param mostBlobs as many as the VM may have: what is staged beyond that is nonsense
   * @returns a version that is whole with it; null when more pieces follow
   * @throws AccountsError
   */
  take(message: Wire, last: number, mostBlobs: number): Told | null {
    const staged = this.#stage(message, last);
    const blobs = message.blobs ?? [];
    const destroyed = message.destroyed ?? [];
    if (blobs.length > MOST_BLOBS)
      this.#lie(`${blobs.length} blobs in one message, where ${MOST_BLOBS} may be`);
    if (destroyed.length > MOST_IDS)
      this.#lie(`${destroyed.length} ids in one message, where ${MOST_IDS} may be`);
    if (staged.blobs.length + blobs.length > mostBlobs) {
      this.#lie(`${staged.blobs.length + blobs.length} blobs are told, where ${mostBlobs} are granted`);
    }
    staged.ids += destroyed.length;
    if (staged.ids > MOST_IDS_OF_A_VERSION)
      this.#lie(`${staged.ids} ids in one version, where ${MOST_IDS_OF_A_VERSION} may be`);
    for (const blob of blobs) staged.blobs.push(this.#blob(blob));
    for (const id of destroyed) if (this.#vm.has(id)) staged.destroyed.push(id);
    if (message.continues) {
      if (blobs.length + destroyed.length === 0) this.#lie('a piece that continues tells nothing');
      this.#staged = staged;
      return null;
    }
    this.#staged = null;
    const { version, complete } = staged;
    const generation = this.#exact(message.generation, 'a generation');
    return {
      version,
      complete,
      blobs: staged.blobs,
      destroyed: staged.destroyed,
      generation,
      settledMemory: this.#exact(message.settledMemory, 'a number of memory'),
      counts: this.#counts(message),
    };
  }

  /** What the message goes on with, or begins. */
  #stage(message: Wire, last: number): Staged {
    const version = this.#exact(message.version, 'a version');
    const complete = message.complete ?? false;
    const staged = this.#staged;
    if (staged !== null) {
      if (version === staged.version && complete === staged.complete) return staged;
      this.#lie(`version ${version} begins before version ${staged.version} is whole`);
    }
    if (version === last + 1 || (complete && version > last))
      return { version, complete, blobs: [], destroyed: [], ids: 0 };
    return this.#lie(`version ${version} came where ${last + 1} is next`);
  }

  #blob({ created, heap, place, offset, memory }: barkeep.v1.BlobAccount.$Properties): BlobSnapshot {
    const resource = created?.resourceId ?? 0;
    const state = STATES.get(place ?? 0);
    const blobMem = MEMORIES.get(created?.memory ?? 0);
    const name = heap ?? '';
    if (!created) return this.#lie('a blob is told without what created it');
    if (state === undefined) return this.#lie(`resource ${resource} is in no place that there is`);
    if (blobMem === undefined)
      return this.#lie(`resource ${resource} has memory of no type that the host provides`);
    if (!this.#heaps.has(name))
      return this.#lie(`resource ${resource} has memory of no heap that the VM can use`);
    const isPlaced = state === 'mapped' || state === 'parked';
    return {
      resource,
      context: created.contextId ?? 0,
      blobId: fromWire(created.blobId),
      blobMem,
      flags: created.flags ?? 0,
      size: this.#exact(created.size, `a size of resource ${resource}`),
      heap: name,
      allocation: this.#allocation(resource, this.#exact(memory, `a memory of resource ${resource}`)),
      state,
      offset: isPlaced ? this.#exact(offset, `an offset of resource ${resource}`) : 0,
    };
  }

  #allocation(resource: number, number: number): Allocation | null {
    if (number === 0) return null;
    const allocation = this.#memory.named(number);
    return allocation ?? this.#lie(`resource ${resource} has memory ${number}, which it was never given`);
  }

  /** Operations, results and reasons that this broker does not know are those of a newer frontend. */
  #counts({ decisions, refusals }: Wire): CounterChanges {
    const counted = { decisions: decisions ?? [], refusals: refusals ?? [] };
    if (counted.decisions.length + counted.refusals.length > MOST_COUNTS)
      this.#lie('more counts than there are');
    return {
      operations: counted.decisions.flatMap(({ operation: kind, result: outcome, count }) => {
        const operation = OPERATIONS.get(kind ?? 0);
        const result = RESULTS.get(outcome ?? 0);
        if (operation === undefined || result === undefined) return [];
        return [{ operation, result, count: this.#exact(count, `a count of ${operation} ${result}`) }];
      }),
      refusals: counted.refusals.flatMap(({ reason: number, count }) => {
        const reason = reasonName(number);
        if (!REASONS.has(reason)) return [];
        return [{ reason: reason as RefusalReason, count: this.#exact(count, `a count of ${reason}`) }];
      }),
    };
  }

  #exact(value: WireU64, what: string): number {
    const exact = fromWire(value);
    return typeof exact === 'number' ? exact : this.#lie(`${what} above 2^53 - 1 is told`);
  }

  #lie(problem: string): never {
    throw new AccountsError(`the accounts of VM ${this.#vm.name} cannot be: ${problem}`);
  }
}
