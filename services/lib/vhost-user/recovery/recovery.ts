// What makes a back-end survivable, and outlives its connections: the state file, the memfds of the outboxes, the descriptors in a store, and the
// listening socket. What belongs to one VMM's connection is in connection-recovery.ts, and is made anew with each.
//
// One moment is not covered: between accept(2) and the store's datagram right behind it, a connection is known to this process alone. A VMM
// that connects in just these microseconds is cut off as if the device had not been started yet.
import { faultPoint } from '../../os/fault-point.ts';
import type { Fd } from '../../os/fd.ts';
import { adoptSocket, startListening } from '../../os/socket.ts';
import { RecoveryError } from '../errors.ts';
import type { FileIdentity } from '../guest-memory.ts';
import { readConnection } from './connection-record.ts';
import { ConnectionRecovery } from './connection-recovery.ts';
import { type DescriptorStore, HeldDescriptors, isNumbered, STORED } from './descriptor-store.ts';
import { OutboxFile } from './outbox.ts';
import { type ListenerRecord, StateFile, type StateShape, WORD } from './state-file.ts';

export class Recovery {
  readonly #store: DescriptorStore;
  readonly #state: StateFile;
  readonly #replies: OutboxFile;
  readonly #requests: OutboxFile;
  readonly #held: HeldDescriptors;
  readonly #isOwnMemory: (file: FileIdentity) => boolean;
  /** The one that there is, or was last. */
  #connection: ConnectionRecovery;
  #isClosed = false;

  /**
   * Begins with what a predecessor left in the store, or makes everything anew. Throws RecoveryError when that cannot be gone on with (the
   * store still holds it; discardStored() of descriptor-store.ts is the way out), SystemError, and what the store throws.
   */
  constructor(store: DescriptorStore, device: StateShape & { isOwnMemory(file: FileIdentity): boolean }) {
    this.#store = store;
    this.#isOwnMemory = (file) => device.isOwnMemory(file);
    const kept = this.#take(STORED.state);
    this.#state = kept ? StateFile.adopt(kept, device) : this.#makeState(device);
    const made: { close(): void }[] = [this.#state];
    try {
      const record = readConnection(this.#state.slot('current'));
      this.#replies = this.#openOutbox(STORED.outbox, 'replies', record.socket !== 0);
      made.push(this.#replies);
      this.#requests = this.#openOutbox(STORED.requests, 'requests', record.socket !== 0);
      made.push(this.#requests);
      this.#held = new HeldDescriptors(store, () => this.#state.nextName());
      made.push(this.#held);
      this.#connection = ConnectionRecovery.adopt(this.#parts, record);
      if (kept) faultPoint('recovery.adopted');
      this.#connection.sweepInherited();
    } catch (error) {
      for (const part of made) part.close();
      throw error;
    }
  }

  /** The connection that a predecessor served, to be gone on with; or null. */
  get connection(): ConnectionRecovery | null {
    return this.#connection.isConnected ? this.#connection : null;
  }

  /** A connection that a predecessor had accepted and stored, and nothing more; the caller's. */
  takeAccepted(): Fd | null {
    const name = this.#accepting;
    return !this.#connection.isConnected && name !== 0 && this.#held.has(name)
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

  /** A VMM has connected; the one before it is gone. The socket stays the caller's. Throws what the store throws. */
  connected(socket: Fd): ConnectionRecovery {
    faultPoint('accept.accepted');
    const name = this.#held.hold(socket, this.#accepting === 0 ? null : this.#accepting);
    faultPoint('accept.stored');
    this.#connection = this.#connection.next(name);
    this.#state.words[WORD.accepting] = 0;
    faultPoint('accept.committed');
    return this.#connection;
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

  #makeState(shape: StateShape): StateFile {
    const others = [...this.#store.left.keys()].filter(isNumbered);
    if (others.length > 0) {
      throw new RecoveryError(
        'MISSING',
        `the state of the device ("${STORED.state}") did not come back from the store, but ${others.length} descriptors of its connection did`,
      );
    }
    const state = StateFile.create(shape);
    faultPoint('recovery.state-made');
    this.#store.put(STORED.state, state.fd.number);
    faultPoint('recovery.state-stored');
    return state;
  }

  #openOutbox(stored: string, name: string, isInUse: boolean): OutboxFile {
    const kept = this.#take(stored);
    if (kept) return OutboxFile.adopt(kept, name);
    if (isInUse) {
      throw new RecoveryError(
        'MISSING',
        `the outbox of ${name} ("${stored}") did not come back from the store`,
      );
    }
    const outbox = OutboxFile.create(name);
    this.#store.put(stored, outbox.fd.number);
    faultPoint('recovery.outbox-stored');
    return outbox;
  }

  get #parts() {
    return {
      state: this.#state,
      replies: this.#replies,
      requests: this.#requests,
      held: this.#held,
      isOwnMemory: this.#isOwnMemory,
    };
  }

  get #accepting(): number {
    return this.#state.words[WORD.accepting] as number;
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
