// One Session stream: attach (or resume), then batches, answered in order; or accounts and requests for grants, of a caller that decides. It has
// its VM until it ends.
//
//     new --Attach--> attaching ----> open --Detach--> detaching --> ended
//      '------------------'-------------'----- error, end of stream -----^
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Reply } from '../../lib/domain/command.ts';
import { AccountsError } from '../../lib/domain/follow.ts';
import type { Host } from '../../lib/domain/host.ts';
import { MemoryRequestError } from '../../lib/domain/memory-request.ts';
import type { Refusal } from '../../lib/domain/refusal.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import type { Handlers } from '../../lib/rpc/handlers.ts';
import { reasonNumber, StatusError } from '../../lib/rpc/status-error.ts';
import { fromWire, toWire } from '../../lib/rpc/u64.ts';
import type { Peer } from '../../lib/rpc/unix-server.ts';
import type { BatchRunner } from '../batch-runner.ts';
import type { FollowedVm } from '../followed-vm.ts';
import { checkFrontendFigures } from '../frontend-figures.ts';
import type { GrantDesk } from '../grants.ts';
import type { StageDurations } from '../stage-durations.ts';
import type { Told } from '../told.ts';
import { type Attachment, suspended, type VmDirectory, type VmOwner } from '../vm-directory.ts';
import { AccountsReader } from './accounts-codec.ts';
import { decodeBatch, encodeReplies, type MemoryHandle } from './command-codec.ts';
import { decodeGrantRequest, decodeMemoryRequest, encodeGrant } from './grant-codec.ts';
import type { Handles } from './handles.ts';

/** Before it is looked again whether accounts can be written down, milliseconds. */
const ROOM_PAUSE = 250;

type Call = ServerDuplexStream<barkeep.v1.SessionRequest, barkeep.v1.SessionResponse.$Properties>;

export type SessionServices = {
  readonly directory: VmDirectory;
  readonly runner: BatchRunner;
  readonly stageDurations: StageDurations;
  readonly host: Host;
  readonly grants: GrantDesk;
  readonly handles: Handles;
  readonly handlers: Handlers;
};

export class Session implements VmOwner {
  readonly peer: Peer;
  readonly #call: Call;
  readonly #services: SessionServices;
  #attachment: Attachment | null = null;
  /** Of a caller that decides, from its first accounts on. */
  #reader: AccountsReader | null = null;
  #state: 'new' | 'attaching' | 'open' | 'detaching' | 'ended' = 'new';
  /** Why the stream is not read now: each reason holds it once. */
  #holds = 0;

  /** Serves the call from here on. */
  constructor(call: Call, peer: Peer, services: SessionServices) {
    this.#call = call;
    this.peer = peer;
    this.#services = services;
    call.on('data', (request: barkeep.v1.SessionRequest) => this.#receive(request));
    call.on('end', () => this.#end());
    call.on('cancelled', () => this.#leave());
    call.on('close', () => this.#leave());
  }

  dismiss(error: StatusError | null): void {
    if (this.#state === 'ended') return;
    if (error === null) this.#end();
    else this.#fail(error);
  }

  recall(): void {
    if (this.#state === 'open') this.#send({ recall: {} });
  }

  revoke(why: string): void {
    if (this.#state === 'open') this.#send({ revoked: { message: why } });
  }

  #receive(request: barkeep.v1.SessionRequest): void {
    if (this.#state === 'ended') return;
    try {
      if (request.batch) this.#runBatch(request.batch);
      else if (request.accounts) this.#tell(request.accounts);
      else if (request.grantRequest) this.#askGrant(request.grantRequest);
      else if (request.memoryRequest) this.#askMemory(request.memoryRequest);
      else if (request.attach) this.#attach(request.attach);
      else if (request.statistics) this.#report(request.statistics);
      else if (request.detach) this.#detach();
      else
        throw new StatusError(
          'PROTOCOL',
          'a message has none of attach, batch, accounts, grant_request, memory_request, statistics and detach',
        );
    } catch (error) {
      this.#fail(error);
    }
  }

  #report(statistics: barkeep.v1.FrontendStatistics.$Properties): void {
    const { entry } = this.#opened();
    entry.frontend = checkFrontendFigures(statistics);
    this.#services.stageDurations.report(entry.config.name, entry.frontend);
  }

  #opened(): Attachment {
    if (this.#state === 'open' && this.#attachment !== null) return this.#attachment;
    throw new StatusError('PROTOCOL', 'the first message of a stream has to be attach');
  }

  #attach(request: barkeep.v1.Attach.$Properties): void {
    if (this.#state !== 'new') {
      throw new StatusError('PROTOCOL', 'a second attach came; a stream has one VM, so open another stream');
    }
    this.#state = 'attaching';
    this.#hold();
    const { directory, handles } = this.#services;
    const wanted = {
      vm: request.vm ?? '',
      secret: request.secret ?? '',
      session: request.session ?? new Uint8Array(),
      decides: request.decides ?? false,
      asksMemory: request.asksMemory ?? false,
    };
    directory
      .attach(wanted, this)
      .then((attachment) => {
        if (this.#state !== 'attaching') {
          directory.orphan(attachment.entry, this);
          return;
        }
        this.#attachment = attachment;
        this.#state = 'open';
        this.#send({ attached: handles.attached(attachment, this.peer) });
        this.#release();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #runBatch(batch: barkeep.v1.Batch.$Properties): void {
    const { entry, attached } = this.#opened();
    attached.checkDecidedHere();
    const commands = decodeBatch(batch);
    const refusal = attached.vm.acknowledge(fromWire(batch.acknowledged));
    if (refusal !== null) throw new StatusError('PROTOCOL', refusal.message, refusal.metadata);
    const result = this.#services.runner.run(entry, attached, commands);
    if (Array.isArray(result)) {
      this.#answer(result);
      return;
    }
    this.#hold();
    result.then(
      (replies) => {
        this.#answer(replies);
        this.#release();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #tell(message: barkeep.v1.Accounts.$Properties): void {
    const followed = this.#followed('accounts');
    const reader = this.#reader ?? new AccountsReader(followed);
    this.#reader = reader;
    this.#judge(() => {
      const told = reader.take(message, followed.accountsVersion, followed.grant.allocations);
      if (told !== null) this.#enter(followed, told);
    });
  }

  /** What cannot be written down is not entered: who told it waits, with all that he says after it. */
  #enter(followed: FollowedVm, told: Told): void {
    if (followed.hasRoomFor(told)) {
      this.#services.runner.enter(followed, told);
      this.#send({ entered: { version: told.version } });
      return;
    }
    this.#hold();
    setTimeout(() => {
      if (this.#state !== 'open') return;
      try {
        this.#followed('accounts');
        this.#judge(() => this.#enter(followed, told));
        this.#release();
      } catch (error) {
        this.#fail(error);
      }
    }, ROOM_PAUSE).unref();
  }

  /** Accounts that cannot be end the stream, and suspend the VM. */
  #judge(work: () => void): void {
    const { entry } = this.#opened();
    try {
      work();
    } catch (error) {
      if (!(error instanceof AccountsError)) throw error;
      this.#services.directory.suspend(entry, this, error.message);
      throw suspended(entry.config.name, error.message);
    }
  }

  #askGrant(message: barkeep.v1.GrantRequest.$Properties): void {
    const { host, grants } = this.#services;
    const followed = this.#followed('a request for a grant');
    const request = decodeGrantRequest(message, followed.vm, host);
    const number = toWire(fromWire(message.number));
    grants.ask(followed, request, (answer) => {
      if (this.#state === 'open') this.#send({ grant: { ...encodeGrant(answer), number } });
    });
  }

  #askMemory(message: barkeep.v1.MemoryRequest.$Properties): void {
    const { host, directory } = this.#services;
    const { entry } = this.#opened();
    const followed = this.#followed('a request for memory');
    const request = decodeMemoryRequest(message, followed.vm, host);
    followed.memory.request(request).then(
      (made) => this.#giveMemory(request.number, made),
      (error: unknown) => {
        if (error instanceof MemoryRequestError) this.#fail(new StatusError('PROTOCOL', error.message));
        else void directory.giveUp(entry, error);
      },
    );
  }

  /** Null: it was settled, or the VM given up, before it was ready. */
  #giveMemory(number: number, made: Allocation | Refusal | null): void {
    if (this.#state !== 'open' || made === null) return;
    if ('reason' in made) {
      this.#send({ memory: { number, error: { reason: reasonNumber(made.reason), message: made.message } } });
      return;
    }
    this.#send({ memory: { number, memory: this.#handle(made, made.size) } });
  }

  #followed(what: string): FollowedVm {
    const { entry, attached } = this.#opened();
    attached.checkOpen(what);
    if (attached.followed !== null) return attached.followed;
    const { name, placement } = entry.config;
    throw new StatusError(
      'PROTOCOL',
      `${what} came for VM "${name}", but the broker decides for it: its session was begun without decides, or with blobs that no window can hold (placement ${placement}); send commands`,
      { vm: name },
    );
  }

  #answer(replies: readonly Reply[]): void {
    if (this.#state === 'ended') return;
    this.#send({ batch: { replies: encodeReplies(replies, this.#handle) } });
  }

  readonly #handle = (allocation: Allocation, size: number): MemoryHandle =>
    this.#services.handles.ofAllocation(
      this.#attachment?.entry.config.name ?? '',
      this.peer,
      allocation,
      size,
    );

  #detach(): void {
    const { entry } = this.#opened();
    this.#state = 'detaching';
    this.#hold();
    this.#services.directory.detach(entry, this).then(
      () => this.#end(),
      (error: unknown) => this.#fail(error),
    );
  }

  /** A caller that does not read its answers is not read either. */
  #send(response: barkeep.v1.SessionResponse.$Properties): void {
    if (this.#call.write(response)) return;
    this.#hold();
    this.#call.once('drain', () => this.#release());
  }

  #hold(): void {
    this.#holds += 1;
    this.#call.pause();
  }

  #release(): void {
    this.#holds -= 1;
    if (this.#holds === 0 && this.#state !== 'ended') this.#call.resume();
  }

  #fail(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#leave();
    this.#services.handlers.fail(this.#call, error);
    // What still comes in is read and dropped, or the caller would not get to the end of the stream.
    this.#call.resume();
  }

  #end(): void {
    if (this.#state === 'ended') return;
    this.#leave();
    this.#call.end();
    this.#call.resume();
  }

  /** The stream is over, for whatever reason: what it had and did not give up is kept for the grace. */
  #leave(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    if (this.#attachment === null) return;
    const { entry, attached } = this.#attachment;
    if (attached.followed !== null) this.#services.grants.withdraw(attached.followed);
    this.#services.directory.orphan(entry, this);
  }
}
