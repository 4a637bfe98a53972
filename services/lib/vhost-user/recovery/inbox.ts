// Takes bytes from a socket so that it is never in doubt whether they were taken, even by a process that was killed in the middle of it.
//
//   1. look (MSG_PEEK): nothing is taken. The header is among what is seen as a rule, so a message is taken in one piece
//   2. put the descriptors that came along into the store
//   3. write down what was seen (`seen`), and the complement of it where the bytes will go (`taken`)
//   4. take: recvmsg straight into `taken` and `receive`. Taking the bytes and recording them is one system call
//
// Looking shows descriptors that may belong to a later message (a peculiarity of Linux). Whether they came with the bytes that were taken, is
// what `receive` says; those that were seen are kept, and the kernel closes what would be the second time.
//
// Afterwards a byte of `taken` is either the complement of what was seen, and so still in the socket, or the same, and so not. A successor
// counts the equal ones. What is whole stays here until the message is done, which its sequence number tells: of another sequence, all of
// this is old.
//
//   0     sequence u32
//   4     progress u32: bytes before this piece (12 bits), bytes of this piece (12), descriptors before it (4), descriptors seen with it (4)
//   64    8 × 32: a descriptor: name u32, 0, dev u64, ino u64, size u64 (of the device's own memory, whose name is 0)
//   512   seen
//   4096  taken: within one page, so that the kernel writes all of a piece or nothing
//   7168  receive (RecordedReceive), in the same page

import { type FaultPoint, faultPoint } from '../../os/fault-point.ts';
import { closeAll, type Fd } from '../../os/fd.ts';
import { peek, RecordedReceive } from '../../os/socket.ts';
import { HEADER_BYTES, MOST_MESSAGE_FDS, MOST_PAYLOAD_BYTES, WireError } from '../../wire/vhost-user.ts';
import type { Note } from '../guest-memory.ts';
import type { Taken } from '../message-stream.ts';
import type { StatePart } from './state-file.ts';

const SEQUENCE = 0;
const PROGRESS = 1;
const NOTES_AT = 64;
const NOTE_BYTES = 32;
const SEEN_AT = 512;
const TAKEN_AT = 4096;
const RECEIVE_AT = 7168;
const MOST_BYTES = HEADER_BYTES + MOST_PAYLOAD_BYTES;

/** Of a header: where the bytes of the payload are counted. */
const SIZE_AT = 8;

/** A message that a predecessor has begun to take, or has taken and not finished. */
export type Begun = { readonly bytes: Buffer; readonly notes: readonly Note[] };

export type InboxOptions = {
  /** The number of the message at hand: it moves on when that is done. */
  readonly sequence: () => number;
  /** Stores a descriptor. Null: descriptors are of no use on this socket, and are closed. */
  readonly note: ((fd: Fd) => Note) | null;
  readonly points: { readonly prepared: FaultPoint; readonly consumed: FaultPoint };
};

type Progress = {
  readonly before: number;
  readonly piece: number;
  readonly fdsBefore: number;
  readonly fds: number;
};

export class Inbox {
  readonly #part: StatePart;
  readonly #words: Uint32Array;
  readonly #receive: RecordedReceive;
  readonly #options: InboxOptions;
  /** Stored, and perhaps of a message that is still in the socket. */
  #seen: readonly number[] = [];

  constructor(part: StatePart, options: InboxOptions) {
    this.#part = part;
    this.#words = new Uint32Array(part.view.buffer, part.view.byteOffset, 2);
    const { buffer, byteOffset } = part.view;
    this.#receive = new RecordedReceive(
      new DataView(buffer, byteOffset + RECEIVE_AT, RecordedReceive.BYTES),
      part.address + BigInt(RECEIVE_AT),
      part.address + BigInt(TAKEN_AT),
    );
    this.#options = options;
  }

  /** See StreamIo; what it returns has been recorded. Throws WireError for more than a message can have. */
  receive(socket: number, most: number): Taken | null {
    const found = peek(socket, MOST_BYTES);
    if (found === null || found.truncated || found.data.length === 0) return found;
    const { before, fdsBefore } = this.#settled();
    const { fds } = found;
    const data = found.data.subarray(0, before === 0 ? lengthOf(found.data, most) : most);
    // Looking ends where descriptors begin, and at its own limit: what is behind that was not seen.
    const isLast = found.data.length === data.length && found.data.length < MOST_BYTES && fds.length === 0;
    let isKept = false;
    try {
      if (before + data.length > MOST_BYTES) throw new WireError('message', `more than ${MOST_BYTES} bytes`);
      const noted = this.#noteAll(fds, fdsBefore);
      this.#prepare(before, data, fdsBefore, noted);
      const taken = this.#take(socket);
      if (taken === 0) return null;
      const isWithFds = this.#receive.hadDescriptors && this.#options.note !== null;
      if (isWithFds && fdsBefore + fds.length > MOST_MESSAGE_FDS) {
        const count = fdsBefore + fds.length;
        throw new WireError('message', `${count} descriptors came with it, ${MOST_MESSAGE_FDS} is the most`);
      }
      if (isWithFds) this.#seen = [];
      isKept = isWithFds;
      return { data: data.subarray(0, taken), fds: isKept ? fds : [], truncated: found.truncated, isLast };
    } finally {
      if (!isKept) closeAll(fds);
    }
  }

  /** Names of stored descriptors that belong to what is still in the socket: they will be needed. */
  get seen(): readonly number[] {
    return this.#seen;
  }

  /** The socket is closed, and what is in it goes with it. */
  forget(): void {
    this.#seen = [];
  }

  /** What a predecessor left of the message at hand; null when he had taken nothing of it. */
  begun(): Begun | null {
    const { before, fdsBefore } = this.#settled();
    if (before === 0) return null;
    const bytes = Buffer.from(this.#part.bytes.subarray(TAKEN_AT, TAKEN_AT + before));
    return { bytes, notes: Array.from({ length: fdsBefore }, (_, index) => this.#readNote(index)) };
  }

  /** Where the message at hand stands. The piece that was on its way is counted as far as it came. */
  #settled(): { readonly before: number; readonly fdsBefore: number } {
    const sequence = this.#options.sequence() >>> 0;
    if (Atomics.load(this.#words, SEQUENCE) !== sequence) {
      this.#progress = { before: 0, piece: 0, fdsBefore: 0, fds: 0 };
      Atomics.store(this.#words, SEQUENCE, sequence);
      return { before: 0, fdsBefore: 0 };
    }
    const { before, piece, fdsBefore, fds } = this.#progress;
    const { bytes } = this.#part;
    let taken = 0;
    while (taken < piece && bytes[SEEN_AT + before + taken] === bytes[TAKEN_AT + before + taken]) taken += 1;
    const came = taken > 0 && this.#receive.hadDescriptors;
    const settled = { before: before + taken, fdsBefore: fdsBefore + (came ? fds : 0) };
    if (piece > 0) this.#progress = { ...settled, piece: 0, fds: 0 };
    return settled;
  }

  get #progress(): Progress {
    const word = Atomics.load(this.#words, PROGRESS);
    return {
      before: word & 0xfff,
      piece: (word >>> 12) & 0xfff,
      fdsBefore: (word >>> 24) & 0xf,
      fds: word >>> 28,
    };
  }

  set #progress({ before, piece, fdsBefore, fds }: Progress) {
    Atomics.store(this.#words, PROGRESS, (before | (piece << 12) | (fdsBefore << 24) | (fds << 28)) >>> 0);
  }

  /** Stores what was seen, as far as a message can have it. Returns how many that were. */
  #noteAll(fds: readonly Fd[], before: number): number {
    const { note } = this.#options;
    if (!note) return 0;
    faultPoint('vmm.peeked');
    const notes = fds.slice(0, MOST_MESSAGE_FDS - before).map((fd, index) => {
      const noted = note(fd);
      faultPoint('vmm.descriptor-stored');
      this.#writeNote(before + index, noted);
      return noted.name;
    });
    this.#seen = notes;
    return notes.length;
  }

  #prepare(before: number, data: Uint8Array, fdsBefore: number, fds: number): void {
    const { bytes } = this.#part;
    for (let index = 0; index < data.length; index += 1) {
      const byte = data[index] as number;
      bytes[SEEN_AT + before + index] = byte;
      bytes[TAKEN_AT + before + index] = ~byte;
    }
    this.#receive.prepare(before, data.length);
    this.#progress = { before, piece: data.length, fdsBefore, fds };
    faultPoint(this.#options.points.prepared);
  }

  /** Nobody else reads from this socket, so what was seen is there. */
  #take(socket: number): number {
    const taken = this.#receive.run(socket) ?? 0;
    faultPoint(this.#options.points.consumed);
    return taken;
  }

  #writeNote(index: number, note: Note): void {
    const { view } = this.#part;
    const at = NOTES_AT + index * NOTE_BYTES;
    view.setUint32(at, note.name, true);
    view.setBigUint64(at + 8, note.own?.dev ?? 0n, true);
    view.setBigUint64(at + 16, note.own?.ino ?? 0n, true);
    view.setFloat64(at + 24, note.own?.size ?? 0, true);
  }

  #readNote(index: number): Note {
    const { view } = this.#part;
    const at = NOTES_AT + index * NOTE_BYTES;
    const name = view.getUint32(at, true);
    if (name !== 0) return { name, own: null };
    const file = { dev: view.getBigUint64(at + 8, true), ino: view.getBigUint64(at + 16, true) };
    return { name, own: { ...file, size: view.getFloat64(at + 24, true) } };
  }
}

/** Of the message at hand, as far as it was seen; `most` when its header was not, or is none that can be. */
function lengthOf(seen: Buffer, most: number): number {
  if (seen.length < HEADER_BYTES) return most;
  const payload = seen.readUInt32LE(SIZE_AT);
  return payload > MOST_PAYLOAD_BYTES ? most : HEADER_BYTES + payload;
}
