/** What a VM did, counted as it happens: reading the figures costs nothing that grows with the VM. */

import type { Operation, Reply } from './command.ts';
import { OPERATIONS } from './command.ts';
import type { CacheType } from './heap.ts';
import { CACHE_TYPES } from './heap.ts';
import type { RefusalReason } from './refusal.ts';
import { REFUSAL_REASONS } from './refusal.ts';

export const RESULTS = [
  'ok',
  /** An unmap of a blob that was not mapped. */
  'noop',
  'refused',
  /** The remembered answer was given again; nothing was executed. */
  'repeated',
  /** A map that was first counted as ok, and undone because its memory could not be made ready. */
  'abandoned',
] as const;
export type Result = (typeof RESULTS)[number];

/** What only rises: the part that cannot be worked out from what a VM has. */
export interface CounterFigures {
  readonly operations: Readonly<Record<Operation, Readonly<Record<Result, number>>>>;
  readonly refusals: Readonly<Record<RefusalReason, number>>;
}

/** Every figure of CounterFigures in a fixed order: `create.ok`, …, then the reasons. For journals, which name one by its index. */
export const COUNTER_KEYS: readonly string[] = [
  ...OPERATIONS.flatMap((operation) => RESULTS.map((result) => `${operation}.${result}`)),
  ...REFUSAL_REASONS,
];

/** The only figures that go down: what is mapped now. */
export interface MappingFigures {
  count: number;
  /** Bytes of the window. */
  bytes: number;
}

/** Counts that are other than they were, as they are now. */
export interface CounterChanges {
  readonly operations: readonly {
    readonly operation: Operation;
    readonly result: Result;
    readonly count: number;
  }[];
  readonly refusals: readonly { readonly reason: RefusalReason; readonly count: number }[];
}

export class Counters {
  /** Since the VM was attached; they only rise. */
  readonly operations: Record<Operation, Record<Result, number>> = zeros(OPERATIONS, () =>
    zeros(RESULTS, () => 0),
  );
  readonly refusals: Record<RefusalReason, number> = zeros(REFUSAL_REASONS, () => 0);
  readonly mappings: Record<CacheType, MappingFigures> = zeros(CACHE_TYPES, () => ({ count: 0, bytes: 0 }));

  /** A copy of what only rises. */
  figures(): CounterFigures {
    return this.#copy();
  }

  /** The figures that come of changes; nothing is changed here. */
  changed({ operations, refusals }: CounterChanges): CounterFigures {
    const figures = this.#copy();
    for (const { operation, result, count } of operations) figures.operations[operation][result] = count;
    for (const { reason, count } of refusals) figures.refusals[reason] = count;
    return figures;
  }

  /** The same into a copy that is there already: whoever copies for every batch must not make garbage of it. */
  copyTo(copy: CounterFigures): void {
    for (const operation of OPERATIONS) Object.assign(copy.operations[operation], this.operations[operation]);
    Object.assign(copy.refusals, this.refusals);
  }

  /** The figures in the order of COUNTER_KEYS, into an array of that length. */
  flatten(into: Float64Array): void {
    let index = 0;
    for (const operation of OPERATIONS) {
      for (const result of RESULTS) into[index++] = this.operations[operation][result];
    }
    for (const reason of REFUSAL_REASONS) into[index++] = this.refusals[reason];
  }

  /** Goes on from figures by their index in COUNTER_KEYS; what is not there is 0. */
  restoreFlat(figures: ReadonlyMap<number, number>): void {
    let index = 0;
    for (const operation of OPERATIONS) {
      for (const result of RESULTS) this.operations[operation][result] = figures.get(index++) ?? 0;
    }
    for (const reason of REFUSAL_REASONS) this.refusals[reason] = figures.get(index++) ?? 0;
  }

  /** Goes on from figures of an earlier life. */
  restore({ operations, refusals }: CounterFigures): void {
    for (const operation of OPERATIONS) Object.assign(this.operations[operation], operations[operation]);
    Object.assign(this.refusals, refusals);
  }

  /** What `figures`, of somebody who goes on counting, has lower than here; null for nothing. */
  firstFalling({ operations, refusals }: CounterFigures): string | null {
    for (const operation of OPERATIONS) {
      for (const result of RESULTS) {
        if (operations[operation][result] < this.operations[operation][result])
          return `${operation} ${result}`;
      }
    }
    return REFUSAL_REASONS.find((reason) => refusals[reason] < this.refusals[reason]) ?? null;
  }

  /** A command was executed, with that answer. */
  answered(reply: Reply): void {
    if (reply.result === 'refused') {
      this.refused(reply.kind, reply.refusal.reason);
      return;
    }
    const noop = reply.kind === 'unmap' && !reply.wasMapped;
    this.operations[reply.kind][noop ? 'noop' : 'ok'] += 1;
  }

  refused(operation: Operation, reason: RefusalReason): void {
    this.operations[operation].refused += 1;
    this.refusals[reason] += 1;
  }

  #copy() {
    return {
      operations: zeros(OPERATIONS, (operation) => ({ ...this.operations[operation] })),
      refusals: { ...this.refusals },
    };
  }

  mapped(cache: CacheType, bytes: number): void {
    const figures = this.mappings[cache];
    figures.count += 1;
    figures.bytes += bytes;
  }

  unmapped(cache: CacheType, bytes: number): void {
    const figures = this.mappings[cache];
    figures.count -= 1;
    figures.bytes -= bytes;
  }
}

function zeros<Key extends string, Value>(
  keys: readonly Key[],
  zero: (key: Key) => Value,
): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, zero(key)])) as Record<Key, Value>;
}
