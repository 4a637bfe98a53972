// The fd store of a service: descriptors that outlive it, held by whoever started it. Two kinds of holders speak the same protocol:
// systemd (sd_notify(3), FileDescriptorStoreMax= of systemd.service(5)) and `barkeep keep` (services/keeper).
//
//   put(name, fd) -- datagram with SCM_RIGHTS to $NOTIFY_SOCKET --> holder
//   the service dies; the holder starts its successor with the descriptors from 3 on, LISTEN_FDS and LISTEN_FDNAMES
//   taken by name <-- descriptors of the predecessor
//
// A holder keeps an open file only once: what is stored twice, even under two names, comes back once, under the first name.
import { fstatSync } from 'node:fs';
import { connectDatagram } from '../os/datagram.ts';
import { setCloseOnExec } from '../os/descriptor.ts';
import { Fd } from '../os/fd.ts';
import { send, sendNow } from '../os/socket.ts';
import { SystemError } from '../os/system-error.ts';

/** sd_listen_fds(3): inherited descriptors start here. */
export const FIRST_LISTEN_FD = 3;
/** The holder's pid, from our keeper: where there is no shell it cannot tell its child LISTEN_PID, which is the child's own. */
export const KEEPER_PID_VARIABLE = 'BARKEEP_KEEPER_PID';

/** What all names may be made of: they share one environment string, separated by colons. */
const NAME = /^[A-Za-z0-9._/-]{1,255}$/;
/** The most descriptors that the kernel passes in one message (SCM_MAX_FD). */
const MOST_FDS = 253;
/** A holder that has not read for so long does not live; milliseconds. */
const PATIENCE = 5_000;
const PAUSE = 2;

const HOLDERS_VARIABLES = [
  ...['NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PID', KEEPER_PID_VARIABLE],
  ...['WATCHDOG_USEC', 'WATCHDOG_PID'],
];

type Environment = Record<string, string | undefined>;
type Holder = { readonly socket: Fd | null; readonly address: string; readonly problem: string | null };

/** What the holder gave or did not take. */
export class FdStoreError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FdStoreError';
  }
}

export type FdStoreOptions = {
  /** How long put() and its like wait for a holder that does not read, milliseconds. Default 5 s. */
  readonly patience?: number;
};

export class FdStore {
  /** Whether anybody holds what is put: without a holder put() and remove() do nothing, and nothing came back. */
  readonly active: boolean;
  /** Why there is no holder although one was named; otherwise null. */
  readonly problem: string | null;
  /** The holder ends a service that has not said alive() for so long, milliseconds (sd_watchdog_enabled(3)). Null: it does not ask. */
  readonly watchdog: number | null;
  readonly #socket: Fd | null;
  readonly #address: string;
  readonly #patience: number;
  readonly #left: Map<string, Fd[]>;
  #lastStatus = '';

  private constructor(holder: Holder, patience: number, watchdog: number | null, taken: Map<string, Fd[]>) {
    this.watchdog = watchdog;
    this.active = holder.socket !== null;
    this.problem = holder.problem;
    this.#socket = holder.socket;
    this.#address = holder.address;
    this.#patience = patience;
    this.#left = taken;
  }

  /**
   * The store of this process. Call it once, before anything is started or opened: it takes the inherited descriptors (close-on-exec from
   * here on), and removes the variables from the environment, so that no child takes itself for their owner.
   * Throws FdStoreError when the holder's words contradict themselves. A holder that cannot be reached is none: see `problem`.
   */
  static open(environment: Environment = process.env, { patience = PATIENCE }: FdStoreOptions = {}): FdStore {
    const taken = inherited(environment);
    const watchdog = watchdogOf(environment);
    const address = environment['NOTIFY_SOCKET'] ?? '';
    for (const name of HOLDERS_VARIABLES) delete environment[name];
    return new FdStore(reach(address, patience), patience, watchdog, taken);
  }

  /** Descriptors that came back and nobody has taken yet, by name; several of one name in the order in which they were put. */
  get left(): ReadonlyMap<string, readonly Fd[]> {
    return this.#left;
  }

  /** What came back under a name, now the caller's. The holder keeps its own until remove(). Empty when there is nothing. */
  take(name: string): Fd[] {
    const fds = this.#left.get(name) ?? [];
    this.#left.delete(name);
    return fds;
  }

  /** Closes what nobody took, here and at the holder: everything, or what `isMeant` says of a name. Returns the names. */
  discardLeft(isMeant: (name: string) => boolean = () => true): string[] {
    const names = [...this.#left.keys()].filter(isMeant);
    for (const name of names) {
      for (const fd of this.take(name)) fd.close();
      if (NAME.test(name)) this.remove(name);
    }
    return names;
  }

  /**
   * Stores descriptors under a name, beside what is already there. They stay the caller's. When it returns, they have left this process:
   * they lie in the holder's queue, and survive kill -9. A holder that is full closes them and reports it; nobody tells the sender.
   * Throws RangeError for a name that is none, FdStoreError when the holder does not read, SystemError (ECONNREFUSED: it is gone).
   */
  put(name: string, ...fds: readonly number[]): void {
    if (!NAME.test(name))
      throw new RangeError(`"${name}" is no name for a stored descriptor (${NAME.source})`);
    for (let start = 0; start < fds.length; start += MOST_FDS) {
      // FDPOLL=0: systemd would drop a socket or eventfd as soon as its other end is closed.
      this.#tell(`FDSTORE=1\nFDNAME=${name}\nFDPOLL=0`, fds.slice(start, start + MOST_FDS));
    }
  }

  /** Has the holder close everything of a name. Throws as put(). */
  remove(name: string): void {
    if (!NAME.test(name))
      throw new RangeError(`"${name}" is no name for a stored descriptor (${NAME.source})`);
    this.#tell(`FDSTOREREMOVE=1\nFDNAME=${name}`);
  }

  /** The service serves. `fields` are for our keeper: { URL: 'http://…' } is told as X_URL. */
  ready(fields: Readonly<Record<string, string>> = {}): void {
    this.#mention(
      ['READY=1', ...Object.entries(fields).map(([key, value]) => `X_${key}=${value}`)].join('\n'),
    );
  }

  /** The service reads its configuration again; ready() follows. */
  reloading(): void {
    this.#mention(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  /** The service is about to end. */
  stopping(): void {
    this.#mention('STOPPING=1');
  }

  /**
   * The service is alive; `status` is one line about what it does, for `systemctl status`. It never waits: a holder whose queue is full misses
   * one of them.
   */
  alive(status: string): void {
    if (this.#socket === null) return;
    const line = status.replaceAll('\n', ' ');
    const words = [
      ...(this.watchdog === null ? [] : ['WATCHDOG=1']),
      ...(line === this.#lastStatus ? [] : [`STATUS=${line}`]),
    ];
    if (words.length === 0) return;
    try {
      if (sendNow(this.#socket.number, Buffer.from(words.join('\n'))) > 0) this.#lastStatus = line;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  /** Closes the connection to the holder and what nobody took, and leaves what is stored alone. */
  close(): void {
    for (const name of [...this.#left.keys()]) for (const fd of this.take(name)) fd.close();
    this.#socket?.close();
  }

  /** What helps the holder, and hurts nobody when it is not heard. */
  #mention(text: string): void {
    try {
      this.#tell(text);
    } catch (error) {
      if (!(error instanceof SystemError || error instanceof FdStoreError)) throw error;
    }
  }

  #tell(text: string, fds: readonly number[] = []): void {
    if (this.#socket === null) return;
    const data = Buffer.from(text);
    const deadline = performance.now() + this.#patience;
    // The socket blocks while the queue is full, up to the patience; then send() returns 0.
    while (!this.#taken(data, fds)) {
      if (performance.now() < deadline) continue;
      throw new FdStoreError(
        `tell the holder at ${this.#address} ${text.split('\n', 2).join(' ')}: it has not read for ${this.#patience} ms`,
      );
    }
  }

  #taken(data: Buffer, fds: readonly number[]): boolean {
    try {
      return send(this.#socket!.number, data, fds) > 0;
    } catch (error) {
      // More descriptors of this user are under way than a process may have open (unix(7)): the holder has to read first.
      if (!(error instanceof SystemError) || error.code !== 'ETOOMANYREFS') throw error;
      pause();
      return false;
    }
  }
}

function reach(address: string, patience: number): Holder {
  if (address === '') return { socket: null, address, problem: null };
  try {
    return { socket: connectDatagram(address, patience), address, problem: null };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { socket: null, address, problem: error.message };
  }
}

// Without a pid it is whoever finds it: our keeper cannot tell its child the child's own where there is no shell.
function watchdogOf({ WATCHDOG_USEC: limit = '', WATCHDOG_PID: pid }: Environment): number | null {
  const isOurs = pid === undefined || pid === String(process.pid);
  return isOurs && /^[1-9][0-9]{0,15}$/.test(limit) ? Number(limit) / 1000 : null;
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
}

function inherited({
  LISTEN_FDS: count = '',
  LISTEN_FDNAMES: names,
  LISTEN_PID: pid,
  [KEEPER_PID_VARIABLE]: keeper,
}: Environment): Map<string, Fd[]> {
  const taken = new Map<string, Fd[]>();
  // Meant for another process, whose environment we inherited.
  const isOurs = pid === undefined ? keeper === String(process.ppid) : pid === String(process.pid);
  if (count === '' || !isOurs) return taken;
  if (!/^[0-9]{1,7}$/.test(count)) throw new FdStoreError(`take descriptors over: LISTEN_FDS is "${count}"`);
  const total = Number(count);
  const list = names === undefined || total === 0 ? Array(total).fill('unknown') : names.split(':');
  if (list.length !== total) {
    throw new FdStoreError(
      `take descriptors over: LISTEN_FDS says ${total}, and LISTEN_FDNAMES has ${list.length} names`,
    );
  }
  list.forEach((name: string, index) => {
    const fds = taken.get(name) ?? [];
    fds.push(adopted(FIRST_LISTEN_FD + index, name));
    taken.set(name, fds);
  });
  return taken;
}

function adopted(number: number, name: string): Fd {
  try {
    fstatSync(number);
    setCloseOnExec(number, true);
    return new Fd(number);
  } catch (error) {
    throw new FdStoreError(`take descriptor ${number} ("${name}") over: it is not open`, { cause: error });
  }
}
