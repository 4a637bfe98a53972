import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BrokerSession,
  type LateOutcome,
  type SessionListener,
  type SessionOptions,
} from '../../services/frontend/broker-session.ts';
import {
  type Attachment,
  type MemoryHandle,
  type Operation,
  type Result,
  TIMED_OUT,
} from '../../services/frontend/operation.ts';
import { type Past, replay } from '../../services/frontend/state/device-journal.ts';
import type { JournalRecord } from '../../services/frontend/state/records.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { EXIT } from '../../services/lib/runtime/exit-code.ts';

import { pace, stays, turns, until } from '../support/until.ts';
import { FakeBroker, makeRunDirectory } from './fake-broker.ts';

const VM = 'web-1';
// Long enough for a loaded machine to answer in, short enough to wait for in a test.
const ANSWER_TIMEOUT = 300;
/** Where something has to happen in time before it is over. */
const LONG_TIMEOUT = 1500;
const silent = pino({ level: 'silent' });

const create = (resourceId: number): Operation => ({
  kind: 'create',
  contextId: 1,
  resourceId,
  memory: 'host3d',
  flags: 1,
  blobId: 0,
  size: 4096,
});
const map = (resourceId: number, offset = 0): Operation => ({ kind: 'map', resourceId, offset });
const destroy = (resourceId: number): Operation => ({ kind: 'destroy', resourceId });

const run = makeRunDirectory(VM);
let broker: FakeBroker;
let sessions: BrokerSession[] = [];
let attachments: Attachment[] = [];
let late: LateOutcome[] = [];
let losses = 0;

function newSession(
  listener: Partial<SessionListener> = {},
  log = silent,
  more: Partial<Pick<SessionOptions, 'journal' | 'past' | 'answerTimeout'>> = {},
): BrokerSession {
  const session = new BrokerSession({
    vm: VM,
    paths: run.paths,
    answerTimeout: ANSWER_TIMEOUT,
    log,
    observe: () => {},
    ...more,
    listener: {
      onAttached: (attachment) => attachments.push(attachment),
      onNews: () => {},
      onRefused: () => {},
      onLate: (outcomes) => late.push(...outcomes),
      onLost: () => {
        losses += 1;
      },
      ...listener,
    },
  });
  sessions.push(session);
  return session;
}

function execute(session: BrokerSession, ...operations: Operation[]): Promise<readonly Result[]> {
  return executeSince(session, performance.now(), ...operations);
}

function executeSince(
  session: BrokerSession,
  since: number,
  ...operations: Operation[]
): Promise<readonly Result[]> {
  return new Promise((resolve) => session.execute(operations, since, resolve));
}

/** A journal in this process: what was written, and what a successor reads. */
class FakeJournal {
  readonly records: JournalRecord[] = [];

  append(...records: readonly JournalRecord[]): void {
    this.records.push(...records);
  }

  get past(): Past {
    return replay(this.records);
  }
}

function sessionWith(journal: FakeJournal, past: Past | null = null): BrokerSession {
  return newSession({}, silent, { journal, past });
}

/** Dies without a word, and is followed by a session that knows what the journal knows. */
function successorOf(session: BrokerSession, journal: FakeJournal, published: number): BrokerSession {
  session.close();
  const successor = sessionWith(journal, journal.past);
  successor.adopt(published);
  successor.resume();
  return successor;
}

/** What was asked for the sake of a chain of the guest. */
const forChain = (chain: number, operation: Operation): Operation =>
  operation.kind === 'reset' ? operation : { ...operation, chain };

/** Stops the broker and starts one that has `books` of the old one. */
async function restart(keepsBooks: boolean): Promise<FakeBroker> {
  broker.kill();
  const successor = new FakeBroker();
  if (keepsBooks) successor.adopt(broker);
  await successor.listen(run.paths.brokerSocket);
  broker = successor;
  return successor;
}

afterAll(() => run.remove());

beforeEach(async () => {
  attachments = [];
  late = [];
  losses = 0;
  sessions = [];
  broker = new FakeBroker();
  await broker.listen(run.paths.brokerSocket);
});

afterEach(() => {
  for (const session of sessions) session.close();
  broker.kill();
});

describe('attach', () => {
  it('sends name and secret, and resolves with what the broker says', async () => {
    const attachment = await newSession().start();

    expect(broker.attaches).toEqual([expect.objectContaining({ vm: VM, secret: 'ab'.repeat(32) })]);
    expect(attachment).toMatchObject({
      resumed: false,
      placement: 'window',
      windowSize: 2 ** 30,
      generation: 1,
    });
  });

  it.each([
    ['VM_UNKNOWN', EXIT.NOT_FOUND],
    ['VM_FORBIDDEN', EXIT.FORBIDDEN],
    ['VM_ATTACHED', EXIT.FAILURE],
  ] as const)('fails at once for %s', async (reason, exitCode) => {
    broker.refuseAttach = () => new StatusError(reason, 'the words of the broker');

    await expect(newSession().start()).rejects.toMatchObject({
      exitCode,
      message: 'attach web-1: the words of the broker',
    });
    expect(broker.attaches).toHaveLength(1);
  });

  it('waits for a broker that is not there yet, and says so once', async () => {
    broker.kill();
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const started = newSession({}, log).start();
    await until('it says that the broker is away', () => lines.length > 0);
    // It tries again all the while, and says nothing more.
    await stays('one line', () => lines.length === 1);
    broker = new FakeBroker();
    await broker.listen(run.paths.brokerSocket);

    await expect(started).resolves.toMatchObject({ resumed: false });
    expect(lines.filter((line) => line.includes('the broker is away'))).toHaveLength(1);
  });

  it('tries again when the broker takes the connection and says nothing', async () => {
    broker.ignoresAttach = true;
    const started = newSession().start();
    await until('1 attaches came', () => broker.attaches.length === 1);
    broker.ignoresAttach = false;

    await expect(started).resolves.toMatchObject({ resumed: false });
    expect(broker.attaches).toHaveLength(2);
  });

  it('rejects when it is closed while it waits', async () => {
    broker.kill();
    const session = newSession();
    const started = session.start();
    session.close();

    await expect(started).rejects.toThrow('stopped before it was attached');
  });
});

describe('batches', () => {
  it('carries consecutive numbers and acknowledges what was answered', async () => {
    const session = newSession();
    await session.start();

    const first = await execute(session, create(1), map(1));
    const second = await execute(session, destroy(1));

    expect(first).toEqual([
      { kind: 'done', wasMapped: false, generation: 0 },
      { kind: 'mapped', mapInfo: 1, size: 4096, memory: null },
    ]);
    expect(second).toHaveLength(1);
    expect(broker.batches.map((batch) => batch.map((command) => countFromWire(command.number)))).toEqual([
      [1, 2],
      [3],
    ]);
    expect(broker.acknowledged).toEqual([0, 2]);
  });

  it('tells refusals by reason', async () => {
    broker.answer = () => ({ error: { reason: barkeep.v1.Reason.REASON_QUOTA_BYTES, message: 'too much' } });
    const session = newSession();
    await session.start();

    expect(await execute(session, create(1))).toEqual([
      { kind: 'refused', reason: 'QUOTA_BYTES', message: 'too much' },
    ]);
  });

  it('splits what is longer than the contract allows', async () => {
    const session = newSession({}, silent, { answerTimeout: 20_000 });
    await session.start();
    const operations = Array.from({ length: 2500 }, (_, index) => create(index + 1));

    const results = await execute(session, ...operations);

    expect(results.every((result) => result.kind === 'done')).toBe(true);
    expect(broker.batches.map((batch) => batch.length)).toEqual([1024, 1024, 452]);
  });

  it('carries offsets and ids above 2^53 exactly', async () => {
    const session = newSession();
    await session.start();

    await execute(session, { kind: 'map', resourceId: 0xffff_ffff, offset: 0xffff_ffff_ffff_f000n });

    const [command] = broker.executed;
    expect(command?.map?.resourceId).toBe(0xffff_ffff);
    expect(String(command?.map?.offset)).toBe('18446744073709547520');
  });
});

describe('a broker that does not answer', () => {
  it('costs a TIMED_OUT within the time-out; the answer is fetched later, executed once, and numbers go on', async () => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    const before = performance.now();

    const results = await execute(session, create(1), map(1));

    const waited = performance.now() - before;
    expect(results).toEqual([
      { kind: 'failed', why: 'timeout' },
      { kind: 'failed', why: 'timeout' },
    ]);
    expect(waited).toBeGreaterThan(ANSWER_TIMEOUT * 0.9);
    expect(waited).toBeLessThan(ANSWER_TIMEOUT * 10);

    broker.isSilent = false;
    await until('two came late', () => late.length === 2);
    expect(late.map(({ operation }) => operation.kind)).toEqual(['create', 'map']);
    await execute(session, destroy(1));
    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(broker.executed.map((command) => countFromWire(command.number))).toEqual([1, 2, 3]);
  });

  it('does not send what was held and timed out', async () => {
    const session = newSession();
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);

    expect(await execute(session, create(1))).toEqual([{ kind: 'failed', why: 'timeout' }]);

    await restart(true);
    const [result] = await execute(session, create(2));
    expect(result?.kind).toBe('done');
    expect(broker.executed.map((command) => command.create?.resourceId)).toEqual([2]);
    expect(late).toEqual([]);
  });

  it('sends what is urgent before what was held', async () => {
    const session: BrokerSession = newSession({
      onLate: () => session.execute([destroy(1)], performance.now(), () => {}, true),
    });
    await session.start();
    broker.isSilent = true;
    await execute(session, create(1));
    const held = execute(session, create(2));
    broker.isSilent = false;

    await held;

    expect(broker.executed.map((command) => command.create?.resourceId ?? -1)).toEqual([1, -1, 2]);
  });

  it('has its time from when it is asked, however long the guest waits already', async () => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    const before = performance.now();

    const results = await executeSince(session, before - 10 * ANSWER_TIMEOUT, create(1));

    expect(results).toEqual([TIMED_OUT]);
    expect(performance.now() - before).toBeGreaterThan(ANSWER_TIMEOUT * 0.9);
    expect(attachments).toHaveLength(1);
  });

  it('has its time from when it is asked, however long there was nobody to ask', async () => {
    const session = newSession({}, silent, { answerTimeout: LONG_TIMEOUT });
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    const results = execute(session, create(1));
    await pace(0.6 * LONG_TIMEOUT);
    await restart(true);
    broker.isSilent = true;
    await until('the batch is sent', () => broker.batches.length === 1);
    const asked = performance.now();

    expect(await results).toEqual([TIMED_OUT]);
    expect(performance.now() - asked).toBeGreaterThan(LONG_TIMEOUT * 0.9);
  });

  it('that came back a moment ago and was asked again is not left for its silence', async () => {
    const session = newSession({}, silent, { answerTimeout: LONG_TIMEOUT });
    await session.start();
    broker.isSilent = true;
    const results = execute(session, create(1));
    await until('the batch is sent', () => broker.batches.length === 1);
    await pace(0.6 * LONG_TIMEOUT);
    const successor = await restart(true);
    successor.isSilent = true;
    await until('the batch is sent again', () => successor.batches.length === 1);

    expect(await results).toEqual([TIMED_OUT]);
    await stays('attached', () => session.isAttached && successor.attaches.length === 1);
  });

  it('costs one time-out: what stood behind a command that waited in vain is not held once more', async () => {
    const session = newSession();
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    const since = performance.now();
    await executeSince(session, since, create(1));
    const first = performance.now() - since;
    const behind = await executeSince(session, since, create(2));
    const second = performance.now() - since - first;

    expect(behind).toEqual([TIMED_OUT]);
    expect(second).toBeLessThan(ANSWER_TIMEOUT * 0.5);
    // What comes later hopes anew.
    const later = execute(session, create(3));
    await restart(true);
    expect((await later).map(({ kind }) => kind)).toEqual(['done']);
    expect(broker.executed.map((command) => command.create?.resourceId)).toEqual([3]);
  });

  it('is asked all the same for what stood behind, once it is back', async () => {
    const session = newSession();
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    const since = performance.now();
    await executeSince(session, since, create(1));
    await restart(true);
    await until('it is attached', () => session.isAttached);

    expect((await executeSince(session, since, create(2))).map(({ kind }) => kind)).toEqual(['done']);
  });

  it('does not cost a reset that stood behind', async () => {
    const session = newSession();
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    const since = performance.now();
    await executeSince(session, since, create(1));
    const reset = executeSince(session, since, { kind: 'reset' });
    await turns();
    await restart(true);

    expect((await reset).map(({ kind }) => kind)).toEqual(['done']);
  });
});

describe('a broken stream', () => {
  it('resumes and repeats by number; nobody notices', async () => {
    const session = newSession();
    await session.start();
    await execute(session, create(1));
    broker.isSilent = true;
    const pending = execute(session, create(2), map(2));
    await until('3 commands came', () => broker.executed.length === 3);
    await restart(true);

    expect((await pending).map(({ kind }) => kind)).toEqual(['done', 'mapped']);
    expect(broker.attaches[0]?.session).toHaveLength(16);
    expect(broker.batches[0]?.map((command) => countFromWire(command.number))).toEqual([2, 3]);
    expect(broker.executed).toEqual([]);
  });

  it('is resumed as soon as a broker makes its socket: no pause between two tries has to pass', async () => {
    const session = newSession();
    await session.start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      broker.kill();
      await until('a timer runs', () => vi.getTimerCount() > 0);
      // A new file instead of the one that is there, as a new broker makes it.
      rmSync(run.paths.brokerSocket, { force: true });
      const successor = new FakeBroker();
      successor.adopt(broker);
      broker = successor;
      await broker.listen(run.paths.brokerSocket);
      await until('1 attaches came', () => broker.attaches.length === 1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not resumed by a broker that remembers another past', async () => {
    const session = newSession();
    await session.start();
    await execute(session, create(1), create(2));
    broker.lastNumber = 0;
    const { streams } = broker;
    streams[0]?.emit('error', new StatusError('INTERNAL', 'stumbled'));

    await until('the loss is known', () => losses === 1);
    expect(await execute(session, create(3))).toEqual([{ kind: 'failed', why: 'lost' }]);
  });

  it.each([
    ['a wrong number', { batch: { replies: [{ number: 9, done: {} }] } }],
    [
      'more answers than questions',
      {
        batch: {
          replies: [
            { number: 1, done: {} },
            { number: 2, done: {} },
          ],
        },
      },
    ],
    ['an answer of the wrong kind', { batch: { replies: [{ number: 1, mapped: { cache: 1 } }] } }],
    ['a second Attached', { attached: { placement: 1, windowSize: 4096 } }],
    ['an empty message', {}],
  ])('is what comes of %s', async (_, response) => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    const pending = execute(session, create(1));
    await until('1 commands came', () => broker.executed.length === 1);
    broker.isSilent = false;

    broker.streams[0]?.write(response);

    expect(await pending).toEqual([{ kind: 'done', wasMapped: false, generation: 0 }]);
    expect(attachments).toHaveLength(2);
  });

  it('tells a map without a cache type apart from one with cache type NONE', async () => {
    const session = newSession();
    await session.start();
    broker.answer = () => ({ mapped: { cache: barkeep.v1.CacheType.CACHE_TYPE_NONE, size: 4096 } });
    expect(await execute(session, map(1))).toEqual([
      { kind: 'mapped', mapInfo: 0, size: 4096, memory: null },
    ]);

    broker.answer = () => ({ mapped: { size: 4096 } });
    expect(await execute(session, map(2))).toEqual([{ kind: 'failed', why: 'timeout' }]);
  });
});

describe('a window whose memory could not be fetched', () => {
  const windowOf = (attachment: Attachment | undefined): MemoryHandle => {
    if (!attachment?.window) throw new Error('the broker told of no window');
    return attachment.window;
  };

  beforeEach(() => {
    broker.attached = { ...broker.attached, window: { token: randomBytes(32), fdOffset: 0, size: 1 << 30 } };
  });

  it('is told of again, in the same session; what was sent is answered once', async () => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    session.attachAgain(windowOf(attachments[0]), 'the broker closed the connection');
    const pending = execute(session, create(1));
    await until('it was sent', () => broker.executed.length === 1);
    broker.isSilent = false;

    expect((await pending)[0]?.kind).toBe('done');
    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(broker.executed).toHaveLength(1);
    expect(losses).toBe(0);
  });

  it('is not asked for by who has an older handle, nor while the broker is away', async () => {
    const session = newSession();
    await session.start();
    const old = windowOf(attachments[0]);
    session.attachAgain(old, 'the token is used up');
    await until('it is attached again', () => session.isAttached && attachments.length === 2);

    session.attachAgain(old, 'the token is used up');
    await execute(session, create(1));
    expect(broker.attaches).toHaveLength(2);

    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    session.attachAgain(windowOf(attachments[1]), 'the broker closed the connection');
    await restart(true);
    await until('it is attached again', () => session.isAttached);
    expect(attachments).toHaveLength(3);
  });

  it('is asked for with pauses that grow', async () => {
    const began = performance.now();
    const session = newSession({
      onAttached: (attachment) => session.attachAgain(windowOf(attachment), 'the token is used up'),
    });
    void session.start();
    await until('it has asked six times', () => broker.attaches.length === 6);

    // 25, 50, 100, 200 and 400 ms; a timer of Node may be a millisecond early.
    expect(performance.now() - began).toBeGreaterThan(770);
  });
});

describe('a session that the broker has forgotten', () => {
  it('answers SESSION_LOST until the next reset, then begins anew', async () => {
    const session = newSession();
    await session.start();
    await execute(session, create(1));
    broker.isSilent = true;
    const pending = execute(session, create(2));
    await until('2 commands came', () => broker.executed.length === 2);
    await restart(false);

    expect(await pending).toEqual([{ kind: 'failed', why: 'lost' }]);
    expect(losses).toBe(1);
    expect(await execute(session, create(3))).toEqual([{ kind: 'failed', why: 'lost' }]);
    await stays('no attach but the first', () => broker.attaches.length === 1);

    session.reset();
    const [result] = await execute(session, create(4));

    expect(result?.kind).toBe('done');
    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, false]);
    expect(broker.executed.map((command) => countFromWire(command.number))).toEqual([1]);
  });

  it('begins anew by itself when a reset was under way', async () => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    session.reset();
    await until('1 commands came', () => broker.executed.length === 1);
    await restart(false);

    await until('it is attached again', () => attachments.length === 2);
    expect(attachments[1]).toMatchObject({ resumed: false });
  });
});

describe('a VM that the broker has suspended', () => {
  it('loses its session; a new one is refused, which is told at once, until somebody has evicted the VM', async () => {
    const refusals: string[] = [];
    const session = newSession({ onRefused: ({ reason }) => refusals.push(reason) });
    await session.start();
    await execute(session, create(1));
    const suspended = new StatusError('VM_SUSPENDED', 'its frontend told what cannot be');
    broker.refuseAttach = () => suspended;
    broker.streams[0]?.emit('error', suspended);
    await until('the loss is known', () => losses === 1);
    expect(session.isLost).toBe(true);
    expect(await execute(session, create(2))).toEqual([{ kind: 'failed', why: 'lost' }]);

    session.reset();
    await until('the broker has refused', () => refusals.length > 0);
    expect(refusals[0]).toBe('VM_SUSPENDED');
    expect(session.refusal?.reason).toBe('VM_SUSPENDED');
    expect(losses).toBe(1);

    broker.refuseAttach = null;
    const attached = () => attachments.length === 2;
    await until('it is attached again', attached);
    expect(session.refusal).toBeNull();
    expect(attachments[1]).toMatchObject({ resumed: false });
    expect((await execute(session, create(3)))[0]?.kind).toBe('done');
  });
});

describe('reset', () => {
  it('drops the callbacks of before, and comes before what follows', async () => {
    const session = newSession();
    await session.start();
    broker.isSilent = true;
    const done = vi.fn();
    session.execute([create(1)], performance.now(), done);
    await until('1 commands came', () => broker.executed.length === 1);
    session.reset();
    const after = execute(session, create(1));
    await until('3 commands came', () => broker.executed.length === 3);
    await restart(true);

    expect((await after)[0]?.kind).toBe('done');
    expect(done).not.toHaveBeenCalled();
    expect(late).toEqual([]);
    expect(broker.lastNumber).toBe(3);
  });
});

describe('the end', () => {
  it('detaches in good order', async () => {
    const session = newSession();
    await session.start();

    await session.detach();

    expect(broker.detaches).toBe(1);
    expect(await execute(session, create(1))).toEqual([{ kind: 'failed', why: 'lost' }]);
  });

  it('does not wait for a broker that is away', async () => {
    const session = newSession();
    await session.start();
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);

    await session.detach();

    expect(session.isAttached).toBe(false);
  });
});

describe('a broker that is there and refuses', () => {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const refusals = () => lines.filter(({ msg }) => msg.includes('refuses this VM'));

  beforeEach(() => {
    lines.length = 0;
  });

  it('at the start is asked again, and is not away', async () => {
    broker.refuseAttach = () => new StatusError('INTERNAL', 'stumbled');
    const started = newSession({}, log).start();
    await until('it has asked four times', () => broker.attaches.length >= 4);
    broker.refuseAttach = null;

    await expect(started).resolves.toMatchObject({ resumed: false });
    expect(lines).toMatchObject([{ reason: 'INTERNAL', why: 'stumbled' }]);
    expect(refusals()).toHaveLength(1);
  });

  it('is no reason for the guest to wait: what was asked and what is asked is answered at once, by its reason', async () => {
    const session = newSession({}, log);
    await session.start();
    broker.isSilent = true;
    const sent = execute(session, create(1));
    await until('it was sent', () => broker.batches.length === 1);
    broker.refuseAttach = () => new StatusError('OUT_OF_MEMORY', 'no descriptor is left');
    broker.streams[0]?.emit('error', new StatusError('INTERNAL', 'stumbled'));

    // And not that the time is up.
    const refusal = { kind: 'refused', reason: 'OUT_OF_MEMORY', message: 'no descriptor is left' };
    expect(await sent).toEqual([refusal]);
    expect(await execute(session, create(2))).toEqual([refusal]);
    expect(refusals().map(({ reason }) => reason)).toEqual(['INTERNAL', 'OUT_OF_MEMORY']);

    // What was sent had been done, as the broker remembers: it is taken back, and the session goes on.
    broker.isSilent = false;
    broker.refuseAttach = null;
    await until('it is attached again', () => session.isAttached);
    await until('the device hears what became of it', () => late.length === 1);
    expect(late).toMatchObject([{ operation: create(1), result: { kind: 'done' } }]);
    expect(await execute(session, create(3))).toMatchObject([{ kind: 'done' }]);
  });

  it('keeps a reset, which nobody waits for', async () => {
    const session = newSession({}, log);
    await session.start();
    broker.refuseAttach = () => new StatusError('INTERNAL', 'stumbled');
    broker.streams[0]?.emit('error', new StatusError('INTERNAL', 'stumbled'));
    await until('it was refused', () => broker.attaches.length > 1);
    session.reset();
    expect(await execute(session, create(1))).toMatchObject([{ kind: 'refused', reason: 'INTERNAL' }]);
    broker.refuseAttach = null;
    await until('the reset is done', () => broker.executed.some(({ reset }) => reset));
  });
});

describe('while the broker is away for longer than the time-out', () => {
  it('a reset is not forgotten, and comes before what follows', async () => {
    const session = newSession();
    await session.start();
    await execute(session, create(1));
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    session.reset();
    expect(await execute(session, create(1))).toEqual([{ kind: 'failed', why: 'timeout' }]);

    await restart(true);

    await until('the reset came', () => broker.executed.at(-1)?.reset);
    expect(await execute(session, create(1))).toEqual([expect.objectContaining({ kind: 'done' })]);
  });
});

describe('a successor', () => {
  const executed = () => broker.executed.map(({ number }) => countFromWire(number));

  it('asks with the same numbers for the same chains, and the broker executes each once', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)), forChain(1, map(1)));

    const second = successorOf(first, journal, 0);
    const results = await execute(
      second,
      forChain(0, create(1)),
      forChain(1, map(1)),
      forChain(2, destroy(1)),
    );

    expect(results.map(({ kind }) => kind)).toEqual(['done', 'mapped', 'done']);
    expect(executed()).toEqual([1, 2, 3]);
    expect(late).toEqual([]);
  });

  it('asks for what was written down and never sent', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    journal.append({
      kind: 'sent',
      first: 1,
      acknowledged: 0,
      operations: [{ operation: forChain(0, create(1)), isStale: false }],
    });

    const results = await execute(successorOf(first, journal, 0), forChain(0, create(1)));

    expect(results).toEqual([expect.objectContaining({ kind: 'done' })]);
    expect(executed()).toEqual([1]);
  });

  it('does not hear of what was published', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)));

    const second = successorOf(first, journal, 1);
    await execute(second, forChain(1, create(2)));

    expect(executed()).toEqual([1, 2]);
    expect(late).toEqual([]);
  });

  it('takes for late what its chain does not ask for any more', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)), forChain(1, create(2)));

    const second = successorOf(first, journal, 0);
    await execute(second, forChain(1, create(2)));
    second.published(2);

    await until('one came late', () => late.length === 1);
    expect(late).toEqual([expect.objectContaining({ operation: forChain(0, create(1)) })]);
  });

  it('hears of what its predecessor had told the guest had failed', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    broker.isSilent = true;
    expect(await execute(first, forChain(0, create(1)))).toEqual([{ kind: 'failed', why: 'timeout' }]);
    broker.isSilent = false;

    successorOf(first, journal, 1);

    await until('one came late', () => late.length === 1);
    expect(late.map(({ operation }) => operation)).toEqual([forChain(0, create(1))]);
    expect(executed()).toEqual([1]);
  });

  it('leaves a map that its predecessor had begun to take back', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)), forChain(1, map(1)));
    await execute(first, { kind: 'unmap', resourceId: 1, chain: 1, takesBack: true });

    const results = await execute(
      successorOf(first, journal, 0),
      forChain(0, create(1)),
      forChain(1, map(1)),
    );

    expect(results).toEqual([expect.objectContaining({ kind: 'done' }), { kind: 'failed', why: 'vmm' }]);
    expect(executed()).toEqual([1, 2, 3]);
  });

  it('finishes a reset that was written down and not asked for', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)));
    journal.append({ kind: 'reset', isDue: true });

    first.close();
    const second = sessionWith(journal, journal.past);
    second.resume();

    await until('the reset came', () => broker.executed.at(-1)?.reset);
    expect(executed()).toEqual([1, 2]);
  });

  it('goes on from a snapshot as from the whole history', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await execute(first, forChain(0, create(1)), forChain(1, map(1)));
    first.published(1);
    const compacted = new FakeJournal();
    compacted.append(...first.snapshot());

    const results = await execute(
      successorOf(first, compacted, 1),
      forChain(1, map(1)),
      forChain(2, create(2)),
    );

    expect(results.map(({ kind }) => kind)).toEqual(['mapped', 'done']);
    expect(executed()).toEqual([1, 2, 3]);
  });
});

describe('acknowledgement', () => {
  it('waits for the chain to be published', async () => {
    const session = newSession();
    await session.start();
    await execute(session, forChain(5, create(1)));
    await execute(session, forChain(6, create(2)));
    session.published(6);
    await execute(session, forChain(7, create(3)));

    expect(broker.acknowledged).toEqual([0, 0, 1]);
  });
});
