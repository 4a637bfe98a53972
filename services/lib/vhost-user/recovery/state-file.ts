// The memory of a back-end that outlives it: one memfd, mapped shared, kept in the descriptor store. Whoever is killed leaves it behind, and
// a successor reads how far he had come. This file is its layout, and nothing else is.
//
// Written with plain and atomic stores of a process that may be killed between any two of them, never read by two processes at a time.
// Little-endian. All of it is trusted as far as its seals, size, magic and version agree: nobody but a back-end and its holder can reach it.
//
//   0        header     magic u64, version u32, bytes u32, queues u32, entries of the largest queue u32
//   64       words      u32 each, see WORD
//   512      listener   present u32, bytes of path u32, dev u64, ino u64, path[112]: the socket's file, so that it can be removed at the end
//   4096     vmm        inbox of the VMM's socket (inbox.ts), 8192
//   12288    replies    inbox of the back-end channel, 8192
//   20480    queues     256 × 32: completed f64, handling f64, announced u32 (in-flight-table.ts)
//   28672    channel    name u32, answered u32, sent u32, attempt u32; from 64 on 8192 × 16: the log of requests (channel-record.ts)
//   163840   mappings   4096 × 64: what the VMM was asked to map (channel-record.ts)
//   425984   slots      2 × SLOT_BYTES: the connection (connection-record.ts); WORD.slot says which of the two counts
//   999424   entries    for each queue, by head: as many f64 as the largest queue has entries, then as many u8 (in-flight-table.ts)
//
// A change of anything here, or of what the files named above write into their parts, needs another VERSION.
import { fstatSync } from 'node:fs';
import type { Fd } from '../../os/fd.ts';
import { createMemfd, FIXED_SIZE_SEALS, getSeals, Mapping } from '../../os/memory.ts';
import { RecoveryError } from '../errors.ts';
import type { TableMemory } from './in-flight-table.ts';

/** Moves on with every change of the layout. A successor of another version refuses to adopt. */
export const STATE_VERSION = 5;

/** "BKVUSTAT" */
const MAGIC = 0x5441_5453_5556_4b42n;
const HEADER = { magic: 0, version: 8, bytes: 12, queues: 16, queueSize: 20 } as const;

/** Index of each word, counted in u32 from byte 64 on. */
export const WORD = {
  /** The slot that holds the connection as it is: 0 or 1. Storing it commits what was written to that slot. */
  slot: 0,
  /** The number of the next descriptor's name; numbers are never used twice. */
  nextName: 1,
  /** The name under which the connection that is accepted next will be stored. */
  accepting: 2,
} as const;
const WORDS_AT = 64;
const WORDS = 16;

export const INBOX_BYTES = 8192;
/** 255 queues at most (checkOffer), and one to spare. */
const MOST_QUEUES = 256;
export const QUEUE_BYTES = 32;
export const CHANNEL_HEADER_BYTES = 64;
/** Requests without an answer at most: a change of every mapping, twice over. */
export const LOG_ENTRIES = 8192;
export const LOG_ENTRY_BYTES = 16;
/** As many mappings as the memory table has room for (MOST_MEMORY_SLOTS). */
export const MAPPING_SLOTS = 4096;
export const MAPPING_BYTES = 64;
/** The largest connection: 96 bytes, 256 rings of 80 bytes and 4096 regions of 64 bytes, rounded up to pages. */
export const SLOT_BYTES = 70 * 4096;

const AT = {
  listener: 512,
  vmm: 4096,
  replies: 12288,
  queues: 20480,
  channel: 28672,
  mappings: 163840,
  slots: 425984,
} as const;
const ENTRIES_AT = AT.slots + 2 * SLOT_BYTES;
/** Bytes of one queue's entries: an f64 and a u8 for each head; a multiple of 8, because the next one's f64 follow. */
const entriesOf = (queueSize: number): number => Math.ceil((queueSize * 9) / 8) * 8;

const LISTENER = { present: 0, length: 4, dev: 8, ino: 16, path: 24, mostPath: 112 } as const;

/** Where a listening socket's path leads, to tell later whether it is still the same file. */
export type ListenerRecord = { readonly path: string; readonly dev: bigint; readonly ino: bigint };

/** A part of the file, at an address that does not move. */
export type StatePart = { readonly bytes: Uint8Array; readonly view: DataView; readonly address: bigint };

/** What a state file has room for: it fits one kind of device. */
export type StateShape = {
  readonly queues: number;
  /** Entries of the largest queue. */
  readonly largestQueueSize: number;
};

export class StateFile {
  readonly fd: Fd;
  readonly words: Uint32Array;
  readonly vmmInbox: StatePart;
  readonly channelInbox: StatePart;
  readonly channel: StatePart;
  readonly mappings: StatePart;
  readonly #mapping: Mapping;
  readonly #queueSize: number;

  private constructor(fd: Fd, mapping: Mapping, { largestQueueSize }: StateShape) {
    this.fd = fd;
    this.#mapping = mapping;
    this.#queueSize = largestQueueSize;
    const { buffer, start } = mapping.locate(WORDS_AT, WORDS * 4);
    this.words = new Uint32Array(buffer, start, WORDS);
    this.vmmInbox = this.#part(AT.vmm, INBOX_BYTES);
    this.channelInbox = this.#part(AT.replies, INBOX_BYTES);
    this.channel = this.#part(AT.channel, CHANNEL_HEADER_BYTES + LOG_ENTRIES * LOG_ENTRY_BYTES);
    this.mappings = this.#part(AT.mappings, MAPPING_SLOTS * MAPPING_BYTES);
  }

  /** A new one. Throws SystemError. */
  static create(shape: StateShape): StateFile {
    const bytes = bytesOf(shape);
    const fd = createMemfd('barkeep-state', bytes);
    try {
      const file = new StateFile(fd, Mapping.ofFile(fd.number, 0, bytes), shape);
      const { view } = file.#part(0, 64);
      view.setUint32(HEADER.version, STATE_VERSION, true);
      view.setUint32(HEADER.bytes, bytes, true);
      view.setUint32(HEADER.queues, shape.queues, true);
      view.setUint32(HEADER.queueSize, shape.largestQueueSize, true);
      view.setBigUint64(HEADER.magic, MAGIC, true);
      file.words[WORD.nextName] = 1;
      return file;
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** A predecessor's; takes the descriptor over, also when it throws: RecoveryError when this is none, or none of this version and shape. */
  static adopt(fd: Fd, shape: StateShape): StateFile {
    try {
      expectState(fd, shape);
      return new StateFile(fd, Mapping.ofFile(fd.number, 0, bytesOf(shape)), shape);
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** Where a queue's in-flight table lies. */
  tableOf(index: number): TableMemory {
    if (index >= MOST_QUEUES) throw new RangeError(`queue ${index}; ${MOST_QUEUES} have a place`);
    const words = this.#mapping.locate(AT.queues + index * QUEUE_BYTES, QUEUE_BYTES);
    const bytes = entriesOf(this.#queueSize);
    const { buffer, start } = this.#mapping.locate(ENTRIES_AT + index * bytes, bytes);
    return {
      numbers: new Float64Array(words.buffer, words.start, 2),
      counts: new Uint32Array(words.buffer, words.start + 16, 1),
      entries: new Float64Array(buffer, start, this.#queueSize),
      deaths: new Uint8Array(buffer, start + this.#queueSize * 8, this.#queueSize),
    };
  }

  /** The slot that counts, or the other one, which may be written. */
  slot(which: 'current' | 'next'): StatePart {
    const current = Atomics.load(this.words, WORD.slot) & 1;
    return this.#part(AT.slots + (which === 'current' ? current : 1 - current) * SLOT_BYTES, SLOT_BYTES);
  }

  /** The next slot becomes the current one: the commit. */
  flip(): void {
    Atomics.store(this.words, WORD.slot, 1 - (Atomics.load(this.words, WORD.slot) & 1));
  }

  /** A number that no descriptor had before. */
  nextName(): number {
    return Atomics.add(this.words, WORD.nextName, 1);
  }

  get listener(): ListenerRecord | null {
    const { view, bytes } = this.#part(AT.listener, 24 + LISTENER.mostPath);
    if (view.getUint32(LISTENER.present, true) !== 1) return null;
    const length = view.getUint32(LISTENER.length, true);
    return {
      path: Buffer.from(bytes.subarray(LISTENER.path, LISTENER.path + length)).toString(),
      dev: view.getBigUint64(LISTENER.dev, true),
      ino: view.getBigUint64(LISTENER.ino, true),
    };
  }

  set listener(record: ListenerRecord | null) {
    const { view, bytes } = this.#part(AT.listener, 24 + LISTENER.mostPath);
    view.setUint32(LISTENER.present, 0, true);
    if (record === null) return;
    const path = Buffer.from(record.path);
    view.setUint32(LISTENER.length, path.length, true);
    view.setBigUint64(LISTENER.dev, record.dev, true);
    view.setBigUint64(LISTENER.ino, record.ino, true);
    bytes.set(path, LISTENER.path);
    view.setUint32(LISTENER.present, 1, true);
  }

  /** Unmaps it and closes the descriptor; what is stored stays. Nobody uses its parts afterwards. */
  close(): void {
    this.#mapping.close();
    this.fd.close();
  }

  #part(at: number, length: number): StatePart {
    const { buffer, start } = this.#mapping.locate(at, length);
    return {
      bytes: new Uint8Array(buffer, start, length),
      view: new DataView(buffer, start, length),
      address: this.#mapping.address + BigInt(at),
    };
  }
}

function bytesOf({ queues, largestQueueSize }: StateShape): number {
  return ENTRIES_AT + queues * entriesOf(largestQueueSize);
}

function expectState(fd: Fd, shape: StateShape): void {
  const { size } = fstatSync(fd.number);
  if (getSeals(fd.number) !== FIXED_SIZE_SEALS) {
    throw new RecoveryError(
      'WRONG',
      `what is stored as the state of the device is no sealed memfd (${size} bytes)`,
    );
  }
  if (size < 64) {
    throw new RecoveryError(
      'WRONG',
      `the stored state of the device has ${size} bytes, less than its header`,
    );
  }
  const header = Mapping.ofFile(fd.number, 0, Math.min(size, 4096), { writable: false });
  try {
    const { buffer, start } = header.locate(0, 64);
    expectHeader(new DataView(buffer, start, 64), size, shape);
  } finally {
    header.close();
  }
}

function expectHeader(view: DataView, size: number, { queues, largestQueueSize }: StateShape): void {
  if (view.getBigUint64(HEADER.magic, true) !== MAGIC || view.getUint32(HEADER.bytes, true) !== size) {
    throw new RecoveryError(
      'DAMAGED',
      `the stored state of the device (${size} bytes) begins with other bytes than ours does`,
    );
  }
  // A file of another version may have another size.
  const version = view.getUint32(HEADER.version, true);
  if (version !== STATE_VERSION) {
    throw new RecoveryError(
      'VERSION',
      `the stored state of the device has version ${version}, this program writes ${STATE_VERSION}: start the version that wrote it, or restart the VM`,
    );
  }
  const found = view.getUint32(HEADER.queues, true);
  const foundSize = view.getUint32(HEADER.queueSize, true);
  if (found !== queues || foundSize !== largestQueueSize) {
    throw new RecoveryError(
      'WRONG',
      `the stored state is that of a device with ${found} queues of up to ${foundSize} entries; this one has ${queues} of up to ${largestQueueSize}`,
    );
  }
  const expected = bytesOf({ queues, largestQueueSize });
  if (size !== expected) {
    throw new RecoveryError(
      'WRONG',
      `the stored state of the device has ${size} bytes, ${expected} are expected`,
    );
  }
}
