// The memory of a back-end that outlives it: one memfd, mapped shared, kept in the descriptor store. Whoever is killed leaves it behind, and
// a successor reads how far he had come. This file is its layout, and nothing else is.
//
// Written with plain and atomic stores of a process that may be killed between any two of them, never read by two processes at a time.
// Little-endian. All of it is trusted as far as its seals, size, magic and version agree: nobody but a back-end and its holder can reach it.
//
//   0        header     magic u64, version u32, bytes u32, queues u32
//   64       words      u32 each, see WORD
//   512      listener   present u32, bytes of path u32, dev u64, ino u64, path[112]: the socket's file, so that it can be removed at the end
//   4096     vmm        inbox of the VMM's socket (inbox.ts), 8192
//   12288    replies    inbox of the back-end channel, 8192
//   20480    queues     256 × 32: published f64, handling f64, attempts u32 (virtqueue.ts)
//   28672    channel    name u32, answered u32, sent u32, attempt u32; from 64 on 8192 × 16: the log of requests (channel-record.ts)
//   163840   mappings   4096 × 64: what the VMM was asked to map (channel-record.ts)
//   425984   slots      2 × SLOT_BYTES: the connection (connection-record.ts); WORD.slot says which of the two counts
//
// A change of anything here, or of what the files named above write into their parts, needs another VERSION.
import { fstatSync } from 'node:fs';
import type { Fd } from '../../os/fd.ts';
import { createMemfd, FIXED_SIZE_SEALS, getSeals, Mapping } from '../../os/memory.ts';
import { RecoveryError } from '../errors.ts';

/** Moves on with every change of the layout. A successor of another version refuses to adopt. */
export const STATE_VERSION = 4;

/** "BKVUSTAT" */
const MAGIC = 0x5441_5453_5556_4b42n;
const HEADER = { magic: 0, version: 8, bytes: 12, queues: 16 } as const;

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
const STATE_BYTES = AT.slots + 2 * SLOT_BYTES;

const LISTENER = { present: 0, length: 4, dev: 8, ino: 16, path: 24, mostPath: 112 } as const;

/** Where a listening socket's path leads, to tell later whether it is still the same file. */
export type ListenerRecord = { readonly path: string; readonly dev: bigint; readonly ino: bigint };

/** A part of the file, at an address that does not move. */
export type StatePart = { readonly bytes: Uint8Array; readonly view: DataView; readonly address: bigint };

export class StateFile {
  readonly fd: Fd;
  readonly words: Uint32Array;
  readonly vmmInbox: StatePart;
  readonly channelInbox: StatePart;
  readonly channel: StatePart;
  readonly mappings: StatePart;
  readonly #mapping: Mapping;

  private constructor(fd: Fd, mapping: Mapping) {
    this.fd = fd;
    this.#mapping = mapping;
    const { buffer } = mapping.locate(0, STATE_BYTES);
    this.words = new Uint32Array(buffer, WORDS_AT, WORDS);
    this.vmmInbox = this.#part(AT.vmm, INBOX_BYTES);
    this.channelInbox = this.#part(AT.replies, INBOX_BYTES);
    this.channel = this.#part(AT.channel, CHANNEL_HEADER_BYTES + LOG_ENTRIES * LOG_ENTRY_BYTES);
    this.mappings = this.#part(AT.mappings, MAPPING_SLOTS * MAPPING_BYTES);
  }

  /** A new one, for a device with so many queues. Throws SystemError. */
  static create(queues: number): StateFile {
    const fd = createMemfd('barkeep-state', STATE_BYTES);
    try {
      const file = new StateFile(fd, Mapping.ofFile(fd.number, 0, STATE_BYTES));
      const { view } = file.#part(0, 64);
      view.setUint32(HEADER.version, STATE_VERSION, true);
      view.setUint32(HEADER.bytes, STATE_BYTES, true);
      view.setUint32(HEADER.queues, queues, true);
      view.setBigUint64(HEADER.magic, MAGIC, true);
      file.words[WORD.nextName] = 1;
      return file;
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  /** A predecessor's; takes the descriptor over, also when it throws: RecoveryError when this is none, or none of this version. */
  static adopt(fd: Fd, queues: number): StateFile {
    let mapping: Mapping | null = null;
    try {
      expectState(fd);
      mapping = Mapping.ofFile(fd.number, 0, STATE_BYTES);
      const file = new StateFile(fd, mapping);
      const { view } = file.#part(0, 64);
      if (
        view.getBigUint64(HEADER.magic, true) !== MAGIC ||
        view.getUint32(HEADER.bytes, true) !== STATE_BYTES
      ) {
        throw new RecoveryError(
          'DAMAGED',
          'the stored state of the device begins with other bytes than ours does',
        );
      }
      const found = view.getUint32(HEADER.queues, true);
      if (found !== queues) {
        throw new RecoveryError(
          'WRONG',
          `the stored state is that of a device with ${found} queues; this one has ${queues}`,
        );
      }
      return file;
    } catch (error) {
      mapping?.close();
      fd.close();
      throw error;
    }
  }

  /** published, handling: see virtqueue.ts. */
  queueWords(index: number): { readonly numbers: Float64Array; readonly attempts: Uint32Array } {
    const at = AT.queues + index * QUEUE_BYTES;
    if (index >= MOST_QUEUES) throw new RangeError(`queue ${index}; ${MOST_QUEUES} have a place`);
    const { buffer, start } = this.#mapping.locate(at, QUEUE_BYTES);
    return { numbers: new Float64Array(buffer, start, 2), attempts: new Uint32Array(buffer, start + 16, 1) };
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

function expectState(fd: Fd): void {
  const { size } = fstatSync(fd.number);
  if (getSeals(fd.number) !== FIXED_SIZE_SEALS) {
    throw new RecoveryError(
      'WRONG',
      `what is stored as the state of the device is no sealed memfd (${size} bytes)`,
    );
  }
  // The version first: a file of another version may have another size.
  const header = Mapping.ofFile(fd.number, 0, Math.min(size, 4096), { writable: false });
  try {
    const { buffer, start } = header.locate(0, Math.min(size, 64));
    const view = new DataView(buffer, start, Math.min(size, 64));
    const version = size >= 64 ? view.getUint32(HEADER.version, true) : 0;
    if (size >= 64 && view.getBigUint64(HEADER.magic, true) === MAGIC && version !== STATE_VERSION) {
      throw new RecoveryError(
        'VERSION',
        `the stored state of the device has version ${version}, this program writes ${STATE_VERSION}: start the version that wrote it, or restart the VM`,
      );
    }
  } finally {
    header.close();
  }
  if (size !== STATE_BYTES) {
    throw new RecoveryError(
      'WRONG',
      `the stored state of the device has ${size} bytes, ${STATE_BYTES} are expected`,
    );
  }
}
