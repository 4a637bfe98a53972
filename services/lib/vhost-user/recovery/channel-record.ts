// What a successor has to know of the back-end channel: which requests have no answer yet, and what the VMM was asked to map.
//
// Requests are logged in the order in which they are sent, answers come in that order, and `answered` and `sent` say how far both are. Whether
// the last request was sent before a process died:
//
//   without a descriptor   it goes through an outbox, and the outbox's offset knows
//   SHMEM_MAP              descriptors have to go with sendmsg, so this cannot be known. The successor logs it as "maybe", and sends a
//                          request of another kind (the fence) before anything else: should the next answer be the fence's, it was not.
//
// A mapping's slot lives through   free - mapping - mapped - unmapping - unmapped (a tombstone, reused when no slot is free, the oldest first)
// and says what a successor may skip: the guest's command is not answered yet, so the device will ask for the same thing again.
//
//   channel:   name u32 (of the socket; another name: all of this is old), answered u32, sent u32, attempt u32 (the log number of a
//              SHMEM_MAP that is being sent, plus 1)
//              from 64 on 8192 × 16: number plus 1 u32, request u32 (bit 31: maybe), slot u32, end in the outbox u32
//   mappings:  4096 × 64: state u32, epoch u32, shmid u32, writable u32, offset f64, length f64, offset in the file f64, dev u64, ino u64,
//              number of its unmap's log entry u32
import { faultPoint } from '../../os/fault-point.ts';
import { send } from '../../os/socket.ts';
import { BACKEND_REQUESTS, HEADER_BYTES, shmemRange } from '../../wire/vhost-user.ts';
import { type FileIdentity, fileIdentity } from '../guest-memory.ts';
import type { StreamIo } from '../message-stream.ts';
import { Inbox } from './inbox.ts';
import { Outbox, type OutboxFile } from './outbox.ts';
import {
  CHANNEL_HEADER_BYTES,
  LOG_ENTRIES,
  LOG_ENTRY_BYTES,
  MAPPING_BYTES,
  MAPPING_SLOTS,
  type StateFile,
} from './state-file.ts';

/** A piece of the window: bytes; multiples of the page. */
export type WindowRange = {
  /** Id of the shared-memory region. */
  readonly shmid: number;
  /** From the start of the file. */
  readonly fdOffset: number;
  /** From the start of the shared-memory region. */
  readonly shmOffset: number;
  readonly length: number;
  readonly writable: boolean;
};

/** Something that the VMM has mapped, and from which file. */
export type MappedRange = WindowRange & { readonly file: Pick<FileIdentity, 'dev' | 'ino'> };

const CHANNEL = { name: 0, answered: 1, sent: 2, attempt: 3 } as const;
const LOG = { number: 0, request: 1, slot: 2, end: 3 } as const;
const STATE = { free: 0, mapping: 1, mapped: 2, unmapping: 3, unmapped: 4 } as const;
const FIELD = {
  epoch: 4,
  shmid: 8,
  writable: 12,
  offset: 16,
  length: 24,
  fdOffset: 32,
  dev: 40,
  ino: 48,
  unmap: 56,
} as const;
const NO_SLOT = 0xffff_ffff;
const MAYBE = 0x8000_0000;
const MAP: number = BACKEND_REQUESTS.SHMEM_MAP.number;
const UNMAP: number = BACKEND_REQUESTS.SHMEM_UNMAP.number;

/** A request of a predecessor that has no answer yet. */
export type Unanswered = { readonly request: number; readonly maybe: boolean };

/** What a successor's device need not ask for again: 'done', or 'doubtful' when the VMM may have dropped it since. */
export type Claim = 'done' | 'doubtful' | null;

type Slot = { readonly index: number; readonly range: WindowRange; readonly file: MappedRange['file'] };

export class ChannelRecord {
  readonly #channel: Uint32Array;
  readonly #log: Uint32Array;
  readonly #mappings: DataView;
  readonly #states: Int32Array;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  /** Of this epoch and not free, by range. */
  readonly #slots = new Map<string, Slot>();
  #epoch: number;
  #nextFree = 0;
  /** Bytes of the message at the end of the outbox that are not sent. */
  #staged = 0;
  /** Slots that a predecessor filled, until they are claimed. */
  readonly #inherited = new Set<number>();
  #isSure = true;

  /** `name` is that of the channel's socket; what is recorded under another one is forgotten. `epoch`: see ConnectionRecord. */
  constructor(state: StateFile, requests: OutboxFile, name: number, epoch: number) {
    const { view } = state.channel;
    this.#channel = new Uint32Array(view.buffer, view.byteOffset, CHANNEL_HEADER_BYTES / 4);
    this.#log = new Uint32Array(
      view.buffer,
      view.byteOffset + CHANNEL_HEADER_BYTES,
      (LOG_ENTRIES * LOG_ENTRY_BYTES) / 4,
    );
    this.#mappings = state.mappings.view;
    this.#states = new Int32Array(
      this.#mappings.buffer,
      this.#mappings.byteOffset,
      (MAPPING_SLOTS * MAPPING_BYTES) / 4,
    );
    this.#outbox = new Outbox(requests);
    this.#epoch = epoch;
    this.#inbox = new Inbox(state.channelInbox, {
      sequence: () => this.#answered + 1,
      note: null,
      points: { prepared: 'channel.reply-prepared', consumed: 'channel.reply-consumed' },
    });
    if (this.#channel[CHANNEL.name] === name) this.#adopt();
    else this.#begin(name);
  }

  /** How the channel's stream reads and writes. */
  get io(): StreamIo {
    const begun = this.#inbox.begun();
    return {
      receive: (socket, most) => this.#inbox.receive(socket, most),
      send: (socket, data, fds) => this.#send(socket, data, fds),
      begun: begun === null ? null : { bytes: begun.bytes, fds: [] },
    };
  }

  /** Requests of a predecessor that have no answer yet, in order. */
  get unanswered(): readonly Unanswered[] {
    const list: Unanswered[] = [];
    for (let number = this.#answered; number !== this.#sent; number = (number + 1) >>> 0) {
      const request = this.#entry(number, LOG.request);
      list.push({ request: (request & ~MAYBE) >>> 0, maybe: (request & MAYBE) !== 0 });
    }
    return list;
  }

  /** Whether the VMM owes an answer at all. */
  get isDue(): boolean {
    return this.#answered !== this.#sent;
  }

  /** What a predecessor had mapped, as far as nobody has claimed it. Complete once every request of his is answered. */
  get inherited(): readonly MappedRange[] {
    return [...this.#slots.values()]
      .filter(({ index }) => this.#inherited.has(index) && this.#state(index) === STATE.mapped)
      .map(({ range, file }) => ({ ...range, file }));
  }

  /** The answer to the oldest request has come; `skipped`: the oldest was a maybe that was never sent, this is the next one's. */
  settle(status: number, skipped: boolean): void {
    let number = this.#answered;
    if (skipped) {
      const slot = this.#entry(number, LOG.slot);
      if (slot !== NO_SLOT && this.#state(slot) === STATE.mapping) this.#free(slot);
      number = (number + 1) >>> 0;
    }
    this.#apply(number, status);
    faultPoint('channel.reply-applied');
    Atomics.store(this.#channel, CHANNEL.answered, (number + 1) >>> 0);
    faultPoint('channel.reply-counted');
  }

  /** Whether a predecessor has mapped just this. To be asked once for each, when his requests are answered. */
  claimMapped(range: WindowRange, fd: number): Claim {
    const slot = this.#slots.get(keyOf(range));
    if (!slot || this.#state(slot.index) !== STATE.mapped || !this.#inherited.delete(slot.index)) return null;
    const file = fileIdentity(fd);
    const isSame =
      slot.file.dev === file.dev &&
      slot.file.ino === file.ino &&
      slot.range.fdOffset === range.fdOffset &&
      slot.range.writable === range.writable;
    return isSame && this.#isSure ? 'done' : 'doubtful';
  }

  /** Whether a predecessor has unmapped just this. */
  claimUnmapped(range: WindowRange): Claim {
    const slot = this.#slots.get(keyOf(range));
    if (!slot || this.#state(slot.index) !== STATE.unmapped || !this.#inherited.delete(slot.index))
      return null;
    return this.#isSure ? 'done' : 'doubtful';
  }

  /** A queue was stopped: from here on the VMM may drop mappings without a word. */
  doubt(): void {
    this.#isSure = false;
  }

  /** The driver starts afresh: what was mapped is gone. */
  forget(epoch: number): void {
    this.#epoch = epoch;
    this.#slots.clear();
    this.#inherited.clear();
  }

  // ---- sending --------------------------------------------------------------------------------------------------------------------------

  #send(socket: number, data: Uint8Array, fds: readonly number[]): number {
    if ((this.#sent - this.#answered) >>> 0 >= LOG_ENTRIES) return 0;
    return fds.length > 0 ? this.#sendMap(socket, data, fds) : this.#sendStaged(socket, data);
  }

  #sendMap(socket: number, data: Uint8Array, fds: readonly number[]): number {
    const number = this.#sent;
    const range = rangeOf(data);
    const { slot, isNew } = this.#slotFor(range, fds[0] as number);
    this.#note(number, MAP, slot, 0);
    Atomics.store(this.#channel, CHANNEL.attempt, (number + 1) >>> 0);
    faultPoint('channel.map-noted');
    const sent = send(socket, data, fds);
    faultPoint('channel.map-sent');
    if (sent === 0) {
      Atomics.store(this.#channel, CHANNEL.attempt, number);
      if (isNew) this.#free(slot);
      return 0;
    }
    Atomics.store(this.#channel, CHANNEL.sent, (number + 1) >>> 0);
    faultPoint('channel.map-counted');
    return sent;
  }

  #sendStaged(socket: number, data: Uint8Array): number {
    const number = this.#sent;
    if (this.#staged === 0) {
      const end = this.#outbox.append(data) + data.length;
      faultPoint('channel.request-written');
      const request = requestOf(data);
      this.#note(number, request, request === UNMAP ? this.#unmapping(rangeOf(data)) : NO_SLOT, end);
      this.#staged = data.length;
      faultPoint('channel.request-noted');
    }
    const sent = this.#outbox.send(socket, this.#staged);
    this.#staged -= sent;
    faultPoint('channel.request-sent');
    if (this.#staged > 0) return sent;
    Atomics.store(this.#channel, CHANNEL.sent, (number + 1) >>> 0);
    faultPoint('channel.request-counted');
    return sent;
  }

  // ---- the log --------------------------------------------------------------------------------------------------------------------------

  get #answered(): number {
    return Atomics.load(this.#channel, CHANNEL.answered);
  }

  get #sent(): number {
    return Atomics.load(this.#channel, CHANNEL.sent);
  }

  #entry(number: number, field: number): number {
    return this.#log[(number % LOG_ENTRIES) * 4 + field] as number;
  }

  #note(number: number, request: number, slot: number, end: number): void {
    const at = (number % LOG_ENTRIES) * 4;
    Atomics.store(this.#log, at + LOG.number, 0);
    this.#log[at + LOG.request] = request;
    this.#log[at + LOG.slot] = slot;
    this.#log[at + LOG.end] = end;
    Atomics.store(this.#log, at + LOG.number, (number + 1) >>> 0);
  }

  #apply(number: number, status: number): void {
    const slot = this.#entry(number, LOG.slot);
    if (slot === NO_SLOT || this.#epochOf(slot) !== this.#epoch) return;
    const request = (this.#entry(number, LOG.request) & ~MAYBE) >>> 0;
    if (request === MAP) {
      if (status === 0) Atomics.store(this.#states, slot * 16, STATE.mapped);
      else this.#free(slot);
    } else if (request === UNMAP) {
      if (status === 0) Atomics.store(this.#states, slot * 16, STATE.unmapped);
      else this.#free(slot);
    }
  }

  #begin(name: number): void {
    // One number is left out, so that what an old inbox holds belongs to no message to come.
    const sent = (this.#sent + 1) >>> 0;
    for (let slot = 0; slot < MAPPING_SLOTS; slot += 1) {
      if (this.#state(slot) !== STATE.free) Atomics.store(this.#states, slot * 16, STATE.free);
    }
    Atomics.store(this.#channel, CHANNEL.attempt, 0);
    Atomics.store(this.#channel, CHANNEL.sent, sent);
    Atomics.store(this.#channel, CHANNEL.answered, sent);
    Atomics.store(this.#channel, CHANNEL.name, name);
    faultPoint('channel.opened');
  }

  #adopt(): void {
    const number = this.#sent;
    if (this.#entry(number, LOG.number) === (number + 1) >>> 0) {
      const request = this.#entry(number, LOG.request);
      const isMap = request === MAP;
      const isMaybe = isMap && Atomics.load(this.#channel, CHANNEL.attempt) === (number + 1) >>> 0;
      if (isMaybe) this.#note(number, (MAP | MAYBE) >>> 0, this.#entry(number, LOG.slot), 0);
      const isSent = isMap ? isMaybe : this.#outbox.sent === this.#entry(number, LOG.end);
      if (isSent) Atomics.store(this.#channel, CHANNEL.sent, (number + 1) >>> 0);
    }
    const open = new Set<number>();
    for (let due = this.#answered; due !== this.#sent; due = (due + 1) >>> 0)
      open.add(this.#entry(due, LOG.slot));
    for (let slot = 0; slot < MAPPING_SLOTS; slot += 1) {
      const state = this.#state(slot);
      if (state === STATE.free) continue;
      if (this.#epochOf(slot) !== this.#epoch) {
        this.#free(slot);
        continue;
      }
      // Noted and never sent.
      if (!open.has(slot) && state === STATE.mapping) {
        this.#free(slot);
        continue;
      }
      if (!open.has(slot) && state === STATE.unmapping) Atomics.store(this.#states, slot * 16, STATE.mapped);
      const found = this.#read(slot);
      this.#inherited.add(slot);
      // A range that is unmapped and mapped anew in one breath has two slots for a while: the mapping's is the one that matters.
      const isGoing = state === STATE.unmapped || state === STATE.unmapping;
      if (!(isGoing && this.#slots.has(keyOf(found.range)))) this.#slots.set(keyOf(found.range), found);
    }
  }

  // ---- slots ----------------------------------------------------------------------------------------------------------------------------

  #state(slot: number): number {
    return Atomics.load(this.#states, slot * 16);
  }

  #epochOf(slot: number): number {
    return this.#mappings.getUint32(slot * MAPPING_BYTES + FIELD.epoch, true);
  }

  #read(index: number): Slot {
    const view = this.#mappings;
    const at = index * MAPPING_BYTES;
    return {
      index,
      range: {
        shmid: view.getUint32(at + FIELD.shmid, true),
        writable: view.getUint32(at + FIELD.writable, true) === 1,
        shmOffset: view.getFloat64(at + FIELD.offset, true),
        length: view.getFloat64(at + FIELD.length, true),
        fdOffset: view.getFloat64(at + FIELD.fdOffset, true),
      },
      file: { dev: view.getBigUint64(at + FIELD.dev, true), ino: view.getBigUint64(at + FIELD.ino, true) },
    };
  }

  #free(slot: number): void {
    Atomics.store(this.#states, slot * 16, STATE.free);
    this.#inherited.delete(slot);
    const key = keyOf(this.#read(slot).range);
    if (this.#slots.get(key)?.index === slot) this.#slots.delete(key);
  }

  /** The slot of a mapping that is about to be asked for. None when there is one already (the VMM will refuse), or no room. */
  #slotFor(range: WindowRange, fd: number): { readonly slot: number; readonly isNew: boolean } {
    const known = this.#slots.get(keyOf(range));
    const state = known ? this.#state(known.index) : STATE.free;
    if (state === STATE.mapping || state === STATE.mapped) return { slot: NO_SLOT, isNew: false };
    const index = known && state === STATE.unmapped ? known.index : this.#findFree();
    if (index === null) return { slot: NO_SLOT, isNew: false };
    const { dev, ino } = fileIdentity(fd);
    const view = this.#mappings;
    const at = index * MAPPING_BYTES;
    Atomics.store(this.#states, index * 16, STATE.free);
    this.#inherited.delete(index);
    view.setUint32(at + FIELD.epoch, this.#epoch, true);
    view.setUint32(at + FIELD.shmid, range.shmid, true);
    view.setUint32(at + FIELD.writable, range.writable ? 1 : 0, true);
    view.setFloat64(at + FIELD.offset, range.shmOffset, true);
    view.setFloat64(at + FIELD.length, range.length, true);
    view.setFloat64(at + FIELD.fdOffset, range.fdOffset, true);
    view.setBigUint64(at + FIELD.dev, dev, true);
    view.setBigUint64(at + FIELD.ino, ino, true);
    this.#slots.set(keyOf(range), { index, range, file: { dev, ino } });
    Atomics.store(this.#states, index * 16, STATE.mapping);
    return { slot: index, isNew: true };
  }

  #unmapping(range: WindowRange): number {
    const slot = this.#slots.get(keyOf(range));
    if (!slot || this.#state(slot.index) === STATE.unmapped) return NO_SLOT;
    this.#mappings.setUint32(slot.index * MAPPING_BYTES + FIELD.unmap, this.#sent, true);
    Atomics.store(this.#states, slot.index * 16, STATE.unmapping);
    this.#inherited.delete(slot.index);
    return slot.index;
  }

  /** A slot that is free or of an older epoch, and that no request under way speaks of. */
  #findFree(): number | null {
    const busy = this.#busy();
    return this.#nextFreeOf(busy) ?? (this.#freeTombstones(busy) ? this.#nextFreeOf(busy) : null);
  }

  /** Slots that requests under way speak of. */
  #busy(): ReadonlySet<number> {
    const busy = new Set<number>();
    for (let due = this.#answered; due !== this.#sent; due = (due + 1) >>> 0)
      busy.add(this.#entry(due, LOG.slot));
    return busy;
  }

  #nextFreeOf(busy: ReadonlySet<number>): number | null {
    for (let step = 0; step < MAPPING_SLOTS; step += 1) {
      const slot = (this.#nextFree + step) % MAPPING_SLOTS;
      const isFree = this.#state(slot) === STATE.free || this.#epochOf(slot) !== this.#epoch;
      if (!isFree || busy.has(slot)) continue;
      this.#nextFree = (slot + 1) % MAPPING_SLOTS;
      return slot;
    }
    return null;
  }

  /**
   * Frees the older half of the tombstones; false when there are none. The younger ones may be those of commands that the guest has no answer
   * to yet: a successor will be asked for the same again.
   */
  #freeTombstones(busy: ReadonlySet<number>): boolean {
    const tombstones: { readonly slot: number; readonly age: number }[] = [];
    for (let slot = 0; slot < MAPPING_SLOTS; slot += 1) {
      if (this.#state(slot) !== STATE.unmapped || busy.has(slot)) continue;
      const unmap = this.#mappings.getUint32(slot * MAPPING_BYTES + FIELD.unmap, true);
      tombstones.push({ slot, age: (this.#sent - unmap) >>> 0 });
    }
    tombstones.sort((a, b) => b.age - a.age);
    for (const { slot } of tombstones.slice(0, Math.ceil(tombstones.length / 2))) this.#free(slot);
    return tombstones.length > 0;
  }
}

function keyOf({ shmid, shmOffset, length }: WindowRange): string {
  return `${shmid}:${shmOffset}:${length}`;
}

function requestOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, 4).getUint32(0, true);
}

/** The range of a SHMEM_MAP or SHMEM_UNMAP of ours. */
function rangeOf(message: Uint8Array): WindowRange {
  const range = shmemRange.decode(message.subarray(HEADER_BYTES), 'request of this device');
  return {
    shmid: range.shmid,
    fdOffset: Number(range.fdOffset),
    shmOffset: Number(range.shmOffset),
    length: Number(range.length),
    writable: range.writable,
  };
}
