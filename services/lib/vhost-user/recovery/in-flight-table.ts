// Which chains of a queue are taken and not answered, in memory that outlives this process: a successor takes exactly those again, in the order
// in which they were taken, and each is answered once.
//
// Chains have numbers, in the order in which they are taken, from the first that the queue ever saw, over stops and fresh starts. Of a queue:
//
//   completed   f64            chains that were answered; its low 16 bits are the used index
//   handling    f64            the number plus 1 of the chain whose handler runs; 0: none
//   announced   u32            chains that the next used index tells of; 0: none
//   entries     f64, by head   0: not in flight; n + 1: chain n is; -(n + 1): it is, and the next used index tells of it
//   deaths      u8, by head    processes that died with the handler of the chain in flight running
//
// The next chain's number is `completed` plus the entries that are not 0: a chain is taken with one store, and what was not taken is found in
// the available ring behind what was.
//
// Answering chains, in this order; the used index lies in guest memory:
//
//   used elements - entries negative - announced - STORE THE USED INDEX - entries 0 - completed - announced 0
//
// Killed before the store, the used index is `completed`: what was announced was not told, and is in flight. Killed behind it, it is
// `completed` + `announced`: it was told, and is not. The rest is done again, and may be done again any number of times. Any other
// used index is of the guest's making: then nothing was told.
//
// It is the split-queue region of vhost-user's INFLIGHT_SHMFD in fewer words: `entries` are inflight and counter of its desc_state, the
// negative ones are its list from last_batch_head on, `completed` is its used_idx. It lies in the state file and not with the VMM, because
// QEMU 11.1.3 takes the feature for its generic device and never sends GET_INFLIGHT_FD or SET_INFLIGHT_FD.
import { faultPoint } from '../../os/fault-point.ts';

/** Where a table lies. */
export type TableMemory = {
  /** completed, handling */
  readonly numbers: Float64Array;
  /** announced */
  readonly counts: Uint32Array;
  /** As many as the largest queue has. */
  readonly entries: Float64Array;
  /** As many. */
  readonly deaths: Uint8Array;
};

/** A chain that a predecessor had taken. */
export type TakenChain = { readonly head: number; readonly number: number };

const COMPLETED = 0;
const HANDLING = 1;
const ANNOUNCED = 0;
const MOST_DEATHS = 255;
const TWO_TO_16 = 0x1_0000;

export class InFlightTable {
  readonly #numbers: Float64Array;
  readonly #counts: Uint32Array;
  readonly #entries: Float64Array;
  readonly #deaths: Uint8Array;
  /** numbers[COMPLETED], as a field that is quick to get at. */
  #completed: number;
  /** Entries that are not 0. */
  #count: number;
  /** Heads that answer() was called for since the last used index, and how many. */
  readonly #heads: Uint16Array;
  #headCount = 0;
  /** Chains that it will tell of. */
  #telling = 0;
  /** See nextUsedIndex. */
  #nextUsed: number;

  /** What lies there already, counts. */
  constructor({ numbers, counts, entries, deaths }: TableMemory) {
    this.#numbers = numbers;
    this.#counts = counts;
    this.#entries = entries;
    this.#deaths = deaths;
    this.#heads = new Uint16Array(entries.length);
    this.#completed = numbers[COMPLETED] as number;
    this.#nextUsed = this.#completed % TWO_TO_16;
    this.#count = entries.reduce((count, entry) => (entry === 0 ? count : count + 1), 0);
  }

  /** For queues of up to `size` entries that nobody will go on with. */
  static unshared(size: number): InFlightTable {
    return new InFlightTable({
      numbers: new Float64Array(2),
      counts: new Uint32Array(1),
      entries: new Float64Array(size),
      deaths: new Uint8Array(size),
    });
  }

  /** Chains that are taken and not answered. */
  get count(): number {
    return this.#count;
  }

  /** The number of the chain that is taken next: 0 to 2^53. Only grows, whatever becomes of queue, driver and process. */
  get next(): number {
    return this.#completed + this.#count;
  }

  /** 0 to 65535. */
  get usedIndex(): number {
    return this.#completed % TWO_TO_16;
  }

  /** The used index at which the chain that is answered next will be found, 0 to 65535. */
  get nextUsedIndex(): number {
    return this.#nextUsed;
  }

  /** Every chain with a lower number is answered, or was dropped with its driver; the chain of this number is not. */
  get lowest(): number {
    if (this.#count === 0) return this.#completed;
    let lowest = this.next;
    for (const entry of this.#entries) {
      if (entry !== 0) lowest = Math.min(lowest, Math.abs(entry) - 1);
    }
    return lowest;
  }

  /** Whether a chain was taken and is answered, or was dropped with its driver. */
  isAnswered(number: number): boolean {
    return (
      number < this.next &&
      (this.#count === 0 || !this.#entries.some((entry) => Math.abs(entry) === number + 1))
    );
  }

  /** The chains in flight in the order in which they were taken. */
  get taken(): readonly TakenChain[] {
    const taken: TakenChain[] = [];
    for (const [head, entry] of this.#entries.entries())
      if (entry !== 0) taken.push({ head, number: Math.abs(entry) - 1 });
    return taken.sort((one, other) => one.number - other.number);
  }

  isTaken(head: number): boolean {
    return this.#entries[head] !== 0;
  }

  /** Whether the chain in flight with this head has this number. */
  has(head: number, number: number): boolean {
    return this.#entries[head] === number + 1;
  }

  /** A chain is taken; `head` is not. Returns its number. */
  take(head: number): number {
    const number = this.#completed + this.#count;
    if (this.#deaths[head] !== 0) this.#deaths[head] = 0;
    this.#entries[head] = number + 1;
    this.#count += 1;
    faultPoint('queue.taken');
    return number;
  }

  /** The next used index tells of the chain with this head, which is taken. */
  answer(head: number): void {
    this.#entries[head] = -(this.#entries[head] as number);
    this.#heads[this.#headCount] = head;
    this.#headCount += 1;
    this.refuse();
  }

  /** The same of a chain that is refused instead of being taken. It has to be told before another one is taken. */
  refuse(): void {
    this.#telling += 1;
    this.#nextUsed = (this.#nextUsed + 1) & 0xffff;
  }

  /** The guest is about to be told what was answered since the last time. Returns the used index that tells it, 0 to 65535. */
  announce(): number {
    this.#counts[ANNOUNCED] = this.#telling;
    faultPoint('queue.announced');
    return this.#nextUsed;
  }

  /** That used index is stored. */
  told(): void {
    faultPoint('queue.published');
    for (let index = 0; index < this.#headCount; index += 1) this.#entries[this.#heads[index] as number] = 0;
    this.#count -= this.#headCount;
    faultPoint('queue.cleared');
    this.#completed += this.#telling;
    this.#numbers[COMPLETED] = this.#completed;
    faultPoint('queue.counted');
    this.#counts[ANNOUNCED] = 0;
    this.#headCount = 0;
    this.#telling = 0;
  }

  /**
   * A predecessor's queue goes on, whose used index in guest memory is this: decides what it had told. False when the guest has moved that
   * index; what was announced counts as not told then.
   */
  settle(usedIndex: number): boolean {
    const announced = this.#counts[ANNOUNCED] as number;
    const ahead = (usedIndex - this.usedIndex + TWO_TO_16) % TWO_TO_16;
    const isTold = announced > 0 && ahead === announced;
    const entries = this.#entries;
    for (let head = 0; head < entries.length; head += 1) {
      const entry = entries[head] as number;
      if (entry >= 0) continue;
      entries[head] = isTold ? 0 : -entry;
      if (isTold) this.#count -= 1;
    }
    if (isTold) this.#complete(announced);
    this.#counts[ANNOUNCED] = 0;
    this.#countDeath();
    return isTold || ahead === 0;
  }

  /**
   * A fresh ring, whose used index is this. What was in flight is dropped, whatever its head; numbers go on behind it, so that none is used
   * twice. What a process died of is not in this ring.
   */
  begin(usedIndex: number): void {
    const { next } = this;
    this.#numbers[HANDLING] = 0;
    this.#counts[ANNOUNCED] = 0;
    this.#complete(((usedIndex - (next % TWO_TO_16) + TWO_TO_16) % TWO_TO_16) + next - this.#completed);
    this.#entries.fill(0);
    this.#count = 0;
    this.#headCount = 0;
    this.#telling = 0;
  }

  // ---- handlers -------------------------------------------------------------------------------------------------------------------------

  /**
   * The handler of a chain in flight begins. Returns the how manieth process this is to run it. It is counted chain by chain: those in front of
   * one that kills its handler are handled again in each life, and must not make it forgotten.
   */
  handling(head: number, number: number): number {
    this.#numbers[HANDLING] = number + 1;
    faultPoint('queue.handling');
    return (this.#deaths[head] as number) + 1;
  }

  /** It has returned. */
  handled(): void {
    this.#numbers[HANDLING] = 0;
    faultPoint('queue.handled');
  }

  // ---- parts ----------------------------------------------------------------------------------------------------------------------------

  /** Of the chain whose handler a predecessor did not return from. */
  #countDeath(): void {
    const marked = this.#numbers[HANDLING] as number;
    this.#numbers[HANDLING] = 0;
    const head = marked === 0 ? -1 : this.#entries.indexOf(marked);
    if (head >= 0) this.#deaths[head] = Math.min((this.#deaths[head] as number) + 1, MOST_DEATHS);
  }

  #complete(chains: number): void {
    this.#completed += chains;
    this.#numbers[COMPLETED] = this.#completed;
    this.#nextUsed = this.#completed % TWO_TO_16;
  }
}
