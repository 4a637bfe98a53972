// One Session stream: attach (or resume), then batches, answered in order. It has its VM until it ends.
//
//     new --Attach--> attaching ----> open --Detach--> detaching --> ended
//      '------------------'-------------'----- error, end of stream -----^
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Allocation } from '../../lib/domain/allocation.ts';
import type { Reply } from '../../lib/domain/command.ts';
import type { barkeep } from '../../lib/rpc/gen/barkeep.js';
import type { Handlers } from '../../lib/rpc/handlers.ts';
import { StatusError } from '../../lib/rpc/status-error.ts';
import { fromWire } from '../../lib/rpc/u64.ts';
import type { Peer } from '../../lib/rpc/unix-server.ts';
import type { BatchRunner } from '../batch-runner.ts';
import { checkFrontendFigures } from '../frontend-figures.ts';
import type { StageDurations } from '../stage-durations.ts';
import type { Attachment, VmDirectory, VmOwner } from '../vm-directory.ts';
import { decodeBatch, encodeReplies, type MemoryHandle } from './command-codec.ts';
import type { Handles } from './handles.ts';

type Call = ServerDuplexStream<barkeep.v1.SessionRequest, barkeep.v1.SessionResponse.$Properties>;

export type SessionServices = {
  readonly directory: VmDirectory;
  readonly runner: BatchRunner;
  readonly stageDurations: StageDurations;
  readonly handles: Handles;
  readonly handlers: Handlers;
};

export class Session implements VmOwner {
  readonly peer: Peer;
  readonly #call: Call;
  readonly #services: SessionServices;
  #attachment: Attachment | null = null;
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

  #receive(request: barkeep.v1.SessionRequest): void {
    if (this.#state === 'ended') return;
    try {
      if (request.batch) this.#runBatch(request.batch);
      else if (request.attach) this.#attach(request.attach);
      else if (request.statistics) this.#report(request.statistics);
      else if (request.detach) this.#detach();
      else throw new StatusError('PROTOCOL', 'a message has neither attach, batch, statistics nor detach');
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
    if (this.#attachment !== null) this.#services.directory.orphan(this.#attachment.entry, this);
  }
}
