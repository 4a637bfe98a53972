// The frontend's session with the broker: attached once, resumed over every break of the stream, begun anew after a loss.
//
//   state        meaning
//   connecting   no stream yet, or it waits for Attached
//   attached     what is told and asked goes out as it comes
//   waiting      the stream broke, or the broker refused; the next attempt is scheduled (back-off.ts)
//   lost         the broker does not know the session any more (it was reclaimed, or the broker restarted without its books), or has taken
//                the VM away: until beginAnew() nobody decides
//   closed       detach() or close() was called
//
// What is told and asked is nobody's business here: states, which are told again when a stream begins (deciding/). The guest is answered by
// who decides, and waits for this session only where that needs more than it has.
//
// With a journal a successor of this process goes on with the session.
import { status } from '@grpc/grpc-js';
import { afterReading, type Deadline } from '../lib/os/after-reading.ts';
import { faultPoint } from '../lib/os/fault-point.ts';
import type { barkeep } from '../lib/rpc/gen/barkeep.js';
import type { ErrorInfo, Reason } from '../lib/rpc/status-error.ts';
import { EXIT, type ExitCode, ExitError } from '../lib/runtime/exit-code.ts';
import type { Logger } from '../lib/runtime/log.ts';
import { type RunPaths, readVmSecret } from '../lib/runtime/run-directory.ts';
import { BackOff, FIRST_PAUSE, LONGEST_PAUSE, LONGEST_REFUSED_PAUSE } from './back-off.ts';
import { BrokerStream, type News } from './broker-stream.ts';
import type { Attachment, MemoryHandle, RefusedResult } from './operation.ts';
import type { DeviceJournal, Past, PastAccounts } from './state/device-journal.ts';
import type { JournalRecord } from './state/records.ts';

/** How long an orderly detach may take, milliseconds. */
const DETACH_LIMIT = 2000;
const NEW_SESSION = new Uint8Array();

export type SessionOptions = {
  readonly vm: string;
  readonly paths: RunPaths;
  /** Milliseconds that the broker has to answer an attachment. */
  readonly answerTimeout: number;
  readonly log: Logger;
  readonly listener: SessionListener;
  /** Where a successor reads what is under way; null: the session ends with this process. */
  readonly journal?: Pick<DeviceJournal, 'append'> | null;
  /** What a predecessor left. */
  readonly past?: Past | null;
};

export type SessionListener = {
  /** A session began (again, with `resumed` false) or goes on. Called before anything is sent on it. */
  onAttached(attachment: Attachment): void;
  /** For whoever decides for the VM. */
  onNews(news: Exclude<News, { kind: 'revoked' }>): void;
  /** The broker is there and does not take the VM, although that is no reason to give the session up. It is asked again. */
  onRefused(refusal: RefusedResult): void;
  /** Everything that the VM had is gone, until beginAnew(). */
  onLost(): void;
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
  readonly #backOff: BackOff;
  /** The last pause of attachAgain(), and performance.now() when it began; milliseconds. */
  #again = { pause: 0, began: Number.NEGATIVE_INFINITY };
  #againTimer: NodeJS.Timeout | null = null;
  #attachTimer: Deadline | null = null;
  #starting: { resolve(attachment: Attachment): void; reject(error: Error): void } | null = null;
  #detaching: (() => void) | null = null;
  /** What was last told of why there is no broker: each once until it is attached again. */
  #told = '';
  /** The broker is there, and refused the last attempt for a reason of its own: nobody has to wait for it to come back. */
  #refusal: RefusedResult | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#backOff = new BackOff(options.paths.brokerSocket, () => this.#connect());
    if (options.past) this.#restore(options.past);
  }

  get isAttached(): boolean {
    return this.#state === 'attached';
  }

  /** The broker does not know the session any more, and beginAnew() has not been called since. */
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

  /** How the session began, for a snapshot of the journal. */
  snapshot(): readonly JournalRecord[] {
    return this.#origin;
  }

  /** After a loss: a new session is begun. Otherwise nothing happens. */
  beginAnew(): void {
    if (this.#state !== 'lost') return;
    const gone: JournalRecord = { kind: 'session-gone' };
    this.#origin = [...this.#origin, gone];
    this.#options.journal?.append(gone);
    faultPoint('gpu.session-gone');
    this.#connect();
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
    this.#attachTimer?.cancel();
    this.#starting?.reject(
      new ExitError(EXIT.FAILURE, `attach ${this.#options.vm}: stopped before it was attached`),
    );
    this.#starting = null;
  }

  #restore(past: Past): void {
    if (past.session) this.#origin = [past.session, ...recordsOf(past.decided)];
    if (past.isSessionGone) this.#origin = [...this.#origin, { kind: 'session-gone' }];
    else if (past.session) this.#session = past.session.session;
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
    if (!attachment.resumed && this.#session.length > 0) {
      this.#lose();
      return;
    }
    if (!attachment.resumed) {
      const { session, placement, windowSize, decides } = attachment;
      this.#origin = [{ kind: 'session', session, placement, windowSize }, ...recordsOf(decides)];
      this.#options.journal?.append(...this.#origin);
      faultPoint('gpu.session-recorded');
    }
    this.#session = attachment.session;
    this.#window = attachment.window ?? attachment.windowWanted;
    this.#setState('attached');
    const { resumed, generation, placement, windowSize, brokerVersion } = attachment;
    this.#log.info({ resumed, generation, placement, windowSize, brokerVersion }, 'attached to the broker');
    this.#told = '';
    this.#refusal = null;
    this.#options.listener.onAttached(attachment);
    this.#starting?.resolve(attachment);
    this.#starting = null;
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
    const isRepeated = now - this.#again.began < 2 * LONGEST_REFUSED_PAUSE;
    const pause = isRepeated ? Math.min(2 * this.#again.pause, LONGEST_REFUSED_PAUSE) : FIRST_PAUSE;
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
    this.#retry(LONGEST_PAUSE);
    if (this.#isTold('away')) return;
    const socket = this.#options.paths.brokerSocket;
    const code = error ? status[error.code] : undefined;
    this.#log.warn({ why, code, socket }, 'the broker is away; trying again until it is back');
  }

  /**
   * The broker is there and refuses: that is no outage. When it turns an attempt to attach down, there is nothing to wait for, and whoever
   * waits hears it at once; but VM_ATTACHED only means that it has not noticed yet that the old connection is gone.
   */
  #refused(reason: Reason, message: string): void {
    const isTurnedDown = this.#state === 'connecting' && reason !== 'VM_ATTACHED';
    this.#refusal = isTurnedDown ? { kind: 'refused', reason, message } : null;
    this.#retry(isTurnedDown ? LONGEST_REFUSED_PAUSE : LONGEST_PAUSE);
    if (!this.#isTold(reason))
      this.#log.error({ reason, why: message }, 'the broker is there and refuses this VM; it is asked again');
    if (this.#refusal) this.#options.listener.onRefused(this.#refusal);
  }

  #isTold(what: string): boolean {
    const isTold = this.#told === what;
    this.#told = what;
    return isTold;
  }

  #retry(longest: number): void {
    this.#attachTimer?.cancel();
    this.#setState('waiting');
    this.#backOff.again(longest);
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
    this.#setState('lost');
    if (!isNews) return;
    this.#log.warn(
      'the broker has forgotten this session; commands are refused until the guest resets its device',
    );
    this.#options.listener.onLost();
  }

  #setState(state: State): void {
    if (this.#state !== 'closed') this.#state = state;
    if (this.#state !== 'waiting' && this.#state !== 'connecting') this.#backOff.end();
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

/** By what and within what this process decides, when it does. */
function recordsOf(decides: Pick<PastAccounts, 'rules' | 'grant'> | null): readonly JournalRecord[] {
  if (decides === null) return [];
  return [
    { kind: 'rules', rules: decides.rules },
    { kind: 'grant', grant: decides.grant },
  ];
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
