// VMMs that come to a device and are gone with bytes on their way: replies and requests that nobody reads any more, messages that were cut off
// in the middle, a guest in the middle of its work. What comes after them has to be as if they had never been there.
import { createEventfd } from '../../services/lib/os/eventfd.ts';
import { closeAll, type Fd } from '../../services/lib/os/fd.ts';
import { connect, send, socketPair } from '../../services/lib/os/socket.ts';
import { SystemError } from '../../services/lib/os/system-error.ts';
import {
  BACKEND_REQUESTS,
  bitSet,
  encodeFrontendRequest,
  encodeStatus,
  type FrontendBody,
  type FrontendRequestName,
  PROTOCOL_FEATURE,
} from '../../services/lib/wire/vhost-user.ts';
import { pace } from '../support/until.ts';
import { NoAnswerError } from './driver.ts';
import { FrontEndError } from './front-end.ts';
import { Vmm, type VmmOptions } from './vmm.ts';

const PAGE = 4096;
const BLOBS = 24;
/** The least with which there can be a back-end channel. */
const CHANNEL_FEATURES = bitSet(
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.SHMEM,
);
const MOST_REQUESTS = 20_000;
/** Long enough for the back-end to take what was sent: whether it has, is all the same. */
const MOMENT = 5;
const DEVICE_IS_AWAY: readonly string[] = ['EPIPE', 'ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'EAGAIN'];

/** One after the other, each gone before the next one comes. A device that dies of it, or is not there, is no error here. */
export async function comeAndGo(options: VmmOptions): Promise<void> {
  for (const act of [unreadReply, halfOfARequest, unreadReplies, halfAnAnswer]) {
    await passing(async () => {
      const socket = connect(options.socketPath, 'stream');
      try {
        await act(socket);
      } finally {
        socket.close();
      }
    });
  }
  await passing(() => killedUnderLoad(options));
}

async function passing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const isAway = error instanceof SystemError && DEVICE_IS_AWAY.includes(error.code);
    if (!isAway && !(error instanceof FrontEndError) && !(error instanceof NoAnswerError)) throw error;
  }
}

async function unreadReply(socket: Fd): Promise<void> {
  ask(socket, 'GET_FEATURES', null);
}

async function halfOfARequest(socket: Fd): Promise<void> {
  const call = createEventfd();
  try {
    const request = encodeFrontendRequest('SET_VRING_CALL', { index: 0, noFd: false });
    send(socket.number, request.subarray(0, request.length - 3), [call.number]);
    await pace(MOMENT);
  } finally {
    call.close();
  }
}

/** More of them than the socket holds, so that the back-end stops with one half sent. */
async function unreadReplies(socket: Fd): Promise<void> {
  const request = encodeFrontendRequest('GET_FEATURES', null);
  let isFull = false;
  for (let count = 0; count < MOST_REQUESTS && !isFull; count += 1) {
    if (send(socket.number, request) > 0) continue;
    await pace(MOMENT);
    isFull = send(socket.number, request) === 0;
  }
}

/** A part of an answer on the back-end channel that nobody has asked for, and the channel closed before the socket. */
async function halfAnAnswer(socket: Fd): Promise<void> {
  const [ours, theirs] = socketPair('stream');
  try {
    ask(socket, 'SET_PROTOCOL_FEATURES', CHANNEL_FEATURES);
    ask(socket, 'SET_BACKEND_REQ_FD', null, [theirs]);
    send(ours.number, encodeStatus(BACKEND_REQUESTS.SHMEM_MAP.number, 0).subarray(0, 15));
    await pace(MOMENT);
  } finally {
    closeAll([ours, theirs]);
  }
}

/** A guest that creates and maps as fast as it can, and its VMM is killed. */
async function killedUnderLoad(options: VmmOptions): Promise<void> {
  const vmm = await Vmm.boot(options);
  try {
    const work = Array.from({ length: BLOBS }, () => vmm.driver.createAndMap({ size: PAGE }));
    const first = work[0];
    for (const one of work) one.catch(() => undefined);
    await first;
  } finally {
    vmm.close();
  }
}

function ask<N extends FrontendRequestName>(
  socket: Fd,
  name: N,
  body: FrontendBody<N>,
  fds: readonly Fd[] = [],
): void {
  send(
    socket.number,
    encodeFrontendRequest(name, body),
    fds.map((fd) => fd.number),
  );
}
