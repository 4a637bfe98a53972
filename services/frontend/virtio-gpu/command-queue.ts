// A queue of commands: everything that waits at a kick is planned in order, what needs the broker becomes one batch, and the answers go back
// in order with one used index and at most one interrupt.
//
//   chains at one kick:   CTX_CREATE  CREATE a  MAP a  ATTACH a | CREATE_2D a ...
//                         answer      broker    broker later    | wait: whether `a` is free is not known yet
//                         '---------- one segment -------------'  the next one, when the first is answered
//
// So the outcome is that of strictly one command after the other. While a segment is under way nothing is popped; kicks are remembered by
// the queue itself, which is looked at again when everything is answered.

import type { Logger } from '../../lib/runtime/log.ts';
import type { DeviceQueue } from '../../lib/vhost-user/device.ts';
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
import type { CountedCommand, Statistics } from '../statistics.ts';
import { type Answer, encodeReply, INVALID_PARAMETER, UNSPEC } from './answers.ts';
import { answered, type DeviceState, type Handler, type Plan } from './command.ts';

export type CommandQueueOptions = {
  readonly queue: DeviceQueue;
  readonly handlers: Readonly<Partial<Record<CommandName, Handler>>>;
  readonly state: DeviceState;
  /** See BrokerPipeline.execute(). */
  readonly execute: (operations: readonly Operation[], started: number, done: Done) => void;
  /** See Placement.mapsEachBlob; asked for each segment. */
  readonly mapsEachBlob: () => boolean;
  readonly statistics: Statistics;
  readonly log: Logger;
};

type Job = {
  readonly chain: Chain;
  /** Null when the chain is too short for one. */
  readonly header: Header | null;
  readonly name: CommandName | null;
  readonly plan: Plan;
};

const NO_RESULTS: readonly Result[] = [];

export class CommandQueue {
  readonly #options: CommandQueueOptions;
  readonly #queue: DeviceQueue;
  #chains: readonly Chain[] = [];
  /** The first chain of #chains that is not answered. */
  #next = 0;
  /** performance.now() when the chains were taken: time-outs count from there. */
  #started = 0;
  /** performance.now() of the kick that announced them, which may be earlier: latency counts from there. */
  #since = 0;
  /** The first kick that was heard while others were worked on; 0 when none was. */
  #kicked = 0;
  #isBusy = false;
  #isDead = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#queue = options.queue;
  }

  /** The guest has put chains into the queue, perhaps. Never throws for what they hold. */
  kick(): void {
    if (this.#isBusy) {
      if (this.#kicked === 0) this.#kicked = performance.now();
      return;
    }
    this.#work();
  }

  /** The queue is gone: nothing is answered any more. */
  stop(): void {
    this.#isDead = true;
    this.#chains = [];
  }

  #work(): void {
    while (!this.#isBusy && !this.#isDead) {
      const chains = this.#queue.popAll();
      if (chains.length === 0) {
        this.#kicked = 0;
        return;
      }
      this.#started = performance.now();
      this.#since = this.#kicked === 0 ? this.#started : this.#kicked;
      this.#kicked = 0;
      this.#chains = chains;
      this.#next = 0;
      this.#isBusy = true;
      this.#continue();
    }
  }

  /** Runs segments until one has to wait for the broker, or all chains are answered. */
  #continue(): void {
    while (this.#next < this.#chains.length) {
      const operations: Operation[] = [];
      const jobs = this.#plan(operations);
      if (operations.length > 0) {
        this.#options.execute(operations, this.#started, (results) => {
          if (this.#isDead) return;
          this.#finish(jobs, results);
          this.#continue();
          this.#work();
        });
        return;
      }
      this.#finish(jobs, NO_RESULTS);
    }
    this.#chains = [];
    this.#isBusy = false;
  }

  // ---- plan -----------------------------------------------------------------------------------------------------------------------------

  /** Plans from the next chain on, up to one that has to wait. Adds what the broker is to be asked to `operations`. */
  #plan(operations: Operation[]): readonly Job[] {
    const { resources } = this.#options.state;
    const mapping = this.#options.mapsEachBlob() ? new Set<number>() : null;
    const jobs: Job[] = [];
    for (let index = this.#next; index < this.#chains.length; index += 1) {
      const job = this.#job(this.#chains[index] as Chain);
      const { plan } = job;
      if (plan.kind === 'wait' && jobs.length > 0) break;
      if (plan.kind === 'broker') {
        const { operation } = plan;
        if (operation.kind !== 'reset') {
          // Whether the VMM has a mapping to take out is known once the map is answered.
          if (mapping?.has(operation.resourceId) && operation.kind !== 'create') break;
          if (operation.kind === 'map') mapping?.add(operation.resourceId);
          else if (operation.kind !== 'unmap') resources.unsettle(operation.resourceId);
        }
        operations.push(operation);
      }
      jobs.push(job);
    }
    return jobs;
  }

  #job(chain: Chain): Job {
    const { readable } = chain;
    if (readable.length < HEADER_BYTES) return { chain, header: null, name: null, plan: answered(UNSPEC) };
    const view = viewOf(readable);
    const header = headerFormat.decode(view);
    const name = commandName(header.type);
    return { chain, header, name, plan: this.#decide(name, header, view, chain.readableBytes) };
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
  #finish(jobs: readonly Job[], results: readonly Result[]): void {
    const { state, statistics, log } = this.#options;
    if (results.length > 0) state.resources.settleAll();
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
    this.#next += jobs.length;
    this.#queue.pushAll(completions);
    statistics.observe('command', performance.now() - this.#since, jobs.length);
  }

  #answer({ plan, name }: Job, result: Result | undefined): Answer {
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

function labelOf({ name, header }: Job): CountedCommand {
  if (name !== null) return name;
  return header === null ? 'MALFORMED' : 'UNKNOWN';
}
