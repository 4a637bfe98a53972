// The fd channel's client: a one-time token goes out, a descriptor of host memory comes back (proto/barkeep/v1/common.proto, MemoryHandle); or goes
// with it, where the broker wants one.
//
// Messages on the SOCK_SEQPACKET connection: 32 bytes of token -> {status u32, reserved u32, size u64} with the descriptor, little-endian.
// The broker answers in order, so any number of tokens may be on their way. The connection is made when it is needed, and made again
// after a failure; a token belongs to this process, not to a connection.
import { afterReading, type Deadline } from '../lib/os/after-reading.ts';
import { closeAll, type Fd } from '../lib/os/fd.ts';
import { duplicate } from '../lib/os/memory.ts';
import { Poller } from '../lib/os/poll.ts';
import { connect, receive, send } from '../lib/os/socket.ts';

const ANSWER_BYTES = 16;

export class FdChannelError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`fetch memory over the fd channel: ${problem}`, options);
    this.name = 'FdChannelError';
  }
}

type Waiting = {
  readonly token: Uint8Array;
  /** What goes with the token, ours until it is sent; null where a descriptor is to come. */
  readonly gift: Fd | null;
  readonly resolve: (fd: Fd | null) => void;
  readonly reject: (error: Error) => void;
};

export class FdClient {
  readonly #path: string;
  readonly #timeout: number;
  #socket: Fd | null = null;
  #poller: Poller | null = null;
  /** Tokens that are on their way, oldest first; then those that the socket had no room for. */
  #asked: Waiting[] = [];
  #unsent: Waiting[] = [];
  /** Runs while an answer is due. */
  #silence: Deadline | null = null;

  /** `timeout`: how long the broker may be silent while answers are due, milliseconds. */
  constructor(path: string, timeout: number) {
    this.#path = path;
    this.#timeout = timeout;
  }

  /** Redeems a token; the caller owns the descriptor. Rejects with FdChannelError: the token may be used up then. */
  async redeem(token: Uint8Array): Promise<Fd> {
    return (await this.#ask(token, null)) as Fd;
  }

  /** Hands memory over for a token; `fd` stays the caller's. Rejects with FdChannelError when it is not taken: the token may be used up then. */
  async give(token: Uint8Array, fd: number): Promise<void> {
    await this.#ask(token, duplicate(fd));
  }

  #ask(token: Uint8Array, gift: Fd | null): Promise<Fd | null> {
    return new Promise((resolve, reject) => {
      try {
        this.#open();
      } catch (error) {
        gift?.close();
        reject(new FdChannelError((error as Error).message, { cause: error }));
        return;
      }
      this.#unsent.push({ token, gift, resolve, reject });
      this.#silence ??= afterReading(this.#timeout, () => this.#fail(`no answer within ${this.#timeout} ms`));
      this.#flush();
    });
  }

  /** Ends the connection; what is on its way is rejected. redeem() opens a new one. */
  close(): void {
    this.#fail('the channel was closed');
  }

  #open(): void {
    if (this.#socket) return;
    const socket = connect(this.#path, 'seqpacket');
    this.#socket = socket;
    this.#poller = new Poller(
      socket.number,
      () => this.#readable(),
      () => this.#flush(),
    );
  }

  #flush(): void {
    try {
      while (this.#socket && this.#unsent.length > 0) {
        const next = this.#unsent[0] as Waiting;
        if (send(this.#socket.number, next.token, next.gift === null ? [] : [next.gift.number]) === 0) break;
        next.gift?.close();
        this.#unsent.shift();
        this.#asked.push(next);
      }
      this.#poller?.wantWritable(this.#unsent.length > 0);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #readable(): void {
    try {
      while (this.#socket) {
        const message = receive(this.#socket.number, ANSWER_BYTES);
        if (!message) return;
        if (message.data.length === 0) {
          closeAll(message.fds);
          this.#fail('the broker closed the connection');
          return;
        }
        this.#answered(message.data, message.fds, message.truncated);
      }
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #answered(data: Buffer, fds: Fd[], truncated: boolean): void {
    const waiting = this.#asked.shift();
    this.#heard();
    const [fd] = fds;
    const isOk = data.length === ANSWER_BYTES && !truncated && data.readUInt32LE(0) === 0;
    if (waiting && isOk && fds.length === (waiting.gift === null ? 1 : 0)) {
      waiting.resolve(fd ?? null);
      return;
    }
    closeAll(fds);
    if (data.length >= 4 && data.readUInt32LE(0) !== 0) {
      waiting?.reject(new FdChannelError(`the broker refused the token with status ${data.readUInt32LE(0)}`));
    } else {
      waiting?.reject(
        new FdChannelError(
          `an answer of ${data.length} bytes with ${fds.length} descriptors, 16 and 1 are expected`,
        ),
      );
    }
    if (!waiting) this.#fail('an answer that nobody asked for');
  }

  /** The broker answers one after the other, and there may be hundreds: the time for the next one counts from now. */
  #heard(): void {
    if (this.#asked.length + this.#unsent.length > 0) this.#silence?.refresh();
    else this.#listenNoMore();
  }

  #listenNoMore(): void {
    this.#silence?.cancel();
    this.#silence = null;
  }

  #fail(problem: string): void {
    this.#poller?.close();
    this.#socket?.close();
    this.#poller = null;
    this.#socket = null;
    this.#listenNoMore();
    const waiting = [...this.#asked, ...this.#unsent];
    this.#asked = [];
    this.#unsent = [];
    for (const { gift, reject } of waiting) {
      gift?.close();
      reject(new FdChannelError(problem));
    }
  }
}
