// A queue of commands: everything that waits at a kick is planned in order, and the answers go back in order with one used index and at most
// one interrupt.
//
// Chains are decided one after the other. One that has to wait (a larger grant, a move, the first map) is asked apart: what is in front of it is
// answered before, and what is behind it waits. Where the VMM maps each blob by itself, what was decided is answered when it has done its part,
// which it is asked for all that was decided at once:
//
//   chains at one kick:   UNMAP a  UNREF a  CREATE b  MAP b  CREATE c  MAP c | UNMAP c
//                         '-- a is taken out of the VMM; all are decided; b and c are put in; all are answered -'  c is in the VMM by now
//
// A guest that never stops asking has the share of the event loop that each queue has (loop-share.ts), and goes on in its next turn.
//
// So the outcome is that of strictly one command after the other. While one is waited for nothing is popped; kicks are remembered by the queue
// itself, which is looked at again when everything is answered.

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
import { type Operation, type Result, VMM_FAILED } from '../operation.ts';
import type { JournalRoom } from '../state/device-journal.ts';
import type { RecordedAnswer } from '../state/records.ts';
import type { CountedCommand, Statistics } from '../statistics.ts';
import { type Answer, encodeReply, INVALID_PARAMETER, OUT_OF_MEMORY, UNSPEC } from './answers.ts';
import { answered, type DeviceState, type Handler, type Plan } from './command.ts';
import { LoopShare } from './loop-share.ts';
import type { Delay } from './placement.ts';

export type CommandQueueOptions = {
  readonly queue: DurableQueue;
  readonly handlers: Readonly<Partial<Record<CommandName, Handler>>>;
  readonly state: DeviceState;
  readonly decider: LocalDecider;
  /** See Placement.mapsEachBlob; asked for each segment. */
  readonly mapsEachBlob: () => boolean;
  /** Null for a queue whose commands change nothing. */
  readonly keeper: SegmentKeeper | null;
  readonly statistics: Statistics;
  readonly log: Logger;
};

/** Decides for the VM. */
export type LocalDecider = {
  /**
   * At once: memory is as the result says, and nothing else is under way, but for what putIn() has the VMM do. A Delay when it has to wait: then
   * nothing has changed.
   */
  decide(operation: Operation): Result | Delay;
  /**
   * The same, waiting; `done` is called once, never from within this call, and not at all after a reset. `since`: performance.now() from which
   * the guest waits.
   */
  decideSlowly(operation: Operation, since: number, done: (result: Result) => void): void;
  /** See Placement. */
  takeOut(resourceIds: readonly number[]): Promise<ReadonlySet<number>>;
  /**
   * Has the VMM do its part of what was decided since the last call; null when it has none. Resolves with what maps are answered instead, by
   * resource. Never rejects.
   */
  putIn(): Promise<ReadonlyMap<number, Result>> | null;
};

/** Who makes the effects of commands outlive this process; called in this order for each segment. */
export type SegmentKeeper = {
  /** For what can be written down from here on. */
  room(): JournalRoom;
  /** Whether a predecessor that had been warned of this chain had come so far as to finish it. */
  wasFinishing(chain: number): boolean;
  /** The chain, which a predecessor died of, is about to be finished. */
  finishing(chain: number): void;
  /** The answer that is recorded for a chain; undefined for none. */
  recorded(chain: number): Uint8Array | null | undefined;
  /** These answers, and what has changed since the last call, count from here on. */
  finished(answers: readonly RecordedAnswer[]): void;
  /** Every chain below this number is published, and nothing that is in the tables is not. `isIdle`: nothing waits in the queue. */
  published(published: number, isIdle: boolean): void;
};

type Job = {
  readonly chain: Chain;
  /** Null when the chain is too short for one. */
  readonly header: Header | null;
  readonly name: CommandName | null;
  readonly plan: Plan;
  /** Suspect: a predecessor died of it. Poison: two did, and it is not run again. */
  readonly health: 'well' | 'suspect' | 'poison';
  /** The answer that a predecessor had given; undefined for none. */
  readonly recorded: Uint8Array | null | undefined;
};

/** Chains that are decided, and not answered yet. */
type Segment = {
  readonly completions: Completion[];
  /** Maps among them that the VMM has to do first, by resource, and their place. */
  readonly maps: Map<number, { readonly index: number; readonly job: Job; readonly result: Result }>;
  /** Blobs that could not be taken out of the VMM. */
  stuck: ReadonlySet<number>;
  /** The guest may be waiting for one of the answers. */
  isAwaited: boolean;
};

const NOBODY: ReadonlySet<number> = new Set();
const NO_FAILURES: ReadonlyMap<number, Result> = new Map();
/** Processes that may run the handler of one command: the first, and one more, because it may have died of something else. */
const MOST_ATTEMPTS = 2;
/** What leaves nothing to write down. */
const CHANGING_NOTHING: ReadonlySet<CommandName> = new Set([
  'GET_DISPLAY_INFO',
  'GET_CAPSET_INFO',
  'GET_CAPSET',
  'GET_EDID',
  'RESOURCE_FLUSH',
]);
/** What leaves less than there was. */
const GIVING_BACK: ReadonlySet<CommandName> = new Set([
  'RESOURCE_UNREF',
  'RESOURCE_UNMAP_BLOB',
  'RESOURCE_DETACH_BACKING',
  'CTX_DETACH_RESOURCE',
  'CTX_DESTROY',
]);
/** Of a command that is logged: all of it, but for long lists of guest memory. */
const MOST_LOGGED_BYTES = 4096;

export class CommandQueue {
  readonly #options: CommandQueueOptions;
  readonly #queue: DurableQueue;
  #chains: readonly Chain[] = [];
  /** The first chain of #chains that is not answered. */
  #next = 0;
  /** performance.now() from which the guest waits for them, latency counts from there: the kick that announced them. */
  #since = 0;
  /** The first kick that was heard while others were worked on; 0 when none was. */
  #kicked = 0;
  #isBusy = false;
  #isDead = false;
  readonly #share = new LoopShare();

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
    this.#share.begin();
    this.#work();
  }

  /** The queue is gone: nothing is answered any more. */
  stop(): void {
    this.#isDead = true;
    this.#chains = [];
  }

  #work(): void {
    while (!this.#isBusy && !this.#isDead) {
      if (this.#share.isOver) {
        this.#isBusy = true;
        this.#nextTurn(() => {
          this.#isBusy = false;
          this.#work();
        });
        return;
      }
      const chains = this.#queue.popAll();
      if (chains.length === 0 && this.#queue.isCut) {
        this.#share.take();
        continue;
      }
      if (chains.length === 0) {
        this.#kicked = 0;
        if (this.#queue.inFlight === 0) this.#options.keeper?.published(this.#queue.published, true);
        return;
      }
      this.#since = this.#kicked === 0 ? performance.now() : this.#kicked;
      this.#kicked = 0;
      this.#chains = chains;
      this.#next = 0;
      this.#isBusy = true;
      this.#continue();
    }
  }

  /** Others have their turn first. */
  #nextTurn(work: () => void): void {
    setImmediate(() => {
      if (this.#isDead) return;
      this.#share.begin();
      work();
    });
  }

  /** Decides and answers, until something has to be waited for, or all chains are answered. */
  #continue(): void {
    if (this.#next < this.#chains.length && !this.#decideAll()) return;
    this.#chains = [];
    this.#isBusy = false;
  }

  // ---- decide -----------------------------------------------------------------------------------------------------------------------------

  /**
   * Decides and answers chains from the next one on, behind those of `segment`, which are decided. `planned`: that one's job, when it has one. True
   * when all are answered; false when something has to be waited for: then it goes on by itself.
   */
  #decideAll(segment = newSegment(), planned: Job | null = null): boolean {
    let current = segment;
    let job = planned;
    for (; this.#next < this.#chains.length; this.#next += 1) {
      if (job === null) {
        if (this.#share.isOver) {
          this.#settleThen(current, () => this.#nextTurn(() => this.#resume()));
          return false;
        }
        this.#share.take();
        job = this.#job(this.#chains[this.#next] as Chain);
      }
      const { plan } = job;
      let result: Result | undefined;
      if (plan.kind === 'operation') {
        if (current.isAwaited && this.#comesFirstToVmm(current, plan.operation)) {
          this.#publishSegment(current);
          current = newSegment();
        }
        const decided = this.#decideNow(current, job, plan.operation);
        if (typeof decided === 'string') return this.#pause(current, job, plan.operation, decided);
        result = decided;
      }
      this.#add(current, job, result);
      job = null;
    }
    faultPoint('gpu.finished');
    return this.#settle(current, () => this.#resume());
  }

  #decideNow({ stuck }: Segment, job: Job, operation: Operation): Result | Delay {
    if (stuck.has(operation.resourceId)) return VMM_FAILED;
    this.#mark(job);
    try {
      return this.#options.decider.decide(operation);
    } finally {
      this.#queue.handled();
    }
  }

  /** The VMM is going to be waited for, and was not before: what the guest may be waiting for need not wait with it. */
  #comesFirstToVmm({ maps }: Segment, { kind }: Operation): boolean {
    return maps.size === 0 && kind !== 'create' && this.#options.mapsEachBlob();
  }

  #add(segment: Segment, job: Job, result: Result | undefined): void {
    const { operation } = job.plan.kind === 'operation' ? job.plan : { operation: null };
    if (operation?.kind === 'map' && result?.kind === 'mapped' && this.#options.mapsEachBlob()) {
      segment.maps.set(operation.resourceId, { index: segment.completions.length, job, result });
      segment.completions.push({ chain: job.chain, reply: null });
      return;
    }
    const completion = this.#complete(job, result);
    segment.completions.push(completion);
    const isFenced = ((job.header?.flags ?? 0) & HEADER_FLAG.FENCE) !== 0;
    segment.isAwaited ||= isFenced || (completion.reply?.length ?? 0) > HEADER_BYTES;
  }

  /** Waits for what a command needs first, and goes on with it. Always false. */
  #pause(segment: Segment, job: Job, operation: Operation, delay: Delay): false {
    const goOn = (behind: Segment): void => {
      if (this.#decideAll(behind, job)) this.#resume();
    };
    switch (delay) {
      case 'mapped':
        this.#share.pause();
        void this.#options.decider.takeOut(this.#ended(segment.stuck)).then((stuck) => {
          segment.stuck = new Set([...segment.stuck, ...stuck]);
          if (this.#isDead) return;
          this.#share.resume();
          goOn(segment);
        });
        return false;
      case 'pending':
        this.#settleThen(segment, () => goOn(newSegment()));
        return false;
      case 'slow':
        // What is in front of it does not wait with it.
        this.#settleThen(segment, () => this.#decideSlowly(job, operation));
        return false;
    }
  }

  #decideSlowly(job: Job, operation: Operation): void {
    this.#share.pause();
    this.#options.decider.decideSlowly(operation, this.#since, (result) => {
      if (this.#isDead) return;
      this.#share.resume();
      this.#publish([this.#complete(job, result)]);
      this.#options.statistics.observe('command', performance.now() - this.#since, 1);
      this.#next += 1;
      this.#resume();
    });
  }

  /** Answers what is decided once the VMM has done its part. True when that was at once; otherwise `then` is called after it. */
  #settle(segment: Segment, then: () => void): boolean {
    const placed = this.#options.decider.putIn();
    if (placed === null) {
      this.#publishSegment(segment);
      return true;
    }
    this.#share.pause();
    void placed.then((failures) => {
      if (this.#isDead) return;
      this.#share.resume();
      this.#publishSegment(segment, failures);
      then();
    });
    return false;
  }

  #settleThen(segment: Segment, then: () => void): void {
    if (this.#settle(segment, then)) then();
  }

  #publishSegment({ completions, maps }: Segment, failures: ReadonlyMap<number, Result> = NO_FAILURES): void {
    for (const [resourceId, { index, job, result }] of maps) {
      completions[index] = this.#complete(job, failures.get(resourceId) ?? result);
    }
    this.#publish(completions);
    this.#options.statistics.observe('command', performance.now() - this.#since, completions.length);
  }

  #resume(): void {
    this.#continue();
    this.#work();
  }

  /** Blobs that chains from the next one on end or unmap, up to one that they map before; but for those that were asked for in vain. */
  #ended(stuck: ReadonlySet<number>): readonly number[] {
    const ended = new Set<number>();
    const mapping = new Set<number>();
    for (let index = this.#next; index < this.#chains.length; index += 1) {
      const named = blobOf(this.#chains[index] as Chain);
      if (named === null) continue;
      if (named.isMap) mapping.add(named.resourceId);
      else if (mapping.has(named.resourceId)) break;
      else ended.add(named.resourceId);
    }
    return [...ended].filter((resourceId) => !stuck.has(resourceId));
  }

  // ---- plan -----------------------------------------------------------------------------------------------------------------------------

  #job(chain: Chain): Job {
    const { readable } = chain;
    const recorded = this.#options.keeper?.recorded(this.#queue.numberOf(chain));
    if (readable.length < HEADER_BYTES)
      return { chain, header: null, name: null, plan: answered(UNSPEC), health: 'well', recorded };
    const view = viewOf(readable);
    const header = headerFormat.decode(view);
    const name = commandName(header.type);
    // A predecessor has done it: whatever the chain says by now.
    if (recorded !== undefined) {
      return { chain, header, name, plan: answered(UNSPEC), health: 'well', recorded };
    }
    const attempt = this.#queue.handling(chain);
    const isSuspect = attempt > 1;
    const isPoison =
      attempt > MOST_ATTEMPTS ||
      (isSuspect && this.#options.keeper?.wasFinishing(this.#queue.numberOf(chain)) === true);
    const plan = isPoison ? this.#refuse(chain, name) : this.#handle(name, header, view, chain.readableBytes);
    this.#queue.handled();
    return {
      chain,
      header,
      name,
      plan,
      health: isPoison ? 'poison' : isSuspect ? 'suspect' : 'well',
      recorded,
    };
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

  #handle(name: CommandName | null, header: Header, view: DataView, length: number): Plan {
    const handler = name === null ? undefined : this.#options.handlers[name];
    if (name === null || handler === undefined) return answered(UNSPEC);
    const hasRing = (header.flags & HEADER_FLAG.INFO_RING_IDX) !== 0;
    if (view.byteLength < COMMANDS[name].body.bytes || (hasRing && header.ringIndex > LARGEST_RING_INDEX)) {
      return answered(INVALID_PARAMETER);
    }
    if (!this.#hasRoom(name)) return answered(OUT_OF_MEMORY);
    try {
      return handler({ header, view, length }, this.#options.state);
    } catch (error) {
      return answered(this.#failed(name, error));
    }
  }

  /** Whether what the command leaves can be written down. */
  #hasRoom(name: CommandName): boolean {
    const room = this.#options.keeper?.room() ?? 'enough';
    return room === 'enough' || CHANGING_NOTHING.has(name) || (room === 'ends' && GIVING_BACK.has(name));
  }

  // ---- finish ---------------------------------------------------------------------------------------------------------------------------

  #complete(job: Job, result: Result | undefined): Completion {
    const { chain, header, name, recorded } = job;
    if (recorded !== undefined) return { chain, reply: recorded };
    const { statistics, log } = this.#options;
    const answer = this.#answer(job, result);
    const hasRoom = chain.writableBytes > 0;
    statistics.count(labelOf(job), hasRoom ? answer.name : 'NONE');
    if (log.isLevelEnabled('trace')) {
      const command = name ?? header?.type ?? 'none';
      log.trace({ command, context: header?.contextId, answer: answer.name }, 'command');
    }
    return { chain, reply: hasRoom ? encodeReply(answer, header) : null };
  }

  #publish(completions: readonly Completion[]): void {
    const { keeper } = this.#options;
    const last = completions.at(-1);
    if (!last) return;
    if (!keeper) {
      this.#queue.pushAll(completions);
      return;
    }
    keeper.finished(completions.map(({ chain, reply }) => ({ chain: this.#queue.numberOf(chain), reply })));
    this.#queue.pushAll(completions);
    faultPoint('gpu.segment-published');
    // A queue that is stopped keeps the answers until it goes on.
    if (this.#queue.published > this.#queue.numberOf(last.chain))
      keeper.published(this.#queue.published, false);
  }

  #answer(job: Job, result: Result | undefined): Answer {
    this.#mark(job);
    try {
      return this.#conclude(job, result);
    } finally {
      this.#queue.handled();
    }
  }

  /** A process that dies from here to handled() dies of this chain; a second time is the last. */
  #mark({ chain, health }: Job): void {
    if (health === 'suspect') this.#options.keeper?.finishing(this.#queue.numberOf(chain));
    this.#queue.handling(chain);
  }

  #conclude({ plan, name }: Job, result: Result | undefined): Answer {
    try {
      switch (plan.kind) {
        case 'answer':
          return plan.answer;
        case 'operation':
          return result ? plan.finish(result) : UNSPEC;
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

function newSegment(): Segment {
  return { completions: [], maps: new Map(), stuck: NOBODY, isAwaited: false };
}

/** The blob that a chain is about to map, unmap or end; null for any other. Whether it does is decided when its turn comes. */
function blobOf({ readable }: Chain): { readonly resourceId: number; readonly isMap: boolean } | null {
  if (readable.length < HEADER_BYTES) return null;
  const view = viewOf(readable);
  const name = commandName(headerFormat.decode(view).type);
  if (name !== 'RESOURCE_MAP_BLOB' && name !== 'RESOURCE_UNMAP_BLOB' && name !== 'RESOURCE_UNREF')
    return null;
  const { body } = COMMANDS[name];
  if (view.byteLength < body.bytes) return null;
  return { resourceId: body.decode(view).resourceId, isMap: name === 'RESOURCE_MAP_BLOB' };
}

function labelOf({ name, header, health }: Job): CountedCommand {
  if (health === 'poison') return 'POISON';
  if (name !== null) return name;
  return header === null ? 'MALFORMED' : 'UNKNOWN';
}
