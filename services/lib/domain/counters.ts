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

/** The only figures that go down: what is mapped now. */
export interface MappingFigures {
  count: number;
  /** Bytes of the window. */
  bytes: number;
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
    return {
      operations: zeros(OPERATIONS, (operation) => ({ ...this.operations[operation] })),
      refusals: { ...this.refusals },
    };
  }

  /** The same into a copy that is there already: whoever copies for every batch must not make garbage of it. */
  copyTo(copy: CounterFigures): void {
    for (const operation of OPERATIONS) Object.assign(copy.operations[operation], this.operations[operation]);
    Object.assign(copy.refusals, this.refusals);
  }

  /** Goes on from figures of an earlier life. */
  restore({ operations, refusals }: CounterFigures): void {
    for (const operation of OPERATIONS) Object.assign(this.operations[operation], operations[operation]);
    Object.assign(this.refusals, refusals);
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
