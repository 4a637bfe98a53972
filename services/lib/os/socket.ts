// Unix sockets with what Node's own do not have: file descriptors as ancillary data (SCM_RIGHTS), peer credentials, SOCK_SEQPACKET.
import { Fd } from './fd.ts';
import {
  failure,
  lastErrno,
  libcAccept4,
  libcBind,
  libcConnect,
  libcFcntl,
  libcGetsockopt,
  libcListen,
  libcRecvmsg,
  libcSendfile,
  libcSendmsg,
  libcShutdown,
  libcSocket,
  libcSocketpair,
} from './libc.ts';
import { Mapping } from './memory.ts';
import { ERRNO, SystemError } from './system-error.ts';

// <sys/socket.h>
const AF_UNIX = 1;
const SOCK_TYPES = { stream: 1, datagram: 2, seqpacket: 5 } as const;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const SCM_RIGHTS = 1;
const MSG_PEEK = 2;
const SCM_CREDENTIALS = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
const MSG_CTRUNC = 8;
const MSG_TRUNC = 0x20;
const SHUT_RDWR = 2;
// <fcntl.h>
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

const NOTHING = new Uint8Array(0);

export type SocketType = 'stream' | 'seqpacket';

/** sun_path holds 108 bytes with its final zero (unix(7)). */
export const SOCKET_PATH_BYTES = 107;

/** SCM_MAX_FD: the most descriptors that the kernel passes in one message. */
const MOST_FDS = 253;
/** One message's payload at most; every protocol of ours stays far below. */
const MOST_BYTES = 64 * 1024;

// One scratch area for the kernel's structures, at an address that never moves (these calls are synchronous, so one is enough):
// msghdr (56) at 0, iovec (16) at 64, control buffer at 128, data behind it.
const CONTROL = 128;
// Room for the most descriptors and for the sender's credentials (datagram.ts asks for them).
const CONTROL_BYTES = 16 + MOST_FDS * 4 + 4 + 32;
const DATA = 4096;
const scratch = Mapping.anonymous(DATA + MOST_BYTES);
const scratchView = new DataView(scratch.bytes(0, DATA + MOST_BYTES).buffer);
const scratchBytes = scratch.bytes(0, DATA + MOST_BYTES);

export type Received = {
  /** The payload, a copy that the caller owns. Empty when the peer has closed its end. */
  readonly data: Buffer;
  /** Descriptors that came with it; the caller owns them all. */
  readonly fds: Fd[];
  /** The payload or the descriptors did not fit: a part of the message is lost. */
  readonly truncated: boolean;
  /** Who sent it, as the kernel saw it: only on sockets that ask for it (bindDatagram() of datagram.ts), otherwise null. */
  readonly sender: PeerCredentials | null;
};

/**
 * Receives up to `most` bytes (at most 64 KiB) and any descriptors with them. Null when nothing is there yet (non-blocking socket).
 * Throws SystemError (ECONNRESET, ...).
 */
export function receive(fd: number, most: number): Received | null {
  return receiveWith(fd, most, MSG_CMSG_CLOEXEC);
}

/**
 * What receive() would give, without taking it from the socket; the descriptors are duplicates, the caller's all the same.
 * They may be those of a later message: Linux goes on to the next one that has any (unix_stream_read_generic()).
 */
export function peek(fd: number, most: number): Received | null {
  return receiveWith(fd, most, MSG_CMSG_CLOEXEC | MSG_PEEK);
}

/**
 * A receive whose outcome lies in memory of the caller's choice, so that taking bytes from a socket and knowing of it are one system call: the
 * bytes go to `target`, and whether descriptors came with them to the message's flags. `at` is where `view` begins in this process.
 *
 *   0   struct msghdr (56 bytes), its flags at 48      64   struct iovec (16)      80
 */
export class RecordedReceive {
  static readonly BYTES = 80;
  readonly #view: DataView;
  readonly #at: bigint;
  readonly #target: bigint;
  #isLaidOut = false;

  /** Changes nothing of what an earlier receive left there. */
  constructor(view: DataView, at: bigint, target: bigint) {
    this.#view = view;
    this.#at = at;
    this.#target = target;
  }

  /** Whether descriptors came with the bytes: as there is no room for any, they are closed, and that is told (MSG_CTRUNC, recvmsg(2)). */
  get hadDescriptors(): boolean {
    return (this.#view.getInt32(48, true) & MSG_CTRUNC) !== 0;
  }

  /** To be called before run(): until then what is told is that of the last one. Bytes; `start` counts from the target. */
  prepare(start: number, length: number): void {
    const view = this.#view;
    view.setInt32(48, 0, true);
    if (!this.#isLaidOut) this.#layOut();
    view.setBigUint64(64, this.#target + BigInt(start), true);
    view.setUint32(72, length, true);
  }

  /** What stays as it is; the addresses are those of this process. */
  #layOut(): void {
    this.#isLaidOut = true;
    const view = this.#view;
    view.setBigUint64(0, 0n, true);
    view.setBigUint64(8, 0n, true);
    view.setBigUint64(16, this.#at + 64n, true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, 0n, true);
    view.setBigUint64(40, 0n, true);
    view.setBigUint64(72, 0n, true);
  }

  /** Takes what prepare() said; returns how many bytes that were, 0 at the end of the stream; null when nothing is there. */
  run(fd: number): number | null {
    for (;;) {
      const received = Number(libcRecvmsg(fd, this.#at, 0));
      if (received >= 0) return received;
      const errno = lastErrno();
      if (errno === ERRNO.EAGAIN) return null;
      if (errno !== ERRNO.EINTR) throw failure('recvmsg', `receive from socket ${fd}`);
    }
  }
}

/**
 * Sends up to `length` bytes of a file, from the file's own offset on, which moves by as much in the same system call (sendfile(2)).
 * Returns how many bytes that were: fewer than asked, or 0, when the socket is full. Throws SystemError (EPIPE, ...).
 */
export function sendFile(fd: number, file: number, length: number): number {
  for (;;) {
    const sent = Number(libcSendfile(fd, file, null, length));
    if (sent >= 0) return sent;
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return 0;
    if (errno !== ERRNO.EINTR) throw failure('sendfile', `send ${length} bytes of a file to socket ${fd}`);
  }
}

function receiveWith(fd: number, most: number, options: number): Received | null {
  writeHeader(Math.min(most, MOST_BYTES), CONTROL_BYTES);
  let length = Number(libcRecvmsg(fd, scratch.address, options));
  while (length < 0) {
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return null;
    if (errno !== ERRNO.EINTR) throw failure('recvmsg', `receive from socket ${fd}`);
    writeHeader(Math.min(most, MOST_BYTES), CONTROL_BYTES);
    length = Number(libcRecvmsg(fd, scratch.address, options));
  }
  const flags = scratchView.getInt32(48, true);
  const { fds, sender } = readControl(Number(scratchView.getBigUint64(40, true)));
  return {
    data: Buffer.from(scratchBytes.subarray(DATA, DATA + length)),
    fds,
    truncated: (flags & (MSG_CTRUNC | MSG_TRUNC)) !== 0,
    sender,
  };
}

/**
 * Sends bytes (at most 64 KiB) and descriptors, which stay the caller's. Returns how many bytes were taken: fewer than asked only on a
 * stream socket that is full, 0 when nothing could be sent yet. Descriptors go with the first byte. Throws SystemError (EPIPE, ...).
 */
export function send(fd: number, data: Uint8Array, fds: readonly number[] = []): number {
  return sendWith(fd, data, fds, MSG_NOSIGNAL);
}

/** As send(), and does not wait on a socket that blocks either. */
export function sendNow(fd: number, data: Uint8Array): number {
  return sendWith(fd, data, [], MSG_NOSIGNAL | MSG_DONTWAIT);
}

function sendWith(fd: number, data: Uint8Array, fds: readonly number[], options: number): number {
  if (fds.length > MOST_FDS)
    throw new RangeError(`${fds.length} descriptors were to be sent; ${MOST_FDS} is the most`);
  if (data.length > MOST_BYTES)
    throw new RangeError(`${data.length} bytes were to be sent; ${MOST_BYTES} is the most`);
  scratchBytes.set(data, DATA);
  writeHeader(data.length, fds.length === 0 ? 0 : 16 + align8(fds.length * 4));
  if (fds.length > 0) {
    scratchView.setBigUint64(CONTROL, BigInt(16 + fds.length * 4), true); // cmsg_len
    scratchView.setInt32(CONTROL + 8, SOL_SOCKET, true);
    scratchView.setInt32(CONTROL + 12, SCM_RIGHTS, true);
    fds.forEach((number, index) => {
      scratchView.setInt32(CONTROL + 16 + index * 4, number, true);
    });
  }
  for (;;) {
    const length = Number(libcSendmsg(fd, scratch.address, options));
    if (length >= 0) return length;
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return 0;
    if (errno !== ERRNO.EINTR) throw failure('sendmsg', `send ${data.length} bytes to socket ${fd}`);
  }
}

/** Whether the peer of a stream socket does not read any more; what it sent may still be there. Throws SystemError. */
export function isHungUp(fd: number): boolean {
  try {
    send(fd, NOTHING);
    return false;
  } catch (error) {
    if (error instanceof SystemError && error.code === 'EPIPE') return true;
    throw error;
  }
}

// struct msghdr (x86-64, aarch64): name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48.
function writeHeader(length: number, controlLength: number): void {
  scratchView.setBigUint64(0, 0n, true);
  scratchView.setBigUint64(8, 0n, true);
  scratchView.setBigUint64(16, scratch.address + 64n, true);
  scratchView.setBigUint64(24, 1n, true);
  scratchView.setBigUint64(32, controlLength === 0 ? 0n : scratch.address + BigInt(CONTROL), true);
  scratchView.setBigUint64(40, BigInt(controlLength), true);
  scratchView.setBigUint64(48, 0n, true);
  scratchView.setBigUint64(64, scratch.address + BigInt(DATA), true);
  scratchView.setBigUint64(72, BigInt(length), true);
}

function readControl(controlLength: number): { readonly fds: Fd[]; readonly sender: PeerCredentials | null } {
  const fds: Fd[] = [];
  let sender: PeerCredentials | null = null;
  let at = CONTROL;
  const end = CONTROL + controlLength;
  while (at + 16 <= end) {
    const length = Number(scratchView.getBigUint64(at, true));
    if (length < 16) break;
    const isOurs = scratchView.getInt32(at + 8, true) === SOL_SOCKET;
    const type = scratchView.getInt32(at + 12, true);
    if (isOurs && type === SCM_RIGHTS) {
      for (let item = at + 16; item + 4 <= Math.min(at + length, end); item += 4) {
        fds.push(new Fd(scratchView.getInt32(item, true)));
      }
    }
    // struct ucred: pid, uid, gid, 32 bits each.
    if (isOurs && type === SCM_CREDENTIALS && at + 28 <= end) {
      sender = {
        pid: scratchView.getUint32(at + 16, true),
        uid: scratchView.getUint32(at + 20, true),
        gid: scratchView.getUint32(at + 24, true),
      };
    }
    at += align8(length);
  }
  return { fds, sender };
}

function align8(length: number): number {
  return (length + 7) & ~7;
}

/** A pair of connected non-blocking sockets; the caller owns both. */
export function socketPair(type: SocketType): readonly [Fd, Fd] {
  const pair = new Int32Array(2);
  if (libcSocketpair(AF_UNIX, SOCK_TYPES[type] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
    throw failure('socketpair', 'create a pair of sockets');
  }
  return [new Fd(pair[0] as number), new Fd(pair[1] as number)];
}

/** A non-blocking listening socket at `path`, which must not exist. The caller owns it, and unlinks the path. Throws SystemError EADDRINUSE. */
export function listen(path: string, type: SocketType): Fd {
  const fd = bindSocket(path, type);
  try {
    startListening(fd.number);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** The first half of listen(): the path is there, and whoever connects is refused until startListening(). */
export function bindSocket(path: string, type: SocketType): Fd {
  const fd = newSocket(type);
  try {
    const address = socketAddress(path);
    if (libcBind(fd.number, address, address.length) < 0) throw failure('bind', `listen on ${path}`);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** The second half; nothing happens to a socket that listens already. Throws SystemError EINVAL for one that is connected. */
export function startListening(fd: number, backlog = 128): void {
  if (libcListen(fd, backlog) < 0) throw failure('listen', `listen on socket ${fd}`);
}

/** The next connection as a non-blocking socket that the caller owns; null when none is waiting. */
export function accept(fd: number): Fd | null {
  for (;;) {
    const number: number = libcAccept4(fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number >= 0) return new Fd(number);
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return null;
    if (errno !== ERRNO.EINTR && errno !== ERRNO.ECONNABORTED)
      throw failure('accept4', `accept on socket ${fd}`);
  }
}

/** A non-blocking socket connected to `path`; the caller owns it. Throws SystemError (ENOENT, ECONNREFUSED, EAGAIN when the backlog is full). */
export function connect(path: string, type: SocketType): Fd {
  const fd = newSocket(type);
  try {
    const address = socketAddress(path);
    if (libcConnect(fd.number, address, address.length) < 0) throw failure('connect', `connect to ${path}`);
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Ends both directions of a connection at once, while its descriptor stays open. */
export function shutdown(fd: number): void {
  libcShutdown(fd, SHUT_RDWR);
}

export type PeerCredentials = { readonly pid: number; readonly uid: number; readonly gid: number };

/** Who is at the other end, as the kernel saw it when the connection was made (SO_PEERCRED). A pid of another pid namespace is 0. */
export function peerCredentials(fd: number): PeerCredentials {
  const credentials = new Int32Array(3);
  const length = new Uint32Array([12]);
  if (libcGetsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) < 0) {
    throw failure('getsockopt', `read the peer of socket ${fd}`);
  }
  const [pid, uid, gid] = new Uint32Array(credentials.buffer);
  return { pid: pid as number, uid: uid as number, gid: gid as number };
}

export type AdoptedSocket = { readonly type: SocketType; readonly listening: boolean };

/**
 * Makes a socket that came from elsewhere (inherited, or received) non-blocking and close-on-exec, and says what it is.
 * The descriptor stays the caller's. Throws SystemError: EBADF, ENOTSOCK, EPROTOTYPE for a socket that is neither stream nor seqpacket.
 */
export function adoptSocket(fd: number): AdoptedSocket {
  const asked = `use descriptor ${fd} as a socket`;
  const number = socketOption(fd, SO_TYPE, asked);
  const type = number === SOCK_TYPES.stream ? 'stream' : number === SOCK_TYPES.seqpacket ? 'seqpacket' : null;
  if (type === null) throw new SystemError('getsockopt', ERRNO.EPROTOTYPE, asked);
  const listening = socketOption(fd, SO_ACCEPTCONN, asked) !== 0;
  setNonBlocking(fd);
  return { type, listening };
}

/** Makes a descriptor that came from elsewhere non-blocking and close-on-exec. It stays the caller's. Throws SystemError EBADF. */
export function setNonBlocking(fd: number): void {
  const flags: number = libcFcntl(fd, F_GETFL, 'int', 0);
  if (
    flags < 0 ||
    libcFcntl(fd, F_SETFL, 'int', flags | O_NONBLOCK) < 0 ||
    libcFcntl(fd, F_SETFD, 'int', FD_CLOEXEC) < 0
  ) {
    throw failure('fcntl', `make descriptor ${fd} non-blocking`);
  }
}

function socketOption(fd: number, option: number, asked: string): number {
  const value = new Int32Array(1);
  if (libcGetsockopt(fd, SOL_SOCKET, option, value, new Uint32Array([4])) < 0)
    throw failure('getsockopt', asked);
  return value[0] as number;
}

/** A new non-blocking socket; the caller owns it. Of use to the files of this folder. */
export function newSocket(type: keyof typeof SOCK_TYPES): Fd {
  const number: number = libcSocket(AF_UNIX, SOCK_TYPES[type] | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (number < 0) throw failure('socket', `create a ${type} socket`);
  return new Fd(number);
}

function socketAddress(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > SOCKET_PATH_BYTES) {
    throw new SystemError(
      'bind',
      ERRNO.ENAMETOOLONG,
      `use socket path ${path} (${bytes.length} bytes; ${SOCKET_PATH_BYTES} is the most)`,
    );
  }
  const address = Buffer.alloc(2 + bytes.length + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  return address;
}
