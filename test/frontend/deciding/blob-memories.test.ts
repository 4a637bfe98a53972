// Memory of their own for blobs: asked for once, fetched once, kept while its blob lives, and left to the broker when it comes too late.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlobMemories, type BlobMemory } from '../../../services/frontend/deciding/blob-memories.ts';
import {
  type MemoryHandle,
  type Result,
  SESSION_LOST,
  TIMED_OUT,
} from '../../../services/frontend/operation.ts';
import type { Fd } from '../../../services/lib/os/fd.ts';
import { createMemfd, PAGE_SIZE as PAGE } from '../../../services/lib/os/memory.ts';
import type { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { turns, until } from '../../support/until.ts';

const PATIENT = 60_000;
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

class Broker {
  readonly asked: number[] = [];
  readonly fetched: Fd[] = [];
  /** Tokens that the fd channel does not take. */
  dead = 0;
  readonly memories: BlobMemories;

  constructor(answerTimeout = PATIENT) {
    this.memories = new BlobMemories({
      send: ({ number }) => void this.asked.push(countFromWire(number)),
      fetch: (handle) => this.#fetch(handle),
      answerTimeout,
      log,
    });
  }

  give(number: number): void {
    this.memories.answered({ number, memory: { token: new Uint8Array(32), fdOffset: 8 * PAGE, size: PAGE } });
  }

  refuse(number: number, reason: barkeep.v1.Reason): void {
    this.memories.answered({ number, error: { reason, message: 'why' } });
  }

  async #fetch(_handle: MemoryHandle): Promise<Fd> {
    await turns(1);
    this.dead -= 1;
    if (this.dead >= 0) throw new Error('the token is unknown');
    const fd = createMemfd('test', 16 * PAGE);
    this.fetched.push(fd);
    return fd;
  }
}

const brokers: Broker[] = [];
function newBroker(answerTimeout?: number): Broker {
  const broker = new Broker(answerTimeout);
  brokers.push(broker);
  return broker;
}
afterEach(() => {
  for (const { memories, fetched } of brokers.splice(0)) {
    memories.close();
    // Whatever became of it, nothing stays open.
    expect(fetched.filter(isOpen)).toEqual([]);
  }
});

const wanted = (number: number) => ({ number, heap: 'bar', size: PAGE });
const isMemory = (found: BlobMemory | Result): found is BlobMemory => 'fd' in found;

describe("a blob's own memory", () => {
  let broker: Broker;
  beforeEach(() => {
    broker = newBroker();
  });

  it('is asked for, fetched, and here until it is released', async () => {
    const asking = broker.memories.ask(wanted(1), 0);
    expect([broker.asked, broker.memories.of(1)]).toEqual([[1], null]);
    broker.give(1);
    const found = await asking;
    expect(isMemory(found) && [found.number, found.fdOffset, found.size]).toEqual([1, 8 * PAGE, PAGE]);
    expect(broker.memories.of(1)).toBe(found);
    expect(await broker.memories.ready(1)).toBe(found);
    expect([...broker.memories.files].map(({ ino }) => ino)).toEqual([isMemory(found) && found.file.ino]);
    broker.memories.release(1);
    expect(broker.memories.of(1)).toBe(null);
    expect(broker.fetched.filter(isOpen)).toEqual([]);
  });

  it('is refused as the broker says, and asked for no more', async () => {
    const asking = broker.memories.ask(wanted(1), 0);
    broker.refuse(1, 18);
    expect(await asking).toMatchObject({ kind: 'refused', message: 'why' });
    broker.memories.attached();
    expect(broker.asked).toEqual([1]);
  });

  it('is asked for again when the session goes on, and when its token is of no use', async () => {
    const asking = broker.memories.ask(wanted(1), 0);
    broker.memories.attached();
    expect(broker.asked).toEqual([1, 1]);
    broker.dead = 2;
    broker.give(1);
    await until('it is asked for again', () => broker.asked.length === 3);
    broker.give(1);
    await until('it is asked for again', () => broker.asked.length === 4);
    broker.give(1);
    expect(isMemory(await asking)).toBe(true);
    expect(broker.fetched).toHaveLength(1);
  });

  it('that a predecessor had is asked for when the session goes on, and waited for', async () => {
    broker.memories.want(wanted(4));
    expect(broker.asked).toEqual([]);
    const waiting = broker.memories.ready(4);
    broker.memories.attached();
    expect(broker.asked).toEqual([4]);
    broker.give(4);
    expect(await waiting).toBe(broker.memories.of(4));
  });

  it('is fetched once, however often it is given', async () => {
    const asking = broker.memories.ask(wanted(1), 0);
    broker.give(1);
    broker.give(1);
    await asking;
    await until('both were fetched', () => broker.fetched.length === 2);
    await turns(2);
    expect(broker.fetched.filter(isOpen)).toHaveLength(1);
  });

  it('ends with a reset, and so does the wait for it', async () => {
    const one = broker.memories.ask(wanted(1), 0);
    broker.give(1);
    await one;
    const two = broker.memories.ask(wanted(2), 0);
    broker.memories.reset();
    expect(await two).toBe(SESSION_LOST);
    broker.give(2);
    await turns(3);
    expect([broker.fetched.filter(isOpen).length, broker.memories.of(1), broker.memories.of(2)]).toEqual([
      0,
      null,
      null,
    ]);
  });

  it('that is released while it is fetched is closed when it comes', async () => {
    void broker.memories.ask(wanted(1), 0);
    broker.give(1);
    broker.memories.release(1);
    await until('it came', () => broker.fetched.length === 1);
    await turns(2);
    expect(broker.fetched.filter(isOpen)).toEqual([]);
  });
});

describe('a broker that is silent', () => {
  it('costs one time-out, also for what stood behind, and what comes late is not fetched', async () => {
    const broker = newBroker(20);
    const since = performance.now();
    expect(await broker.memories.ask(wanted(1), since)).toBe(TIMED_OUT);
    expect(await broker.memories.ask(wanted(2), since)).toBe(TIMED_OUT);
    expect(broker.asked).toEqual([1]);
    broker.give(1);
    await turns(3);
    expect(broker.fetched).toEqual([]);
    // Whoever asks afterwards, or when there was an answer, waits again.
    const asking = broker.memories.ask(wanted(3), since);
    expect(broker.asked).toEqual([1, 3]);
    broker.give(3);
    expect(isMemory(await asking)).toBe(true);
  });

  it('is asked again for what a blob has: a wait that was in vain ends nothing', async () => {
    const broker = newBroker(20);
    broker.memories.want(wanted(1));
    expect(await broker.memories.ready(1)).toBe(TIMED_OUT);
    broker.memories.attached();
    broker.give(1);
    expect(isMemory(await broker.memories.ready(1))).toBe(true);
  });
});

function isOpen(fd: Fd): boolean {
  return fd.open;
}
