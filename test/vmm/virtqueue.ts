// The driver's side of one split virtqueue: offers chains, publishes them, collects what the device has used.
//
// A page of guest memory belongs to each descriptor index and serves the chain whose head it is:
//   0 .. 512      indirect table, 32 entries
//   512 .. 2560   the request
//   2560 .. 4096  room for the reply (an EDID takes 1056)
// A request or reply that is larger gets guest memory of its own, which the index keeps.
import { PAGE_SIZE } from '../../services/lib/os/memory.ts';
import {
  AVAILABLE_ELEMENT_SIZE,
  availableRingBytes,
  DESCRIPTOR_FLAG,
  DESCRIPTOR_SIZE,
  type Descriptor,
  descriptorTableBytes,
  RING_OFFSET,
  USED_ELEMENT_SIZE,
  USED_FLAG_NO_NOTIFY,
  usedRingBytes,
  writeDescriptor,
} from '../../services/lib/wire/split-ring.ts';
import type { GuestMemory } from './guest-memory.ts';

const TABLE_ENTRIES = 32;
const REQUEST_AT = TABLE_ENTRIES * DESCRIPTOR_SIZE;
const REPLY_AT = 2560;
const REQUEST_BYTES = REPLY_AT - REQUEST_AT;
const REPLY_BYTES = PAGE_SIZE - REPLY_AT;

/** One request: the bytes of each readable descriptor, and the lengths of the writable ones. */
export type Chain = {
  readonly out: readonly Uint8Array[];
  readonly room: readonly number[];
};

/** What came of a chain: the bytes that the device says it wrote (a copy), at most the room there was. */
export type OnUsed = (reply: Buffer, written: number) => void;

/** Every descriptor is in flight; collect first. */
export class QueueFullError extends Error {
  constructor(size: number) {
    super(`all ${size} descriptors of the queue are in flight`);
    this.name = 'QueueFullError';
  }
}

export type VirtqueueOptions = {
  readonly size: number;
  readonly where?: 'low' | 'high';
  /** Chains of more than one descriptor go through an indirect table, as Linux does it; true by default. */
  readonly indirect?: boolean;
};

type Page = {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  large: { address: number; length: number } | null;
};
type InFlight = {
  readonly replies: readonly { address: number; length: number }[];
  readonly descriptors: readonly number[];
  readonly onUsed: OnUsed;
};

export class Virtqueue {
  readonly size: number;
  /** Guest addresses of the three parts. */
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  /** What no device may do: uses of heads that were not offered, more bytes written than there was room. Tests expect none. */
  readonly violations: string[] = [];
  readonly #memory: GuestMemory;
  readonly #indirect: boolean;
  readonly #where: 'low' | 'high';
  readonly #table: DataView;
  readonly #availableWords: Uint16Array;
  readonly #usedWords: Uint16Array;
  readonly #usedView: DataView;
  readonly #pages: Page[];
  readonly #free: number[];
  readonly #inFlight: (InFlight | undefined)[];
  readonly #rawHeads = new Map<number, ((written: number) => void)[]>();
  #next = 0;
  #seen = 0;
  #flying = 0;

  constructor(memory: GuestMemory, options: VirtqueueOptions) {
    const { size, where = 'low' } = options;
    this.size = size;
    this.#memory = memory;
    this.#where = where;
    this.#indirect = options.indirect ?? true;
    this.descriptors = memory.allocate(descriptorTableBytes(size), where);
    this.available = memory.allocate(availableRingBytes(size) + 2, where);
    this.used = memory.allocate(usedRingBytes(size) + 2, where);
    this.#table = memory.view(this.descriptors, descriptorTableBytes(size));
    this.#availableWords = memory.words(this.available, 2 + size);
    this.#usedWords = memory.words(this.used, 2);
    this.#usedView = memory.view(this.used, usedRingBytes(size));
    this.#pages = Array.from({ length: size }, () => {
      const address = memory.allocate(PAGE_SIZE, where);
      return {
        address,
        bytes: memory.bytes(address, PAGE_SIZE),
        view: memory.view(address, PAGE_SIZE),
        large: null,
      };
    });
    this.#free = Array.from({ length: size }, (_, index) => size - 1 - index);
    this.#inFlight = new Array<InFlight | undefined>(size).fill(undefined);
  }

  /** Chains that were offered and not yet used. */
  get inFlight(): number {
    return this.#flying;
  }

  get freeDescriptors(): number {
    return this.#free.length;
  }

  /** The next index of the available ring: what a stopped device's base is compared with. */
  get availableIndex(): number {
    return this.#next;
  }

  /** The used index as the device wrote it last. */
  get usedIndex(): number {
    return Atomics.load(this.#usedWords, RING_OFFSET.idx / 2);
  }

  get collectedIndex(): number {
    return this.#seen;
  }

  /** Whether the device wants to be kicked. Ask after publish(). */
  get wantsKick(): boolean {
    return (Atomics.load(this.#usedWords, RING_OFFSET.flags / 2) & USED_FLAG_NO_NOTIFY) === 0;
  }

  /** Puts a chain into the available ring without publishing it. Throws QueueFullError, RangeError for an empty chain. */
  offer(chain: Chain, onUsed: OnUsed): void {
    const count = chain.out.length + chain.room.length;
    if (count === 0) throw new RangeError('a chain of no descriptors cannot be offered');
    const indirect = this.#indirect && count > 1 && count <= TABLE_ENTRIES;
    const needed = indirect ? 1 : count;
    if (this.#free.length < needed) throw new QueueFullError(this.size);
    const descriptors = this.#free.splice(this.#free.length - needed, needed).reverse();
    const head = descriptors[0]!;
    const page = this.#pages[head]!;
    const replies = this.#writeChain(chain, page, indirect, descriptors);
    this.#inFlight[head] = { replies, descriptors, onUsed };
    this.#flying += 1;
    this.#push(head);
  }

  /** Shows the device everything that was offered. */
  publish(): void {
    Atomics.store(this.#availableWords, RING_OFFSET.idx / 2, this.#next);
  }

  /** Takes what the device has used, in its order. Returns how many chains that were. */
  collect(): number {
    let count = 0;
    for (; this.#seen !== this.usedIndex; count += 1) {
      const at = RING_OFFSET.ring + (this.#seen % this.size) * USED_ELEMENT_SIZE;
      const id = this.#usedView.getUint32(at, true);
      const written = this.#usedView.getUint32(at + 4, true);
      this.#seen = (this.#seen + 1) & 0xffff;
      this.#finish(id, written);
    }
    return count;
  }

  // ---- for hostile guests ---------------------------------------------------------------------------------------------------------------

  /** Takes descriptors out of normal use, so that a test may write them as it likes. They never come back. */
  claim(count: number): number[] {
    if (this.#free.length < count) throw new QueueFullError(this.size);
    return this.#free.splice(0, count);
  }

  /** Writes any descriptor, at any index of the table. */
  writeDescriptor(index: number, descriptor: Descriptor): void {
    writeDescriptor(this.#table, index * DESCRIPTOR_SIZE, descriptor);
  }

  /** Puts any number into the available ring. `onUsed` is called when the device uses a head of this number. */
  offerHead(head: number, onUsed: (written: number) => void = () => {}): void {
    const waiting = this.#rawHeads.get(head) ?? [];
    waiting.push(onUsed);
    this.#rawHeads.set(head, waiting);
    this.#push(head);
  }

  /** Writes any available index: a guest may jump ahead by more than the queue holds. */
  publishIndex(index: number): void {
    this.#next = index & 0xffff;
    this.publish();
  }

  // ---- chains ---------------------------------------------------------------------------------------------------------------------------

  #push(head: number): void {
    this.#availableWords[RING_OFFSET.ring / AVAILABLE_ELEMENT_SIZE + (this.#next % this.size)] = head;
    this.#next = (this.#next + 1) & 0xffff;
  }

  // Lays the request and the room out in guest memory and writes the descriptors. Returns where the reply will be.
  #writeChain(
    chain: Chain,
    page: Page,
    indirect: boolean,
    descriptors: readonly number[],
  ): { address: number; length: number }[] {
    const requestBytes = total(chain.out);
    const replyBytes = chain.room.reduce((sum, length) => sum + length, 0);
    const large = requestBytes > REQUEST_BYTES || replyBytes > REPLY_BYTES;
    if (large) this.#growLarge(page, requestBytes + replyBytes);
    let request = large ? page.large!.address : page.address + REQUEST_AT;
    let reply = large ? page.large!.address + requestBytes : page.address + REPLY_AT;
    const replies: { address: number; length: number }[] = [];
    const count = chain.out.length + chain.room.length;
    const write = (position: number, addr: number, len: number, flags: number): void => {
      const last = position === count - 1;
      const next = last ? 0 : indirect ? position + 1 : descriptors[position + 1]!;
      const descriptor = { addr, len, flags: flags | (last ? 0 : DESCRIPTOR_FLAG.next), next };
      if (indirect) writeDescriptor(page.view, position * DESCRIPTOR_SIZE, descriptor);
      else this.writeDescriptor(descriptors[position]!, descriptor);
    };
    chain.out.forEach((part, position) => {
      this.#copyIn(request, part);
      write(position, request, part.length, 0);
      request += part.length;
    });
    chain.room.forEach((length, position) => {
      write(chain.out.length + position, reply, length, DESCRIPTOR_FLAG.write);
      replies.push({ address: reply, length });
      reply += length;
    });
    if (indirect) {
      this.writeDescriptor(descriptors[0]!, {
        addr: page.address,
        len: count * DESCRIPTOR_SIZE,
        flags: DESCRIPTOR_FLAG.indirect,
        next: 0,
      });
    }
    return replies;
  }

  #growLarge(page: Page, length: number): void {
    if (page.large !== null && page.large.length >= length) return;
    page.large = { address: this.#memory.allocate(length, this.#where), length };
  }

  #copyIn(address: number, data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PAGE_SIZE) {
      const part = data.subarray(at, at + PAGE_SIZE);
      this.#memory.bytes(address + at, part.length).set(part);
    }
  }

  #finish(id: number, written: number): void {
    const flight = this.#inFlight[id];
    if (!flight) {
      const waiting = this.#rawHeads.get(id)?.shift();
      if (waiting) waiting(written);
      else this.violations.push(`used head ${id}, which is not in flight`);
      return;
    }
    this.#inFlight[id] = undefined;
    this.#flying -= 1;
    this.#free.push(...flight.descriptors);
    const room = flight.replies.reduce((sum, { length }) => sum + length, 0);
    if (written > room) {
      this.violations.push(`head ${id}: ${written} bytes written where there was room for ${room}`);
    }
    flight.onUsed(this.#copyOut(flight.replies, Math.min(written, room)), written);
  }

  #copyOut(replies: InFlight['replies'], length: number): Buffer {
    const first = replies[0];
    if (first && length <= first.length) return Buffer.from(this.#memory.bytes(first.address, length));
    const reply = Buffer.alloc(length);
    let done = 0;
    for (const { address, length: room } of replies) {
      const part = Math.min(room, length - done);
      reply.set(this.#memory.bytes(address, part), done);
      done += part;
    }
    return reply;
  }
}

function total(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
