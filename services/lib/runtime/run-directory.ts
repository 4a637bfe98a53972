// The run directory of one broker: which files lie where, with which modes, and who holds it.
//
//   RUN/                 0755  traversable; each file below says who may use it
//     broker.lock        0600  held by the running broker
//     up.lock            0600  held by the `barkeep up` that keeps everything here, if it was one
//     journal            0600  what the next broker takes over (and journal.next, while a new one is begun)
//     last-good.yaml     0644  the configuration that the broker goes by
//     broker.sock              gRPC: BrokerService                          groups.frontends
//     fd.sock                  descriptors for what came over broker.sock   groups.frontends
//     admin-ro.sock            gRPC: AdminService, what only looks          groups.viewers
//     admin.sock               gRPC: AdminService, what looks and changes   groups.operators
//     memory.sock              gRPC: AdminService, what looks, and OpenBlob groups.memory
//     memory-fd.sock           descriptors for what came over memory.sock   groups.memory
//     vms/               0755  the broker's own
//       NAME/            0750  of the VM's uid: its frontend makes gpu.sock here
//         secret         0600  of the VM's uid: 32 random bytes in hex
//         gpu.sock             the VMM connects here
//
// A socket whose role has no group in the configuration is mode 0600: for the broker's own user and root; with one it is 0660, of that group.
// A VM that is attached by a group instead of a user: NAME/ is 1770 and secret 0640, of the broker's user and that group. The broker needs no
// right to give files away then, only to be a member of the group; and as the folder is sticky, members cannot replace the secret.
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
const SECRET = /^[0-9a-f]{64}$/;

/** The group of each role; null where the broker's own user has nobody beside it. */
export type SocketGroups = {
  readonly frontends: number | null;
  /** Operators who only look, and the metrics endpoint. */
  readonly viewers: number | null;
  /** Operators who change. */
  readonly operators: number | null;
  /** Who may read and write the memory of every VM. */
  readonly memory: number | null;
};

/** Who may read the secret of a VM: one user, or the members of a group. */
export type SecretReader =
  | { readonly kind: 'user'; readonly uid: number }
  | { readonly kind: 'group'; readonly gid: number };

export type RunPaths = {
  readonly directory: string;
  readonly lock: string;
  readonly upLock: string;
  readonly journal: string;
  readonly lastGoodConfig: string;
  readonly brokerSocket: string;
  readonly fdSocket: string;
  readonly viewSocket: string;
  readonly adminSocket: string;
  readonly memorySocket: string;
  readonly memoryFdSocket: string;
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
    upLock: join(directory, 'up.lock'),
    journal: join(directory, 'journal'),
    lastGoodConfig: join(directory, 'last-good.yaml'),
    brokerSocket: join(directory, 'broker.sock'),
    fdSocket: join(directory, 'fd.sock'),
    viewSocket: join(directory, 'admin-ro.sock'),
    adminSocket: join(directory, 'admin.sock'),
    memorySocket: join(directory, 'memory.sock'),
    memoryFdSocket: join(directory, 'memory-fd.sock'),
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
    for (const path of [directory, join(directory, 'vms')]) {
      // Whatever the umask: who comes through is decided by what lies in it.
      if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, DIRECTORY_MODE);
    }
  } catch (error) {
    throw denied(`create the run directory ${directory}`, error);
  }
  return paths;
}

export type DirectoryLock = {
  /** Gives the directory up. The file stays: removing it would let two brokers hold two files of one name. */
  release(): void;
};

/** As whom a process takes a run directory: it has one of each at most. */
export type LockHolder = 'broker' | '`barkeep up`';

/**
 * Takes the run directory for this process. `tryLock` is the system's flock without waiting (lib/os/lock.ts).
 * The kernel drops the lock when the process ends, however it ends. Throws ExitError when another process holds it.
 */
export function lockRunDirectory(
  paths: RunPaths,
  tryLock: (fd: number) => boolean,
  who: LockHolder = 'broker',
): DirectoryLock {
  const path = who === 'broker' ? paths.lock : paths.upLock;
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw denied(`open ${path}`, error);
  }
  if (!tryLock(fd)) {
    const holder = readFileSync(fd, 'utf8').trim();
    closeSync(fd);
    const pid = holder === '' ? '' : ` (pid ${holder})`;
    throw new ExitError(
      EXIT.FAILURE,
      `use the run directory ${paths.directory}: another ${who}${pid} runs in it; stop that one, or give this one its own with --run-directory`,
    );
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return { release: () => closeSync(fd) };
}

/** What the files of one VM are to be. */
type VmFiles = {
  readonly uid: number;
  /** Null: whichever they are born with. */
  readonly gid: number | null;
  readonly directoryMode: number;
  readonly secretMode: number;
  /** For messages. */
  readonly reader: string;
};

function vmFiles(reader: SecretReader): VmFiles {
  if (reader.kind === 'user') {
    const { uid } = reader;
    return { uid, gid: null, directoryMode: 0o750, secretMode: 0o600, reader: `user ${uid}` };
  }
  const { gid } = reader;
  const uid = process.getuid?.() ?? 0;
  return { uid, gid, directoryMode: 0o1770, secretMode: 0o640, reader: `group ${gid}` };
}

/**
 * Makes a VM's directory and its secret, for one user or one group; returns the secret. A good secret that is there stays, so that frontends
 * outlive a restart of the broker. The directory may belong to the VM's user, who may have put anything there: no link is followed.
 * Throws ExitError when the broker may not give files to that user or group.
 */
export function createVmSecret(paths: RunPaths, vm: string, reader: SecretReader): string {
  const directory = paths.vmDirectory(vm);
  const files = vmFiles(reader);
  try {
    mkdirSync(directory, { recursive: true, mode: files.directoryMode });
    giveTo(directory, files);
  } catch (error) {
    throw notGiven(directory, files, error);
  }
  return keptSecret(paths.vmSecret(vm), files) ?? newSecret(paths.vmSecret(vm), files);
}

/** chown(2) takes set-id bits away, so the mode comes last. */
function giveTo(path: string, { uid, gid, directoryMode }: VmFiles): void {
  const stat = statSync(path);
  if (stat.uid !== uid || (gid !== null && stat.gid !== gid)) chownSync(path, uid, gid ?? stat.gid);
  chmodSync(path, directoryMode);
}

function keptSecret(path: string, { uid, gid, secretMode }: VmFiles): string | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    // One link only: a hard link may be somebody else's file.
    const isOurs =
      stat.isFile() &&
      stat.uid === uid &&
      (gid === null || stat.gid === gid) &&
      stat.nlink === 1 &&
      (stat.mode & 0o777 & ~secretMode) === 0;
    const text = isOurs && stat.size <= 128 ? readFileSync(fd, 'utf8').trim() : '';
    return SECRET.test(text) ? text : null;
  } finally {
    closeSync(fd);
  }
}

function newSecret(path: string, files: VmFiles): string {
  const { uid, gid, secretMode } = files;
  const secret = randomBytes(32).toString('hex');
  const draft = join(dirname(path), `.secret-${randomBytes(8).toString('hex')}`);
  try {
    const fd = openSync(
      draft,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      writeSync(fd, `${secret}\n`);
      const stat = fstatSync(fd);
      if (stat.uid !== uid || (gid !== null && stat.gid !== gid)) fchownSync(fd, uid, gid ?? stat.gid);
      fchmodSync(fd, secretMode);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw notGiven(path, files, error);
  }
  return secret;
}

function notGiven(path: string, { gid, reader }: VmFiles, error: unknown): ExitError {
  const asked = `give ${path} to ${reader}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EPERM') return denied(asked, error);
  const advice =
    gid === null
      ? 'run the broker as that user or with the capability CAP_CHOWN, or let the members of a group attach the VM (vms[].group)'
      : notAMember(gid);
  return new ExitError(EXIT.FORBIDDEN, `${asked}: EPERM; ${advice}`, { cause: error });
}

/** What to do where a file cannot be given to a group. */
export function notAMember(gid: number): string {
  return `make the broker's user a member of group ${gid} (SupplementaryGroups= of its unit, group_add, supplementalGroups)`;
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
    if ((error as NodeJS.ErrnoException).code === 'EACCES') {
      throw new ExitError(
        EXIT.FORBIDDEN,
        `attach ${vm}: ${path} may not be read by this user; run as the VM's user, or as a member of its group (vms[].uid, vms[].group and groups.frontends of the configuration)`,
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
