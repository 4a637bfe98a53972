// A Unix socket's path before it is listened on: a live owner is respected, what a dead one left behind is removed.
import { chmodSync, lchownSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

/** Who listens or connects at the other end, as the kernel says (SO_PEERCRED). */
export type Credentials = { readonly pid: number; readonly uid: number; readonly gid: number };
export type ReadCredentials = (fd: number) => Credentials;

export class SocketPathError extends Error {
  readonly path: string;
  readonly reason: 'in-use' | 'not-a-socket';
  /** The live process that listens there; null when it is not known, or when none does. */
  readonly pid: number | null;

  constructor(path: string, reason: 'in-use' | 'not-a-socket', pid: number | null) {
    super(
      reason === 'in-use'
        ? `socket ${path} is in use by a live process (pid ${pid ?? 'unknown'}); stop it, or choose another path`
        : `socket ${path} cannot be created: something that is no socket has that name; remove it, or choose another path`,
    );
    this.name = 'SocketPathError';
    this.path = path;
    this.reason = reason;
    this.pid = pid;
  }
}

/** A socket could not be given to a group. */
export class SocketGroupError extends Error {
  readonly path: string;
  readonly group: number;

  constructor(path: string, group: number, code: string, options: ErrorOptions) {
    super(
      `socket ${path} cannot be given to group ${group}: ${code}; make this process's user a member of it (SupplementaryGroups= of a unit, ` +
        'group_add, supplementalGroups), or name another group in the configuration (groups)',
      options,
    );
    this.name = 'SocketGroupError';
    this.path = path;
    this.group = group;
  }
}

/**
 * Makes `path` free to listen on: a socket that nobody listens on any more is removed. Rejects with SocketPathError when a live process
 * listens there or when it is no socket, and with Node's own error when the path cannot be read (EACCES, ...).
 */
export async function claimSocketPath(path: string, credentials: ReadCredentials): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new SocketPathError(path, 'not-a-socket', null);
  const owner = await ownerOf(path, credentials);
  if (owner !== 'nobody') throw new SocketPathError(path, 'in-use', owner);
  unlinkSync(path);
}

/** Whose members may connect to a socket beside the user who made it. Null: nobody's. */
export type SocketGroup = number | null;

/**
 * Runs `bind`, which creates the socket `path`: it is born for its owner alone (it is the process's umask that decides), and given to `group` then.
 * Throws SocketGroupError when this process may not do that; the socket is there then all the same.
 */
export function bindFor<Result>(path: string, group: SocketGroup, bind: () => Result): Result {
  const before = process.umask(0o177);
  let result: Result;
  try {
    result = bind();
  } finally {
    process.umask(before);
  }
  if (group === null) return result;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    // It could not be bound; whoever tried says so.
    if (stat === undefined) return result;
    if (stat.gid !== group) lchownSync(path, stat.uid, group);
    chmodSync(path, 0o660);
  } catch (error) {
    throw new SocketGroupError(path, group, (error as NodeJS.ErrnoException).code ?? 'unknown', {
      cause: error,
    });
  }
  return result;
}

/** The descriptor of a connected socket of Node's, borrowed; null when it is closed. */
export function descriptorOf(socket: Socket): number | null {
  // Node has no public name for it; SO_PEERCRED cannot be asked without it.
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}

function ownerOf(path: string, credentials: ReadCredentials): Promise<number | null | 'nobody'> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      const fd = descriptorOf(socket);
      const pid = fd === null ? 0 : credentials(fd).pid;
      socket.destroy();
      resolve(pid === 0 ? null : pid);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // unix(7): ECONNREFUSED when nobody listens; EPROTOTYPE when somebody does, on a socket of another type; EAGAIN when its backlog is full.
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve('nobody');
      else if (error.code === 'EPROTOTYPE' || error.code === 'EAGAIN') resolve(null);
      else reject(error);
    });
  });
}
