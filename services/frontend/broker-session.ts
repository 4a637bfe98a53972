// The frontend's side of the exactly-once contract with the broker.
//
//   state        meaning                                                   execute() does
//   connecting   no stream yet, or it waits for Attached                   holds the batch
//   attached     commands go out as they come                              sends the batch
//   waiting      the stream broke; the next attempt is scheduled           holds the batch; answers the refusal when the broker is there
//                                                                          and refused the last attempt
//   lost         the broker does not know the session any more (it was     answers SESSION_LOST
//                reclaimed, or the broker restarted without its books)
//   closed       detach() or close() was called                            answers SESSION_LOST
//
// Every command that was sent has a number and stays in #entries until it is settled: its answer came, and the guest was told (its chain is
// published), or there is nobody to tell. A new stream resumes the session and repeats what has no answer, by number, so the broker executes
// each once; what is settled is acknowledged. The guest is not kept waiting for that: a batch that has no answer within the time-out is
// answered TIMED_OUT, and what becomes of its commands is told to onLate, before anything new is sent. A batch that was never sent is
// forgotten when it times out: it has no number. A reset is not, nor what is urgent: nobody waits for these, and they have to be done.
//
// The time-out is the broker's: it counts from when the broker is asked, whatever the VMM and this process took before that. While there is
// nobody to ask it counts from when there should be, and one outage costs the guest one time-out: what stood behind a batch that waited in
// vain has waited with it.
//
// With a journal a successor of this process goes on with the session: it repeats what is not settled, and when the same chains ask for the
// same things again, they get the numbers that they had (claims). What nobody claims is late.
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterReading, type Deadline } from '../lib/os/after-reading.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import type { ErrorInfo, Reason } from '../lib/rpc/status-error.ts';
import { countFromWire } from '../lib/rpc/u64.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { type RunPaths, readVmSecret } from '../lib/runtime/run-directory.ts';
import { BrokerStream, type News } from './broker-stream.ts';
import {
  type Attachment,
  commandMessage,
  isSameOperation,
  type MapOperation,
  type MemoryHandle,
  type Operation,
  ProtocolViolation,
  type RefusedResult,
  type Result,
  resultOf,
  SESSION_LOST,
  TIMED_OUT,
  VMM_FAILED,
} from './operation.ts';
import { SocketWatch } from './socket-watch.ts';
import type { DeviceJournal, Past, PastAccounts } from './state/device-journal.ts';
import type { JournalRecord } from './state/records.ts';

/** The contract's limit of commands in a Batch. */
const MOST_COMMANDS = 1024;
/** Milliseconds between attempts to reach the broker: short at first, because guests wait. */
const FIRST_BACKOFF = 25;
/** A broker that is back shall be found soon, and a try at a socket that nobody listens on costs next to nothing. */
const LONGEST_BACKOFF = 100;
/** A broker that is there and refuses has to work for every attempt, and writes a line about it. */
const LONGEST_REFUSED_BACKOFF = 2000;
/** Between two tries to have a map's memory after all. */
const MEMORY_PAUSE = 20;
/** How long an orderly detach may take, milliseconds. */
const DETACH_LIMIT = 2000;
const NEW_SESSION = new Uint8Array();

export type SessionOptions = {
  readonly vm: string;
  readonly paths: RunPaths;
  /** Milliseconds from a question to TIMED_OUT. */
  readonly answerTimeout: number;
  readonly log: Logger;
  readonly listener: SessionListener;
  /** How long the broker took for a batch, from its sending to its answer. Milliseconds. */
  readonly observe: (duration: number) => void;
  /** Where a successor reads what is under way; null: the session ends with this process. */
  readonly journal?: Pick<DeviceJournal, 'append'> | null;
  /** What a predecessor left. */
  readonly past?: Past | null;
};

export type SessionListener = {
  /** A session began (again, with `resumed` false) or goes on. Called before anything of execute() is sent on it. */
  onAttached(attachment: Attachment): void;
  /**
   * What became of commands after their batch was answered TIMED_OUT. Called before anything newer is sent: commands that take something
   * back belong into execute() with `urgent`. Not called for commands from before a reset.
   */
  onLate(outcomes: readonly LateOutcome[]): void;
  /** For whoever decides for the VM. */
  onNews(news: Exclude<News, { kind: 'revoked' }>): void;
  /** The broker is there and does not take the VM, although that is no reason to give the session up. It is asked again. */
  onRefused(refusal: RefusedResult): void;
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
  /** performance.now() from which the time-out counts: when it was handed over to the stream; when it came to be held, before that. */
  waitingSince: number;
  /** performance.now() when it was sent; 0 before that. */
  sent: number;
  /** Those of `operations` that have no number yet. */
  unsent: readonly number[];
  readonly done: Done;
};

type Entry = {
  readonly number: number;
  readonly operation: Operation;
  /** In the batch. */
  index: number;
  /** Who waits for the answer; null when nobody does, or not any more. */
  batch: Batch | null;
  /** The broker's answer. */
  result: Result | null;
  /** What the batch is told in place of the answer. */
  instead: Result | null;
  /**
   * open        it belongs to a batch; settled when its chain is published
   * claimable   a predecessor's; its chain was not published, and will ask again
   * late        the guest was told that it failed: settled when that is taken back
   * done        nobody will ask for it (its answer was published, or a reset made it void)
   */
  state: 'open' | 'claimable' | 'late' | 'done';
};

type State = 'connecting' | 'attached' | 'waiting' | 'lost' | 'closed';

export class BrokerSession {
  readonly #options: SessionOptions;
  readonly #log: Logger;
  #state: State = 'connecting';
  #stream: BrokerStream | null = null;
  #session: Uint8Array = NEW_SESSION;
  /** How the session began, as records. */
  #origin: readonly JournalRecord[] = [];
  /** Of the attachment that holds: where its window waits. */
  #window: MemoryHandle | null = null;
  #lastNumber = 0;
  #acknowledged = 0;
  /** Sent and not settled, in order of their numbers. */
  #entries: Entry[] = [];
  /** How many of them are answered: the broker answers in order, so it is the first ones. */
  #answered = 0;
  /** How many are late and not answered. While there are any, nothing new is sent. */
  #lateCount = 0;
  /** A predecessor's that may be asked for again. */
  #claimable: Entry[] = [];
  /** See published(). */
  #published = 0;
  #held: Batch[] = [];
  /** Goes out before #held. */
  #urgent: Batch[] = [];
  #backoff = FIRST_BACKOFF;
  /** The last pause of attachAgain(), and performance.now() when it began; milliseconds. */
  #again = { pause: 0, began: Number.NEGATIVE_INFINITY };
  #againTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #attachTimer: Deadline | null = null;
  /** While the broker is away. */
  #watch: SocketWatch | null = null;
  /** One timer for all batches. While it runs, its end is at or before the deadline of the oldest. */
  #answerTimer: Deadline | null = null;
  /** performance.now() when the stream at hand was attached. */
  #attachedAt = 0;
  /** performance.now() when a batch had waited in vain, for as long as the broker has not answered anything since; 0 otherwise. */
  #gaveUpAt = 0;
  #starting: { resolve(attachment: Attachment): void; reject(error: Error): void } | null = null;
  #detaching: (() => void) | null = null;
  /** What was last told of why there is no broker: each once until it is attached again. */
  #told = '';
  /** The broker is there, and refused the last attempt for a reason of its own: nobody has to wait for it to come back. */
  #refusal: RefusedResult | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#log = options.log;
    if (options.past) this.#restore(options.past);
  }

  get isAttached(): boolean {
    return this.#state === 'attached';
  }

  /** The broker does not know the session any more, and reset() has not been called since. */
  get isLost(): boolean {
    return this.#state === 'lost';
  }

  /** Why the broker, which is there, turned the last attempt to attach down; null when it did not. */
  get refusal(): RefusedResult | null {
    return this.#refusal;
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

  /** Goes on with a predecessor's session: as start(), but nobody waits, and what would end start() loses the session. */
  resume(): void {
    this.#connect();
  }

  /**
   * Asks the broker for a list of operations, as one batch. `since` is performance.now() when the guest began to wait: a batch that waited
   * through an outage, behind another one that waited in vain, is not held once more. `urgent` puts the batch before those that are held.
   */
  execute(operations: readonly Operation[], since: number, done: Done, urgent = false): void {
    const batch: Batch = {
      operations,
      results: new Array(operations.length),
      missing: operations.length,
      waitingSince: performance.now(),
      sent: 0,
      unsent: operations.map((_, index) => index),
      done,
    };
    if (this.#state === 'lost' || this.#state === 'closed' || operations.length === 0) {
      queueMicrotask(() => finish(batch, SESSION_LOST));
      return;
    }
    if (this.#claimable.length > 0) this.#claim(batch);
    if (batch.missing === 0) {
      queueMicrotask(() => finish(batch, SESSION_LOST));
      return;
    }
    if (this.#answerTimer === null) this.#armTimer(batch.waitingSince);
    if (batch.unsent.length === 0) return;
    (urgent ? this.#urgent : this.#held).push(batch);
    if (this.#refusal !== null) queueMicrotask(() => this.#answerRefused());
    this.#sendHeld();
    if (since < this.#gaveUpAt) queueMicrotask(() => this.#endImpatient(batch));
  }

  /**
   * The control queue has published every chain below this number: what was asked for their sake is settled. Until then the broker keeps
   * its answers, because a successor would ask again.
   */
  published(published: number): void {
    if (published === this.#published) return;
    this.#published = published;
    const missed = this.#claimable.filter(({ operation }) => chainOf(operation) < published);
    if (missed.length > 0) {
      this.#claimable = this.#claimable.filter(({ operation }) => chainOf(operation) >= published);
      this.#becameLate(missed);
      this.#tellLate(missed.filter(({ result }) => result !== null));
    }
    this.#settle();
  }

  /** A successor learns how far its predecessor had come with the control queue: to be called once, before anything is executed. */
  adopt(published: number): void {
    this.#published = published;
    const late = this.#options.past?.late ?? new Set();
    const outcomes: Entry[] = [];
    for (const entry of this.#claimable) {
      if (chainOf(entry.operation) >= published) continue;
      entry.state = late.has(entry.number) ? 'late' : 'done';
      if (entry.state !== 'late') continue;
      if (entry.result) outcomes.push(entry);
      else this.#lateCount += 1;
    }
    this.#claimable = this.#claimable.filter(({ state }) => state === 'claimable');
    this.#tellLate(outcomes);
    this.#settle();
    this.#sendHeld();
  }

  /** What is under way, for a snapshot of the journal. */
  snapshot(): readonly JournalRecord[] {
    const isResetDue = this.#held.some((batch) => batch.operations.some(({ kind }) => kind === 'reset'));
    const late = this.#entries.filter(({ state }) => state === 'late').map(({ number }) => number);
    return [
      ...this.#origin,
      ...(isResetDue ? [{ kind: 'reset', isDue: true } as const] : []),
      {
        kind: 'sent',
        first: this.#entries[0]?.number ?? this.#lastNumber + 1,
        acknowledged: this.#acknowledged,
        operations: this.#entries.map(({ operation, state }) => ({ operation, isStale: state === 'done' })),
      },
      ...(late.length > 0 ? [{ kind: 'late', numbers: late } as const] : []),
    ];
  }

  /**
   * A device reset: every blob of the VM ends. Callbacks of batches from before are not called any more. After a loss, a new session is
   * begun instead. The caller need not wait: what is executed after this call comes after the reset.
   */
  reset(): void {
    this.#held = [];
    this.#urgent = [];
    this.#claimable = [];
    this.#published = 0;
    for (const entry of this.#entries) {
      entry.state = 'done';
      entry.batch = null;
    }
    this.#lateCount = 0;
    if (this.#state === 'lost') this.#beginAnew();
    else this.execute([{ kind: 'reset' }], performance.now(), (results) => this.#wasReset(results));
  }

  /** What became of a VM that this process decides for. False when there is no stream: then nothing is sent. */
  tell(accounts: barkeep.v1.Accounts.$Properties): boolean {
    return this.#stream?.sendAccounts(accounts) ?? false;
  }

  /** Asks for another grant. As tell(). */
  askGrant(request: barkeep.v1.GrantRequest.$Properties): boolean {
    return this.#stream?.sendGrantRequest(request) ?? false;
  }

  /** Asks for memory of its own for a blob. As tell(). */
  askMemory(request: barkeep.v1.MemoryRequest.$Properties): boolean {
    return this.#stream?.sendMemoryRequest(request) ?? false;
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
        const limit = afterReading(DETACH_LIMIT, resolve);
        this.#detaching = () => {
          limit.cancel();
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
    if (this.#againTimer) clearTimeout(this.#againTimer);
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    this.#attachTimer?.cancel();
    this.#answerTimer?.cancel();
    this.#answerTimer = null;
    this.#forgetAll();
    this.#starting?.reject(
      new ExitError(EXIT.FAILURE, `attach ${this.#options.vm}: stopped before it was attached`),
    );
    this.#starting = null;
  }

  #restore(past: Past): void {
    this.#lastNumber = past.lastNumber;
    this.#acknowledged = past.acknowledged;
    if (past.session) this.#origin = [past.session, ...recordsOf(past.decided)];
    if (past.isSessionGone) this.#origin = [...this.#origin, { kind: 'session-gone' }];
    else if (past.session) this.#session = past.session.session;
    this.#entries = past.commands.map(({ number, operation, isStale }): Entry => {
      const state = isStale || chainOf(operation) < 0 ? 'done' : 'claimable';
      return { number, operation, index: 0, batch: null, result: null, instead: null, state };
    });
    this.#claimable = this.#entries.filter(({ state }) => state === 'claimable');
    if (past.isResetDue) this.reset();
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
        onNews: (news) => {
          if (news.kind === 'revoked') this.#revoked(news.why);
          else this.#options.listener.onNews(news);
        },
        onEnd: (error) => this.#ended(error),
      },
    );
    this.#stream = stream;
    this.#attachTimer = afterReading(this.#options.answerTimeout, () => {
      this.#breakOff(`the broker did not answer the attachment within ${this.#options.answerTimeout} ms`);
    });
  }

  #attached(attachment: Attachment): void {
    this.#attachTimer?.cancel();
    this.#attachedAt = performance.now();
    if (!attachment.resumed && this.#session.length > 0) {
      this.#lose();
      return;
    }
    if (!attachment.resumed) {
      const { session, lastNumber, placement, windowSize, decides } = attachment;
      this.#lastNumber = lastNumber;
      this.#acknowledged = lastNumber;
      this.#origin = [{ kind: 'session', session, placement, windowSize, lastNumber }, ...recordsOf(decides)];
      this.#options.journal?.append(...this.#origin);
      faultPoint('gpu.session-recorded');
    } else if (!this.#canGoOnFrom(attachment.lastNumber)) {
      this.#log.error(
        { lastNumber: attachment.lastNumber, next: this.#firstUnanswered },
        'the broker remembers another past than this frontend; the session is given up',
      );
      this.#lose();
      return;
    }
    this.#session = attachment.session;
    this.#window = attachment.window ?? attachment.windowWanted;
    this.#backoff = FIRST_BACKOFF;
    this.#setState('attached');
    const { resumed, generation, placement, windowSize, brokerVersion } = attachment;
    this.#log.info(
      {
        resumed,
        generation,
        placement,
        windowSize,
        brokerVersion,
        repeated: this.#entries.length - this.#answered,
      },
      'attached to the broker',
    );
    this.#told = '';
    this.#refusal = null;
    this.#options.listener.onAttached(attachment);
    this.#starting?.resolve(attachment);
    this.#starting = null;
    this.#write(this.#entries.slice(this.#answered));
    this.#sendHeld();
  }

  get #firstUnanswered(): number {
    return this.#entries[this.#answered]?.number ?? this.#lastNumber + 1;
  }

  /** After a resume: the broker has executed up to `last`; what it has not must be what is repeated first. */
  #canGoOnFrom(last: number): boolean {
    return last >= this.#firstUnanswered - 1 && last <= this.#lastNumber;
  }

  #ended(error: ErrorInfo | null): void {
    this.#stream = null;
    this.#attachTimer?.cancel();
    if (this.#state === 'closed') {
      this.#detaching?.();
      return;
    }
    const isSuspended = error?.reason === 'VM_SUSPENDED' && this.#session.length > 0;
    if (isSuspended) this.#log.error({ why: error.message }, 'the broker has suspended this VM');
    if (error?.reason === 'SESSION_UNKNOWN' || isSuspended) {
      this.#lose();
      return;
    }
    const isFirst = this.#starting !== null;
    const isClosedToUs = error?.code === status.UNAVAILABLE && error.message.includes('EACCES');
    const fatal = isClosedToUs ? EXIT.FORBIDDEN : error?.reason ? FATAL[error.reason] : undefined;
    if (error && fatal !== undefined && (isFirst || (error.reason && !PASSING.has(error.reason)))) {
      this.#fatal(new ExitError(fatal, `attach ${this.#options.vm}: ${error.message}`));
      return;
    }
    if (error?.reason && error.reason !== 'SHUTTING_DOWN') this.#refused(error.reason, error.message);
    else this.#away(error?.message ?? 'the broker ended the stream', error);
  }

  /**
   * The window could not be fetched with this handle, because the broker restarts, perhaps: after a pause the session is resumed on a new
   * stream, and onAttached() hears of another handle. Until then the stream does its work. As long as that does not help the pauses grow, up to
   * 2 s. Without effect when the session is being attached anyway, or has been since.
   */
  attachAgain(window: MemoryHandle, why: string): void {
    const isCurrent = () => this.#state === 'attached' && window === this.#window;
    if (!isCurrent()) return;
    const now = performance.now();
    const isRepeated = now - this.#again.began < 2 * LONGEST_REFUSED_BACKOFF;
    const pause = isRepeated ? Math.min(2 * this.#again.pause, LONGEST_REFUSED_BACKOFF) : FIRST_BACKOFF;
    this.#again = { pause, began: now };
    this.#log.warn({ why, pause }, "the window's memory cannot be fetched; the broker is asked for it again");
    this.#againTimer = setTimeout(() => {
      if (!isCurrent()) return;
      this.#stream?.close();
      this.#connect();
    }, pause);
  }

  /** Leaves a stream whose other end is silent. */
  #breakOff(why: string): void {
    this.#stream?.close();
    this.#stream = null;
    this.#away(why, null);
  }

  #away(why: string, error: ErrorInfo | null): void {
    this.#refusal = null;
    this.#backoff = Math.min(this.#backoff, LONGEST_BACKOFF);
    this.#retry(LONGEST_BACKOFF);
    if (this.#isTold('away')) return;
    const socket = this.#options.paths.brokerSocket;
    const code = error ? status[error.code] : undefined;
    this.#log.warn({ why, code, socket }, 'the broker is away; trying again until it is back');
  }

  /**
   * The broker is there and refuses: that is no outage. When it turns an attempt to attach down, there is nothing to wait for, and the guest
   * hears it at once; but VM_ATTACHED only means that it has not noticed yet that the old connection is gone.
   */
  #refused(reason: Reason, message: string): void {
    const isTurnedDown = this.#state === 'connecting' && reason !== 'VM_ATTACHED';
    this.#refusal = isTurnedDown ? { kind: 'refused', reason, message } : null;
    this.#retry(isTurnedDown ? LONGEST_REFUSED_BACKOFF : LONGEST_BACKOFF);
    if (!this.#isTold(reason))
      this.#log.error({ reason, why: message }, 'the broker is there and refuses this VM; it is asked again');
    if (this.#refusal) this.#options.listener.onRefused(this.#refusal);
    this.#answerRefused();
  }

  #isTold(what: string): boolean {
    const isTold = this.#told === what;
    this.#told = what;
    return isTold;
  }

  #retry(longest: number): void {
    this.#attachTimer?.cancel();
    this.#setState('waiting');
    this.#retryTimer = setTimeout(() => this.#connect(), this.#backoff);
    this.#backoff = Math.min(this.#backoff * 2, longest);
  }

  /** Answers whoever waits; what was sent may have been done, and becomes late. A reset stays, and what takes something back. */
  #answerRefused(): void {
    const refusal = this.#refusal;
    if (refusal === null) return;
    const refused = new Set(this.#held.filter((batch) => !hasReset(batch)));
    for (const { batch, result } of this.#entries) {
      if (batch !== null && result === null && !hasReset(batch)) refused.add(batch);
    }
    this.#end(refused, refusal);
  }

  /** Batches are told what they wait for in vain; their commands that were sent are late. */
  #end(batches: ReadonlySet<Batch>, result: Result): void {
    this.#held = this.#held.filter((batch) => !batches.has(batch));
    this.#becameLate(
      this.#entries.filter(
        (entry) => entry.batch !== null && entry.result === null && batches.has(entry.batch),
      ),
    );
    for (const batch of batches) finish(batch, result);
  }

  /** The broker takes the VM away: nobody decides for it any more from here on, and then the broker is told so. */
  #revoked(why: string): void {
    this.#log.warn({ why }, 'the broker takes this VM away');
    const stream = this.#stream;
    this.#stream = null;
    this.#lose();
    stream?.leave();
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
      ...this.#entries.flatMap(({ batch, result }) => (batch && !result ? batch : [])),
      ...this.#urgent,
      ...this.#held,
    ]);
    const isResetting =
      this.#entries.some(({ operation, result }) => operation.kind === 'reset' && !result) ||
      this.#held.some((batch) => batch.operations.some((operation) => operation.kind === 'reset'));
    this.#forgetAll();
    this.#setState('lost');
    if (isNews) {
      this.#log.warn(
        'the broker has forgotten this session; commands are refused until the guest resets its device',
      );
      this.#options.listener.onLost();
    }
    for (const batch of waiting) finish(batch, SESSION_LOST);
    // What a reset asks for, an empty VM, is what a new session is.
    if (isNews && isResetting && this.#state === 'lost') this.#beginAnew();
  }

  #beginAnew(): void {
    const gone: JournalRecord = { kind: 'session-gone' };
    this.#origin = [...this.#origin, gone];
    this.#options.journal?.append(gone);
    faultPoint('gpu.session-gone');
    this.#connect();
  }

  #forgetAll(): void {
    this.#entries = [];
    this.#answered = 0;
    this.#claimable = [];
    this.#held = [];
    this.#urgent = [];
    this.#lateCount = 0;
  }

  #setState(state: State): void {
    if (this.#state !== 'closed') this.#state = state;
    if (this.#state === 'waiting') {
      this.#watch ??= new SocketWatch(this.#options.paths.brokerSocket, () => this.#brokerIsBack());
    } else if (this.#state !== 'connecting') {
      this.#watch?.close();
      this.#watch = null;
    }
  }

  /** It has made its socket, and listens there in a moment. */
  #brokerIsBack(): void {
    this.#backoff = FIRST_BACKOFF;
    if (this.#state !== 'waiting') return;
    if (this.#retryTimer) clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /**
   * Another handle of the memory of a map that was answered and that nobody has told the guest of yet: the token of the first one died with
   * the broker. Waits for the broker to be back, up to the answer's time-out. Rejects when the session or the map is gone.
   */
  async memoryAgain(operation: MapOperation): Promise<MemoryHandle> {
    const { answerTimeout, vm } = this.#options;
    const overdue = new AbortController();
    const deadline = afterReading(answerTimeout, () => overdue.abort());
    try {
      for (;;) {
        const entry = this.#entries.find((one) => isSameOperation(one.operation, operation));
        if (!entry?.result || this.#state === 'lost' || this.#state === 'closed')
          throw new Error('its map is not remembered any more');
        if (overdue.signal.aborted) throw new Error(`the broker was not back within ${answerTimeout} ms`);
        try {
          if (this.#state === 'attached' && this.#stream)
            return await this.#stream.mapAgain(vm, entry.number, operation, overdue.signal);
        } catch (error) {
          this.#log.debug({ err: error, number: entry.number }, 'the memory of a map was asked for in vain');
        }
        await sleep(MEMORY_PAUSE);
      }
    } finally {
      deadline.cancel();
    }
  }

  // ---- batches ------------------------------------------------------------------------------------------------------------------------

  #send(batch: Batch): void {
    this.#settle();
    const start = this.#entries.length;
    const first = this.#lastNumber + 1;
    batch.sent = performance.now();
    batch.waitingSince = batch.sent;
    for (const index of batch.unsent) {
      const operation = batch.operations[index] as Operation;
      this.#lastNumber += 1;
      this.#entries.push({
        number: this.#lastNumber,
        operation,
        index,
        batch,
        result: null,
        instead: null,
        state: 'open',
      });
    }
    batch.unsent = [];
    const entries = start === 0 ? this.#entries : this.#entries.slice(start);
    if (this.#options.journal) {
      faultPoint('gpu.batch-numbered');
      this.#options.journal.append({
        kind: 'sent',
        first,
        acknowledged: this.#acknowledged,
        operations: entries.map(({ operation }) => ({ operation, isStale: false })),
      });
      faultPoint('gpu.batch-recorded');
    }
    this.#write(entries);
    faultPoint('gpu.batch-written');
  }

  #write(list: readonly Entry[]): void {
    for (let start = 0; start < list.length; start += MOST_COMMANDS) {
      const commands = list
        .slice(start, start + MOST_COMMANDS)
        .map(({ number, operation }) => commandMessage(number, operation));
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
    const answered = this.#entries.slice(this.#answered, this.#answered + replies.length);
    if (replies.length > answered.length) {
      throw new ProtocolViolation(`${replies.length} answers to ${answered.length} commands`);
    }
    const results = replies.map((reply, index) => {
      const { number, operation } = answered[index] as Entry;
      const found = countFromWire(reply.number);
      if (found !== number)
        throw new ProtocolViolation(`number ${number} was next, number ${found} was answered`);
      return resultOf(operation, reply);
    });
    faultPoint('gpu.batch-answered');
    this.#answered += replies.length;
    this.#gaveUpAt = 0;
    const late: Entry[] = [];
    for (const [index, entry] of answered.entries()) {
      entry.result = results[index] as Result;
      if (entry.state !== 'late') continue;
      this.#lateCount -= 1;
      late.push(entry);
    }
    this.#tellLate(late);
    for (const entry of answered) {
      const { batch } = entry;
      if (!batch) continue;
      batch.results[entry.index] = entry.instead ?? (entry.result as Result);
      batch.missing -= 1;
      if (batch.missing > 0) continue;
      if (batch.sent > 0) this.#options.observe(performance.now() - batch.sent);
      batch.done(batch.results as Result[]);
    }
    const broken = results.find((result) => result.kind === 'refused' && NUMBERING.has(result.reason));
    if (broken) {
      this.#log.error({ refusal: broken }, 'the broker counts the commands of this session differently');
      this.#lose();
      return;
    }
    this.#settle();
    this.#sendHeld();
  }

  // ---- what is over -----------------------------------------------------------------------------------------------------------------

  /** Gives a batch the numbers and answers of a predecessor's commands, as far as it asks for the same. */
  #claim(batch: Batch): void {
    const unsent: number[] = [];
    batch.operations.forEach((operation, index) => {
      const found =
        chainOf(operation) < 0
          ? -1
          : this.#claimable.findIndex((entry) => isSameOperation(entry.operation, operation));
      if (found < 0) {
        unsent.push(index);
        return;
      }
      const [entry] = this.#claimable.splice(found, 1) as [Entry];
      entry.state = 'open';
      entry.index = index;
      entry.instead = this.#takeUndoing(operation) ? VMM_FAILED : null;
      if (entry.result) {
        batch.results[index] = entry.instead ?? entry.result;
        batch.missing -= 1;
      } else entry.batch = batch;
    });
    batch.unsent = unsent;
  }

  /** The predecessor had begun to take this map back: so it stays. */
  #takeUndoing(operation: Operation): boolean {
    if (operation.kind !== 'map') return false;
    const { chain, resourceId } = operation;
    const undoing = this.#claimable.find(
      (entry) =>
        entry.operation.kind === 'unmap' &&
        entry.operation.takesBack === true &&
        entry.operation.chain === chain &&
        entry.operation.resourceId === resourceId,
    );
    if (!undoing) return false;
    undoing.state = 'done';
    this.#claimable = this.#claimable.filter((entry) => entry !== undoing);
    return true;
  }

  /** The guest is told that these failed, whatever becomes of them. */
  #becameLate(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      entry.state = 'late';
      entry.batch = null;
      if (!entry.result) this.#lateCount += 1;
    }
    this.#options.journal?.append({ kind: 'late', numbers: entries.map(({ number }) => number) });
    faultPoint('gpu.late-recorded');
  }

  #tellLate(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#options.listener.onLate(
      entries.map(({ operation, result }) => ({ operation, result: result as Result })),
    );
  }

  /**
   * Drops what is settled, from the front: the broker may forget its answers. Not while the guest's blobs are being brought in line with what
   * it was told: the record that acknowledges a late answer has to be the one that says what was done about it.
   */
  #settle(): void {
    if (this.#urgent.length > 0) return;
    let count = 0;
    while (count < this.#answered && this.#isSettled(this.#entries[count] as Entry)) count += 1;
    if (count === 0) return;
    this.#acknowledged = this.#entries[count - 1]?.number ?? this.#acknowledged;
    this.#entries.splice(0, count);
    this.#answered -= count;
  }

  #isSettled({ state, operation }: Entry): boolean {
    return state === 'open' ? chainOf(operation) < this.#published : state !== 'claimable';
  }

  #wasReset([result]: readonly Result[]): void {
    if (result?.kind === 'done') this.#log.debug({ generation: result.generation }, 'the device was reset');
    else if (result?.kind === 'refused') this.#log.error({ result }, 'the broker refused a device reset');
  }

  // ---- time -------------------------------------------------------------------------------------------------------------------------

  #armTimer(oldest: number): void {
    const delay = Math.max(1, Math.ceil(oldest + this.#options.answerTimeout - performance.now()));
    this.#answerTimer = afterReading(delay, () => this.#checkTime()).unref();
  }

  #checkTime(): void {
    this.#answerTimer = null;
    const limit = performance.now() - this.#options.answerTimeout;
    const overdue = new Set<Batch>();
    let oldest = Number.POSITIVE_INFINITY;
    const look = (batch: Batch): void => {
      if (batch.waitingSince <= limit) overdue.add(batch);
      else oldest = Math.min(oldest, batch.waitingSince);
    };
    for (const { batch, result } of this.#entries) if (batch !== null && result === null) look(batch);
    // One that was resumed a moment ago has only just been asked.
    const isSilent = overdue.size > 0 && this.#attachedAt <= limit;
    // Nobody waits for a reset, and what comes after it is right only if it is done.
    for (const batch of this.#held) if (!hasReset(batch)) look(batch);
    if (isSilent && this.#state === 'attached') {
      this.#breakOff(`no answer within ${this.#options.answerTimeout} ms`);
    }
    if (oldest !== Number.POSITIVE_INFINITY) this.#armTimer(oldest);
    this.#giveUp(overdue);
  }

  #giveUp(batches: ReadonlySet<Batch>): void {
    if (batches.size === 0) return;
    this.#gaveUpAt = performance.now();
    this.#end(batches, TIMED_OUT);
  }

  /** The outage that it waited through goes on. A reset is patient. */
  #endImpatient(batch: Batch): void {
    if (this.#held.includes(batch) && !hasReset(batch)) this.#end(new Set([batch]), TIMED_OUT);
  }
}

/** Refusals that end the process at its start, and its exit code. */
const FATAL: Partial<Record<Reason, ExitCode>> = {
  VM_UNKNOWN: EXIT.NOT_FOUND,
  VM_FORBIDDEN: EXIT.FORBIDDEN,
  VM_ATTACHED: EXIT.FAILURE,
  PROTOCOL: EXIT.FAILURE,
  BROKER_TOO_OLD: EXIT.FAILURE,
};

/** Of those: what another broker, or the next moment, can mend. A session that was there before is held on to. */
const PASSING: ReadonlySet<Reason> = new Set(['VM_ATTACHED', 'BROKER_TOO_OLD'] satisfies Reason[]);

/** Refusals of a number rather than of what it asks: the two sides count differently, and nothing can be made of that. */
const NUMBERING: ReadonlySet<Reason> = new Set([
  'NUMBER_GAP',
  'NUMBER_FORGOTTEN',
  'UNACKNOWLEDGED_LIMIT',
] satisfies Reason[]);

function hasReset({ operations }: Batch): boolean {
  return operations.some(({ kind }) => kind === 'reset');
}

/** By what and within what this process decides, when it does. */
function recordsOf(decides: Pick<PastAccounts, 'rules' | 'grant'> | null): readonly JournalRecord[] {
  if (decides === null) return [];
  return [
    { kind: 'rules', rules: decides.rules },
    { kind: 'grant', grant: decides.grant },
  ];
}

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

/** -1 for what no chain of the guest asks for. */
function chainOf(operation: Operation): number {
  return operation.kind === 'reset' ? -1 : (operation.chain ?? -1);
}
