// Unix datagram sockets, at a path or an abstract address: the way in which processes and their supervisors talk (sd_notify(3)).
import type { Fd } from './fd.ts';
import { failure, libcBind, libcConnect, libcFcntl, libcSetsockopt } from './libc.ts';
import { newSocket, SOCKET_PATH_BYTES } from './socket.ts';
import { ERRNO, SystemError } from './system-error.ts';

// <sys/socket.h>, <fcntl.h>
const AF_UNIX = 1;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SO_SNDTIMEO = 21;
const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/**
 * A non-blocking datagram socket at `address`: a path that must not exist, or `@name`, an abstract address that goes with the socket
 * (unix(7)). Every datagram comes with its sender's credentials. The caller owns it, and unlinks a path.
 * Throws SystemError (EADDRINUSE, ENAMETOOLONG, ...).
 */
export function bindDatagram(address: string): Fd {
  return atAddress(address, (fd, bytes) => {
    if (libcBind(fd.number, bytes, bytes.length) < 0)
      throw failure('bind', `receive datagrams at ${address}`);
    const on = new Int32Array([1]);
    if (libcSetsockopt(fd.number, SOL_SOCKET, SO_PASSCRED, on, 4) < 0)
      throw failure('setsockopt', `ask for credentials at ${address}`);
  });
}

/**
 * A datagram socket that sends to `address` (as bindDatagram's). Unlike every other socket of ours it blocks: send() waits while the
 * receiver's queue is full (it holds as few as ten datagrams), at most `patience` milliseconds, and then returns 0. The caller owns it.
 * Throws SystemError (ENOENT, ECONNREFUSED: nobody is there).
 */
export function connectDatagram(address: string, patience: number): Fd {
  return atAddress(address, (fd, bytes) => {
    if (libcConnect(fd.number, bytes, bytes.length) < 0)
      throw failure('connect', `send datagrams to ${address}`);
    // struct timeval
    const limit = new BigInt64Array([
      BigInt(Math.floor(patience / 1000)),
      BigInt(Math.floor((patience % 1000) * 1000)),
    ]);
    const flags: number = libcFcntl(fd.number, F_GETFL, 'int', 0);
    if (
      libcSetsockopt(fd.number, SOL_SOCKET, SO_SNDTIMEO, limit, 16) < 0 ||
      libcFcntl(fd.number, F_SETFL, 'int', flags & ~O_NONBLOCK) < 0
    ) {
      throw failure('setsockopt', `limit the waiting for ${address}`);
    }
  });
}

function atAddress(address: string, use: (fd: Fd, bytes: Buffer) => void): Fd {
  const fd = newSocket('datagram');
  try {
    use(fd, addressBytes(address));
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

// struct sockaddr_un. An abstract name starts with a zero byte and ends with the address; a path ends with a zero byte.
function addressBytes(address: string): Buffer {
  const isAbstract = address.startsWith('@');
  const name = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (name.length > SOCKET_PATH_BYTES + 1) {
    const asked = `use socket address ${address} (${name.length - 1} bytes; ${SOCKET_PATH_BYTES} is the most)`;
    throw new SystemError('bind', ERRNO.ENAMETOOLONG, asked);
  }
  const bytes = Buffer.alloc(2 + name.length);
  bytes.writeUInt16LE(AF_UNIX, 0);
  name.copy(bytes, 2);
  return bytes;
}
