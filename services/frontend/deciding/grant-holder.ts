// What the broker has granted, and the wish for more or less of it. Almost always there is room: it is asked for ahead, when what is left
// shrinks, and given back when it grows. Only what does not fit waits for an answer.
import { type Grant, type GrantedBooks, NO_GRANT } from '../../lib/domain/grant.ts';
import { afterReading } from '../../lib/os/after-reading.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import { reasonName } from '../../lib/rpc/status-error.ts';
import { countFromWire } from '../../lib/rpc/u64.ts';
import { grantOf, type RefusedResult, type Result, SESSION_LOST, TIMED_OUT } from '../operation.ts';
import type { Needed } from './decider.ts';

/** What is asked for on top of what is in use. It is asked again when half of it is left, and given back when there is twice as much. */
const SPARE = { bytes: 256 * 1024 * 1024, mappings: 1024, allocations: 1024 } as const;

type Request = barkeep.v1.GrantRequest.$Properties;

export type GrantHolderOptions = {
  readonly books: GrantedBooks;
  /** The heaps that the VM's blobs may come from. */
  readonly heaps: readonly string[];
  /** Milliseconds that a command waits for room at most. */
  readonly answerTimeout: number;
  /** False when there is no broker. */
  readonly send: (request: Request) => boolean;
  /** Why the broker, which is there, does not take the VM back; null when it does, or is away. */
  readonly refusal: () => RefusedResult | null;
  /** From here on it holds. */
  readonly record: (grant: Grant) => void;
  /** Nothing can be given back before it was told what is free. */
  readonly isTold: () => boolean;
  /** How long a command waited for room, milliseconds. */
  readonly observe: (duration: number) => void;
};

type Waiter = { readonly needed: Grant; readonly resolve: (result: Result | null) => void };

export class GrantHolder {
  readonly #options: GrantHolderOptions;
  readonly #books: GrantedBooks;
  /** A request is not answered yet. */
  #isAsking = false;
  /** What was asked for last. */
  #wanted: Grant = NO_GRANT;
  /** The number of that request. */
  #number = 0;
  /** For whom that was asked; null for nobody. */
  #askedFor: Waiter | null = null;
  #waiter: Waiter | null = null;
  /** What was asked for in vain is not asked for again before somebody needs it, or something is free. */
  #isShort = false;
  /** Others are short, and have not been given what is idle here. */
  #isRecalled = false;
  /** What was asked for last is to hold no more than what is in use. */
  #isGivingBack = false;
  /** A command has the room that it waited for, and does not use it yet. */
  #isPromised = false;
  /** performance.now() when a command had waited in vain, for as long as the broker has not answered anything since; -1 otherwise. */
  #gaveUpAt = -1;

  constructor(options: GrantHolderOptions) {
    this.#options = options;
    this.#books = options.books;
  }

  /**
   * Waits for room: resolves with null when there is enough, with the refusal or TIMED_OUT otherwise. One at a time. `since` is
   * performance.now() from which the guest waits: who stood behind a command that waited in vain has waited with it.
   */
  async makeRoom(needed: Needed, since: number): Promise<Result | null> {
    if (since <= this.#gaveUpAt) return TIMED_OUT;
    const refusal = this.#options.refusal();
    if (refusal !== null) return refusal;
    const started = performance.now();
    const wanted = this.#grantFor(needed);
    const result = await new Promise<Result | null>((resolve) => {
      const deadline = afterReading(this.#options.answerTimeout, () => {
        this.#gaveUpAt = performance.now();
        this.#answer(TIMED_OUT);
      });
      this.#waiter = {
        needed: wanted,
        resolve: (answer) => {
          deadline.cancel();
          resolve(answer);
        },
      };
      this.#ask();
    });
    this.#options.observe(performance.now() - started);
    return result;
  }

  /** The session goes on, or began: this is what the broker has granted. What was asked before is asked again. */
  attached(grant: Grant): void {
    this.#isAsking = false;
    this.#isGivingBack = false;
    this.#isRecalled = false;
    this.#gaveUpAt = -1;
    this.#set(grant);
    this.#ask();
  }

  /** The answer to the request. */
  answered(message: barkeep.v1.Grant.$Properties): void {
    const grant = grantOf(message);
    if (!this.#isAsking || this.#isLate(grant, countFromWire(message.number))) return;
    this.#isAsking = false;
    this.#isGivingBack = false;
    this.#gaveUpAt = -1;
    const { refusal } = message;
    this.#set(grant);
    this.#isShort = refusal !== null && refusal !== undefined;
    if (!isWithin(this.#wanted, this.#books.grant)) this.#isShort = true;
    if (this.#waiter === null) {
      this.#giveBack();
      return;
    }
    // What somebody else was refused who does not wait any more, or what was asked ahead, is no answer to the one who waits now.
    if (refusal && this.#waiter === this.#askedFor) {
      this.#answer({ kind: 'refused', reason: reasonName(refusal.reason), message: refusal.message ?? '' });
    } else if (isWithin(this.#waiter.needed, this.#books.grant)) {
      this.#answer(null);
    } else this.#ask();
    this.#giveBack();
  }

  /** The broker is there, and does not take the VM back: there is nothing to wait for. */
  refused(refusal: RefusedResult): void {
    this.#answer(refusal);
  }

  /** Others are short: everything that is not in use goes back. */
  recalled(): void {
    this.#isRecalled = true;
    this.#giveBack();
  }

  /** After blobs have come and gone. */
  review(): void {
    this.#giveBack();
    if (this.#isAsking || this.#waiter !== null) return;
    const { isLow, isHigh } = this.#look();
    if (!isLow) this.#isShort = false;
    if ((isLow && !this.#isShort) || (isHigh && this.#options.isTold())) this.#ask();
  }

  /** Nobody needs the room any more that is waited for. */
  withdraw(): void {
    this.#answer(SESSION_LOST);
  }

  /** The session is over. */
  close(): void {
    this.#answer(SESSION_LOST);
  }

  #answer(result: Result | null): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    this.#waiter = null;
    waiter.resolve(result);
    if (result !== null) return;
    // It is used in a moment, and not given away before that, whatever else comes with the answer.
    this.#isPromised = true;
    setImmediate(() => {
      this.#isPromised = false;
      this.#giveBack();
    });
  }

  /**
   * Of the answer to what was asked before the last request, and came too late to be withdrawn. Where the broker does not number its answers:
   * who has told what he uses is never given more than he wants.
   */
  #isLate(grant: Grant, number: number): boolean {
    if (number > 0) return number !== this.#number;
    return this.#isGivingBack && !isWithin(grant, this.#wanted);
  }

  /**
   * As soon as it is told what is free. What is asked ahead is answered at once; but a command may wait for what others give back, who wait for what is
   * idle here: so it asks anew behind them, when this is answered.
   */
  #giveBack(): void {
    if (!this.#isRecalled || this.#isGivingBack || this.#isPromised || !this.#options.isTold()) return;
    if (this.#isAsking && this.#waiter === null) return;
    this.#isRecalled = false;
    const { used } = this.#books;
    this.#askedFor = null;
    this.#request(used, used);
    this.#isGivingBack = this.#isAsking;
  }

  #ask(): void {
    if (this.#isAsking) return;
    const { used } = this.#books;
    const needed = this.#waiter?.needed ?? used;
    this.#askedFor = this.#waiter;
    this.#request(this.#withSpare(needed), needed);
  }

  #request(wanted: Grant, needed: Grant): void {
    // Until the answer is here, no more is used than was asked for.
    const lesser = lesserOf(this.#books.grant, wanted);
    this.#wanted = wanted;
    this.#number += 1;
    const number = this.#number;
    this.#isAsking = this.#options.send({ wanted: message(wanted), needed: message(needed), number });
    if (this.#isAsking) this.#set(lesser);
  }

  #set(grant: Grant): void {
    if (isWithin(grant, this.#books.grant) && isWithin(this.#books.grant, grant)) return;
    this.#options.record(grant);
    this.#books.set(grant);
  }

  #grantFor({ heap, bytes, mappings, allocations }: Needed): Grant {
    const { used } = this.#books;
    const heaps = new Map(used.heaps);
    if (heap !== null) heaps.set(heap, Math.min(bytes, Number.MAX_SAFE_INTEGER));
    return { heaps, mappings, allocations };
  }

  #withSpare({ heaps, mappings, allocations }: Grant): Grant {
    const spared = this.#options.heaps.map((heap): [string, number] => [
      heap,
      Math.min((heaps.get(heap) ?? 0) + SPARE.bytes, Number.MAX_SAFE_INTEGER),
    ]);
    return {
      heaps: new Map([...heaps, ...spared]),
      mappings: mappings + SPARE.mappings,
      allocations: allocations + SPARE.allocations,
    };
  }

  #look(): { readonly isLow: boolean; readonly isHigh: boolean } {
    let isLow = false;
    let isHigh = false;
    const look = (idle: number, spare: number): void => {
      isLow ||= idle < spare / 2;
      isHigh ||= idle > spare * 2;
    };
    for (const heap of this.#options.heaps) look(this.#books.heaps.get(heap)?.idle ?? 0, SPARE.bytes);
    const { limits, used } = this.#books.account;
    look(limits.mappings - used.mappings, SPARE.mappings);
    look(limits.allocations - used.allocations, SPARE.allocations);
    return { isLow, isHigh };
  }
}

function isWithin(one: Grant, other: Grant): boolean {
  for (const [heap, bytes] of one.heaps) if (bytes > (other.heaps.get(heap) ?? 0)) return false;
  return one.mappings <= other.mappings && one.allocations <= other.allocations;
}

function lesserOf(one: Grant, other: Grant): Grant {
  const heaps = [...one.heaps].map(([heap, bytes]): [string, number] => [
    heap,
    Math.min(bytes, other.heaps.get(heap) ?? 0),
  ]);
  return {
    heaps: new Map(heaps),
    mappings: Math.min(one.mappings, other.mappings),
    allocations: Math.min(one.allocations, other.allocations),
  };
}

function message({ heaps, mappings, allocations }: Grant): barkeep.v1.Amounts.$Properties {
  return { heaps: [...heaps].map(([heap, bytes]) => ({ heap, bytes })), mappings, allocations };
}
