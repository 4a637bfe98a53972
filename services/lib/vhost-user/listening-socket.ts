// A listening socket at a path, with the manners of a service: a path in use is refused, a stale one is taken over, anything that is no
// socket is left alone, and what was made here is removed at the end.
import { type BigIntStats, chmodSync, closeSync, constants, lstatSync, openSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fd } from '../os/fd.ts';
import { tryLock } from '../os/lock.ts';
import { bindSocket, connect, startListening } from '../os/socket.ts';
import { SystemError } from '../os/system-error.ts';
import type { ListenerRecord } from './recovery/state-file.ts';

/**
 * IN_USE      a live process listens there
 * NOT_SOCKET  the path exists and is something else
 * UNUSABLE    the system refused; `cause` says why
 */
export type SocketPathErrorCode = 'IN_USE' | 'NOT_SOCKET' | 'UNUSABLE';

export class SocketPathError extends Error {
  readonly code: SocketPathErrorCode;
  readonly path: string;

  constructor(code: SocketPathErrorCode, path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'SocketPathError';
    this.code = code;
    this.path = path;
  }
}

export type ListeningSocket = {
  readonly fd: Fd;
  /** Its path, and the file there; a path of '' for a socket that was inherited. */
  readonly record: ListenerRecord;
  /** Closes the socket and removes the path, if it is still this socket's. */
  close(): void;
};

/** A listening socket that was made elsewhere, with the path that is to be removed at its end. Takes the descriptor over. */
export function asListeningSocket(fd: Fd, record: ListenerRecord): ListeningSocket {
  let open = true;
  return {
    fd,
    record,
    close: () => {
      if (!open) return;
      open = false;
      const found = record.path === '' ? null : inspect(record.path);
      if (found?.ino === record.ino && found.dev === record.dev) unlinkSync(record.path);
      fd.close();
    },
  };
}

/** The owner and the group: libvirt and friends put the VMM into the group. */
const DEFAULT_MODE = 0o660;
/** Two services that find the same stale socket settle it within a few of these. */
const LOCK_ATTEMPTS = 100;
const LOCK_WAIT_MS = 10;

/**
 * Listens at `path`. `bound` is called when the path is there and nobody can connect yet; what it throws is thrown.
 * Throws SocketPathError.
 */
export async function listenAtPath(
  path: string,
  mode: number = DEFAULT_MODE,
  bound: (socket: ListeningSocket) => void = () => {},
): Promise<ListeningSocket> {
  // Without the lock, a second service that found the same stale socket could remove the one that the first has just made.
  // It is taken on the directory, so no lock file is left behind.
  const directory = openDirectory(path);
  try {
    await lockDirectory(directory, path);
    removeStale(path);
    return bind(path, mode, bound);
  } finally {
    closeSync(directory);
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    const problem = `the directory of socket path ${path} cannot be opened (${errorCode(cause)}): create it first`;
    throw new SocketPathError('UNUSABLE', path, problem, cause);
  }
}

async function lockDirectory(directory: number, path: string): Promise<void> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt += 1) {
    if (tryLock(directory)) return;
    await sleep(LOCK_WAIT_MS);
  }
  throw new SocketPathError('UNUSABLE', path, `another process holds the lock of ${dirname(path)}`);
}

function removeStale(path: string): void {
  const found = inspect(path);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new SocketPathError(
      'NOT_SOCKET',
      path,
      `${path} exists and is not a socket: choose another path, or remove it`,
    );
  }
  if (isAlive(path)) {
    throw new SocketPathError(
      'IN_USE',
      path,
      `a live process listens on ${path}: stop it, or choose another path`,
    );
  }
  unlinkSync(path);
}

function isAlive(path: string): boolean {
  try {
    connect(path, 'stream').close();
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false;
    // EAGAIN: its backlog is full. EPROTOTYPE: a socket of another type listens. Both are alive.
    if (code === 'EAGAIN' || code === 'EPROTOTYPE') return true;
    throw new SocketPathError('UNUSABLE', path, `whether ${path} is in use cannot be told (${code})`, error);
  }
}

function bind(path: string, mode: number, bound: (socket: ListeningSocket) => void): ListeningSocket {
  let fd: Fd;
  try {
    fd = bindSocket(path, 'stream');
  } catch (cause) {
    throw unusable(path, cause);
  }
  try {
    chmodSync(path, mode);
  } catch (cause) {
    fd.close();
    const problem = `the mode of ${path} cannot be set (${errorCode(cause)})`;
    throw new SocketPathError('UNUSABLE', path, problem, cause);
  }
  const { dev, ino } = lstatSync(path, { bigint: true });
  const socket = asListeningSocket(fd, { path, dev, ino });
  try {
    bound(socket);
    startListening(fd.number);
    return socket;
  } catch (cause) {
    socket.close();
    throw cause instanceof SystemError && cause.syscall === 'listen' ? unusable(path, cause) : cause;
  }
}

function unusable(path: string, cause: unknown): SocketPathError {
  const message = cause instanceof SystemError ? cause.message : String(cause);
  return new SocketPathError('UNUSABLE', path, message, cause);
}

function inspect(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
