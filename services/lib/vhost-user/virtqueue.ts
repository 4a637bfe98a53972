// A split virtqueue from the device's side: takes chains out of guest memory, puts answers back.
//
//   guest writes:  descriptor table, available ring     popAll()  ->  Chain { head, readable (a copy), writable (ranges) }
//   device writes: writable ranges, used ring           pushAll() <-  Completion { chain, reply }
//
// States:
//   running    chains can be popped, answers are published
//   paused     the VMM disabled the ring (SET_VRING_ENABLE 0): nothing is popped, answers are still published
//   draining   the VMM wants to stop the ring: nothing is popped, answers of chains in flight are still published
//   suspended  stopped (GET_VRING_BASE): guest memory is not touched; answers are kept and published by resume()
//   broken     the guest broke the ring itself (or it left guest memory): the error eventfd was signalled, nothing happens until a new start
//   discarded  the driver started afresh or the connection ended: answers are dropped
//
// Chains may be answered in any order; the used ring has them in the order in which they were answered. A table (recovery/in-flight-table.ts)
// says which of them are in flight: a successor of this process pops just those again, by their heads, in the order in which they were popped,
// and then what is new. The available ring cannot tell: its entries of before may be overwritten, and the used index only counts.
//
// Hostile guests: every descriptor is read once and checked as read (descriptor-chain.ts); a chain that breaks a rule is answered with length 0
// as soon as it is found, and the queue goes on; an index that cannot be true breaks the queue, because no later index can be trusted either.

import { signalEventfd } from '../os/eventfd.ts';
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import {
  AVAILABLE_FLAG_NO_INTERRUPT,
  RING_OFFSET,
  USED_ELEMENT_OFFSET,
  USED_ELEMENT_SIZE,
} from '../wire/split-ring.ts';
import {
  type BadChain,
  type ChainBody,
  ChainReader,
  DEFAULT_MOST_READABLE_BYTES,
  type GuestRange,
} from './descriptor-chain.ts';
import { messageOf } from './errors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Log } from './log.ts';
import { InFlightTable, type TakenChain } from './recovery/in-flight-table.ts';
import { locateRing, type RingParts, type RingSetup } from './ring-parts.ts';

/**
 * popAll() ends a batch once it has so many chains, has copied so many bytes, or has walked so many descriptors: a queue full of the longest chains
 * can take neither a gigabyte at once nor the event loop, which others wait for, for more than about a millisecond.
 */
export const MOST_BATCH_CHAINS = 256;
export const MOST_BATCH_BYTES = 1024 * 1024;
const MOST_BATCH_DESCRIPTORS = 4096;

export type QueueState = 'running' | 'paused' | 'draining' | 'suspended' | 'broken' | 'discarded';

/** One request of the guest: what it held when it was popped. `head`: the descriptor that it begins with. */
export type Chain = ChainBody & { readonly head: number };

/** The answer to a chain. It is copied into guest memory when it is published, so it must not change until then. Null writes nothing. */
export type Completion = { readonly chain: Chain; readonly reply: Uint8Array | null };

export type QueueStatistics = {
  /** Chains popped, malformed ones included. */
  readonly chains: number;
  readonly malformed: number;
  /** Of those: chains that speak of memory which the VMM does not share; and the guest address of the last of them. */
  readonly outOfReach: number;
  readonly outOfReachAt: number;
  /** Replies that were longer than what the guest had provided. */
  readonly truncated: number;
  readonly interrupts: number;
};

/** The eventfds of a ring; borrowed, and they may be replaced at any time. Null: the guest polls, or does not care. */
export type Doorbells = { call: Fd | null; error: Fd | null };

export type VirtqueueOptions = {
  readonly index: number;
  /** A power of two up to 32768. */
  readonly size: number;
  readonly memory: GuestMemory;
  readonly doorbells: Doorbells;
  /** Whether RING_INDIRECT_DESC was negotiated. */
  readonly indirect: boolean;
  readonly mostReadableBytes?: number;
  readonly log: Log;
  /** What is in flight, for a successor: the ring's, with room for `size` entries. Default: one that ends with this process. */
  readonly table?: InFlightTable;
  /** The queue was a predecessor's: it goes on where the table and the used index in guest memory say, with his `lead` (see there). */
  readonly adopted?: { readonly lead: number };
};

/** A chain between pop and publication. */
class InFlight implements Chain {
  readonly head: number;
  /** See InFlightTable. */
  readonly number: number;
  readonly readable: Buffer;
  readonly readableBytes: number;
  readonly writable: readonly GuestRange[];
  readonly writableBytes: number;
  /** It is answered, though perhaps not published. */
  done = false;

  constructor(head: number, number: number, body: ChainBody) {
    this.head = head;
    this.number = number;
    this.readable = body.readable;
    this.readableBytes = body.readableBytes;
    this.writable = body.writable;
    this.writableBytes = body.writableBytes;
  }
}

const NO_CHAINS: readonly Chain[] = [];

export class Virtqueue {
  readonly index: number;
  readonly size: number;
  readonly #memory: GuestMemory;
  readonly #doorbells: Doorbells;
  readonly #reader: ChainReader;
  readonly #log: Log;
  readonly #table: InFlightTable;
  readonly #adopted: { readonly lead: number } | null;
  #lead = 0;
  #setup: RingSetup;
  #state: QueueState = 'suspended';
  #rings: RingParts | null = null;
  /** The available index of the chain that is popped next. */
  #nextAvailable: number;
  /** Table and ring are of one mind. */
  #isSettled = false;
  /** Chains that were popped here and are not published. */
  #popped = 0;
  /** What a predecessor had popped, until it is popped here: the last one is the first. */
  #again: TakenChain[] = [];
  /** Answers that came while the queue was suspended, in their order. */
  #kept: Completion[] = [];
  readonly #statistics = {
    chains: 0,
    malformed: 0,
    outOfReach: 0,
    outOfReachAt: 0,
    truncated: 0,
    interrupts: 0,
  };
  #onIdle: (() => void) | null = null;
  #isCut = false;

  /** A suspended queue: resume() starts it. `base` is the index of SET_VRING_BASE, 0 to 65535. */
  constructor(options: VirtqueueOptions, setup: RingSetup, base: number) {
    const { memory, size, indirect, mostReadableBytes = DEFAULT_MOST_READABLE_BYTES } = options;
    this.index = options.index;
    this.size = size;
    this.#memory = memory;
    this.#doorbells = options.doorbells;
    this.#reader = new ChainReader({ memory, size, indirect, mostReadableBytes });
    this.#log = options.log;
    this.#table = options.table ?? InFlightTable.unshared(size);
    this.#adopted = options.adopted ?? null;
    this.#setup = setup;
    this.#nextAvailable = base;
  }

  // ---- for the device ---------------------------------------------------------------------------------------------------------------

  get state(): QueueState {
    return this.#state;
  }

  /** Chains that were popped, here or by a predecessor, and are not published yet. */
  get inFlight(): number {
    return this.#popped + this.#again.length;
  }

  get statistics(): QueueStatistics {
    return { ...this.#statistics };
  }

  /**
   * The number of the first chain that is not published yet; it only grows, whatever becomes of queue, driver and process. Where a device
   * answers in order, a chain is answered, for the guest and for good, once this is larger than the chain's number. 0 to 2^53.
   */
  get published(): number {
    return this.#table.lowest;
  }

  /** The number of a chain that popAll() returned: what is to count from its publication on is marked with it. */
  numberOf(chain: Chain): number {
    if (chain instanceof InFlight) return chain.number;
    throw new TypeError(`the chain with head ${chain.head} is not of queue ${this.index}`);
  }

  /**
   * To be called before a handler looks at a chain: notes which chain it is. Returns the how manieth process this is to do so: 1 as a rule;
   * 2 when a predecessor died with this chain's handler running; 3 or more when that happened again, and whoever called had better answer the
   * chain without running the handler.
   */
  handling(chain: Chain): number {
    return this.#table.handling(chain.head, this.numberOf(chain));
  }

  /** The handler has returned. */
  handled(): void {
    this.#table.handled();
  }

  /**
   * Takes the chains that wait in the queue, in order, first those that a predecessor had popped; empty when there are none or the queue is
   * not running. Large batches are cut (MOST_BATCH_CHAINS and the like): call again until it returns none and was not cut. Every chain is owed
   * one pushAll(). Never throws for what a guest does.
   */
  popAll(): readonly Chain[] {
    this.#isCut = false;
    if (this.#state !== 'running') return NO_CHAINS;
    const rings = this.#currentRings();
    if (!rings) return NO_CHAINS;
    const index = Atomics.load(rings.available, 1);
    let waiting = (index - this.#nextAvailable) & 0xffff;
    if (waiting === 0 && this.#again.length === 0) return NO_CHAINS;
    if (waiting + this.#table.count > this.size) {
      this.#break(
        `the guest moved the available index from ${this.#nextAvailable} to ${index} with ${this.inFlight} chains in flight; the queue has ${this.size} entries`,
      );
      return NO_CHAINS;
    }
    const { malformed } = this.#statistics;
    const chains: InFlight[] = [];
    let bytes = 0;
    this.#reader.walked = 0;
    for (let taken = 0; waiting + this.#again.length > 0 && taken < MOST_BATCH_CHAINS; taken += 1) {
      if (bytes >= MOST_BATCH_BYTES || this.#reader.walked >= MOST_BATCH_DESCRIPTORS) break;
      const isAgain = this.#again.length > 0;
      const chain = isAgain ? this.#takeAgain(rings) : this.#takeNext(rings);
      if (!isAgain) waiting -= 1;
      if (chain === null) continue;
      chains.push(chain);
      bytes += chain.readable.length;
    }
    this.#isCut = waiting + this.#again.length > 0;
    faultPoint('queue.popped');
    if (this.#statistics.malformed > malformed) this.#interruptIfWanted(rings);
    return chains;
  }

  /** The last popAll() left something. What it took may all have been malformed, and is answered then. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /**
   * Answers chains: writes each reply into the chain's writable part (cut off where that ends), then all used elements, one used index and
   * at most one interrupt. Chains may be answered in any order; the guest sees them in that order. On a suspended queue the answers are
   * kept; on a broken or discarded one they are dropped. Throws TypeError for a chain that is not in flight in this queue.
   */
  pushAll(completions: readonly Completion[]): void {
    if (this.#state === 'broken' || this.#state === 'discarded' || completions.length === 0) return;
    for (const { chain } of completions) {
      if (!(chain instanceof InFlight) || chain.done || !this.#table.has(chain.head, chain.number)) {
        throw new TypeError(`the chain with head ${chain.head} is not in flight in queue ${this.index}`);
      }
      chain.done = true;
    }
    if (this.#state === 'suspended') this.#kept.push(...completions);
    else this.#publish(completions);
  }

  // ---- for the connection -----------------------------------------------------------------------------------------------------------

  /** Starts a suspended queue, with the ring where `setup` says. Throws VhostUserError when that is not in guest memory. */
  resume(setup: RingSetup): void {
    if (this.#state !== 'suspended')
      throw new TypeError(`queue ${this.index} is ${this.#state}, not suspended`);
    this.#setup = setup;
    this.#rings = null;
    const rings = this.#locateRings();
    if (!this.#isSettled) this.#settle(Atomics.load(rings.usedIndex, 1));
    this.#rings = rings;
    this.#state = 'running';
    const kept = this.#kept;
    this.#kept = [];
    if (kept.length > 0) this.#publish(kept);
  }

  /** How far the available index of a chain is ahead of its number, modulo 2^16. Known once the queue was started. */
  get lead(): number {
    return this.#lead;
  }

  /** One interrupt, whether it is due or not: a predecessor may have died between publication and interrupt. */
  interrupt(): void {
    this.#signal(this.#doorbells.call);
  }

  /** SET_VRING_ENABLE on a queue that was started. */
  setEnabled(enabled: boolean): void {
    if (enabled && this.#state === 'paused') this.#state = 'running';
    else if (!enabled && this.#state === 'running') this.#state = 'paused';
  }

  /**
   * Pops nothing more; calls `onIdle` when the last chain that was popped here is published (at once when there is none). What a predecessor
   * had popped, and nobody has popped again, is not waited for: nobody works on it. suspend() or discard() ends the wait.
   */
  drain(onIdle: () => void): void {
    if (this.#state === 'running' || this.#state === 'paused') this.#state = 'draining';
    if (this.#popped === 0 || this.#state !== 'draining') onIdle();
    else this.#onIdle = onIdle;
  }

  /**
   * Stops: guest memory is not touched until resume(). Returns the available index of the chain that is popped next. Those in flight are
   * before it; they stay in the table, and are answered when the queue goes on, by this process or by a successor.
   */
  suspend(): number {
    this.#onIdle = null;
    this.#rings = null;
    if (this.#state !== 'broken' && this.#state !== 'discarded') this.#state = 'suspended';
    return this.#nextAvailable;
  }

  /** Forgets everything; for good. The table stays as it is, for a successor or the next queue. */
  discard(): void {
    this.#rings = null;
    this.#state = 'discarded';
    this.#onIdle = null;
    this.#forget();
  }

  // ---- ring -------------------------------------------------------------------------------------------------------------------------

  /** Where to go on, from the used index that is found in guest memory. */
  #settle(usedIndex: number): void {
    const table = this.#table;
    this.#isSettled = true;
    if (!this.#adopted) {
      table.begin(usedIndex);
      this.#lead = (this.#nextAvailable - usedIndex) & 0xffff;
      return;
    }
    if (!table.settle(usedIndex)) {
      this.#log.warn(
        { queue: this.index, found: usedIndex, expected: table.usedIndex },
        'the guest moved the used index while the device was away; the device goes on where it was',
      );
    }
    this.#again = [...table.taken].reverse();
    this.#lead = this.#adopted.lead;
    this.#nextAvailable = ((table.next % 0x1_0000) + this.#lead) & 0xffff;
  }

  #currentRings(): RingParts | null {
    if (this.#rings && this.#rings.generation === this.#memory.generation) return this.#rings;
    try {
      this.#rings = this.#locateRings();
    } catch (error) {
      this.#break(messageOf(error));
    }
    return this.#rings;
  }

  #locateRings(): RingParts {
    return locateRing(this.#memory, this.#setup, this.size, this.index);
  }

  #break(problem: string): void {
    this.#state = 'broken';
    this.#rings = null;
    this.#forget();
    this.#log.error(
      { queue: this.index, problem },
      'a queue is broken and stays so until the guest sets it up again',
    );
    this.#signal(this.#doorbells.error);
    this.#becameIdle();
  }

  #forget(): void {
    this.#popped = 0;
    this.#again = [];
    this.#kept = [];
  }

  #signal(doorbell: Fd | null): void {
    if (!doorbell) return;
    try {
      signalEventfd(doorbell.number);
    } catch (error) {
      this.#log.warn(
        { queue: this.index, problem: messageOf(error) },
        'an eventfd of a queue cannot be signalled',
      );
    }
  }

  #becameIdle(): void {
    const onIdle = this.#onIdle;
    this.#onIdle = null;
    onIdle?.();
  }

  // ---- pop --------------------------------------------------------------------------------------------------------------------------

  /** Null for a chain that was refused. */
  #takeNext(rings: RingParts): InFlight | null {
    const head = rings.available[2 + (this.#nextAvailable & (this.size - 1))] as number;
    this.#nextAvailable = (this.#nextAvailable + 1) & 0xffff;
    this.#statistics.chains += 1;
    if (head >= this.size)
      return this.#refuse(rings, head, `head ${head} of a queue with ${this.size} entries`);
    if (this.#table.isTaken(head)) return this.#refuse(rings, head, `head ${head} is in flight already`);
    const body = this.#reader.read(rings, head);
    if ('problem' in body) {
      this.#countOutOfReach(body);
      return this.#refuse(rings, head, body.problem);
    }
    this.#popped += 1;
    return new InFlight(head, this.#table.take(head), body);
  }

  /** A chain that a predecessor had popped. What the guest has made of it since is its own affair. */
  #takeAgain(rings: RingParts): InFlight | null {
    const { head, number } = this.#again.pop() as TakenChain;
    this.#statistics.chains += 1;
    const body = head < this.size ? this.#reader.read(rings, head) : null;
    if (body && !('problem' in body)) {
      this.#popped += 1;
      return new InFlight(head, number, body);
    }
    if (body) this.#countOutOfReach(body);
    this.#countMalformed(head, body?.problem ?? `head ${head} of a queue with ${this.size} entries`);
    this.#putElement(rings, head, 0);
    this.#table.answer(head);
    this.#tell(rings);
    return null;
  }

  /** Answers a chain that is not taken with length 0, at once: the table has no place for it. */
  #refuse(rings: RingParts, head: number, problem: string): null {
    this.#countMalformed(head, problem);
    this.#putElement(rings, head, 0);
    this.#table.refuse();
    this.#tell(rings);
    return null;
  }

  #countOutOfReach({ outOfReach }: BadChain): void {
    if (outOfReach === null) return;
    this.#statistics.outOfReach += 1;
    this.#statistics.outOfReachAt = outOfReach;
  }

  #countMalformed(head: number, problem: string): void {
    const count = ++this.#statistics.malformed;
    // 1, 2, 4, 8 ...: a hostile guest does not get to fill the log.
    if ((count & (count - 1)) !== 0) return;
    this.#log.warn(
      { queue: this.index, head, problem, malformed: count },
      'a malformed descriptor chain was answered with length 0',
    );
  }

  // ---- publish ----------------------------------------------------------------------------------------------------------------------

  /** Of chains that are in flight and done. */
  #publish(completions: readonly Completion[]): void {
    const rings = this.#currentRings();
    if (!rings) return;
    for (const { chain, reply } of completions) {
      this.#putElement(rings, chain.head, reply ? this.#writeReply(chain, reply) : 0);
      this.#table.answer(chain.head);
    }
    this.#popped -= completions.length;
    faultPoint('queue.replies-written');
    this.#tell(rings);
    this.#interruptIfWanted(rings);
    if (this.#popped === 0) this.#becameIdle();
  }

  /** The used element behind those that the guest knows and those that were put since. */
  #putElement(rings: RingParts, head: number, written: number): void {
    const slot = this.#table.nextUsedIndex & (this.size - 1);
    const at = rings.usedAt + RING_OFFSET.ring + slot * USED_ELEMENT_SIZE;
    rings.used.setUint32(at + USED_ELEMENT_OFFSET.id, head, true);
    rings.used.setUint32(at + USED_ELEMENT_OFFSET.len, written, true);
  }

  /** Sequentially consistent: the guest sees the elements before the index, and the flags are read after the index was written. */
  #tell(rings: RingParts): void {
    Atomics.store(rings.usedIndex, 1, this.#table.announce());
    this.#table.told();
  }

  #interruptIfWanted(rings: RingParts): void {
    if ((Atomics.load(rings.available, 0) & AVAILABLE_FLAG_NO_INTERRUPT) !== 0) return;
    this.#statistics.interrupts += 1;
    this.#signal(this.#doorbells.call);
    faultPoint('queue.signalled');
  }

  /** Fills the writable ranges with the reply; returns how many bytes were written. A range that left guest memory ends it. */
  #writeReply(chain: Chain, reply: Uint8Array): number {
    let written = 0;
    for (const range of chain.writable) {
      if (written === reply.length) break;
      const length = Math.min(range.length, reply.length - written);
      if (!this.#memory.contains(range.address, length)) break;
      this.#memory.copyIn(range.address, reply, written, length);
      written += length;
    }
    if (written < reply.length) this.#statistics.truncated += 1;
    return written;
  }
}
