// A request of the VMM on its way to its handler. Each part of a connection has a table of the requests that are its own.
import { closeAll, type Fd } from '../os/fd.ts';
import {
  encodeFrontendReply,
  type FrontendBody,
  type FrontendReply,
  type FrontendRequestName,
  WireError,
} from '../wire/vhost-user.ts';

export type OwnReply = { readonly reply: Buffer };

/** How a request is answered: with its own reply, with a REPLY_ACK if one is wanted, or later. */
export type Answer = OwnReply | 'done' | 'later';

/** Of a request with this body. */
export type RequestWith<B> = {
  readonly body: B;
  /** Its name and number, for messages. */
  readonly what: string;
  readonly fds: FdBox;
};

export type Request<N extends FrontendRequestName> = RequestWith<FrontendBody<N>>;

/** Throws VhostUserError for what the VMM may not ask. */
export type RequestHandlers = { readonly [N in FrontendRequestName]?: (request: Request<N>) => Answer };

/** The descriptors of one message: whoever takes them owns them, the rest is closed when the message is done. */
export class FdBox {
  #fds: readonly Fd[];

  constructor(fds: readonly Fd[]) {
    this.#fds = fds;
  }

  takeAll(): readonly Fd[] {
    const fds = this.#fds;
    this.#fds = [];
    return fds;
  }

  /** The codec has checked that there is exactly one. */
  takeOne(): Fd {
    const [fd] = this.takeAll();
    if (!fd) throw new WireError('message', 'a descriptor is missing');
    return fd;
  }

  close(): void {
    closeAll(this.takeAll());
  }
}

export function reply<N extends FrontendRequestName>(name: N, body: FrontendReply<N>): OwnReply {
  return { reply: encodeFrontendReply(name, body) };
}
