// One VM's frontend: attaches the VM at the broker, then listens for its VMM. Wires the parts together and owns their ends.
import type { Fd } from '../lib/os/fd.ts';
import type { Config } from '../lib/runtime/config.ts';
import { EXIT, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { runDirectoryPaths } from '../lib/runtime/run-directory.ts';
import { type BackendServer, startBackendServer } from '../lib/vhost-user/backend-server.ts';
import { messageOf } from '../lib/vhost-user/errors.ts';
import { fileIdentity } from '../lib/vhost-user/guest-memory.ts';
import { SocketPathError } from '../lib/vhost-user/listening-socket.ts';
import { BrokerSession } from './broker-session.ts';
import { FdClient } from './fd-client.ts';
import type { Attachment, MemoryHandle } from './operation.ts';
import { Statistics } from './statistics.ts';
import { GpuDevice } from './virtio-gpu/device.ts';

/** Where the VMM connects: a path to listen at, or an inherited descriptor (a listening socket or a connected one), which is taken over. */
export type FrontendOptions = { readonly vm: string } & (
  | { readonly socketPath: string }
  | { readonly fd: number }
);

export type FrontendConfig = Pick<Config, 'runDirectory' | 'frontend'>;

export type Frontend = {
  /** Resolves when an inherited connection has ended, so that there is nobody left to serve. Never for a listening socket. */
  readonly finished: Promise<void>;
  /** Ends the VMM's connection and gives the VM up at the broker. Never rejects. */
  stop(): Promise<void>;
};

/**
 * Resolves when a VMM can connect. While the broker is not there it waits, and says so; `signal` ends the wait.
 * Rejects with ExitError: unknown VM, wrong secret, a second frontend, a socket path in use.
 */
export async function startFrontend(
  options: FrontendOptions,
  config: FrontendConfig,
  log: Logger,
  signal?: AbortSignal,
): Promise<Frontend> {
  const { answerTimeout, vmmTimeout, statisticsInterval } = config.frontend;
  const paths = runDirectoryPaths(config.runDirectory);
  const statistics = new Statistics();
  const fds = new FdClient(paths.fdSocket, answerTimeout);
  let device: GpuDevice | null = null;
  const session = new BrokerSession({
    vm: options.vm,
    paths,
    answerTimeout,
    log,
    observe: (duration) => statistics.observe('rpc', duration),
    listener: {
      onAttached: (attachment) => {
        // The broker may have restarted: it has to hear the process' figures again.
        statistics.touch();
        if (!attachment.resumed) device?.adopt(attachment);
      },
      onLate: (outcomes) => device?.late(outcomes),
      onLost: () => device?.sessionLost(),
    },
  });
  const stopSession = () => session.close();
  signal?.addEventListener('abort', stopSession, { once: true });
  const reporter = setInterval(() => {
    device?.countMalformed();
    if (statistics.isChanged && session.isAttached) session.report(statistics.report());
  }, statisticsInterval);
  reporter.unref();

  const release = async (): Promise<void> => {
    clearInterval(reporter);
    await session.detach();
    device?.close();
    fds.close();
    statistics.stop();
  };
  try {
    const attachment = await session.start();
    const fetchMemory = (handle: MemoryHandle) => fds.redeem(handle.token);
    // The window is fetched before anybody waits for it: without it no blob could ever be shown.
    const window = await fetchWindow(attachment, fetchMemory);
    device = new GpuDevice({
      session,
      attachment,
      fetchMemory: (handle) =>
        handle === attachment.window && window ? Promise.resolve(window) : fetchMemory(handle),
      statistics,
      log,
    });
    const { finished, server } = await listen(options, device, vmmTimeout, log);
    return {
      finished,
      stop: async () => {
        server.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stopSession);
  }
}

async function fetchWindow(
  { placement, window, windowSize }: Attachment,
  fetchMemory: (handle: MemoryHandle) => Promise<Fd>,
): Promise<Fd | null> {
  if (placement === 'per-blob') return null;
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

async function listen(
  options: FrontendOptions,
  device: GpuDevice,
  vmmTimeout: number,
  log: Logger,
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
      onFinished: () => finish(),
    });
    log.info({ ...listen }, 'waiting for the VMM');
    return { server, finished };
  } catch (error) {
    if (error instanceof SocketPathError) {
      throw new ExitError(EXIT.FAILURE, `listen for the VMM: ${error.message}`, { cause: error });
    }
    throw new ExitError(EXIT.FAILURE, `listen for the VMM: ${messageOf(error)}`, { cause: error });
  }
}
