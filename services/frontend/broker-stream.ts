// One gRPC stream to the broker: it attaches (or resumes), carries accounts, requests and their answers, and ends. It has no memory of what was
// asked on it; broker-session.ts makes a new stream when one ends.
import { Client, type ClientDuplexStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../lib/rpc/service-definition.ts';
import { type ErrorInfo, readError } from '../lib/rpc/status-error.ts';
import { VERSION } from '../lib/runtime/version.ts';
import { type Attachment, attachmentOf, ProtocolViolation } from './operation.ts';

type Request = barkeep.v1.SessionRequest.$Properties;
type Response = barkeep.v1.SessionResponse.$Properties;

export type AttachRequest = {
  readonly vm: string;
  readonly secret: string;
  /** Empty for a new session. */
  readonly session: Uint8Array;
};

/** What a broker tells whoever decides for a VM. */
export type News =
  | { readonly kind: 'entered'; readonly entered: barkeep.v1.AccountsEntered.$Properties }
  | { readonly kind: 'grant'; readonly grant: barkeep.v1.Grant.$Properties }
  | { readonly kind: 'memory'; readonly memory: barkeep.v1.Memory.$Properties }
  | { readonly kind: 'recall' }
  | { readonly kind: 'revoked'; readonly why: string };

/** How a stream tells what happens. Nothing is called after onEnd, and nothing after close(). */
export type StreamListener = {
  /** Once, before anything else. */
  onAttached(attachment: Attachment): void;
  /** What is told to whoever decides for the VM. A ProtocolViolation that it throws ends the stream. */
  onNews(news: News): void;
  /** The stream is over: null after an orderly end, otherwise why. */
  onEnd(error: ErrorInfo | null): void;
};

// One channel a stream, and so one connection: an attachment belongs to its connection. The local pool keeps grpc-js from sharing a
// connection, and its back-off, with an earlier stream. A window of 64 TiB needs no long messages: the default limits hold.
const CHANNEL_OPTIONS = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
  // A channel that was closed while it could not connect would try again by itself later, and hold that connection: a channel tries once.
  'grpc.initial_reconnect_backoff_ms': 1_000_000_000,
  'grpc.max_reconnect_backoff_ms': 1_000_000_000,
};
const definition = brokerServiceDefinition['session'];

export class BrokerStream {
  readonly #listener: StreamListener;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Request, Response>;
  #isAttached = false;
  #isOver = false;
  /** Why the broker's answer to the attach is of no use. */
  #unfit: ErrorInfo | null = null;

  /** Connects at once; what comes of it is told to the listener, never before the constructor has returned. */
  constructor(socketPath: string, attach: AttachRequest, listener: StreamListener) {
    if (!definition) throw new Error('the generated code has no method BrokerService.Session');
    this.#listener = listener;
    this.#client = new Client(`unix:${socketPath}`, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#call = this.#client.makeBidiStreamRequest<Request, Response>(
      definition.path,
      definition.requestSerialize as (request: Request) => Buffer,
      definition.responseDeserialize as (bytes: Buffer) => Response,
    );
    this.#call.on('data', (response: Response) => this.#received(response));
    this.#call.on('error', (error: ServiceError) => this.#end(readError(error)));
    this.#call.on('end', () => this.#end(null));
    this.#call.write({ attach: { ...attach, decides: true, asksMemory: true } });
  }

  /** As long as the stream is attached; false otherwise, and nothing is sent. */
  sendAccounts(accounts: barkeep.v1.Accounts.$Properties): boolean {
    return this.#sendAttached({ accounts });
  }

  /** As sendAccounts(). */
  sendGrantRequest(grantRequest: barkeep.v1.GrantRequest.$Properties): boolean {
    return this.#sendAttached({ grantRequest });
  }

  /** As sendAccounts(). */
  sendMemoryRequest(memoryRequest: barkeep.v1.MemoryRequest.$Properties): boolean {
    return this.#sendAttached({ memoryRequest });
  }

  sendStatistics(statistics: barkeep.v1.FrontendStatistics.$Properties): void {
    if (!this.#isOver) this.#call.write({ statistics });
  }

  /** Gives the VM up; the broker ends the stream. */
  sendDetach(): void {
    if (!this.#isOver) this.#call.write({ detach: {} });
  }

  /** Gives the VM up, and hears nothing more. */
  leave(): void {
    if (this.#isOver) return;
    this.#call.write({ detach: {} });
    this.#isOver = true;
    this.#client.close();
  }

  /** Breaks the stream off, silently. The broker keeps the VM as orphaned. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call.cancel();
    this.#client.close();
  }

  #sendAttached(request: Request): boolean {
    if (this.#isOver || !this.#isAttached) return false;
    this.#call.write(request);
    return true;
  }

  #received(response: Response): void {
    if (this.#isOver || this.#unfit !== null) return;
    try {
      if (response.attached) {
        if (this.#isAttached) throw new ProtocolViolation('a second Attached');
        const { grant } = response.attached;
        if (!grant) {
          this.#leaveOlder(response.attached);
          return;
        }
        this.#isAttached = true;
        this.#listener.onAttached(attachmentOf(response.attached, grant));
      } else {
        this.#listener.onNews(newsOf(response));
      }
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#call.cancel();
      this.#end({ code: status.INTERNAL, reason: null, message: error.message, data: {} });
    }
  }

  /** A session that was begun for nothing is given back; one that goes on stays as it is, for a broker that knows more. */
  #leaveOlder({ resumed, brokerVersion }: barkeep.v1.Attached.$Properties): void {
    const found = !brokerVersion ? 'of an unknown version' : `of version ${brokerVersion}`;
    const message =
      `the broker (${found}) gives this VM no grant, and this frontend (of version ${VERSION}) decides for its VM within one; ` +
      'upgrade and restart the broker first, then its frontends';
    this.#unfit = { code: status.FAILED_PRECONDITION, reason: 'BROKER_TOO_OLD', message, data: {} };
    if (resumed) {
      this.#call.cancel();
      this.#end(null);
    } else this.#call.write({ detach: {} });
  }

  #end(error: ErrorInfo | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#client.close();
    this.#listener.onEnd(this.#unfit ?? error);
  }
}

function newsOf({ entered, grant, memory, recall, revoked }: Response): News {
  if (entered) return { kind: 'entered', entered };
  if (grant) return { kind: 'grant', grant };
  if (memory) return { kind: 'memory', memory };
  if (recall) return { kind: 'recall' };
  if (revoked) return { kind: 'revoked', why: revoked.message ?? '' };
  throw new ProtocolViolation('a message without anything that was asked for');
}
