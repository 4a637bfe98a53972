/**
 * Exactly once: numbers, and the answers that were given to them.
 *
 *     1 ... acknowledged | acknowledged+1 ... last | last+1 | ...
 *     forgotten          | remembered              | next   | gap
 *
 * A sender that lost its connection repeats what it has no answer for, and gets the answer that was given then.
 * The remembered answers lie in a ring, at the place that their number gives: to acknowledge one is to clear a slot.
 */

import { isPowerOfTwo } from '../wire/alignment.ts';
import type { U64 } from '../wire/u64.ts';
import type { Reply } from './command.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** Four of the largest batches (1024 commands, proto BrokerService.Batch): a sender that keeps acknowledging never meets it. */
export const MAX_UNACKNOWLEDGED = 4096;

const FIRST_SLOTS = 16;

export class Replies {
  readonly #bound: number;
  /** A power of two of slots, not more than the bound; the answer to n lies at n % slots. */
  #ring: (Reply | undefined)[] = new Array(FIRST_SLOTS);
  #last = 0;
  #acknowledged = 0;

  /** @param bound how many answers may wait for their acknowledgement: a power of two from 16 */
  constructor(bound: number = MAX_UNACKNOWLEDGED) {
    if (!isPowerOfTwo(bound) || bound < FIRST_SLOTS) {
      throw new RangeError(`replies: the bound has to be a power of two from ${FIRST_SLOTS}, not ${bound}`);
    }
    this.#bound = bound;
  }

  /** The number that was executed last; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The highest number whose answer is forgotten. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Answers that are remembered. */
  get remembered(): number {
    return this.#last - this.#acknowledged;
  }

  /** @returns null when `number` is the next to execute, the answer that was given to it, or why it is refused */
  admit(number: U64): Reply | Refusal | null {
    if (number === this.#last + 1) {
      return this.remembered < this.#bound ? null : this.#full();
    }
    if (typeof number === 'bigint' || !(number <= this.#last)) {
      return refuse(
        'NUMBER_GAP',
        `command ${number} came, but the last one executed was ${this.#last}: send ${this.#last + 1} next`,
        { number, last: this.#last },
      );
    }
    return (
      this.find(number) ??
      refuse(
        'NUMBER_FORGOTTEN',
        `command ${number} came, but the answers up to ${this.#acknowledged} were acknowledged and are gone: ` +
          `send ${this.#last + 1} next`,
        { number, acknowledged: this.#acknowledged, last: this.#last },
      )
    );
  }

  /** The remembered answer to `number`, or null. */
  find(number: U64): Reply | null {
    if (typeof number === 'bigint' || !(number > this.#acknowledged && number <= this.#last)) {
      return null;
    }
    return this.#ring[number % this.#ring.length] ?? null;
  }

  /** The remembered answers, in order. */
  *all(): Generator<Reply, void, undefined> {
    for (let number = this.#acknowledged + 1; number <= this.#last; number += 1) {
      yield this.#ring[number % this.#ring.length]!;
    }
  }

  /**
   * Goes on from an earlier life: `answers` are those from acknowledged + 1 on. Only before the first answer.
   * @throws RangeError when they do not fit
   */
  restore(acknowledged: number, answers: readonly Reply[]): void {
    if (this.#last !== 0 || !Number.isSafeInteger(acknowledged) || acknowledged < 0) {
      throw new RangeError(`replies: ${acknowledged} cannot be the last acknowledged number`);
    }
    if (answers.length > this.#bound) {
      throw new RangeError(
        `replies: ${answers.length} answers are more than the ${this.#bound} that are kept`,
      );
    }
    this.#last = acknowledged;
    this.#acknowledged = acknowledged;
    for (const answer of answers) {
      this.add(answer);
    }
  }

  /** True when the answer to `number` can be added now. */
  takes(number: U64): boolean {
    return number === this.#last + 1 && this.remembered < this.#bound;
  }

  /** Remembers the answer to the next number. */
  add(reply: Reply): void {
    if (!this.takes(reply.number)) {
      throw new Error(`replies: the answer to ${reply.number} was given when ${this.#last + 1} was next`);
    }
    if (this.remembered === this.#ring.length) {
      this.#grow();
    }
    this.#last += 1;
    this.#ring[this.#last % this.#ring.length] = reply;
  }

  /** Gives another answer to a remembered number, before the first one has left. */
  replace(reply: Reply): void {
    if (this.find(reply.number) === null) {
      throw new Error(`replies: the answer to ${reply.number} was to be replaced, but is not remembered`);
    }
    this.#ring[Number(reply.number) % this.#ring.length] = reply;
  }

  /**
   * Forgets the answers up to `through`; a number acknowledged before changes nothing.
   * @returns null, or NUMBER_GAP when `through` was never executed: then nothing is forgotten
   */
  acknowledge(through: U64): Refusal | null {
    if (typeof through === 'bigint' || !(through <= this.#last)) {
      return refuse(
        'NUMBER_GAP',
        `the answers up to ${through} were acknowledged, but the last command executed was ${this.#last}: ` +
          'acknowledge only what was answered',
        { number: through, last: this.#last },
      );
    }
    while (this.#acknowledged < through) {
      this.#acknowledged += 1;
      this.#ring[this.#acknowledged % this.#ring.length] = undefined;
    }
    return null;
  }

  #full(): Refusal {
    return refuse(
      'UNACKNOWLEDGED_LIMIT',
      `command ${this.#last + 1} came, but ${this.remembered} answers wait for their acknowledgement, and no more are kept: ` +
        'acknowledge, then send it again',
      { number: this.#last + 1, acknowledged: this.#acknowledged, limit: this.#bound },
    );
  }

  #grow(): void {
    const ring: (Reply | undefined)[] = new Array(this.#ring.length * 2);
    for (let number = this.#acknowledged + 1; number <= this.#last; number += 1) {
      ring[number % ring.length] = this.#ring[number % this.#ring.length];
    }
    this.#ring = ring;
  }
}
