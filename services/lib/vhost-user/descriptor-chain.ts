// Reading one chain of descriptors: the readable part is copied, the writable part becomes ranges of guest memory.
//
// The guest may change everything at any time. So every descriptor is read once and checked as read, and nobody looks at it again.
import { DESCRIPTOR_FLAG, DESCRIPTOR_OFFSET, DESCRIPTOR_SIZE } from '../wire/split-ring.ts';
import { hex } from '../wire/u64.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { RingParts } from './ring-parts.ts';

/** Bytes of one chain's readable part that are copied unless the device asks for another bound: 65,536 memory entries of a blob. */
export const DEFAULT_MOST_READABLE_BYTES = 1024 * 1024;
/** Descriptors of an indirect chain at most when the queue is smaller: QEMU's VIRTQUEUE_MAX_SIZE, which Linux drivers live with. */
const MOST_INDIRECT_DESCRIPTORS = 1024;
/** An indirect table at most: `next` is a u16. (It is one access of guest memory then, see Mapping.LARGEST_ACCESS.) */
const MOST_INDIRECT_BYTES = 65536 * DESCRIPTOR_SIZE;

/** Guest physical address and length of a buffer that the device may write. Bytes. */
export type GuestRange = { readonly address: number; readonly length: number };

/** What a chain holds. `readable` is a copy: what the guest does to its memory from here on changes nothing. */
export type ChainBody = {
  /** The readable part up to the reader's bound. */
  readonly readable: Buffer;
  /** Bytes of the whole readable part; more than readable.length when it was cut off at the bound. */
  readonly readableBytes: number;
  readonly writable: readonly GuestRange[];
  readonly writableBytes: number;
};

/** A chain that breaks a rule. */
export type BadChain = {
  readonly problem: string;
  /** The guest address in it that is in no memory which the VMM shares; null when it breaks another rule. */
  readonly outOfReach: number | null;
};

export type ChainReaderOptions = {
  readonly memory: GuestMemory;
  /** Entries of the queue. */
  readonly size: number;
  /** Whether RING_INDIRECT_DESC was negotiated. */
  readonly indirect: boolean;
  /** Bytes of the readable part that are copied at most. */
  readonly mostReadableBytes: number;
};

const NO_RANGES: readonly GuestRange[] = [];
const EMPTY = Buffer.alloc(0);
const TWO_TO_32 = 0x1_0000_0000;
/** The high half of the first address that is no exact number, 2^53: no guest has memory there. */
const HIGH_LIMIT = 0x20_0000;

/** What stands in for the body of a chain that could not be read. */
export const NO_BODY: ChainBody = {
  readable: EMPTY,
  readableBytes: 0,
  writable: NO_RANGES,
  writableBytes: 0,
};

export class ChainReader {
  readonly #memory: GuestMemory;
  readonly #size: number;
  readonly #indirect: boolean;
  readonly #mostReadable: number;
  readonly #mostInIndirect: number;
  // The table at hand: the queue's own, or an indirect one.
  #table!: DataView;
  #tableAt = 0;
  #entries = 0;
  #most = 0;
  #inIndirect = false;
  /** Descriptors that were looked at, in all; whoever bounds them sets it back. */
  walked = 0;
  /** Scratch: readable ranges of the chain at hand, as address and length in turn. */
  readonly #ranges: number[] = [];

  constructor(options: ChainReaderOptions) {
    this.#memory = options.memory;
    this.#size = options.size;
    this.#indirect = options.indirect;
    this.#mostReadable = options.mostReadableBytes;
    this.#mostInIndirect = Math.max(options.size, MOST_INDIRECT_DESCRIPTORS);
  }

  /** The chain that begins with descriptor `head`, whatever that is. Never throws for what a guest does. */
  read({ descriptors, descriptorsAt }: RingParts, head: number): ChainBody | BadChain {
    this.#table = descriptors;
    this.#tableAt = descriptorsAt;
    this.#entries = this.#size;
    this.#most = this.#size;
    this.#inIndirect = false;
    const ranges = this.#ranges;
    ranges.length = 0;
    let writable: GuestRange[] | null = null;
    let readableBytes = 0;
    let writableBytes = 0;
    let next = head;
    for (let walked = 0; ; walked += 1) {
      this.walked += 1;
      if (walked >= this.#most) return bad(`more than ${this.#most} descriptors in a chain`);
      if (next >= this.#entries) return bad(`descriptor ${next} of a table with ${this.#entries}`);
      const table = this.#table;
      const at = this.#tableAt + next * DESCRIPTOR_SIZE;
      const low = table.getUint32(at, true);
      const high = table.getUint32(at + 4, true);
      const length = table.getUint32(at + DESCRIPTOR_OFFSET.len, true);
      const flags = table.getUint16(at + DESCRIPTOR_OFFSET.flags, true);
      next = table.getUint16(at + DESCRIPTOR_OFFSET.next, true);
      if (high >= HIGH_LIMIT) return bad('an address above 2^53');
      const address = high * TWO_TO_32 + low;

      if ((flags & DESCRIPTOR_FLAG.indirect) !== 0) {
        const problem = this.#enter(address, length, flags);
        if (problem) return problem;
        next = 0;
        continue;
      }

      if (length === 0) return bad('a descriptor of 0 bytes');
      if (!this.#memory.contains(address, length)) return outOfReach(`${length} bytes`, address);
      if ((flags & DESCRIPTOR_FLAG.write) !== 0) {
        writable ??= [];
        writable.push({ address, length });
        writableBytes += length;
      } else {
        if (writable) return bad('a readable descriptor behind a writable one');
        ranges.push(address, length);
        readableBytes += length;
      }
      if ((flags & DESCRIPTOR_FLAG.next) === 0) break;
    }
    const readable = this.#copyReadable(readableBytes);
    return { readable, readableBytes, writable: writable ?? NO_RANGES, writableBytes };
  }

  /** An indirect table becomes the one at hand. */
  #enter(address: number, length: number, flags: number): BadChain | null {
    const problem = this.#indirectProblem(flags, length);
    if (problem) return bad(problem);
    const located = this.#memory.locate(address, length);
    if (!located) return outOfReach('an indirect table', address);
    this.#table = located.view;
    this.#tableAt = located.offset;
    this.#entries = length / DESCRIPTOR_SIZE;
    this.#most = this.#mostInIndirect;
    this.#inIndirect = true;
    return null;
  }

  /** Section 2.7.5.3.1: a table is alone at the end of its chain, holds whole descriptors, and no table. */
  #indirectProblem(flags: number, length: number): string | null {
    if (!this.#indirect) return 'an indirect descriptor although INDIRECT_DESC was not negotiated';
    if (this.#inIndirect) return 'an indirect descriptor inside of an indirect table';
    if ((flags & DESCRIPTOR_FLAG.next) !== 0) return 'an indirect descriptor with a next one';
    if (length === 0 || length % DESCRIPTOR_SIZE !== 0) return `an indirect table of ${length} bytes`;
    if (length > MOST_INDIRECT_BYTES)
      return `an indirect table of ${length} bytes, ${MOST_INDIRECT_BYTES} is the most`;
    return null;
  }

  #copyReadable(total: number): Buffer {
    if (total === 0) return EMPTY;
    const copy = Buffer.allocUnsafe(Math.min(total, this.#mostReadable));
    const ranges = this.#ranges;
    let at = 0;
    for (let index = 0; index < ranges.length && at < copy.length; index += 2) {
      const length = Math.min(ranges[index + 1] as number, copy.length - at);
      this.#memory.copyOut(ranges[index] as number, length, copy, at);
      at += length;
    }
    return copy;
  }
}

function bad(problem: string): BadChain {
  return { problem, outOfReach: null };
}

function outOfReach(what: string, address: number): BadChain {
  return { problem: `${what} at ${hex(address)}, outside of memory`, outOfReach: address };
}
