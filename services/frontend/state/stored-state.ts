// What of the device outlives this process, beside its sockets and queues (lib/vhost-user): the journal, and the window's memory.
//
//   gpu.journal     from the moment on at which a successor could go on with the VM
//   gpu.window.N    the window's memory; the journal says which N counts. A new window is stored before the old one is given up
//   gpu.stash       bytes of blobs that had to leave the window, of a VM that the frontend decides for
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { FIXED_SIZE_SEALS, getSeals } from '../../lib/os/memory.ts';
import { EXIT, ExitError } from '../../lib/runtime/exit-code.ts';
import type { FdStore } from '../../lib/runtime/fd-store.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import { fileIdentity } from '../../lib/vhost-user/guest-memory.ts';
import { createStashFile, STASH_FILE_BYTES } from '../deciding/own-memory.ts';
import type { Offer } from '../operation.ts';
import { DeviceJournal, type Past, type WindowRecord } from './device-journal.ts';
import type { JournalRecord } from './records.ts';

const JOURNAL = 'gpu.journal';
const WINDOW = 'gpu.window.';
const STASH = 'gpu.stash';
/** What lib/vhost-user stores begins with this. */
const TRANSPORT = 'vu.';

/** What is needed of the store. */
export type StateStore = Pick<FdStore, 'put' | 'remove' | 'take' | 'left' | 'discardLeft'>;

export class StoredState {
  readonly journal: DeviceJournal;
  /** Null when there was no predecessor, or none that had come so far that a VMM could have connected. */
  readonly past: Past | null;
  /** The predecessor's; for the caller to take over. */
  readonly window: Fd | null;
  readonly #store: StateStore;
  /** Everything that came back: what has to go when it cannot be used. */
  readonly #names: readonly string[];
  #record: WindowRecord | null;
  #offer: Offer | null;
  #stash: Fd | null;

  private constructor(
    store: StateStore,
    names: readonly string[],
    journal: DeviceJournal,
    past: Past | null,
    window: Fd | null,
    stash: Fd | null,
  ) {
    this.#store = store;
    this.#names = names;
    this.journal = journal;
    this.past = past;
    this.window = window;
    this.#stash = stash;
    this.#record = past?.window ?? null;
    this.#offer = past?.offer ?? null;
  }

  /** Takes a predecessor's state, or begins anew. Throws ExitError after everything was given up that cannot be used: see giveUp(). */
  static open(store: StateStore): StoredState {
    const names = [...store.left.keys()];
    try {
      return StoredState.#open(store, names);
    } catch (error) {
      throw discard(store, names, error);
    }
  }

  /** The VM cannot be gone on with: the store is emptied, so that the next start begins afresh. Returns what to throw. */
  giveUp(error: unknown): ExitError {
    const windows = this.#record ? [windowName(this.#record.number)] : [];
    return discard(this.#store, [...this.#names, JOURNAL, STASH, ...windows], error);
  }

  /** The window is this from now on. The descriptor stays the caller's. */
  keepWindow(fd: Fd): void {
    const before = this.#record;
    const number = (before?.number ?? 0) + 1;
    const { dev, ino } = fileIdentity(fd.number);
    this.#store.put(windowName(number), fd.number);
    faultPoint('gpu.window-stored');
    this.#record = { kind: 'window', number, dev, ino };
    this.journal.append(this.#record);
    faultPoint('gpu.window-recorded');
    if (before) this.#store.remove(windowName(before.number));
  }

  /** The window is that of the session that is recorded last. */
  confirmWindow(): void {
    if (this.#record) this.journal.append(this.#record);
  }

  /** The file for bytes that have to leave the window, borrowed; made and stored when it is asked for first. Throws SystemError. */
  stash(): number {
    if (this.#stash === null) {
      this.#stash = createStashFile();
      this.#store.put(STASH, this.#stash.number);
      faultPoint('gpu.stash-stored');
    }
    return this.#stash.number;
  }

  /** This is what VMMs are told of the device. To be called before publish(). */
  keepOffer(offer: Offer): void {
    this.#offer = offer;
    this.journal.append({ kind: 'offer', ...offer });
  }

  /** From here on a successor goes on. */
  publish(): void {
    this.#store.put(JOURNAL, this.journal.fd.number);
    faultPoint('gpu.journal-stored');
  }

  /** For a snapshot of the journal. */
  snapshot(): readonly JournalRecord[] {
    return [
      ...(this.#offer ? [{ kind: 'offer', ...this.#offer } as const] : []),
      ...(this.#record ? [this.#record] : []),
    ];
  }

  /** Nobody shall go on: the store is emptied. Throws what the store throws. */
  discard(): void {
    this.#store.remove(JOURNAL);
    if (this.#stash) this.#store.remove(STASH);
    if (this.#record) this.#store.remove(windowName(this.#record.number));
  }

  /** This process is done with it; the store keeps everything. */
  leave(): void {
    this.journal.close();
    this.#stash?.close();
    this.#stash = null;
  }

  static #open(store: StateStore, names: readonly string[]): StoredState {
    const [fd, ...others] = store.take(JOURNAL);
    for (const other of others) other.close();
    if (!fd) {
      if (names.some((name) => name.startsWith(TRANSPORT))) {
        throw new Error(`there is the connection to a VMM, but not the device's journal ("${JOURNAL}")`);
      }
      dropWindows(store);
      dropStored(store, STASH);
      return new StoredState(store, names, DeviceJournal.create(), null, null, null);
    }
    const { journal, past } = DeviceJournal.adopt(fd);
    try {
      const window = takeWindow(store, past);
      dropWindows(store);
      return new StoredState(store, names, journal, past, window, takeStash(store, past));
    } catch (error) {
      journal.close();
      throw error;
    }
  }
}

function windowName(number: number): string {
  return `${WINDOW}${number}`;
}

/** The predecessor's window, or null when it had none. Throws Error when it is not what it has to be. */
function takeWindow(store: StateStore, { window, session }: Past): Fd | null {
  if (window === null) {
    if (session?.placement !== 'window') return null;
    throw new Error('the journal does not say which memory is the window');
  }
  const name = windowName(window.number);
  const [fd] = store.take(name);
  if (!fd) throw new Error(`the window's memory ("${name}") did not come back`);
  const { dev, ino, size } = fileIdentity(fd.number);
  const isRight = dev === window.dev && ino === window.ino && getSeals(fd.number) === FIXED_SIZE_SEALS;
  if (isRight && size >= (session?.windowSize ?? 0)) return fd;
  fd.close();
  throw new Error(`what came back as the window's memory ("${name}", ${size} bytes) is something else`);
}

/** The predecessor's file for stashes, or null when it had none. Throws Error when it is not what it has to be. */
function takeStash(store: StateStore, { accounts }: Past): Fd | null {
  const [fd, ...others] = store.take(STASH);
  for (const other of others) other.close();
  if (!fd) {
    const stashed = [...(accounts?.blobs.values() ?? [])].find(({ stash }) => stash !== null);
    if (stashed) throw new Error(`the bytes of blob ${stashed.blob.resource} ("${STASH}") did not come back`);
    return null;
  }
  const { size } = fileIdentity(fd.number);
  if (size === STASH_FILE_BYTES && getSeals(fd.number) === FIXED_SIZE_SEALS) return fd;
  fd.close();
  throw new Error(
    `what came back as the memory beside the window ("${STASH}", ${size} bytes) is something else`,
  );
}

function dropStored(store: StateStore, name: string): void {
  for (const fd of store.take(name)) {
    fd.close();
    store.remove(name);
  }
}

/** Windows that do not count: one that was replaced, or the first one of a predecessor that did not get any further. */
function dropWindows(store: StateStore): void {
  for (const name of [...store.left.keys()]) {
    if (!name.startsWith(WINDOW)) continue;
    for (const fd of store.take(name)) fd.close();
    store.remove(name);
  }
}

function discard(store: StateStore, names: readonly string[], error: unknown): ExitError {
  store.discardLeft();
  for (const name of new Set(names)) store.remove(name);
  return new ExitError(
    EXIT.FAILURE,
    `take over from the predecessor: ${messageOf(error)}; what it left was given up, and the VM has to be restarted`,
    { cause: error },
  );
}
