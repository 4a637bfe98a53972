// One VMM's connection as a successor of this process can go on with it, and the one step that makes a message done.
//
// A message of the VMM, with the points of no return in capitals:
//
//   look at it - store its descriptors - TAKE it (inbox.ts) - handle it - write the reply into the outbox, the connection into the free slot
//   - FLIP the slots - send the reply: SENDFILE (outbox.ts) - drop what the connection does not speak of any more - kick queues that started
//
// Killed before TAKE, the successor sees the message in the socket; before FLIP, he handles it again, from the connection as it was before;
// before SENDFILE, he sends the rest of the reply. What a handler does outside of this process (it tells the device) happens again then, so
// a device has to bear to hear the last message twice.
//
// Whatever belongs to a connection ends with it, because nothing of it is handed to the next one: that has an object of its own, which looks at
// the same memory as that of a successor would. What the last VMM left there is known by its name to be old:
//
//   what it had not sent or was not sent   an inbox is of a message, by number; an outbox begins where sending stopped
//   the back-end channel and its mappings  of the socket, by name; requests are numbered on
//   stored descriptors                     what the record does not speak of is given up
import { isEventfd } from '../../os/eventfd.ts';
import { faultPoint } from '../../os/fault-point.ts';
import type { Fd } from '../../os/fd.ts';
import { duplicate } from '../../os/memory.ts';
import { adoptSocket } from '../../os/socket.ts';
import { RecoveryError } from '../errors.ts';
import { type FileIdentity, fileIdentity, type Note } from '../guest-memory.ts';
import type { StreamIo } from '../message-stream.ts';
import { ChannelRecord } from './channel-record.ts';
import { type ConnectionRecord, writeConnection } from './connection-record.ts';
import type { HeldDescriptors } from './descriptor-store.ts';
import { InFlightTable } from './in-flight-table.ts';
import { Inbox } from './inbox.ts';
import { Outbox, type OutboxFile } from './outbox.ts';
import { type StateFile, WORD } from './state-file.ts';

/** What a connection commits; the rest of its record is kept here. */
export type ConnectionState = Pick<
  ConnectionRecord,
  'features' | 'protocolFeatures' | 'status' | 'channel' | 'epoch' | 'wasHeld' | 'rings' | 'regions'
>;

/** What stays while VMMs come and go (recovery.ts); borrowed. */
export type RecoveryParts = {
  readonly state: StateFile;
  readonly replies: OutboxFile;
  readonly requests: OutboxFile;
  readonly held: HeldDescriptors;
  isOwnMemory(file: FileIdentity): boolean;
};

const NOBODY: Omit<ConnectionRecord, 'messages' | 'epoch'> = {
  socket: 0,
  features: 0n,
  protocolFeatures: null,
  status: 0,
  channel: 0,
  wasHeld: false,
  reply: { start: 0, length: 0 },
  rings: [],
  regions: [],
};

export class ConnectionRecovery {
  /** What a predecessor left of this connection; null when it began with this process. */
  readonly past: ConnectionRecord | null;
  readonly #parts: RecoveryParts;
  readonly #held: HeldDescriptors;
  readonly #inbox: Inbox;
  readonly #replies: Outbox;
  #record: ConnectionRecord;
  /** What the slot holds that is written next; null: not known. */
  #before: ConnectionRecord | null = null;
  /** Something was stored that the connection may not speak of, or not any more. */
  #isSweepDue = true;

  private constructor(parts: RecoveryParts, record: ConnectionRecord, past: ConnectionRecord | null) {
    this.past = past;
    this.#parts = parts;
    this.#held = parts.held;
    this.#record = record;
    this.#replies = new Outbox(parts.replies);
    this.#inbox = new Inbox(parts.state.vmmInbox, {
      sequence: () => this.#record.messages + 1,
      note: (fd) => this.#note(fd),
      points: { prepared: 'vmm.prepared', consumed: 'vmm.consumed' },
    });
  }

  /** As it was recorded, also when nobody was connected. Throws RecoveryError when something that it speaks of is missing or wrong. */
  static adopt(parts: RecoveryParts, record: ConnectionRecord): ConnectionRecovery {
    const connection = new ConnectionRecovery(parts, record, record);
    connection.#check();
    return connection;
  }

  /** That of the next VMM, whose socket has this name: recorded, and all that is left of this one is that messages and epochs are counted on. */
  next(socket: number): ConnectionRecovery {
    const { messages, epoch } = this.#record;
    const connection = new ConnectionRecovery(this.#parts, this.#record, null);
    connection.#write({ ...NOBODY, messages, epoch, socket });
    return connection;
  }

  /** Whether there is a VMM: false before the first one, and after disconnected(). */
  get isConnected(): boolean {
    return this.#record.socket !== 0;
  }

  /** The connection is over. */
  disconnected(): void {
    faultPoint('end.closed');
    this.#parts.state.words[WORD.accepting] = 0;
    const { messages, epoch } = this.#record;
    // What is left of a message belongs to nobody.
    this.#inbox.forget();
    this.#write({ ...NOBODY, messages: messages + 1, epoch: epoch + 1 });
    faultPoint('end.committed');
    this.#sweep('vmm.descriptor-dropped');
  }

  /** The VMM's socket, the caller's. */
  takeSocket(): Fd {
    return this.#held.take(this.#record.socket, "the VMM's socket");
  }

  // ---- messages -------------------------------------------------------------------------------------------------------------------------

  /** How the connection's stream reads and writes. */
  get io(): StreamIo {
    const begun = this.#inbox.begun();
    return {
      receive: (socket, most) => this.#inbox.receive(socket, most),
      send: (socket, data) => this.#replies.send(socket, data.length),
      begun:
        begun === null
          ? null
          : { bytes: begun.bytes, fds: begun.notes.map((note) => this.#descriptorOf(note)) },
    };
  }

  /** Bytes of the predecessor's last reply that were not sent. */
  get unsentReply(): number {
    const { start, length } = this.#record.reply;
    return this.#replies.unsent(start, length);
  }

  /** The message at hand is done: from here on a successor goes on from `state`, and sends `reply` if this process does not. */
  commit(state: ConnectionState, reply: Uint8Array | null): void {
    faultPoint('vmm.handled');
    const start = reply === null ? 0 : this.#replies.append(reply);
    faultPoint('vmm.replied-in-outbox');
    const { messages, socket } = this.#record;
    this.#write({
      ...state,
      socket,
      messages: (messages + 1) >>> 0,
      reply: { start, length: reply?.length ?? 0 },
    });
    faultPoint('vmm.committed');
  }

  /** The connection changed without a message of the VMM: a successor goes on from `state`. */
  amend(state: ConnectionState): void {
    this.#write({ ...this.#record, ...state });
  }

  /**
   * Gives up stored descriptors that the connection as it was committed does not speak of. `isSame`: it speaks of the same ones as the last
   * time; then there is nothing to do, unless others were stored since.
   */
  sweep(isSame = false): void {
    if (!isSame || this.#isSweepDue) this.#sweep('vmm.descriptor-dropped');
  }

  /** As sweep(), of what a predecessor left. */
  sweepInherited(): void {
    this.#sweep('recovery.swept');
  }

  // ---- parts ----------------------------------------------------------------------------------------------------------------------------

  noteOf(fd: Fd | null): Note {
    return fd === null ? { name: 0, own: null } : this.#held.noteOf(fd);
  }

  /** A stored descriptor of the predecessor's, the caller's. */
  take(name: number, what: string): Fd {
    return this.#held.take(name, what);
  }

  /** What a queue has in flight; as a predecessor left it, or the VMM before this one. */
  tableOf(index: number): InFlightTable {
    return new InFlightTable(this.#parts.state.tableOf(index));
  }

  /** For the channel whose socket has this name. */
  channelRecord(name: number, epoch: number): ChannelRecord {
    return new ChannelRecord(this.#parts.state, this.#parts.requests, name, epoch);
  }

  /** Everything that the record speaks of is there, and is what it has to be: before anything is changed. */
  #check(): void {
    const { socket, channel, rings } = this.#record;
    if (socket !== 0) this.#expect(socket, "the VMM's socket", isStream);
    if (channel !== 0) this.#expect(channel, 'the back-end channel', isStream);
    for (const [index, ring] of rings.entries()) {
      if (ring.kick !== 0)
        this.#expect(ring.kick, `the kick of queue ${index}`, (fd) => isEventfd(fd.number));
      if (ring.call !== 0)
        this.#expect(ring.call, `the call of queue ${index}`, (fd) => isEventfd(fd.number));
      if (ring.error !== 0)
        this.#expect(ring.error, `the error eventfd of queue ${index}`, (fd) => isEventfd(fd.number));
    }
    for (const region of this.#record.regions) {
      if (region.name === 0) continue;
      this.#expect(region.name, 'guest memory', (fd) => {
        const { dev, ino } = fileIdentity(fd.number);
        return dev === region.file.dev && ino === region.file.ino;
      });
    }
    for (const [index, note] of (this.#inbox.begun()?.notes ?? []).entries()) {
      if (note.name !== 0)
        this.#expect(note.name, `descriptor ${index} of the VMM's last message`, () => true);
    }
  }

  #expect(name: number, what: string, isRight: (fd: Fd) => boolean): void {
    const fd = this.#held.take(name, what);
    try {
      if (isRight(fd)) return;
    } finally {
      fd.close();
    }
    throw new RecoveryError(
      'WRONG',
      `what came back from the store as ${what} ("vu.${name}") is something else`,
    );
  }

  #note(fd: Fd): Note {
    const file = fileIdentity(fd.number);
    if (this.#parts.isOwnMemory(file)) this.#held.noteOwn(fd, file);
    else {
      this.#isSweepDue = true;
      this.#held.hold(fd);
    }
    return this.#held.noteOf(fd);
  }

  /** The device's own memory is not stored a second time; of that, only which file it is was ever of interest. */
  #descriptorOf({ name, own }: Note): Fd {
    if (own === null) return this.#held.take(name, "a descriptor of the VMM's last message");
    const standIn = duplicate(this.#parts.state.fd.number);
    this.#held.noteOwn(standIn, own);
    return standIn;
  }

  #write(record: ConnectionRecord): void {
    const there = this.#before;
    this.#before = null;
    writeConnection(this.#parts.state.slot('next'), record, there);
    faultPoint('vmm.state-written');
    this.#parts.state.flip();
    this.#before = this.#record;
    this.#record = record;
  }

  #sweep(point: 'recovery.swept' | 'vmm.descriptor-dropped'): void {
    const { socket, channel, rings, regions } = this.#record;
    const needed = new Set([socket, channel, this.#parts.state.words[WORD.accepting] as number]);
    for (const ring of rings) needed.add(ring.kick).add(ring.call).add(ring.error);
    for (const region of regions) needed.add(region.name);
    for (const note of this.#inbox.begun()?.notes ?? []) needed.add(note.name);
    for (const name of this.#inbox.seen) needed.add(name);
    this.#held.keepOnly(needed, () => faultPoint(point));
    // What was seen of a message to come is needed until that is done.
    this.#isSweepDue = this.#inbox.seen.length > 0;
  }
}

function isStream(fd: Fd): boolean {
  try {
    const { type, listening } = adoptSocket(fd.number);
    return type === 'stream' && !listening;
  } catch {
    return false;
  }
}
