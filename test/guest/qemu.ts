// Starts the fetched QEMU with a guest in it. Control port and QMP are sockets that QEMU connects to, not ones that it
// offers: when it runs, both are there, and nothing has to be polled for.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuestConsole, type Ready } from './console.ts';
import { type GuestEnvironment, rootCommand } from './environment.ts';
import { buildInitramfs } from './initramfs.ts';
import { patient } from './patience.ts';
import { QmpClient } from './qmp.ts';

const MIB = 1024 * 1024;

/** How QEMU is started with these arguments; its sockets and files lie in `directory`. It shall end when its standard input does. */
export type Launch = (
  qemuArguments: readonly string[],
  directory: string,
) => { readonly command: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };

/** The GPU that the guest gets. */
export type GuestDevice =
  /** A vhost-user back-end that listens on socketPath: QEMU's generic device, the one that carries shared memory. */
  | {
      readonly kind: 'vhost-user';
      readonly socketPath: string;
      /** num_vqs; 2 by default, as a GPU has. */
      readonly queues?: number;
      /** Behind a PCIe root port, and telling the guest that it keeps its state when it sleeps. */
      readonly keepsState?: boolean;
    }
  /** QEMU's own virtio-gpu, which has no host-visible window: for checking the environment itself. */
  | { readonly kind: 'built-in' }
  /** QEMU's own virtio-gpu with OpenGL and a host-visible window of 1 GiB: the peer of the benchmarks (peer-root.ts). */
  | { readonly kind: 'built-in-gl'; readonly launch: Launch }
  | { readonly kind: 'none' };

export type GuestOptions = {
  readonly environment: GuestEnvironment;
  readonly device: GuestDevice;
  /** Bytes of guest memory, a multiple of 1 MiB; 512 MiB by default. Above 2 GiB part of it lies above 4 GiB. */
  readonly memory?: number;
  /** Whether other processes can have the guest's memory, which a vhost-user back-end needs; true by default. */
  readonly share?: boolean;
  /** Virtual processors, 1 by default. */
  readonly processors?: number;
  /** How long a boot may take, in milliseconds; a minute by default, patient(): there is no KVM. */
  readonly bootTimeoutMs?: number;
  /** What to add to the kernel's command line, for example iomem=relaxed for window-write64. */
  readonly kernelArguments?: readonly string[];
  /** What to add to QEMU's command line. */
  readonly qemuArguments?: readonly string[];
};

export type GuestExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** QEMU did not start, or ended before the guest was ready; carries what it and the kernel said. */
export class GuestStartError extends Error {
  readonly stderr: string;
  readonly kernelLog: string;

  constructor(message: string, stderr: string, kernelLog: string) {
    const said = stderr.trim() === '' ? '' : `\nQEMU said: ${stderr.trim()}`;
    const logged =
      kernelLog.trim() === '' ? '' : `\nThe guest's kernel said: ${kernelLog.trim().slice(-2000)}`;
    super(message + said + logged);
    this.name = 'GuestStartError';
    this.stderr = stderr;
    this.kernelLog = kernelLog;
  }
}

/** A running guest. Whoever started it calls stop(). */
export type Guest = {
  readonly pid: number;
  readonly console: GuestConsole;
  readonly qmp: QmpClient;
  readonly firstBoot: Ready;
  /** Settles when QEMU ends, for whatever reason. */
  readonly exited: Promise<GuestExit>;
  /** What the guest's kernel wrote to its first serial port so far. */
  kernelLog(): string;
  /** What QEMU wrote to standard error so far. */
  stderr(): string;
  /** Kills QEMU, waits for its end and removes the guest's files. May be called again. */
  stop(): Promise<void>;
};

/** QEMU's arguments, in the order in which they are given. Sockets and files are named by `directory`. */
export function qemuArguments(options: GuestOptions, initramfs: string, directory: string): string[] {
  const { environment } = options;
  const memory = `${(options.memory ?? 512 * MIB) / MIB}M`;
  // panic=-1: a guest that panics starts anew at once, which the console reports, instead of hanging.
  const kernelCommandLine = ['console=ttyS0', 'panic=-1', 'quiet', ...(options.kernelArguments ?? [])].join(
    ' ',
  );
  const isPeer = options.device.kind === 'built-in-gl';
  const firmware = ['usr/share/qemu', 'usr/share/seabios', 'usr/lib/ipxe/qemu'];
  return [
    // In a root of its own QEMU finds its files where it expects them.
    ...(isPeer ? [] : firmware.flatMap((path) => ['-L', join(environment.root, path)])),
    ...['-nodefaults', '-no-user-config', '-display', isPeer ? 'sdl,gl=on' : 'none'],
    ...['-run-with', 'exit-with-parent=on'],
    ...['-machine', 'q35,memory-backend=mem', '-accel', 'tcg,thread=multi', '-cpu', 'qemu64'],
    ...['-smp', String(options.processors ?? 1), '-m', memory],
    ...[
      '-object',
      `memory-backend-memfd,id=mem,size=${memory},share=${options.share === false ? 'off' : 'on'}`,
    ],
    ...deviceArguments(options.device),
    ...[
      '-chardev',
      `socket,id=qmp,path=${join(directory, 'qmp.sock')}`,
      '-object',
      'monitor-qmp,id=monitor,chardev=qmp',
    ],
    ...['-serial', `file:${join(directory, 'kernel.log')}`],
    ...[
      '-chardev',
      `socket,id=control,path=${join(directory, 'control.sock')}`,
      '-serial',
      'chardev:control',
    ],
    ...['-kernel', environment.kernel, '-initrd', initramfs, '-append', kernelCommandLine],
    ...(options.qemuArguments ?? []),
  ];
}

function deviceArguments(device: GuestDevice): string[] {
  if (device.kind === 'none') return [];
  if (device.kind === 'built-in') return ['-device', 'virtio-gpu-pci'];
  if (device.kind === 'built-in-gl') return ['-device', 'virtio-gpu-gl-pci,blob=on,hostmem=1G'];
  // virtio-id 16 is the GPU; two queues (control, cursor) and 20 bytes of configuration (struct virtio_gpu_config).
  const generic = `vhost-user-test-device-pci,virtio-id=16,num_vqs=${device.queues ?? 2},vq_size=256,config_size=20,chardev=vu`;
  const socket = ['-chardev', `socket,id=vu,path=${device.socketPath}`];
  if (!device.keepsState) return [...socket, '-device', generic];
  const port = ['-device', 'pcie-root-port,id=gpu-port,chassis=1'];
  return [...socket, ...port, '-device', `${generic},bus=gpu-port,x-pcie-pm-no-soft-reset=on`];
}

/** Starts QEMU and resolves when the guest's program is ready for commands. Rejects with GuestStartError. */
export async function startGuest(options: GuestOptions): Promise<Guest> {
  const initramfs = await buildInitramfs(options.environment);
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-guest-'));
  const kernelLog = () => readIfThere(join(directory, 'kernel.log'));
  const control = await acceptOne(join(directory, 'control.sock'));
  const monitor = await acceptOne(join(directory, 'qmp.sock'));
  const { environment, device } = options;
  const launch = device.kind === 'built-in-gl' ? device.launch : throughLoader(environment.root);
  const { command, args, env } = launch(qemuArguments(options, initramfs, directory), directory);
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'], env });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-65536);
  });
  const exited = waitForExit(child);
  // A test process that ends without stop() leaves no files; QEMU ends with its parent by itself.
  const removeFiles = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeFiles);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    control.server.close();
    monitor.server.close();
    process.off('exit', removeFiles);
    removeFiles();
  };
  // The first of: what is awaited, or QEMU's end, which then is the news.
  const orExit = <T>(awaited: Promise<T>): Promise<T> =>
    Promise.race([
      awaited,
      exited.then((exit): never => {
        throw new Error(`QEMU ended with ${exit.code ?? exit.signal}`);
      }),
    ]);
  try {
    const guestConsole = new GuestConsole(await orExit(control.socket));
    const qmp = await orExit(monitor.socket.then((socket) => QmpClient.open(socket)));
    const firstBoot = await orExit(guestConsole.waitForBoot(1, options.bootTimeoutMs ?? patient(60_000)));
    return {
      pid: child.pid!,
      console: guestConsole,
      qmp,
      firstBoot,
      exited,
      kernelLog,
      stderr: () => stderr,
      stop,
    };
  } catch (error) {
    const log = kernelLog();
    await stop();
    throw new GuestStartError(`The guest did not start: ${(error as Error).message}`, stderr, log);
  }
}

/** The fetched QEMU, through the fetched root's own loader and libraries. */
function throughLoader(root: string): Launch {
  const { command, prefix } = rootCommand(root, 'qemu-system-x86_64');
  // QEMU looks for its modules beside its executable, which is the loader here.
  const env = { ...process.env, QEMU_MODULE_DIR: join(root, 'usr/lib/x86_64-linux-gnu/qemu') };
  return (qemuArguments) => ({ command, args: [...prefix, ...qemuArguments], env });
}

// A socket for exactly one caller.
async function acceptOne(path: string): Promise<{ server: Server; socket: Promise<Socket> }> {
  const server = createServer();
  const socket = new Promise<Socket>((resolve) => {
    server.once('connection', (connection) => {
      server.close();
      resolve(connection);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return { server, socket };
}

function waitForExit(child: ChildProcess): Promise<GuestExit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null })); // could not be started: no 'exit' follows
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
