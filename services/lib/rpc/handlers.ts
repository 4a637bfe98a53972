// What stands between grpc-js and a handler: it finds the peer, lets handlers be async, and turns whatever is thrown into an answer.
// Without it, an error thrown asynchronously ends in 'unhandledRejection' and the caller waits for its deadline.
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { StatusError } from './status-error.ts';
import type { Peer, RpcLog } from './unix-server.ts';

export type UnaryHandler<Request, Response> = (request: Request, peer: Peer) => Response | Promise<Response>;
export type StreamHandler<Request, Response> = (
  call: ServerWritableStream<Request, Response>,
  peer: Peer,
) => void;
export type BidiHandler<Request, Response> = (
  call: ServerDuplexStream<Request, Response>,
  peer: Peer,
) => void;

/** Anything that ends a call with an error: a stream of a server. */
export type FailingCall = { emit(event: 'error', error: Error): boolean };

export class Handlers {
  readonly #peerOf: (call: { getPeer(): string }) => Peer | null;
  readonly #log: RpcLog;

  constructor(peerOf: (call: { getPeer(): string }) => Peer | null, log: RpcLog) {
    this.#peerOf = peerOf;
    this.#log = log;
  }

  unary<Request, Response>(handler: UnaryHandler<Request, Response>): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const peer = this.#peerOf(call);
      if (peer === null) {
        callback(gone());
        return;
      }
      let result: Response | Promise<Response>;
      try {
        result = handler(call.request, peer);
      } catch (error) {
        callback(this.statusOf(error));
        return;
      }
      if (result instanceof Promise) {
        result.then(
          (response) => callback(null, response),
          (error: unknown) => callback(this.statusOf(error)),
        );
      } else {
        callback(null, result);
      }
    };
  }

  stream<Request, Response>(
    handler: StreamHandler<Request, Response>,
  ): handleServerStreamingCall<Request, Response> {
    return (call) => this.#start(call, handler);
  }

  bidi<Request, Response>(
    handler: BidiHandler<Request, Response>,
  ): handleBidiStreamingCall<Request, Response> {
    return (call) => this.#start(call, handler);
  }

  /** Ends a stream with the answer to `error`. destroy(error) would send nothing, and the caller would wait for ever. */
  fail(call: FailingCall, error: unknown): void {
    call.emit('error', this.statusOf(error));
  }

  /** A StatusError as it is; everything else is a fault of ours: it is logged, and the caller learns only that. */
  statusOf(error: unknown): StatusError {
    if (error instanceof StatusError) return error;
    this.#log.error({ err: error }, 'a call failed because of a fault in the broker');
    return new StatusError('INTERNAL', 'the broker failed to carry this out; its log has the details');
  }

  #start<Call extends FailingCall & { getPeer(): string }>(
    call: Call,
    handler: (call: Call, peer: Peer) => void,
  ): void {
    const peer = this.#peerOf(call);
    if (peer === null) {
      this.fail(call, gone());
      return;
    }
    try {
      handler(call, peer);
    } catch (error) {
      this.fail(call, error);
    }
  }
}

/** For a call whose connection has ended: nobody will read it. */
function gone(): StatusError {
  return new StatusError('SHUTTING_DOWN', 'the connection has ended');
}
