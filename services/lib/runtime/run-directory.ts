// The run directory of one broker: which files lie where, with which modes, and who holds it.
//
//   RUN/                 0755  traversable; each file below says who may use it
//     broker.lock        0600  held by the running broker
//     journal            0600  what the next broker takes over (and journal.next, while a new one is begun)
//     broker.sock        0660  gRPC, frontends
//     admin.sock         0660  gRPC, operators
//     fd.sock            0660  file descriptors
//     vms/               0755  the broker's own
//       NAME/            0750  of the VM's uid: its frontend makes gpu.sock here
//         secret         0600  of the VM's uid: 32 random bytes in hex
//         gpu.sock             the VMM connects here
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, ExitError } from './exit-code.ts';

/** Linux, unix(7): sun_path has 108 bytes with its final zero. */
const MAX_SOCKET_PATH = 107;
const DIRECTORY_MODE = 0o755;
const VM_DIRECTORY_MODE = 0o750;
const SECRET_MODE = 0o600;
/** The mode of the broker's sockets. */
export const SOCKET_MODE = 0o660;
const SECRET = /^[0-9a-f]{64}$/;

export type RunPaths = {
  readonly directory: string;
  readonly lock: string;
  readonly journal: string;
  readonly brokerSocket: string;
  readonly adminSocket: string;
  readonly fdSocket: string;
  vmDirectory(vm: string): string;
  vmSecret(vm: string): string;
  vmSocket(vm: string): string;
};

/** Where everything lies in a run directory. Touches nothing. */
export function runDirectoryPaths(directory: string): RunPaths {
  const vmDirectory = (vm: string) => join(directory, 'vms', vm);
  return {
    directory,
    lock: join(directory, 'broker.lock'),
    journal: join(directory, 'journal'),
    brokerSocket: join(directory, 'broker.sock'),
    adminSocket: join(directory, 'admin.sock'),
    fdSocket: join(directory, 'fd.sock'),
    vmDirectory,
    vmSecret: (vm) => join(vmDirectory(vm), 'secret'),
    vmSocket: (vm) => join(vmDirectory(vm), 'gpu.sock'),
  };
}

/** What is wrong with the length of a socket's path; null when nothing is. */
export function socketPathProblem(path: string): string | null {
  const length = Buffer.byteLength(path);
  return length <= MAX_SOCKET_PATH
    ? null
    : `${path} has ${length} bytes, and Linux takes ${MAX_SOCKET_PATH} for a socket`;
}

/** Makes the run directory and its vms/ where they are missing. Throws ExitError when it may not. */
export function createRunDirectory(directory: string): RunPaths {
  const paths = runDirectoryPaths(directory);
  try {
    mkdirSync(directory, { recursive: true, mode: DIRECTORY_MODE });
    mkdirSync(join(directory, 'vms'), { recursive: true, mode: DIRECTORY_MODE });
  } catch (error) {
    throw denied(`create the run directory ${directory}`, error);
  }
  return paths;
}

export type DirectoryLock = {
  /** Gives the directory up. The file stays: removing it would let two brokers hold two files of one name. */
  release(): void;
};

/**
 * Takes the run directory for this process. `tryLock` is the system's flock without waiting (lib/os/lock.ts).
 * The kernel drops the lock when the process ends, however it ends. Throws ExitError when another process holds it.
 */
export function lockRunDirectory(paths: RunPaths, tryLock: (fd: number) => boolean): DirectoryLock {
  let fd: number;
  try {
    fd = openSync(paths.lock, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw denied(`open ${paths.lock}`, error);
  }
  if (!tryLock(fd)) {
    const holder = readFileSync(fd, 'utf8').trim();
    closeSync(fd);
    const pid = holder === '' ? '' : ` (pid ${holder})`;
    throw new ExitError(
      EXIT.FAILURE,
      `use the run directory ${paths.directory}: another broker${pid} runs in it; stop that one, or give this one its own with --run-directory`,
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return { release: () => closeSync(fd) };
}

/**
 * Makes a VM's directory and its secret, both owned by `uid`; returns the secret. A good secret that is there stays, so that frontends
 * outlive a restart of the broker. The directory belongs to the VM's user, who may have put anything there: no link is followed.
 * Throws ExitError when the broker may not give files to that user.
 */
export function createVmSecret(paths: RunPaths, vm: string, uid: number): string {
  const directory = paths.vmDirectory(vm);
  try {
    mkdirSync(directory, { recursive: true, mode: VM_DIRECTORY_MODE });
    chmodSync(directory, VM_DIRECTORY_MODE);
    giveTo(directory, uid);
  } catch (error) {
    throw denied(`give ${directory} to user ${uid}`, error);
  }
  return keptSecret(paths.vmSecret(vm), uid) ?? newSecret(paths.vmSecret(vm), uid);
}

function giveTo(path: string, uid: number): void {
  const { uid: owner, gid } = statSync(path);
  if (owner !== uid) chownSync(path, uid, gid);
}

function keptSecret(path: string, uid: number): string | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    // One link only: a hard link may be somebody else's file.
    const isOurs = stat.isFile() && stat.uid === uid && stat.nlink === 1 && (stat.mode & 0o077) === 0;
    const text = isOurs && stat.size <= 128 ? readFileSync(fd, 'utf8').trim() : '';
    return SECRET.test(text) ? text : null;
  } finally {
    closeSync(fd);
  }
}

function newSecret(path: string, uid: number): string {
  const secret = randomBytes(32).toString('hex');
  const draft = join(dirname(path), `.secret-${randomBytes(8).toString('hex')}`);
  try {
    const fd = openSync(
      draft,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      SECRET_MODE,
    );
    try {
      writeSync(fd, `${secret}\n`);
      fchmodSync(fd, SECRET_MODE);
      const stat = fstatSync(fd);
      if (stat.uid !== uid) fchownSync(fd, uid, stat.gid);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw denied(`write the secret ${path} for user ${uid}`, error);
  }
  return secret;
}

/** The secret of a VM, for its frontend. Read it again for each attachment. Throws ExitError. */
export function readVmSecret(paths: RunPaths, vm: string): string {
  const path = paths.vmSecret(vm);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ExitError(
        EXIT.UNAVAILABLE,
        `attach ${vm}: ${path} does not exist; the broker makes it when it starts: is it running, with this run directory and a VM of that name?`,
        { cause: error },
      );
    }
    throw denied(`read the secret of ${vm}`, error);
  }
  if (SECRET.test(text)) return text;
  throw new ExitError(EXIT.FAILURE, `read the secret of ${vm}: ${path} holds no secret; restart the broker`);
}

function denied(asked: string, error: unknown): ExitError {
  const { code, message } = error as NodeJS.ErrnoException;
  const isPermission = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const advice = isPermission ? '; run as a user who may, or choose another place with --run-directory' : '';
  return new ExitError(
    isPermission ? EXIT.FORBIDDEN : EXIT.FAILURE,
    `${asked}: ${code ?? message}${advice}`,
    {
      cause: error,
    },
  );
}
