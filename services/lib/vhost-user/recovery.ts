// What makes a back-end survivable: its state file, its outboxes and its descriptors in a store, and the one step that makes a message done.
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
// One moment is not covered: between accept(2) and the store's datagram right behind it, a connection is known to this process alone. A VMM
// that connects in just these microseconds is cut off as if the device had not been started yet.
import { isEventfd } from '../os/eventfd.ts';
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import { duplicate } from '../os/memory.ts';
import { adoptSocket, startListening } from '../os/socket.ts';
import { ChannelRecord } from './channel-record.ts';
import { type ConnectionRecord, readConnection, writeConnection } from './connection-record.ts';
import { type DescriptorStore, HeldDescriptors, isNumbered, type Note, STORED } from './descriptor-store.ts';
import { RecoveryError } from './errors.ts';
import { type FileIdentity, fileIdentity } from './guest-memory.ts';
import { Inbox } from './inbox.ts';
import type { StreamIo } from './message-stream.ts';
import { Outbox } from './outbox.ts';
import { type ListenerRecord, StateFile, WORD } from './state-file.ts';
import type { QueueWords } from './virtqueue.ts';

/** What a connection commits; the rest of its record is kept here. */
export type ConnectionState = Pick<
  ConnectionRecord,
  'features' | 'protocolFeatures' | 'status' | 'channel' | 'epoch' | 'rings' | 'regions'
>;

const NOBODY: Omit<ConnectionRecord, 'messages' | 'epoch'> = {
  socket: 0,
  features: 0n,
  protocolFeatures: null,
  status: 0,
  channel: 0,
  reply: { start: 0, length: 0 },
  rings: [],
  regions: [],
};

export class Recovery {
  readonly #store: DescriptorStore;
  readonly #state: StateFile;
  readonly #replies: Outbox;
  readonly #requests: Outbox;
  readonly #held: HeldDescriptors;
  readonly #inbox: Inbox;
  readonly #isOwnMemory: (file: FileIdentity) => boolean;
  #record: ConnectionRecord;
  /** What the slot holds that is written next; null: not known. */
  #before: ConnectionRecord | null = null;
  /** Something was stored that the connection may not speak of, or not any more. */
  #isSweepDue = true;
  #isClosed = false;

  /**
   * Begins with what a predecessor left in the store, or makes everything anew. Throws RecoveryError when that cannot be gone on with (the
   * store still holds it; discardStored() of descriptor-store.ts is the way out), SystemError, and what the store throws.
   */
  constructor(
    store: DescriptorStore,
    device: { readonly queues: number; isOwnMemory(file: FileIdentity): boolean },
  ) {
    this.#store = store;
    this.#isOwnMemory = (file) => device.isOwnMemory(file);
    const kept = this.#take(STORED.state);
    this.#state = kept ? StateFile.adopt(kept, device.queues) : this.#makeState(device.queues);
    const made: { close(): void }[] = [this.#state];
    try {
      this.#record = readConnection(this.#state.slot('current'));
      this.#replies = this.#openOutbox(STORED.outbox, 'replies');
      made.push(this.#replies);
      this.#requests = this.#openOutbox(STORED.requests, 'requests');
      made.push(this.#requests);
      this.#held = new HeldDescriptors(store, () => this.#state.nextName());
      made.push(this.#held);
      this.#inbox = new Inbox(this.#state.vmmInbox, {
        sequence: () => this.#record.messages + 1,
        note: (fd) => this.#note(fd),
        points: { prepared: 'vmm.prepared', consumed: 'vmm.consumed' },
      });
      this.#check();
      if (kept) faultPoint('recovery.adopted');
      this.#sweep('recovery.swept');
    } catch (error) {
      for (const part of made) part.close();
      throw error;
    }
  }

  /** The connection that a predecessor served, or null. */
  get connection(): ConnectionRecord | null {
    return this.#record.socket === 0 ? null : this.#record;
  }

  /** A connection that a predecessor had accepted and stored, and nothing more; the caller's. */
  takeAccepted(): Fd | null {
    const name = this.#accepting;
    return this.#record.socket === 0 && name !== 0 && this.#held.has(name)
      ? this.#held.take(name, 'the VMM')
      : null;
  }

  // ---- listening socket -----------------------------------------------------------------------------------------------------------------

  /** A predecessor's listening socket, the caller's, and where its path leads. Null when there is none that can be used. */
  takeListener(): { readonly fd: Fd; readonly record: ListenerRecord } | null {
    const fd = this.#take(STORED.listener);
    const record = this.#state.listener;
    if (fd && record && isListening(fd)) return { fd, record };
    if (fd) {
      fd.close();
      this.dropListener();
    }
    return null;
  }

  dropListener(): void {
    this.#store.remove(STORED.listener);
  }

  storeListener(fd: Fd, record: ListenerRecord): void {
    faultPoint('listen.bound');
    this.#state.listener = record;
    this.#store.put(STORED.listener, fd.number);
    faultPoint('listen.stored');
  }

  // ---- connection -----------------------------------------------------------------------------------------------------------------------

  /** To be called before accept(2): what comes next will be stored under a name that is known. */
  expectConnection(): void {
    if (this.#accepting === 0) this.#state.words[WORD.accepting] = this.#state.nextName();
  }

  /** A VMM has connected. The socket stays the caller's. */
  connected(socket: Fd): void {
    faultPoint('accept.accepted');
    const name = this.#held.hold(socket, this.#accepting === 0 ? null : this.#accepting);
    faultPoint('accept.stored');
    const { messages, epoch } = this.#record;
    this.#write({ ...NOBODY, messages, epoch, socket: name });
    this.#state.words[WORD.accepting] = 0;
    faultPoint('accept.committed');
  }

  /** The connection is over. */
  disconnected(): void {
    faultPoint('end.closed');
    this.#state.words[WORD.accepting] = 0;
    const { messages, epoch } = this.#record;
    // What is left of a message belongs to nobody.
    this.#inbox.forget();
    this.#write({ ...NOBODY, messages: messages + 1, epoch: epoch + 1 });
    faultPoint('end.committed');
    this.#sweep('vmm.descriptor-dropped');
  }

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

  /**
   * Gives up stored descriptors that the connection as it was committed does not speak of. `isSame`: it speaks of the same ones as the last
   * time; then there is nothing to do, unless others were stored since.
   */
  sweep(isSame = false): void {
    if (!isSame || this.#isSweepDue) this.#sweep('vmm.descriptor-dropped');
  }

  noteOf(fd: Fd | null): Note {
    return fd === null ? { name: 0, own: null } : this.#held.noteOf(fd);
  }

  /** A stored descriptor of the predecessor's, the caller's. */
  take(name: number, what: string): Fd {
    return this.#held.take(name, what);
  }

  queueWords(index: number): QueueWords {
    return this.#state.queueWords(index);
  }

  /** For the channel whose socket has this name. */
  channelRecord(name: number, epoch: number): ChannelRecord {
    return new ChannelRecord(this.#state, this.#requests, name, epoch);
  }

  // ---- end ------------------------------------------------------------------------------------------------------------------------------

  /** This process stops and a successor shall go on: everything stays in the store. Later calls do nothing. */
  leave(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held.close();
    this.#requests.close();
    this.#replies.close();
    this.#state.close();
  }

  /** Nobody shall go on: the store is emptied. The connection was ended before. Later calls do nothing. */
  discard(): void {
    if (this.#isClosed) return;
    // The state last: without it nobody knows what the others are.
    this.#held.keepOnly(new Set(), () => {});
    for (const name of [STORED.listener, STORED.requests, STORED.outbox, STORED.state])
      this.#store.remove(name);
    this.leave();
  }

  // ---- parts ----------------------------------------------------------------------------------------------------------------------------

  #take(name: string): Fd | null {
    const [fd = null, ...others] = this.#store.take(name);
    for (const other of others) other.close();
    return fd;
  }

  #makeState(queues: number): StateFile {
    const others = [...this.#store.left.keys()].filter(isNumbered);
    if (others.length > 0) {
      throw new RecoveryError(
        'MISSING',
        `the state of the device ("${STORED.state}") did not come back from the store, but ${others.length} descriptors of its connection did`,
      );
    }
    const state = StateFile.create(queues);
    faultPoint('recovery.state-made');
    this.#store.put(STORED.state, state.fd.number);
    faultPoint('recovery.state-stored');
    return state;
  }

  #openOutbox(stored: string, name: string): Outbox {
    const kept = this.#take(stored);
    if (kept) return Outbox.adopt(kept, name);
    if (this.#record.socket !== 0) {
      throw new RecoveryError(
        'MISSING',
        `the outbox of ${name} ("${stored}") did not come back from the store`,
      );
    }
    const outbox = Outbox.create(name);
    this.#store.put(stored, outbox.fd.number);
    faultPoint('recovery.outbox-stored');
    return outbox;
  }

  /** Everything that the record speaks of is there, and is what it has to be: before anything is changed. */
  #check(): void {
    const { socket, channel, rings } = this.#record;
    if (socket !== 0) this.#expect(socket, "the VMM's socket", isConnected);
    if (channel !== 0) this.#expect(channel, 'the back-end channel', isConnected);
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

  get #accepting(): number {
    return this.#state.words[WORD.accepting] as number;
  }

  #note(fd: Fd): Note {
    const file = fileIdentity(fd.number);
    if (this.#isOwnMemory(file)) this.#held.noteOwn(fd, file);
    else {
      this.#isSweepDue = true;
      this.#held.hold(fd);
    }
    return this.#held.noteOf(fd);
  }

  /** The device's own memory is not stored a second time; of that, only which file it is was ever of interest. */
  #descriptorOf({ name, own }: Note): Fd {
    if (own === null) return this.#held.take(name, "a descriptor of the VMM's last message");
    const standIn = duplicate(this.#state.fd.number);
    this.#held.noteOwn(standIn, own);
    return standIn;
  }

  #write(record: ConnectionRecord): void {
    const there = this.#before;
    this.#before = null;
    writeConnection(this.#state.slot('next'), record, there);
    faultPoint('vmm.state-written');
    this.#state.flip();
    this.#before = this.#record;
    this.#record = record;
  }

  #sweep(point: 'recovery.swept' | 'vmm.descriptor-dropped'): void {
    const { socket, channel, rings, regions } = this.#record;
    const needed = new Set([socket, channel, this.#accepting]);
    for (const ring of rings) needed.add(ring.kick).add(ring.call).add(ring.error);
    for (const region of regions) needed.add(region.name);
    for (const note of this.#inbox.begun()?.notes ?? []) needed.add(note.name);
    for (const name of this.#inbox.seen) needed.add(name);
    this.#held.keepOnly(needed, () => faultPoint(point));
    // What was seen of a message to come is needed until that is done.
    this.#isSweepDue = this.#inbox.seen.length > 0;
  }
}

function isConnected(fd: Fd): boolean {
  try {
    const { type, listening } = adoptSocket(fd.number);
    return type === 'stream' && !listening;
  } catch {
    return false;
  }
}

/** A predecessor may have died between the store and listen(2). */
function isListening(fd: Fd): boolean {
  try {
    const { type, listening } = adoptSocket(fd.number);
    if (!listening) startListening(fd.number);
    return type === 'stream';
  } catch {
    return false;
  }
}
