// The least back-end that a front-end can be tested against: it says yes to everything, keeps a log, and sends on its channel what a test
// asks for. The device's own back-end is better in every way but one: it does not misbehave.
import { closeAll, Fd } from '../../services/lib/os/fd.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { accept, listen } from '../../services/lib/os/socket.ts';
import { MessageStream, type StreamMessage } from '../../services/lib/vhost-user/message-stream.ts';
import {
  type BackendBody,
  type BackendRequestName,
  bitSet,
  decodeFrontendRequest,
  decodeStatus,
  encodeBackendRequest,
  encodeFrontendReply,
  encodeStatus,
  type FrontendMessage,
  PROTOCOL_FEATURE,
} from '../../services/lib/wire/vhost-user.ts';

export type StubOptions = {
  readonly path: string;
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  readonly windowSize: number;
  readonly mostSlots?: number;
};

/** The virtio features of facts: VIRGL 0, RESOURCE_BLOB 3, CONTEXT_INIT 4, INDIRECT_DESC 28, PROTOCOL_FEATURES 30, VERSION_1 32. */
export const STUB_FEATURES = 0x1_5000_0019n;
export const STUB_PROTOCOL_FEATURES = bitSet(
  PROTOCOL_FEATURE.MQ,
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.CONFIG,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.SHMEM,
);

export class StubBackEnd {
  /** Every request in order, "NAME" or "NAME!" when it asked for an acknowledgement. */
  readonly log: string[] = [];
  readonly messages: FrontendMessage[] = [];
  /** What SET_STATUS said last. */
  status = 0;
  readonly #options: StubOptions;
  readonly #listener: Fd;
  readonly #poller: Poller;
  #socket: MessageStream | null = null;
  #channel: MessageStream | null = null;
  #answers: ((status: number) => void)[] = [];

  constructor(options: StubOptions) {
    this.#options = options;
    this.#listener = listen(options.path, 'stream');
    this.#poller = new Poller(this.#listener.number, () => {
      const fd = accept(this.#listener.number);
      if (fd) {
        this.#socket = new MessageStream(fd, {
          onMessage: (message) => this.#onMessage(message),
          onEnd: () => {},
        });
      }
    });
  }

  /** Sends a request on the channel; the status of its acknowledgement. */
  ask<N extends BackendRequestName>(name: N, body: BackendBody<N>, fds: readonly Fd[] = []): Promise<number> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#channel?.send(encodeBackendRequest(name, body, { needReply: true }), fds);
    });
  }

  /** The last table of each kind that was received. */
  last<N extends FrontendMessage['name']>(name: N): Extract<FrontendMessage, { name: N }> | undefined {
    return this.messages.findLast((message) => message.name === name) as
      | Extract<FrontendMessage, { name: N }>
      | undefined;
  }

  hangUp(): void {
    this.#socket?.close();
  }

  close(): void {
    this.#poller.close();
    this.#listener.close();
    this.#socket?.close();
    this.#channel?.close();
  }

  #onMessage(raw: StreamMessage): void {
    const { request, needReply } = raw.header;
    const message = decodeFrontendRequest(request, raw.payload, raw.fds.length);
    if (!message) throw new Error(`request ${request} is not known`);
    this.log.push(`${message.name}${needReply ? '!' : ''}`);
    this.messages.push(message);
    if (message.name === 'SET_BACKEND_REQ_FD') {
      this.#channel = new MessageStream(new Fd(raw.fds[0]!.release()), {
        onMessage: ({ header, payload }) =>
          this.#answers.shift()?.(Number(decodeStatus(header.request, payload))),
        onEnd: () => {},
      });
    }
    closeAll(raw.fds);
    const reply = this.#replyTo(message) ?? (needReply ? encodeStatus(request, 0) : null);
    if (reply) this.#socket?.send(reply);
  }

  #replyTo(message: FrontendMessage): Buffer | null {
    switch (message.name) {
      case 'GET_FEATURES':
        return encodeFrontendReply('GET_FEATURES', this.#options.features);
      case 'GET_PROTOCOL_FEATURES':
        return encodeFrontendReply('GET_PROTOCOL_FEATURES', this.#options.protocolFeatures);
      case 'GET_QUEUE_NUM':
        return encodeFrontendReply('GET_QUEUE_NUM', 2);
      case 'GET_MAX_MEM_SLOTS':
        return encodeFrontendReply('GET_MAX_MEM_SLOTS', this.#options.mostSlots ?? 509);
      case 'GET_SHMEM_CONFIG':
        return encodeFrontendReply('GET_SHMEM_CONFIG', new Map([[1, this.#options.windowSize]]));
      case 'GET_CONFIG':
        return encodeFrontendReply('GET_CONFIG', message.body);
      case 'GET_VRING_BASE':
        return encodeFrontendReply('GET_VRING_BASE', { index: message.body.index, value: 7 });
      case 'GET_STATUS':
        return encodeFrontendReply('GET_STATUS', this.status);
      case 'SET_STATUS':
        this.status = Number(message.body);
        return null;
      default:
        return null;
    }
  }
}
