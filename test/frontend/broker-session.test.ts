import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  BrokerSession,
  type SessionListener,
  type SessionOptions,
} from '../../services/frontend/broker-session.ts';
import type { Attachment, MemoryHandle } from '../../services/frontend/operation.ts';
import { type Past, replay } from '../../services/frontend/state/device-journal.ts';
import type { JournalRecord } from '../../services/frontend/state/records.ts';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { EXIT } from '../../services/lib/runtime/exit-code.ts';

import { stays, until } from '../support/until.ts';
import { FakeBroker, makeRunDirectory } from './fake-broker.ts';

const VM = 'web-1';
// Long enough for a loaded machine to answer in, short enough to wait for in a test.
const ANSWER_TIMEOUT = 300;
const silent = pino({ level: 'silent' });

const run = makeRunDirectory(VM);
let broker: FakeBroker;
let sessions: BrokerSession[] = [];
let attachments: Attachment[] = [];
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
    ...more,
    listener: {
      onAttached: (attachment) => attachments.push(attachment),
      onNews: () => {},
      onRefused: () => {},
      onLost: () => {
        losses += 1;
      },
      ...listener,
    },
  });
  sessions.push(session);
  return session;
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
function successorOf(session: BrokerSession, journal: FakeJournal): BrokerSession {
  session.close();
  const successor = sessionWith(journal, journal.past);
  successor.resume();
  return successor;
}

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

describe('a broken stream', () => {
  it('is resumed; nobody notices', async () => {
    const session = newSession();
    await session.start();
    expect(session.tell({ version: 1 })).toBe(true);
    broker.kill();
    await until('the session is not attached', () => !session.isAttached);
    expect(session.tell({ version: 1 })).toBe(false);
    await restart(true);
    await until('it is attached again', () => session.isAttached);

    expect(broker.attaches[0]?.session).toHaveLength(16);
    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(session.tell({ version: 1 })).toBe(true);
    expect(losses).toBe(0);
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

  it.each([
    ['answers to commands, which nobody sent', { batch: { replies: [{ number: 1, done: {} }] } }],
    ['a second Attached', { attached: { placement: 1, windowSize: 4096 } }],
    ['an empty message', {}],
  ])('is what comes of %s', async (_, response) => {
    const session = newSession();
    await session.start();
    broker.streams[0]?.write(response);
    await until('it is attached again', () => attachments.length === 2);

    expect(attachments[1]).toMatchObject({ resumed: true });
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

  it('is told of again, in the same session', async () => {
    const session = newSession();
    await session.start();
    session.attachAgain(windowOf(attachments[0]), 'the broker closed the connection');
    await until('it is attached again', () => attachments.length === 2);

    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, true]);
    expect(losses).toBe(0);
  });

  it('is not asked for by who has an older handle, nor while the broker is away', async () => {
    const session = newSession();
    await session.start();
    const old = windowOf(attachments[0]);
    session.attachAgain(old, 'the token is used up');
    await until('it is attached again', () => session.isAttached && attachments.length === 2);

    session.attachAgain(old, 'the token is used up');
    await stays('it is not attached again', () => broker.attaches.length === 2);

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
  it('is lost until somebody begins anew', async () => {
    const session = newSession();
    await session.start();
    session.beginAnew();
    expect(session.isAttached).toBe(true);
    await restart(false);
    await until('the loss is known', () => losses === 1);
    expect(session.isLost).toBe(true);
    expect(session.tell({ version: 1 })).toBe(false);
    await stays('no attach but the first', () => broker.attaches.length === 1);

    session.beginAnew();
    await until('it is attached again', () => attachments.length === 2);

    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, false]);
    expect([losses, session.isLost]).toEqual([1, false]);
  });
});

describe('a VM that the broker has suspended', () => {
  it('loses its session; a new one is refused, which is told at once, until somebody has evicted the VM', async () => {
    const refusals: string[] = [];
    const session = newSession({ onRefused: ({ reason }) => refusals.push(reason) });
    await session.start();
    const suspended = new StatusError('VM_SUSPENDED', 'its frontend told what cannot be');
    broker.refuseAttach = () => suspended;
    broker.streams[0]?.emit('error', suspended);
    await until('the loss is known', () => losses === 1);
    expect(session.isLost).toBe(true);

    session.beginAnew();
    await until('the broker has refused', () => refusals.length > 0);
    expect(refusals[0]).toBe('VM_SUSPENDED');
    expect(session.refusal?.reason).toBe('VM_SUSPENDED');
    expect(losses).toBe(1);

    broker.refuseAttach = null;
    const attached = () => attachments.length === 2;
    await until('it is attached again', attached);
    expect(session.refusal).toBeNull();
    expect(attachments[1]).toMatchObject({ resumed: false });
  });
});

describe('the end', () => {
  it('detaches in good order', async () => {
    const session = newSession();
    await session.start();

    await session.detach();

    expect(broker.detaches).toBe(1);
    expect(session.tell({ version: 1 })).toBe(false);
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

  it('is no reason for the guest to wait: whoever does hears why at once', async () => {
    const refused: string[] = [];
    const session = newSession({ onRefused: ({ reason }) => refused.push(reason) }, log);
    await session.start();
    broker.refuseAttach = () => new StatusError('OUT_OF_MEMORY', 'no descriptor is left');
    broker.streams[0]?.emit('error', new StatusError('INTERNAL', 'stumbled'));
    await until('the refusal is told', () => refused.length > 0);

    expect(refused[0]).toBe('OUT_OF_MEMORY');
    expect(session.refusal).toEqual({
      kind: 'refused',
      reason: 'OUT_OF_MEMORY',
      message: 'no descriptor is left',
    });
    expect(refusals().map(({ reason }) => reason)).toEqual(['INTERNAL', 'OUT_OF_MEMORY']);

    broker.refuseAttach = null;
    await until('it is attached again', () => session.isAttached);
    expect(session.refusal).toBeNull();
    expect(attachments.at(-1)).toMatchObject({ resumed: true });
  });
});

describe('a successor', () => {
  it('goes on with the session, also from a snapshot', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    const second = successorOf(first, journal);
    await until('it is attached again', () => attachments.length === 2);
    journal.records.splice(0, journal.records.length, ...second.snapshot());
    successorOf(second, journal);
    await until('it is attached once more', () => attachments.length === 3);

    expect(attachments.map(({ resumed }) => resumed)).toEqual([false, true, true]);
  });

  it('of a session that was given up begins anew', async () => {
    const journal = new FakeJournal();
    const first = sessionWith(journal);
    await first.start();
    await restart(false);
    await until('the loss is known', () => losses === 1);
    broker.ignoresAttach = true;
    first.beginAnew();
    await until('it asks for a session', () => broker.attaches.length > 1);
    broker.ignoresAttach = false;
    successorOf(first, journal);
    await until('it is attached again', () => attachments.length === 2);

    expect(attachments[1]).toMatchObject({ resumed: false });
    expect(journal.past.isSessionGone).toBe(false);
  });
});
