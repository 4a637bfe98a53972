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
// Hostile guests: every descriptor is read once and checked as read; a chain that breaks a rule is answered with length 0 in its turn and the
// queue goes on; an index that cannot be true breaks the queue, because no later index can be trusted either. Answers are published in the
// order of the available ring whatever the order of pushAll(), so that `used.idx` always says how many chains are done: a successor of this
// process may start from it.

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
  NO_BODY,
} from './descriptor-chain.ts';
import { messageOf } from './errors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Log } from './log.ts';
import { locateRing, type RingParts, type RingSetup } from './ring-parts.ts';

/**
 * popAll() ends a batch once it has so many chains, has copied so many bytes, or has walked so many descriptors: a queue full of the longest chains
 * can take neither a gigabyte at once nor the event loop, which others wait for, for more than about a millisecond.
 */
export const MOST_BATCH_CHAINS = 256;
export const MOST_BATCH_BYTES = 1024 * 1024;
const MOST_BATCH_DESCRIPTORS = 4096;

export type QueueState = 'running' | 'paused' | 'draining' | 'suspended' | 'broken' | 'discarded';

/** One request of the guest: what it held when it was taken. `head`: the descriptor that it begins with. */
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
  /** Where the queue counts; in memory that outlives this process when a successor shall go on. Default: memory of its own. */
  readonly words?: QueueWords;
  /** The queue was a predecessor's: it goes on from the used index in guest memory, which `lead` (see there) turns into an available index. */
  readonly adopted?: { readonly lead: number };
};

/**
 * What outlives a queue: numbers = [published, handling], attempts. Chains are numbered from the first that the queue ever saw, over stops
 * and fresh starts: `published` is the number of the next chain to be published, and its low 16 bits are the used index. `handling` is the
 * number plus 1 of the chain whose handler runs, 0 when none does; `attempts` counts the processes that ran it.
 */
export type QueueWords = { readonly numbers: Float64Array; readonly attempts: Uint32Array };

/** For a queue that nobody will go on with. */
export function privateWords(): QueueWords {
  return { numbers: new Float64Array(2), attempts: new Uint32Array(1) };
}

const PUBLISHED = 0;
const HANDLING = 1;

/** A chain between pop and publication. */
class InFlight implements Chain {
  readonly head: number;
  readonly readable: Buffer;
  readonly readableBytes: number;
  readonly writable: readonly GuestRange[];
  readonly writableBytes: number;
  /** It is answered, or malformed. */
  done: boolean;
  reply: Uint8Array | null = null;
  /** Whether this chain is the one that marks its head as taken (a duplicate does not). */
  readonly ownsHead: boolean;
  /** See QueueWords. */
  number = 0;

  constructor(head: number, body: ChainBody, done: boolean, ownsHead: boolean) {
    this.head = head;
    this.readable = body.readable;
    this.readableBytes = body.readableBytes;
    this.writable = body.writable;
    this.writableBytes = body.writableBytes;
    this.done = done;
    this.ownsHead = ownsHead;
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
  readonly #words: QueueWords;
  readonly #adopted: { readonly lead: number } | null;
  #lead = 0;
  /** numbers[PUBLISHED], as a field that is quick to get at. */
  #published = 0;
  #setup: RingSetup;
  #state: QueueState = 'suspended';
  #rings: RingParts | null = null;
  #lastAvailable: number;
  #usedIndex = 0;
  #knowsUsedIndex = false;
  // Chains in flight in the order of the available ring: a ring of its own, because a queue never has more than `size` of them.
  readonly #inFlight: (InFlight | null)[];
  #first = 0;
  #count = 0;
  readonly #headTaken: Uint8Array;
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

  /** A suspended queue: resume() starts it. `lastAvailable` is the index of SET_VRING_BASE, 0 to 65535. */
  constructor(options: VirtqueueOptions, setup: RingSetup, lastAvailable: number) {
    this.index = options.index;
    this.size = options.size;
    this.#memory = options.memory;
    this.#doorbells = options.doorbells;
    const { memory, size, indirect, mostReadableBytes = DEFAULT_MOST_READABLE_BYTES } = options;
    this.#reader = new ChainReader({ memory, size, indirect, mostReadableBytes });
    this.#log = options.log;
    this.#words = options.words ?? privateWords();
    this.#adopted = options.adopted ?? null;
    this.#setup = setup;
    this.#lastAvailable = lastAvailable;
    this.#inFlight = new Array<InFlight | null>(options.size).fill(null);
    this.#headTaken = new Uint8Array(options.size);
  }

  // ---- for the device ---------------------------------------------------------------------------------------------------------------

  get state(): QueueState {
    return this.#state;
  }

  /** Chains that were popped and are not published yet. */
  get inFlight(): number {
    return this.#count;
  }

  get statistics(): QueueStatistics {
    return { ...this.#statistics };
  }

  /**
   * The number of the next chain to be published; it only grows, whatever becomes of queue, driver and process. A chain is answered, for
   * the guest and for good, once this is larger than the chain's number. 0 to 2^53.
   */
  get published(): number {
    return this.#published;
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
    const { numbers, attempts } = this.#words;
    const marked = this.numberOf(chain) + 1;
    const attempt = numbers[HANDLING] === marked ? (attempts[0] as number) + 1 : 1;
    attempts[0] = attempt;
    numbers[HANDLING] = marked;
    faultPoint('queue.handling');
    return attempt;
  }

  /** The handler has returned. */
  handled(): void {
    this.#words.numbers[HANDLING] = 0;
    faultPoint('queue.handled');
  }

  /**
   * Takes the chains that wait in the queue, in order; empty when there are none or the queue is not running. Large batches are cut
   * (MOST_BATCH_CHAINS and the like): call again until it returns none and was not cut. Every chain is owed one pushAll(). Never throws for what a
   * guest does.
   */
  popAll(): readonly Chain[] {
    this.#isCut = false;
    if (this.#state !== 'running') return NO_CHAINS;
    const rings = this.#currentRings();
    if (!rings) return NO_CHAINS;
    const index = Atomics.load(rings.available, 1);
    let waiting = (index - this.#lastAvailable) & 0xffff;
    if (waiting === 0) return NO_CHAINS;
    if (waiting + this.#count > this.size) {
      this.#break(
        `the guest moved the available index from ${this.#lastAvailable} to ${index} with ${this.#count} chains in flight; the queue has ${this.size} entries`,
      );
      return NO_CHAINS;
    }
    const chains: Chain[] = [];
    let bytes = 0;
    this.#reader.walked = 0;
    const mostWaiting = Math.max(0, waiting - MOST_BATCH_CHAINS);
    for (; waiting > mostWaiting && bytes < MOST_BATCH_BYTES; waiting -= 1) {
      if (this.#reader.walked >= MOST_BATCH_DESCRIPTORS) break;
      const head = rings.available[2 + (this.#lastAvailable & (this.size - 1))] as number;
      this.#lastAvailable = (this.#lastAvailable + 1) & 0xffff;
      const chain = this.#take(rings, head);
      chain.number = this.#published + this.#count;
      this.#inFlight[(this.#first + this.#count) & (this.size - 1)] = chain;
      this.#count += 1;
      this.#statistics.chains += 1;
      if (!chain.done) {
        chains.push(chain);
        bytes += chain.readable.length;
      }
    }
    this.#isCut = waiting > 0;
    faultPoint('queue.popped');
    this.#publish();
    return chains;
  }

  /** The last popAll() left something. What it took may all have been malformed, and is answered then. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /**
   * Answers chains: writes each reply into the chain's writable part (cut off where that ends), then all used elements, one used index and
   * at most one interrupt. Chains may be answered in any order; they are published in the order of the queue. On a suspended queue the
   * answers are kept; on a broken or discarded one they are dropped. Throws TypeError for a chain that is not in flight in this queue.
   */
  pushAll(completions: readonly Completion[]): void {
    if (this.#state === 'broken' || this.#state === 'discarded') return;
    for (const { chain, reply } of completions) {
      if (!(chain instanceof InFlight) || chain.done || !this.#headTaken[chain.head]) {
        throw new TypeError(`the chain with head ${chain.head} is not in flight in queue ${this.index}`);
      }
      chain.done = true;
      chain.reply = reply;
    }
    this.#publish();
  }

  // ---- for the connection -----------------------------------------------------------------------------------------------------------

  /** Starts a suspended queue, with the ring where `setup` says. Throws VhostUserError when that is not in guest memory. */
  resume(setup: RingSetup): void {
    if (this.#state !== 'suspended')
      throw new TypeError(`queue ${this.index} is ${this.#state}, not suspended`);
    this.#setup = setup;
    this.#rings = null;
    const rings = this.#locateRings();
    if (!this.#knowsUsedIndex) {
      this.#count16(Atomics.load(rings.usedIndex, 1));
      this.#knowsUsedIndex = true;
    }
    this.#rings = rings;
    this.#state = 'running';
    this.#publish();
  }

  /** How far the available index of a chain is ahead of the used index at which it is answered. Known once the queue was started. */
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
   * Pops nothing more; calls `onIdle` when the last chain in flight is published (at once when there is none).
   * suspend() or discard() ends the wait.
   */
  drain(onIdle: () => void): void {
    if (this.#state === 'running' || this.#state === 'paused') this.#state = 'draining';
    if (this.#count === 0 || this.#state !== 'draining') onIdle();
    else this.#onIdle = onIdle;
  }

  /** Stops: guest memory is not touched until resume(). Returns the index from which a successor goes on. */
  suspend(): number {
    this.#onIdle = null;
    this.#rings = null;
    if (this.#state !== 'broken' && this.#state !== 'discarded') this.#state = 'suspended';
    return this.#lastAvailable;
  }

  /** Forgets everything; for good. */
  discard(): void {
    this.#onIdle = null;
    this.#rings = null;
    this.#state = 'discarded';
    this.#inFlight.fill(null);
    this.#count = 0;
  }

  /** Where to go on, from the used index that is found in guest memory. */
  #count16(found: number): void {
    const { numbers } = this.#words;
    const published = numbers[PUBLISHED] as number;
    const ahead = (found - published) & 0xffff;
    if (this.#adopted) {
      // The predecessor died at most one publication after he had counted. What is further away is of the guest's making.
      const isTrue = ahead <= this.size;
      if (!isTrue) {
        this.#log.warn(
          { queue: this.index, found, expected: published & 0xffff },
          'the guest moved the used index while the device was away; the device goes on where it was',
        );
      }
      this.#published = isTrue ? published + ahead : published;
      numbers[PUBLISHED] = this.#published;
      this.#usedIndex = this.#published & 0xffff;
      this.#lead = this.#adopted.lead;
      this.#lastAvailable = (this.#usedIndex + this.#lead) & 0xffff;
      return;
    }
    // A fresh ring: its numbers are the next ones with the right low half. What a process died of is not in it, whatever its number.
    numbers[HANDLING] = 0;
    this.#published = published + ahead;
    numbers[PUBLISHED] = this.#published;
    this.#usedIndex = found;
    this.#lead = (this.#lastAvailable - found) & 0xffff;
  }

  // ---- ring -------------------------------------------------------------------------------------------------------------------------

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
    this.#inFlight.fill(null);
    this.#count = 0;
    this.#log.error(
      { queue: this.index, problem },
      'a queue is broken and stays so until the guest sets it up again',
    );
    this.#signal(this.#doorbells.error);
    this.#becameIdle();
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

  #take(rings: RingParts, head: number): InFlight {
    if (head >= this.size)
      return this.#malformed(head, `head ${head} of a queue with ${this.size} entries`, false);
    if (this.#headTaken[head]) return this.#malformed(head, `head ${head} is in flight already`, false);
    this.#headTaken[head] = 1;
    const body = this.#reader.read(rings, head);
    return 'problem' in body ? this.#bad(head, body) : new InFlight(head, body, false, true);
  }

  #bad(head: number, { problem, outOfReach }: BadChain): InFlight {
    if (outOfReach !== null) {
      this.#statistics.outOfReach += 1;
      this.#statistics.outOfReachAt = outOfReach;
    }
    return this.#malformed(head, problem, true);
  }

  #malformed(head: number, problem: string, ownsHead: boolean): InFlight {
    const count = ++this.#statistics.malformed;
    // 1, 2, 4, 8 ...: a hostile guest does not get to fill the log.
    if ((count & (count - 1)) === 0) {
      this.#log.warn(
        { queue: this.index, head, problem, malformed: count },
        'a malformed descriptor chain was answered with length 0',
      );
    }
    return new InFlight(head, NO_BODY, true, ownsHead);
  }

  // ---- publish ----------------------------------------------------------------------------------------------------------------------

  /** Publishes the answered chains at the front of the line. */
  #publish(): void {
    if (this.#state === 'suspended' || this.#count === 0) return;
    if (!this.#inFlight[this.#first]?.done) return;
    const rings = this.#currentRings();
    if (!rings) return;
    const mask = this.size - 1;
    let published = this.#published;
    while (this.#count > 0) {
      const chain = this.#inFlight[this.#first] as InFlight;
      if (!chain.done) break;
      const written = chain.reply ? this.#writeReply(chain, chain.reply) : 0;
      const at = rings.usedAt + RING_OFFSET.ring + (this.#usedIndex & mask) * USED_ELEMENT_SIZE;
      rings.used.setUint32(at + USED_ELEMENT_OFFSET.id, chain.head, true);
      rings.used.setUint32(at + USED_ELEMENT_OFFSET.len, written, true);
      this.#usedIndex = (this.#usedIndex + 1) & 0xffff;
      published += 1;
      if (chain.ownsHead) this.#headTaken[chain.head] = 0;
      this.#inFlight[this.#first] = null;
      this.#first = (this.#first + 1) & mask;
      this.#count -= 1;
    }
    // Sequentially consistent: the guest sees the elements before the index, and the flags are read after the index was written.
    faultPoint('queue.replies-written');
    Atomics.store(rings.usedIndex, 1, this.#usedIndex);
    faultPoint('queue.published');
    this.#published = published;
    this.#words.numbers[PUBLISHED] = published;
    faultPoint('queue.counted');
    if ((Atomics.load(rings.available, 0) & AVAILABLE_FLAG_NO_INTERRUPT) === 0) {
      this.#statistics.interrupts += 1;
      this.#signal(this.#doorbells.call);
      faultPoint('queue.signalled');
    }
    if (this.#count === 0) this.#becameIdle();
  }

  /** Fills the writable ranges with the reply; returns how many bytes were written. A range that left guest memory ends it. */
  #writeReply(chain: InFlight, reply: Uint8Array): number {
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
