// What of the device outlives this process, beside its sockets and queues (lib/vhost-user): the journal, and the window's memory.
//
//   gpu.journal     from the moment on at which a successor could go on with the VM
//   gpu.window.N    the window's memory; the journal says which N counts. A new window is stored before the old one is given up
import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Fd } from '../../lib/os/fd.ts';
import { EXIT, ExitError } from '../../lib/runtime/exit-code.ts';
import type { FdStore } from '../../lib/runtime/fd-store.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import { DeviceJournal, type Past } from './device-journal.ts';
import type { JournalRecord } from './records.ts';

const JOURNAL = 'gpu.journal';
const WINDOW = 'gpu.window.';
/** What lib/vhost-user stores begins with this. */
const TRANSPORT = 'vu.';

export class StoredState {
  readonly journal: DeviceJournal;
  /** Null when there was no predecessor, or none that had come so far that a VMM could have connected. */
  readonly past: Past | null;
  /** The predecessor's; for the caller to take over. */
  readonly window: Fd | null;
  readonly #store: FdStore;
  /** Everything that came back: what has to go when it cannot be used. */
  readonly #names: readonly string[];
  #windowNumber: number;

  private constructor(
    store: FdStore,
    names: readonly string[],
    journal: DeviceJournal,
    past: Past | null,
    window: Fd | null,
  ) {
    this.#store = store;
    this.#names = names;
    this.journal = journal;
    this.past = past;
    this.window = window;
    this.#windowNumber = past?.window ?? 0;
  }

  /** Takes a predecessor's state, or begins anew. Throws ExitError after everything was given up that cannot be used: see giveUp(). */
  static open(store: FdStore): StoredState {
    const names = [...store.left.keys()];
    try {
      return StoredState.#open(store, names);
    } catch (error) {
      throw discard(store, names, error);
    }
  }

  /** The VM cannot be gone on with: the store is emptied, so that the next start begins afresh. Returns what to throw. */
  giveUp(error: unknown): ExitError {
    return discard(this.#store, [...this.#names, JOURNAL, windowName(this.#windowNumber)], error);
  }

  /** The window is this from now on. The descriptor stays the caller's. */
  keepWindow(fd: Fd): void {
    const before = this.#windowNumber;
    const number = before + 1;
    this.#store.put(windowName(number), fd.number);
    faultPoint('gpu.window-stored');
    this.journal.append({ kind: 'window', number });
    this.#windowNumber = number;
    faultPoint('gpu.window-recorded');
    if (before > 0) this.#store.remove(windowName(before));
  }

  /** From here on a successor goes on. */
  publish(): void {
    this.#store.put(JOURNAL, this.journal.fd.number);
    faultPoint('gpu.journal-stored');
  }

  /** For a snapshot of the journal. */
  snapshot(): readonly JournalRecord[] {
    return [{ kind: 'window', number: this.#windowNumber }];
  }

  /** This process is done with it; the store keeps everything. */
  leave(): void {
    this.journal.close();
  }

  static #open(store: FdStore, names: readonly string[]): StoredState {
    const [fd, ...others] = store.take(JOURNAL);
    for (const other of others) other.close();
    if (!fd) {
      if (names.some((name) => name.startsWith(TRANSPORT))) {
        throw new Error(`there is the connection to a VMM, but not the device's journal ("${JOURNAL}")`);
      }
      dropWindows(store, null);
      return new StoredState(store, names, DeviceJournal.create(), null, null);
    }
    const { journal, past } = DeviceJournal.adopt(fd);
    const kept = windowName(past.window);
    const [window = null] = past.window > 0 ? store.take(kept) : [];
    if (window === null && past.session?.placement === 'window') {
      journal.close();
      throw new Error(`the window's memory ("${kept}") did not come back`);
    }
    dropWindows(store, kept);
    return new StoredState(store, names, journal, past, window);
  }
}

function windowName(number: number): string {
  return `${WINDOW}${number}`;
}

/** Windows that do not count: one that was replaced, or the first one of a predecessor that did not get any further. */
function dropWindows(store: FdStore, kept: string | null): void {
  for (const name of [...store.left.keys()]) {
    if (!name.startsWith(WINDOW) || name === kept) continue;
    for (const fd of store.take(name)) fd.close();
    store.remove(name);
  }
}

function discard(store: FdStore, names: readonly string[], error: unknown): ExitError {
  store.discardLeft();
  for (const name of new Set(names)) store.remove(name);
  return new ExitError(
    EXIT.FAILURE,
    `take over from the predecessor: ${messageOf(error)}; what it left was given up, and the VM has to be restarted`,
    { cause: error },
  );
}
