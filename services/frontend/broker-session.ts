// The frontend's side of the exactly-once contract with the broker.
//
//   state        meaning                                                   execute() does
//   connecting   no stream yet, or it waits for Attached                   holds the batch
//   attached     commands go out as they come                              sends the batch
//   waiting      the stream broke; the next attempt is scheduled           holds the batch
//   lost         the broker does not know the session any more (it was     answers SESSION_LOST
//                reclaimed, or the broker restarted without its books)
//   closed       detach() or close() was called                            answers SESSION_LOST
//
// Every command that was sent has a number and stays in #sent until its answer came: a new stream resumes the session and repeats what
// is there, by number, so the broker executes each once. The guest is not kept waiting for that: a batch that has no answer within the
// time-out is answered TIMED_OUT, and what becomes of its commands is told to onLate, before anything new is sent. A batch that was
// never sent is forgotten when it times out: it has no number.
import { status } from '@grpc/grpc-js';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import type { ErrorInfo, Reason } from '../lib/rpc/status-error.ts';
import { countFromWire } from '../lib/rpc/u64.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { type RunPaths, readVmSecret } from '../lib/runtime/run-directory.ts';
import { BrokerStream } from './broker-stream.ts';
import {
  type Attachment,
  commandMessage,
  type Operation,
  ProtocolViolation,
  type Result,
  resultOf,
  SESSION_LOST,
  TIMED_OUT,
} from './operation.ts';

/** The contract's limit of commands in a Batch. */
const MOST_COMMANDS = 1024;
/** Milliseconds between attempts to reach the broker: short at first, because guests wait. */
const FIRST_BACKOFF = 25;
const LONGEST_BACKOFF = 1000;
/** How long an orderly detach may take, milliseconds. */
const DETACH_LIMIT = 2000;
const NEW_SESSION = new Uint8Array();

export type SessionOptions = {
  readonly vm: string;
  readonly paths: RunPaths;
  /** Milliseconds from the start of a batch to TIMED_OUT. */
  readonly answerTimeout: number;
  readonly log: Logger;
  readonly listener: SessionListener;
  /** How long the broker took for a batch, from its sending to its answer. Milliseconds. */
  readonly observe: (duration: number) => void;
};

export type SessionListener = {
  /** A session began (again, with `resumed` false) or goes on. Called before anything of execute() is sent on it. */
  onAttached(attachment: Attachment): void;
  /**
   * What became of commands after their batch was answered TIMED_OUT. Called before anything newer is sent: commands that take something
   * back belong into execute() with `urgent`. Not called for commands from before a reset.
   */
  onLate(outcomes: readonly LateOutcome[]): void;
  /** Everything that the VM had is gone. Until reset(), every command is answered SESSION_LOST. */
  onLost(): void;
};

export type LateOutcome = { readonly operation: Operation; readonly result: Result };

/** `results` has one entry for each operation, in order. Called once, never from within execute(). */
export type Done = (results: readonly Result[]) => void;

type Batch = {
  readonly operations: readonly Operation[];
  readonly results: (Result | undefined)[];
  missing: number;
  /** performance.now() when the guest began to wait. */
  readonly started: number;
  /** performance.now() when it was sent (again); 0 before that. */
  sent: number;
  readonly done: Done;
};

type Sent = {
  readonly number: number;
  readonly operation: Operation;
  readonly index: number;
  /** Null: the batch was answered TIMED_OUT, or belongs to a time before a reset. */
  batch: Batch | null;
  /** From before a reset: its answer is of no use to anybody. */
  isStale: boolean;
};

type State = 'connecting' | 'attached' | 'waiting' | 'lost' | 'closed';

export class BrokerSession {
  readonly #options: SessionOptions;
  readonly #log: Logger;
  #state: State = 'connecting';
  #stream: BrokerStream | null = null;
  #session: Uint8Array = NEW_SESSION;
  #lastNumber = 0;
  #acknowledged = 0;
  /** Sent and not answered, in order of their numbers. */
  #sent: Sent[] = [];
  /** How many of #sent are waited for by onLate. While there are any, nothing new is sent. */
  #lateCount = 0;
  #held: Batch[] = [];
  /** Goes out before #held. */
  #urgent: Batch[] = [];
  #backoff = FIRST_BACKOFF;
  #retryTimer: NodeJS.Timeout | null = null;
  #attachTimer: NodeJS.Timeout | null = null;
  /** One timer for all batches. While it runs, its end is at or before the deadline of the oldest. */
  #answerTimer: NodeJS.Timeout | null = null;
  #starting: { resolve(attachment: Attachment): void; reject(error: Error): void } | null = null;
  #detaching: (() => void) | null = null;
  /** Told "the broker is away" once an outage. */
  #isOutageTold = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#log = options.log;
  }

  get isAttached(): boolean {
    return this.#state === 'attached';
  }

  /** The broker does not know the session any more, and reset() has not been called since. */
  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /**
   * Attaches the VM, and waits with back-off while the broker is not there. Rejects with an ExitError when trying again would not help:
   * unknown VM, wrong secret, another frontend.
   */
  start(): Promise<Attachment> {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#connect();
    });
  }

  /**
   * Asks the broker for a list of operations, as one batch. `started` is performance.now() when the guest began to wait: the time-out
   * counts from there. `urgent` puts the batch before those that are held.
   */
  execute(operations: readonly Operation[], started: number, done: Done, urgent = false): void {
    const batch: Batch = {
      operations,
      results: new Array(operations.length),
      missing: operations.length,
      started,
      sent: 0,
      done,
    };
    if (this.#state === 'lost' || this.#state === 'closed' || operations.length === 0) {
      queueMicrotask(() => finish(batch, SESSION_LOST));
      return;
    }
    if (this.#answerTimer === null) this.#armTimer(started);
    (urgent ? this.#urgent : this.#held).push(batch);
    this.#sendHeld();
  }

  /**
   * A device reset: every blob of the VM ends. Callbacks of batches from before are not called any more. After a loss, a new session is
   * begun instead. The caller need not wait: what is executed after this call comes after the reset.
   */
  reset(): void {
    this.#held = [];
    this.#urgent = [];
    for (const sent of this.#sent) {
      sent.isStale = true;
      sent.batch = null;
    }
    this.#lateCount = 0;
    if (this.#state === 'lost') this.#connect();
    else this.execute([{ kind: 'reset' }], performance.now(), (results) => this.#wasReset(results));
  }

  /** Sends the frontend's figures, if there is anybody to send them to. */
  report(statistics: barkeep.v1.FrontendStatistics.$Properties): boolean {
    if (this.#state !== 'attached') return false;
    this.#stream?.sendStatistics(statistics);
    return true;
  }

  /** Gives the VM up: the broker reclaims everything. Never rejects; a broker that is away finds the VM orphaned and reclaims it later. */
  async detach(): Promise<void> {
    if (this.#state === 'attached' && this.#stream) {
      const stream = this.#stream;
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, DETACH_LIMIT);
        this.#detaching = () => {
          clearTimeout(limit);
          resolve();
        };
        this.#setState('closed');
        stream.sendDetach();
      });
    }
    this.close();
  }

  /** Breaks off without a detach. */
  close(): void {
    this.#setState('closed');
    this.#stream?.close();
    this.#stream = null;
    for (const timer of [this.#retryTimer, this.#attachTimer, this.#answerTimer]) {
      if (timer) clearTimeout(timer);
    }
    this.#answerTimer = null;
    this.#sent = [];
    this.#held = [];
    this.#urgent = [];
    this.#starting?.reject(
      new ExitError(EXIT.FAILURE, `attach ${this.#options.vm}: stopped before it was attached`),
    );
    this.#starting = null;
  }

  // ---- streams ------------------------------------------------------------------------------------------------------------------------

  #connect(): void {
    const { vm, paths } = this.#options;
    this.#setState('connecting');
    let secret: string;
    try {
      secret = readSecret(paths, vm);
    } catch (error) {
      this.#fatal(error as ExitError);
      return;
    }
    const stream: BrokerStream = new BrokerStream(
      paths.brokerSocket,
      { vm, secret, session: this.#session },
      {
        onAttached: (attachment) => this.#attached(attachment),
        onReplies: (replies) => this.#replied(replies),
        onEnd: (error) => this.#ended(error),
      },
    );
    this.#stream = stream;
    this.#attachTimer = setTimeout(() => {
      this.#breakOff(`the broker did not answer the attachment within ${this.#options.answerTimeout} ms`);
    }, this.#options.answerTimeout);
  }

  #attached(attachment: Attachment): void {
    if (this.#attachTimer) clearTimeout(this.#attachTimer);
    if (!attachment.resumed && this.#session.length > 0) {
      this.#lose();
      return;
    }
    if (!attachment.resumed) {
      this.#lastNumber = attachment.lastNumber;
      this.#acknowledged = attachment.lastNumber;
    } else if (!this.#canGoOnFrom(attachment.lastNumber)) {
      this.#log.error(
        { lastNumber: attachment.lastNumber, next: this.#sent[0]?.number ?? this.#lastNumber + 1 },
        'the broker remembers another past than this frontend; the session is given up',
      );
      this.#lose();
      return;
    }
    this.#session = attachment.session;
    this.#backoff = FIRST_BACKOFF;
    this.#setState('attached');
    const { resumed, generation, placement, windowSize, brokerVersion } = attachment;
    this.#log.info(
      { resumed, generation, placement, windowSize, brokerVersion, repeated: this.#sent.length },
      'attached to the broker',
    );
    this.#isOutageTold = false;
    this.#options.listener.onAttached(attachment);
    this.#starting?.resolve(attachment);
    this.#starting = null;
    this.#write(this.#sent);
    this.#sendHeld();
  }

  /** After a resume: the broker has executed up to `last`; what it has not must be what is repeated first. */
  #canGoOnFrom(last: number): boolean {
    const first = this.#sent[0]?.number ?? this.#lastNumber + 1;
    return last >= first - 1 && last <= this.#lastNumber;
  }

  #ended(error: ErrorInfo | null): void {
    this.#stream = null;
    if (this.#attachTimer) clearTimeout(this.#attachTimer);
    if (this.#state === 'closed') {
      this.#detaching?.();
      return;
    }
    if (error?.reason === 'SESSION_UNKNOWN') {
      this.#lose();
      return;
    }
    const isFirst = this.#starting !== null;
    const isClosedToUs = error?.code === status.UNAVAILABLE && error.message.includes('EACCES');
    const fatal = isClosedToUs ? EXIT.FORBIDDEN : error?.reason ? FATAL[error.reason] : undefined;
    // On a resume VM_ATTACHED only means that the broker has not noticed yet that the old connection is gone.
    if (error && fatal !== undefined && (isFirst || (error.reason && error.reason !== 'VM_ATTACHED'))) {
      this.#fatal(new ExitError(fatal, `attach ${this.#options.vm}: ${error.message}`));
      return;
    }
    this.#retry(error?.message ?? 'the broker ended the stream', error);
  }

  /** Leaves a stream whose other end is silent. */
  #breakOff(why: string): void {
    this.#stream?.close();
    this.#stream = null;
    this.#retry(why, null);
  }

  #retry(why: string, error: ErrorInfo | null): void {
    if (this.#attachTimer) clearTimeout(this.#attachTimer);
    this.#setState('waiting');
    if (!this.#isOutageTold) {
      this.#isOutageTold = true;
      const socket = this.#options.paths.brokerSocket;
      const code = error ? status[error.code] : undefined;
      this.#log.warn({ why, code, socket }, 'the broker is away; trying again until it is back');
    }
    this.#retryTimer = setTimeout(() => this.#connect(), this.#backoff);
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF);
  }

  /** Trying again would not help. At the start the process ends with it; later the VM goes on without its blobs. */
  #fatal(error: Error): void {
    if (this.#starting) {
      const { reject } = this.#starting;
      this.#starting = null;
      this.close();
      reject(error);
      return;
    }
    this.#log.error({ err: error }, 'the broker does not take this VM back');
    this.#lose();
  }

  #lose(): void {
    // An attempt to begin anew that was turned down is no second loss.
    const isNews = this.#session.length > 0;
    this.#stream?.close();
    this.#stream = null;
    this.#session = NEW_SESSION;
    const waiting = new Set([
      ...this.#sent.flatMap((sent) => sent.batch ?? []),
      ...this.#urgent,
      ...this.#held,
    ]);
    const isResetting =
      this.#sent.some((sent) => sent.operation.kind === 'reset') ||
      this.#held.some((batch) => batch.operations.some((operation) => operation.kind === 'reset'));
    this.#sent = [];
    this.#held = [];
    this.#urgent = [];
    this.#lateCount = 0;
    this.#setState('lost');
    if (isNews) {
      this.#log.warn(
        'the broker has forgotten this session; commands are refused until the guest resets its device',
      );
      this.#options.listener.onLost();
    }
    for (const batch of waiting) finish(batch, SESSION_LOST);
    // What a reset asks for, an empty VM, is what a new session is.
    if (isNews && isResetting && this.#state === 'lost') this.#connect();
  }

  #setState(state: State): void {
    if (this.#state !== 'closed') this.#state = state;
  }

  // ---- batches ------------------------------------------------------------------------------------------------------------------------

  #send(batch: Batch): void {
    const first = this.#sent.length;
    batch.sent = performance.now();
    batch.operations.forEach((operation, index) => {
      this.#lastNumber += 1;
      this.#sent.push({ number: this.#lastNumber, operation, index, batch, isStale: false });
    });
    this.#write(first === 0 ? this.#sent : this.#sent.slice(first));
  }

  #write(list: readonly Sent[]): void {
    for (let start = 0; start < list.length; start += MOST_COMMANDS) {
      const commands = list
        .slice(start, start + MOST_COMMANDS)
        .map((sent) => commandMessage(sent.number, sent.operation));
      this.#stream?.sendBatch(commands, this.#acknowledged);
    }
  }

  #sendHeld(): void {
    while (this.#state === 'attached' && this.#lateCount === 0) {
      const batch = this.#urgent.shift() ?? this.#held.shift();
      if (!batch) return;
      this.#send(batch);
    }
  }

  #replied(replies: readonly barkeep.v1.CommandReply.$Properties[]): void {
    if (replies.length > this.#sent.length) {
      throw new ProtocolViolation(`${replies.length} answers to ${this.#sent.length} commands`);
    }
    const results = replies.map((reply, index) => {
      const { number, operation } = this.#sent[index] as Sent;
      const found = countFromWire(reply.number);
      if (found !== number)
        throw new ProtocolViolation(`number ${number} was next, number ${found} was answered`);
      return resultOf(operation, reply);
    });
    const answered = this.#sent.splice(0, replies.length);
    this.#acknowledged = answered.at(-1)?.number ?? this.#acknowledged;
    const broken = results.find((result) => result.kind === 'refused' && NUMBERING.has(result.reason));
    const late: LateOutcome[] = [];
    for (const [index, sent] of answered.entries()) {
      const result = results[index] as Result;
      const { batch } = sent;
      if (batch) {
        batch.results[sent.index] = result;
        batch.missing -= 1;
        if (batch.missing === 0) {
          this.#options.observe(performance.now() - batch.sent);
          batch.done(batch.results as Result[]);
        }
      } else if (!sent.isStale) {
        this.#lateCount -= 1;
        late.push({ operation: sent.operation, result });
      }
    }
    if (late.length > 0) this.#options.listener.onLate(late);
    if (broken) {
      this.#log.error({ refusal: broken }, 'the broker counts the commands of this session differently');
      this.#lose();
      return;
    }
    this.#sendHeld();
  }

  #wasReset([result]: readonly Result[]): void {
    if (result?.kind === 'done') this.#log.debug({ generation: result.generation }, 'the device was reset');
    else if (result?.kind === 'refused') this.#log.error({ result }, 'the broker refused a device reset');
  }

  // ---- time -------------------------------------------------------------------------------------------------------------------------

  #armTimer(oldest: number): void {
    const delay = Math.max(1, Math.ceil(oldest + this.#options.answerTimeout - performance.now()));
    this.#answerTimer = setTimeout(() => this.#checkTime(), delay);
    this.#answerTimer.unref();
  }

  #checkTime(): void {
    this.#answerTimer = null;
    const limit = performance.now() - this.#options.answerTimeout;
    const overdue = new Set<Batch>();
    let oldest = Number.POSITIVE_INFINITY;
    for (const { batch } of this.#sent) {
      if (batch === null) continue;
      if (batch.started <= limit) overdue.add(batch);
      else oldest = Math.min(oldest, batch.started);
    }
    const isSilent = overdue.size > 0;
    const keep = (batch: Batch): boolean => {
      if (batch.started <= limit) overdue.add(batch);
      else oldest = Math.min(oldest, batch.started);
      return batch.started > limit;
    };
    this.#urgent = this.#urgent.filter(keep);
    this.#held = this.#held.filter(keep);
    for (const sent of this.#sent) {
      if (sent.batch === null || !overdue.has(sent.batch)) continue;
      sent.batch = null;
      this.#lateCount += 1;
    }
    if (isSilent && this.#state === 'attached') {
      this.#breakOff(`no answer within ${this.#options.answerTimeout} ms`);
    }
    if (oldest !== Number.POSITIVE_INFINITY) this.#armTimer(oldest);
    for (const batch of overdue) finish(batch, TIMED_OUT);
  }
}

/** Refusals that end the process at its start, and its exit code. */
const FATAL: Partial<Record<Reason, ExitCode>> = {
  VM_UNKNOWN: EXIT.NOT_FOUND,
  VM_FORBIDDEN: EXIT.FORBIDDEN,
  VM_ATTACHED: EXIT.FAILURE,
  PROTOCOL: EXIT.FAILURE,
};

/** Refusals of a number rather than of what it asks: the two sides count differently, and nothing can be made of that. */
const NUMBERING: ReadonlySet<Reason> = new Set([
  'NUMBER_GAP',
  'NUMBER_FORGOTTEN',
  'UNACKNOWLEDGED_LIMIT',
] satisfies Reason[]);

/** Answers what is still missing in a batch. */
function finish(batch: Batch, missing: Result): void {
  batch.done(batch.operations.map((_, index) => batch.results[index] ?? missing));
}

/** Without a secret the broker is asked all the same: it says whether it knows the VM. Throws ExitError when the file may not be read. */
function readSecret(paths: RunPaths, vm: string): string {
  try {
    return readVmSecret(paths, vm);
  } catch (error) {
    if (error instanceof ExitError && error.exitCode === EXIT.UNAVAILABLE) return '';
    throw error;
  }
}
