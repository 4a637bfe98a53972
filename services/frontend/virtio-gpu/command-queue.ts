// A queue of commands: everything that waits at a kick is planned in order, what needs the broker becomes one batch, and the answers go back
// in order with one used index and at most one interrupt.
//
//   chains at one kick:   CTX_CREATE  CREATE a  MAP a  ATTACH a | CREATE_2D a ...
//                         answer      broker    broker later    | wait: whether `a` is free is not known yet
//                         '---------- one segment -------------'  the next one, when the first is answered
//
// So the outcome is that of strictly one command after the other. Where mapping is the broker's business alone, one more segment may be on its
// way while the first is not answered: the broker keeps the order, and what depends on an answer waits as it would within one segment. A guest
// that takes one blob down and puts the next one up does not wait for the first, then. Otherwise nothing is popped while a segment is under
// way; kicks are remembered by the queue itself, which is looked at again when everything is answered.

import { faultPoint } from '../../lib/os/fault-point.ts';
import type { Logger } from '../../lib/runtime/log.ts';
import type { DurableQueue } from '../../lib/vhost-user/device.ts';
import { messageOf } from '../../lib/vhost-user/errors.ts';
import type { Chain, Completion } from '../../lib/vhost-user/virtqueue.ts';
import {
  COMMANDS,
  type CommandName,
  commandName,
  HEADER_BYTES,
  HEADER_FLAG,
  type Header,
  header as headerFormat,
  LARGEST_RING_INDEX,
  viewOf,
} from '../../lib/wire/virtio-gpu.ts';
import type { Done } from '../broker-session.ts';
import type { Operation, Result } from '../operation.ts';
import type { Change } from '../state/changes.ts';
import type { CountedCommand, Statistics } from '../statistics.ts';
import { type Answer, encodeReply, INVALID_PARAMETER, UNSPEC } from './answers.ts';
import { answered, type DeviceState, type Handler, type Plan } from './command.ts';

export type CommandQueueOptions = {
  readonly queue: DurableQueue;
  readonly handlers: Readonly<Partial<Record<CommandName, Handler>>>;
  readonly state: DeviceState;
  /** See BrokerPipeline.execute(). */
  readonly execute: (operations: readonly Operation[], started: number, done: Done) => void;
  /** See Placement.mapsEachBlob; asked for each segment. */
  readonly mapsEachBlob: () => boolean;
  /** See Placement.isSettled; asked for each segment. */
  readonly isSettled: () => boolean;
  /** Null for a queue whose commands change nothing. */
  readonly keeper: SegmentKeeper | null;
  readonly statistics: Statistics;
  readonly log: Logger;
};

/** Who makes the effects of commands outlive this process; called in this order for each segment. */
export type SegmentKeeper = {
  /** Whether a predecessor that had been warned of this chain had come so far as to finish it. */
  wasFinishing(chain: number): boolean;
  /** The chain, which a predecessor died of, is about to be finished. */
  finishing(chain: number): void;
  /** What `work`, which plans a segment, changes: that is the segment's, and counts with it. */
  planning(work: () => void): readonly Change[];
  /** What was changed by planning, and what has changed since the last call, counts once the chain with this number is published. */
  finished(chain: number, planned: readonly Change[]): void;
  /**
   * Every chain below this number is published. Quiet: nothing that is in the tables is not. Idle: nothing waits in the queue either. Busy: a
   * later segment is planned already.
   */
  published(published: number, state: 'busy' | 'quiet' | 'idle'): void;
  /** Whether it waits for a quiet moment. */
  isQuietWanted(): boolean;
};

/** Commands that are planned and not answered. */
type Segment = {
  readonly jobs: readonly Job[];
  readonly planned: readonly Change[];
  /** Resources that it creates or destroys. */
  readonly unsettled: readonly number[];
  /** performance.now() of the kick that announced it: latency counts from there. */
  readonly since: number;
  /** Of its broker commands, in order; null until they are there. */
  results: readonly Result[] | null;
};

type Job = {
  readonly chain: Chain;
  /** Null when the chain is too short for one. */
  readonly header: Header | null;
  readonly name: CommandName | null;
  readonly plan: Plan;
  /** Suspect: a predecessor died of it. Poison: two did, and it is not run again. */
  readonly health: 'well' | 'suspect' | 'poison';
};

const NO_RESULTS: readonly Result[] = [];
const NO_CHANGES: readonly Change[] = [];
/** Under way at once, where that is allowed: more would only make smaller batches of the same commands. */
const MOST_SEGMENTS = 2;
/** Processes that may run the handler of one command: the first, and one more, because it may have died of something else. */
const MOST_ATTEMPTS = 2;
/** Of a command that is logged: all of it, but for long lists of guest memory. */
const MOST_LOGGED_BYTES = 4096;

export class CommandQueue {
  readonly #options: CommandQueueOptions;
  readonly #queue: DurableQueue;
  #chains: readonly Chain[] = [];
  /** The first chain of #chains that is not planned. */
  #next = 0;
  /** In the order of the queue, which is that of their answers. */
  readonly #segments: Segment[] = [];
  /** performance.now() when the chains were taken: time-outs count from there. */
  #started = 0;
  /** performance.now() of the kick that announced them, which may be earlier: latency counts from there. */
  #since = 0;
  /** The first kick that was heard while others were worked on; 0 when none was. */
  #kicked = 0;
  #isDead = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#queue = options.queue;
  }

  /** The guest has put chains into the queue, perhaps. Never throws for what they hold. */
  kick(): void {
    if (this.#kicked === 0) this.#kicked = performance.now();
    this.#work();
  }

  /** The queue is gone: nothing is answered any more. */
  stop(): void {
    this.#isDead = true;
    this.#chains = [];
    this.#segments.length = 0;
  }

  /** Begins segments until one has to wait, or nothing is left. */
  #work(): void {
    while (!this.#isDead && this.#segments.length < this.#mostSegments) {
      if (this.#next === this.#chains.length && !this.#pop()) return;
      if (!this.#begin()) return;
    }
  }

  get #mostSegments(): number {
    const { isSettled, keeper } = this.#options;
    return isSettled() && !keeper?.isQuietWanted() ? MOST_SEGMENTS : 1;
  }

  #pop(): boolean {
    this.#chains = this.#queue.popAll();
    this.#next = 0;
    const now = performance.now();
    this.#since = this.#kicked === 0 ? now : this.#kicked;
    this.#started = now;
    this.#kicked = 0;
    if (this.#chains.length > 0) return true;
    if (this.#queue.inFlight === 0) this.#options.keeper?.published(this.#queue.published, 'idle');
    return false;
  }

  /** Plans a segment and sends it on its way; false when what is next has to wait for the one before. */
  #begin(): boolean {
    const { keeper, execute } = this.#options;
    const operations: Operation[] = [];
    const unsettled: number[] = [];
    let jobs: readonly Job[] = [];
    const plan = (): void => {
      jobs = this.#plan(operations, unsettled);
    };
    const planned = keeper ? keeper.planning(plan) : NO_CHANGES;
    if (!keeper) plan();
    if (jobs.length === 0) return false;
    this.#next += jobs.length;
    const results = operations.length === 0 ? NO_RESULTS : null;
    const segment: Segment = { jobs, planned, unsettled, since: this.#since, results };
    this.#segments.push(segment);
    if (results !== null) {
      this.#finishAll();
      return true;
    }
    execute(operations, this.#started, (found) => {
      if (this.#isDead) return;
      segment.results = found;
      this.#finishAll();
      this.#work();
    });
    return true;
  }

  /** Answers what can be answered, in the order of the queue. */
  #finishAll(): void {
    for (;;) {
      const [first] = this.#segments;
      if (!first?.results) return;
      this.#segments.shift();
      this.#finish(first, first.results);
    }
  }

  // ---- plan -----------------------------------------------------------------------------------------------------------------------------

  /**
   * Plans from the next chain on, up to one that has to wait. Adds what the broker is to be asked to `operations`, and which resources that
   * creates or destroys to `unsettled`.
   */
  #plan(operations: Operation[], unsettled: number[]): readonly Job[] {
    const { resources } = this.#options.state;
    const mapping = this.#options.mapsEachBlob() ? new Set<number>() : null;
    const jobs: Job[] = [];
    for (let index = this.#next; index < this.#chains.length; index += 1) {
      const job = this.#job(this.#chains[index] as Chain);
      const { plan } = job;
      if (plan.kind === 'wait' && jobs.length + this.#segments.length > 0) break;
      const number = this.#queue.numberOf(job.chain);
      if (plan.kind === 'broker') {
        const { operation } = plan;
        if (operation.kind !== 'reset') {
          // Whether the VMM has a mapping to take out is known once the map is answered.
          if (mapping?.has(operation.resourceId) && operation.kind !== 'create') break;
          if (operation.kind === 'map') mapping?.add(operation.resourceId);
          else if (operation.kind !== 'unmap') {
            resources.unsettle(operation.resourceId);
            unsettled.push(operation.resourceId);
          }
        }
        operations.push(operation.kind === 'reset' ? operation : { ...operation, chain: number });
      }
      jobs.push(job);
    }
    faultPoint('gpu.planned');
    return jobs;
  }

  #job(chain: Chain): Job {
    const { readable } = chain;
    if (readable.length < HEADER_BYTES)
      return { chain, header: null, name: null, plan: answered(UNSPEC), health: 'well' };
    const view = viewOf(readable);
    const header = headerFormat.decode(view);
    const name = commandName(header.type);
    const attempt = this.#queue.handling(chain);
    const isSuspect = attempt > 1;
    const isPoison =
      attempt > MOST_ATTEMPTS ||
      (isSuspect && this.#options.keeper?.wasFinishing(this.#queue.numberOf(chain)) === true);
    const plan = isPoison ? this.#refuse(chain, name) : this.#decide(name, header, view, chain.readableBytes);
    this.#queue.handled();
    return { chain, header, name, plan, health: isPoison ? 'poison' : isSuspect ? 'suspect' : 'well' };
  }

  /** A command that killed two processes is not tried a third time. */
  #refuse({ readable }: Chain, name: CommandName | null): Plan {
    this.#options.log.error(
      {
        command: name,
        bytes: readable.subarray(0, MOST_LOGGED_BYTES).toString('hex'),
        size: readable.length,
      },
      'a command that ended this process twice is answered with ERR_UNSPEC',
    );
    return answered(UNSPEC);
  }

  #decide(name: CommandName | null, header: Header, view: DataView, length: number): Plan {
    const handler = name === null ? undefined : this.#options.handlers[name];
    if (name === null || handler === undefined) return answered(UNSPEC);
    const hasRing = (header.flags & HEADER_FLAG.INFO_RING_IDX) !== 0;
    if (view.byteLength < COMMANDS[name].body.bytes || (hasRing && header.ringIndex > LARGEST_RING_INDEX)) {
      return answered(INVALID_PARAMETER);
    }
    try {
      return handler({ header, view, length }, this.#options.state);
    } catch (error) {
      return answered(this.#failed(name, error));
    }
  }

  // ---- finish ---------------------------------------------------------------------------------------------------------------------------

  /** Answers a segment. `results` are those of its broker commands, in order. */
  #finish({ jobs, planned, unsettled, since }: Segment, results: readonly Result[]): void {
    const { state, statistics, log } = this.#options;
    for (const id of unsettled) state.resources.settle(id);
    const completions: Completion[] = [];
    let nextResult = 0;
    for (const job of jobs) {
      const result = job.plan.kind === 'broker' ? results[nextResult++] : undefined;
      const answer = this.#answer(job, result);
      const hasRoom = job.chain.writableBytes > 0;
      statistics.count(labelOf(job), hasRoom ? answer.name : 'NONE');
      completions.push({ chain: job.chain, reply: hasRoom ? encodeReply(answer, job.header) : null });
      if (log.isLevelEnabled('trace')) {
        const { name, header } = job;
        log.trace(
          { command: name ?? header?.type ?? 'none', context: header?.contextId, answer: answer.name },
          'command',
        );
      }
    }
    faultPoint('gpu.finished');
    this.#publish(completions, planned);
    statistics.observe('command', performance.now() - since, jobs.length);
  }

  #publish(completions: readonly Completion[], planned: readonly Change[]): void {
    const { keeper } = this.#options;
    const last = completions.at(-1);
    if (!keeper || !last) {
      this.#queue.pushAll(completions);
      return;
    }
    keeper.finished(this.#queue.numberOf(last.chain), planned);
    this.#queue.pushAll(completions);
    faultPoint('gpu.segment-published');
    // A queue that is stopped keeps the answers until it goes on.
    if (this.#queue.published > this.#queue.numberOf(last.chain))
      keeper.published(this.#queue.published, this.#segments.length === 0 ? 'quiet' : 'busy');
  }

  #answer(job: Job, result: Result | undefined): Answer {
    if (job.health === 'suspect') this.#options.keeper?.finishing(this.#queue.numberOf(job.chain));
    this.#queue.handling(job.chain);
    try {
      return this.#conclude(job, result);
    } finally {
      this.#queue.handled();
    }
  }

  #conclude({ plan, name }: Job, result: Result | undefined): Answer {
    try {
      switch (plan.kind) {
        case 'answer':
          return plan.answer;
        case 'later':
          return plan.finish();
        case 'broker':
          return result ? plan.finish(result) : UNSPEC;
        case 'wait':
          return UNSPEC;
      }
    } catch (error) {
      return this.#failed(name, error);
    }
  }

  /** A fault of this program. A command that makes it fail is answered like any other, so that it is not tried for ever. */
  #failed(name: CommandName | null, error: unknown): Answer {
    this.#options.log.error({ command: name, err: error, problem: messageOf(error) }, 'a command failed');
    return UNSPEC;
  }
}

function labelOf({ name, header, health }: Job): CountedCommand {
  if (health === 'poison') return 'POISON';
  if (name !== null) return name;
  return header === null ? 'MALFORMED' : 'UNKNOWN';
}
