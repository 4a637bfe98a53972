// One VM of a frontend's process: attaches it at the broker, then listens for its VMM. Wires the parts together and owns their ends. Nothing here
// is shared with other VMs: session, descriptors, journal and queues are its own.

import type { SweptVm } from '../lib/memory/sweeper.ts';
import type { Fd } from '../lib/os/fd.ts';
import type { Config } from '../lib/runtime/config.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import type { Figures } from '../lib/runtime/process-figures.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { type BackendServer, startBackendServer } from '../lib/vhost-user/backend-server.ts';
import { messageOf, RecoveryError } from '../lib/vhost-user/errors.ts';
import { fileIdentity } from '../lib/vhost-user/guest-memory.ts';
import { SocketPathError } from '../lib/vhost-user/listening-socket.ts';
import { BrokerSession } from './broker-session.ts';
import { createStashFile } from './deciding/own-memory.ts';
import { FdClient } from './fd-client.ts';
import type { Attachment, MemoryHandle } from './operation.ts';
import type { Past } from './state/device-journal.ts';
import { StoredState } from './state/stored-state.ts';
import type { VmStore } from './state/vm-store.ts';
import { Statistics } from './statistics.ts';
import { GpuDevice, type GpuDeviceOptions } from './virtio-gpu/device.ts';
import { VmmWatch } from './vmm-watch.ts';

/** Where the VMM connects: a path to listen at, or an inherited descriptor (a listening socket or a connected one), which is taken over. */
export type FrontendOptions = { readonly vm: string } & (
  | { readonly socketPath: string }
  | { readonly fd: number }
);

export type FrontendConfig = Pick<Config, 'runDirectory' | 'frontend' | 'sweepInterval'>;

/**
 * How a frontend ends.
 *
 *   replaced   asked to end. Under a holder of descriptors a successor goes on with the VM: nothing is ended. Without one as `given-up`
 *   given-up   for good: the VMM's connection ends, and the VM is detached at the broker
 *   orphaned   the holder is gone, and what it held with it: the VMM's connection ends; the broker keeps the VM for its grace, so that an
 *              operator can see what there was. Without a holder as `given-up`
 */
export type FrontendEnd = 'replaced' | 'given-up' | 'orphaned';

/** A VM whose VMM can connect. */
export type ServedVm = {
  /** Resolves when an inherited connection has ended, so that there is nobody left to serve. Never for a listening socket. */
  readonly finished: Promise<void>;
  /** A VMM is connected. */
  readonly isConnected: boolean;
  /** The broker's session is there. */
  readonly isAttached: boolean;
  /** Brings the figures up to date. Returns whether the broker has not been told of something, and can be. */
  look(): boolean;
  /** Tells the broker the figures. */
  report(): void;
  /** Never rejects. */
  stop(end: FrontendEnd): Promise<void>;
};

export type VmSurroundings = {
  /** Ends the wait for the broker. */
  readonly signal: AbortSignal;
  /** Where descriptors outlive this process; null: nowhere. */
  readonly store: VmStore | null;
  /** The figures of this process, where it is this VM's part to tell them; asked at each report. */
  readonly processFigures: () => Figures | null;
  /** How many VMs this process has. */
  readonly vms: number;
  /** VMs whose windows are swept; this one among them, while it decides. */
  readonly swept: Set<SweptVm>;
};

/**
 * Resolves when a VMM can connect. While the broker is not there it waits, and says so; `signal` ends the wait. A successor waits for nobody:
 * it serves the predecessor's VMM at once.
 * Rejects with ExitError: unknown VM, wrong secret, a second frontend, a socket path in use, a predecessor's state that cannot be used. Nothing is
 * left of the attempt then, and it can be tried again.
 */
export async function serveVm(
  options: FrontendOptions,
  config: FrontendConfig,
  log: Logger,
  { signal, store, processFigures, vms, swept }: VmSurroundings,
): Promise<ServedVm> {
  const { answerTimeout, vmmTimeout } = config.frontend;
  const paths = runDirectoryPaths(config.runDirectory);
  const state = store && StoredState.open(store);
  const past = state?.past ?? null;
  const statistics = new Statistics();
  const fds = new FdClient(paths.fdSocket, answerTimeout);
  let device: GpuDevice | null = null;
  let watched: { readonly server: BackendServer; readonly watch: VmmWatch } | null = null;
  const report = (): void => {
    const { strayBytes, untold: untoldBlobs, journalFull } = device?.accountFigures ?? NOTHING_OWN;
    const vmm = watched && { vmm: watched.watch.message() };
    const figures = statistics.report(processFigures());
    session.report({ ...figures, ...vmm, strayBytes, untoldBlobs, journalFull, processVms: vms });
    // How far the VMM has come is still to be told.
    if (!watched) statistics.touch();
  };
  const session = new BrokerSession({
    vm: options.vm,
    paths,
    answerTimeout,
    log,
    journal: state?.journal ?? null,
    past,
    listener: {
      onAttached: (attachment) => {
        // The broker may have restarted, and counts from what it hears first: so that comes before any command.
        report();
        if (attachment.resumed) device?.verify(attachment);
        else device?.adopt(attachment);
      },
      onNews: (news) => device?.news(news),
      onRefused: (refusal) => device?.refused(refusal),
      onLost: () => device?.sessionLost(),
    },
  });
  const stopSession = () => session.close();
  signal.addEventListener('abort', stopSession, { once: true });

  let ownStash: Fd | null = null;
  const release = (): void => {
    device?.close();
    ownStash?.close();
    fds.close();
    state?.leave();
  };
  const fetchMemory = (handle: MemoryHandle) => fds.redeem(handle.token);
  try {
    const begun: Begun = past?.session
      ? { attachment: attachmentOf(past, past.session), window: state?.window ?? null }
      : await begin(session, fetchMemory, state);
    device = new GpuDevice({
      vm: options.vm,
      stash: () => {
        if (state) return state.stash();
        ownStash ??= createStashFile();
        return ownStash.number;
      },
      ...begun,
      session,
      durable: state,
      answerTimeout,
      swept,
      fetchMemory,
      giveMemory: (handle, fd) => fds.give(handle.token, fd),
      statistics,
      log,
    });
    if (past) session.resume();
    const served = device;
    const { finished, server } = await listen(options, served, { vmmTimeout, log, store, state });
    const expected = { queues: served.queues, windowSize: begun.attachment.windowSize };
    const watch = new VmmWatch(expected, log);
    watched = { server, watch };
    for (const name of store?.discardLeft() ?? []) {
      log.warn({ name }, 'a descriptor came back that nobody knows; it was given up');
    }
    return {
      finished,
      get isConnected() {
        return server.connected;
      },
      get isAttached() {
        return session.isAttached;
      },
      look: () => {
        served.countMalformed();
        served.lookForRoom();
        if (watch.look(server.vmm, served.windowUse, performance.now())) statistics.touch();
        return statistics.isChanged && session.isAttached;
      },
      report,
      stop: async (end) => {
        if (state && end === 'replaced') {
          session.close();
          served.close();
          server.leave();
        } else {
          // Before the VMM's connection ends, which resets the device: the broker shall keep the VM as it is.
          if (state && end === 'orphaned') session.close();
          try {
            server.close();
            state?.discard();
          } catch (error) {
            // The holder is gone, perhaps, and what it held with it.
            log.debug({ problem: messageOf(error) }, 'the store cannot be emptied');
          }
          await session.detach();
        }
        release();
      },
    };
  } catch (error) {
    if (state) session.close();
    else await session.detach();
    release();
    throw error;
  } finally {
    signal.removeEventListener('abort', stopSession);
  }
}

const NOTHING_OWN: GpuDevice['accountFigures'] = { strayBytes: 0, untold: 0, journalFull: false };

type Begun = Pick<GpuDeviceOptions, 'attachment' | 'window'>;

/** A predecessor's. */
function attachmentOf(
  { accounts, offer }: Past,
  { placement, windowSize }: NonNullable<Past['session']>,
): GpuDeviceOptions['attachment'] {
  const decides = accounts && { rules: accounts.rules, grant: accounts.grant, accountsVersion: -1 };
  return { placement, windowSize, window: null, offer, decides };
}

/** Attaches the VM. From the moment on at which its window and its journal are stored, a successor could go on. */
async function begin(
  session: BrokerSession,
  fetchMemory: (handle: MemoryHandle) => Promise<Fd>,
  state: StoredState | null,
): Promise<Begun> {
  const attachment = await session.start();
  // The window is fetched before anybody waits for it: without it no blob could ever be shown.
  const window = await fetchWindow(attachment, fetchMemory);
  state?.keepWindow(window);
  state?.keepOffer(attachment.offer);
  state?.publish();
  return { attachment, window };
}

async function fetchWindow(
  { window, windowSize }: Attachment,
  fetchMemory: (handle: MemoryHandle) => Promise<Fd>,
): Promise<Fd> {
  if (!window) throw new ExitError(EXIT.FAILURE, 'attach: the broker gave the VM no memory for its window');
  let fd: Fd;
  try {
    fd = await fetchMemory(window);
  } catch (error) {
    throw new ExitError(EXIT.UNAVAILABLE, `attach: ${messageOf(error)}`, { cause: error });
  }
  const { size } = fileIdentity(fd.number);
  if (size >= windowSize) return fd;
  fd.close();
  throw new ExitError(
    EXIT.FAILURE,
    `attach: the broker gave ${size} bytes of memory for a window of ${windowSize} bytes`,
  );
}

type ListenOptions = {
  readonly vmmTimeout: number;
  readonly log: Logger;
  readonly store: VmStore | null;
  readonly state: StoredState | null;
};

async function listen(
  options: FrontendOptions,
  device: GpuDevice,
  { vmmTimeout, log, store, state }: ListenOptions,
): Promise<{ readonly server: BackendServer; readonly finished: Promise<void> }> {
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const listen = 'fd' in options ? { fd: options.fd } : { path: options.socketPath };
  try {
    const server = await startBackendServer({
      device,
      log,
      listen,
      channelTimeoutMs: vmmTimeout,
      ...(store && { store }),
      onFinished: () => finish(),
    });
    log.info({ ...listen }, 'waiting for the VMM');
    return { server, finished };
  } catch (error) {
    if (error instanceof RecoveryError && state) throw state.giveUp(error);
    if (error instanceof SocketPathError) {
      throw new ExitError(EXIT.FAILURE, `listen for the VMM: ${error.message}`, { cause: error });
    }
    throw new ExitError(EXIT.FAILURE, `listen for the VMM: ${messageOf(error)}`, { cause: error });
  }
}
