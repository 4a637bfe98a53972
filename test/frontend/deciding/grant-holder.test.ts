// What a VM is granted, and what is asked for: ahead of need, back when it is too much, and for as long as a guest waits when it is too little.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GrantHolder } from '../../../services/frontend/deciding/grant-holder.ts';
import { type RefusedResult, SESSION_LOST, TIMED_OUT } from '../../../services/frontend/operation.ts';
import { type Grant, GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { UNLIMITED } from '../../../services/lib/domain/quota.ts';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { turns } from '../../support/until.ts';
import { RULES } from './rig.ts';

const MIB = 1024 * 1024;
const ANSWER_TIMEOUT = 400;
/** What is asked for on top. */
const SPARE = { bytes: 256 * MIB, mappings: 1024, allocations: 1024 };

type Request = barkeep.v1.GrantRequest.$Properties;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function amounts(bytes: number, mappings = 0, allocations = 0): Grant {
  return { heaps: new Map([['ram', bytes]]), mappings, allocations };
}

/** A grant that nothing has to be asked on top of. */
const AMPLE = amounts(SPARE.bytes, SPARE.mappings, SPARE.allocations);

class Held {
  readonly books = new GrantedBooks(
    RULES.heaps.map((heap) => ({ ...heap, capacity: UNLIMITED })),
    null,
  );
  readonly requests: Request[] = [];
  readonly recorded: Grant[] = [];
  readonly waits: number[] = [];
  isConnected = true;
  isTold = true;
  /** A broker of before answers had numbers. */
  isNumbered = true;
  refusal: RefusedResult | null = null;
  readonly holder: GrantHolder;

  constructor(grant: Grant = AMPLE) {
    this.books.set(grant);
    this.holder = new GrantHolder({
      books: this.books,
      heaps: ['ram'],
      answerTimeout: ANSWER_TIMEOUT,
      send: (request) => {
        if (this.isConnected) this.requests.push(request);
        return this.isConnected;
      },
      refusal: () => this.refusal,
      record: (granted) => this.recorded.push(granted),
      isTold: () => this.isTold,
      observe: (duration) => this.waits.push(duration),
    });
  }

  use(bytes: number, blobs = 1): void {
    this.books.heaps.get('ram')?.charge(bytes);
    for (let blob = 0; blob < blobs; blob += 1) this.books.account.addAllocation(bytes / blobs);
  }

  free(bytes: number): void {
    this.books.heaps.get('ram')?.release(bytes);
    this.books.account.removeAllocation(bytes);
  }

  get last(): { wanted: number | undefined; needed: number | undefined } {
    const bytes = (one: barkeep.v1.Amounts.$Properties | null | undefined) =>
      one?.heaps?.[0]?.bytes as number | undefined;
    const request = this.requests.at(-1);
    return { wanted: bytes(request?.wanted), needed: bytes(request?.needed) };
  }

  /** The broker answers: with this, or as it is asked; the last request, or the one of this index. */
  answer(
    { heaps, mappings, allocations }: Grant = this.asked,
    refusal: barkeep.v1.CommandError.$Properties | null = null,
    index = -1,
  ): void {
    const list = [...heaps].map(([heap, bytes]) => ({ heap, bytes }));
    const number = (this.isNumbered && this.requests.at(index)?.number) || null;
    this.holder.answered({ heaps: list, mappings, allocations, refusal, number });
  }

  get asked(): Grant {
    const { wanted } = this.requests.at(-1) as { wanted: barkeep.v1.Amounts.$Properties };
    return {
      heaps: new Map(wanted.heaps?.map(({ heap, bytes }) => [heap ?? '', bytes as number])),
      mappings: wanted.mappings as number,
      allocations: wanted.allocations as number,
    };
  }
}

const REFUSAL = { reason: barkeep.v1.Reason.REASON_HEAP_CAPACITY, message: 'the heap is full' };
const REFUSED = { kind: 'refused', reason: 'HEAP_CAPACITY', message: 'the heap is full' };
const TURNED_DOWN: RefusedResult = { kind: 'refused', reason: 'OUT_OF_MEMORY', message: 'no window' };

function needing(bytes: number) {
  return { heap: 'ram', bytes, mappings: 0, allocations: 1 };
}

describe('ahead of need', () => {
  it('is asked when less than half of the spare is left, and not before', () => {
    const held = new Held();
    held.use(SPARE.bytes / 2);
    held.holder.review();
    expect(held.requests).toEqual([]);

    held.use(4096);
    held.holder.review();
    held.holder.review();

    expect(held.requests).toHaveLength(1);
    expect(held.last).toEqual({ wanted: SPARE.bytes * 1.5 + 4096, needed: SPARE.bytes / 2 + 4096 });
    held.answer();
    expect(held.books.grant.heaps.get('ram')).toBe(SPARE.bytes * 1.5 + 4096);
    expect(held.recorded.at(-1)).toEqual(held.books.grant);
    held.holder.review();
    expect(held.requests).toHaveLength(1);
  });

  it('is not asked again for what was not to be had, before something is free', () => {
    const held = new Held();
    held.use(200 * MIB);
    held.holder.review();
    held.answer(AMPLE);
    held.holder.review();
    expect(held.requests).toHaveLength(1);

    held.free(200 * MIB);
    held.holder.review();
    held.use(200 * MIB);
    held.holder.review();

    expect(held.requests).toHaveLength(2);
  });

  it('looks at mappings and blobs as well', () => {
    const held = new Held();
    held.use(4096, SPARE.allocations / 2 + 1);
    held.holder.review();
    expect(held.requests.at(-1)?.wanted?.allocations).toBe(SPARE.allocations * 1.5 + 1);
  });
});

describe('too much', () => {
  it('is given back when it is more than double the spare, and told', () => {
    const held = new Held(amounts(SPARE.bytes * 2, SPARE.mappings, SPARE.allocations));
    held.holder.review();
    expect(held.requests).toEqual([]);

    held.books.set(amounts(SPARE.bytes * 2 + 4096, SPARE.mappings, SPARE.allocations));
    held.isTold = false;
    held.holder.review();
    expect(held.requests).toEqual([]);
    held.isTold = true;
    held.holder.review();

    expect(held.last).toEqual({ wanted: SPARE.bytes, needed: 0 });
    // From here to the answer no more is used than was asked for.
    expect(held.books.grant.heaps.get('ram')).toBe(SPARE.bytes);
    expect(held.recorded.at(-1)?.heaps.get('ram')).toBe(SPARE.bytes);
  });
});

describe('a command without room', () => {
  it('waits for the answer', async () => {
    const held = new Held();
    const waiting = held.holder.makeRoom(needing(SPARE.bytes + MIB), 0);
    await turns();
    expect(held.last).toEqual({ wanted: 2 * SPARE.bytes + MIB, needed: SPARE.bytes + MIB });

    vi.advanceTimersByTime(ANSWER_TIMEOUT / 2);
    held.answer();

    expect(await waiting).toBeNull();
    expect(held.waits).toEqual([ANSWER_TIMEOUT / 2]);
  });

  it('waits for an answer to what it needs, when something else was asked before', async () => {
    const held = new Held();
    held.use(200 * MIB);
    held.holder.review();
    const waiting = held.holder.makeRoom(needing(900 * MIB), 0);
    expect(held.requests).toHaveLength(1);

    held.answer();
    expect(held.last.needed).toBe(900 * MIB);
    held.answer();

    expect(await waiting).toBeNull();
  });

  it('hears a refusal, and keeps what there was', async () => {
    const held = new Held();
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.answer(AMPLE, REFUSAL);

    expect(await waiting).toEqual(REFUSED);
    expect(held.books.grant).toEqual(AMPLE);
  });

  it('is told that time is over after answer_timeout, and so is at once what waited behind it', async () => {
    const held = new Held();
    held.isConnected = false;
    const since = performance.now();
    const first = held.holder.makeRoom(needing(2 * SPARE.bytes), since);
    vi.advanceTimersByTime(ANSWER_TIMEOUT - 1);
    expect(held.waits).toEqual([]);
    await vi.advanceTimersByTimeAsync(5);
    await turns();
    expect(await first).toEqual(TIMED_OUT);

    expect(await held.holder.makeRoom(needing(2 * SPARE.bytes), since)).toEqual(TIMED_OUT);
    expect(held.waits).toHaveLength(1);

    // What the guest asks later has a wait of its own, and a broker that is back ends it.
    vi.advanceTimersByTime(10);
    const later = held.holder.makeRoom(needing(2 * SPARE.bytes), performance.now());
    held.isConnected = true;
    held.holder.attached(AMPLE);
    expect(held.last.needed).toBe(2 * SPARE.bytes);
    held.answer();
    expect(await later).toBeNull();
    const again = held.holder.makeRoom(needing(5 * SPARE.bytes), since);
    held.answer();
    expect(await again).toBeNull();
  });

  it('hears nothing of what somebody was refused who does not wait any more', async () => {
    const held = new Held();
    const first = held.holder.makeRoom(needing(4 * SPARE.bytes), performance.now());
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT + 5);
    await turns();
    expect(await first).toEqual(TIMED_OUT);
    vi.advanceTimersByTime(5);

    const second = held.holder.makeRoom(needing(2 * SPARE.bytes), performance.now());
    held.answer(AMPLE, REFUSAL);
    expect(held.last.needed).toBe(2 * SPARE.bytes);
    held.answer();

    expect(await second).toBeNull();
  });

  it('hears at once that the broker is there and does not take the VM back, and waits for it no more', async () => {
    const held = new Held();
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.isConnected = false;
    held.refusal = TURNED_DOWN;
    held.holder.refused(TURNED_DOWN);
    expect(await waiting).toEqual(TURNED_DOWN);
    expect(await held.holder.makeRoom(needing(2 * SPARE.bytes), performance.now())).toEqual(TURNED_DOWN);

    // It takes it in the end.
    held.isConnected = true;
    held.refusal = null;
    held.holder.attached(AMPLE);
    const later = held.holder.makeRoom(needing(2 * SPARE.bytes), performance.now());
    held.answer();
    held.answer();
    expect(await later).toBeNull();
  });

  it('hears at once that the session is over', async () => {
    const held = new Held();
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.holder.close();
    expect(await waiting).toEqual(SESSION_LOST);
  });

  it('is let go when its device is reset, and costs the next one nothing', async () => {
    const held = new Held();
    const first = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.holder.withdraw();
    expect(await first).toEqual(SESSION_LOST);

    vi.advanceTimersByTime(ANSWER_TIMEOUT / 2);
    const second = held.holder.makeRoom(needing(4 * SPARE.bytes), performance.now());
    await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT / 2 + 10);
    await turns();
    held.answer();
    expect(held.last.needed).toBe(4 * SPARE.bytes);
    held.answer();

    expect(await second).toBeNull();
  });
});

describe('a recall', () => {
  it('gives back what is not in use', () => {
    const held = new Held();
    held.use(10 * MIB);
    held.holder.recalled();

    expect(held.last).toEqual({ wanted: 10 * MIB, needed: 10 * MIB });
    expect(held.books.grant.heaps.get('ram')).toBe(10 * MIB);
    held.answer();
    expect(held.books.grant).toEqual(amounts(10 * MIB, 0, 1));
  });

  it('waits until what is free is told', () => {
    const held = new Held();
    held.isTold = false;
    held.holder.recalled();
    expect(held.requests).toEqual([]);

    held.isTold = true;
    held.holder.review();

    expect(held.last.wanted).toBe(0);
  });

  it('waits for the answer to what was asked ahead', () => {
    const held = new Held();
    held.use(200 * MIB);
    held.holder.review();
    held.holder.recalled();
    expect(held.requests).toHaveLength(1);

    held.answer();

    expect(held.last).toEqual({ wanted: 200 * MIB, needed: 200 * MIB });
  });

  it.each([
    true,
    false,
  ])('of one that waits himself gives back, and asks again; an answer that crossed it does not count (numbers: %s)', async (isNumbered) => {
    const held = new Held();
    held.isNumbered = isNumbered;
    held.use(10 * MIB);
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    const asked = held.asked;
    held.holder.recalled();
    expect(held.last).toEqual({ wanted: 10 * MIB, needed: 10 * MIB });

    held.answer(asked, null, -2);
    expect(held.books.grant.heaps.get('ram')).toBe(10 * MIB);
    held.answer(amounts(10 * MIB, 0, 1));
    expect(held.last.needed).toBe(2 * SPARE.bytes);
    held.answer(amounts(10 * MIB, 0, 1), REFUSAL);

    expect(await waiting).toEqual(REFUSED);
    expect(held.books.grant.heaps.get('ram')).toBe(10 * MIB);
  });

  it('is not mistaken for answered by what was refused before it, which has the same amounts', async () => {
    const held = new Held(amounts(10 * MIB, 0, 1));
    held.use(10 * MIB);
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.holder.recalled();
    const { length } = held.requests;

    held.answer(amounts(10 * MIB, 0, 1), REFUSAL, -2);
    expect(held.requests).toHaveLength(length);
    held.answer(amounts(10 * MIB, 0, 1));
    held.answer();

    expect(await waiting).toBeNull();
  });

  it('takes nothing from a command that has its room and does not use it yet', async () => {
    const held = new Held(amounts(0, 10, 10));
    const waiting = held.holder.makeRoom(needing(MIB), 0);
    held.answer(amounts(MIB, 10, 10));
    held.holder.recalled();

    expect(await waiting).toBeNull();
    expect(held.books.grant.heaps.get('ram')).toBe(MIB);
    held.use(MIB);
    await turns();
    expect(held.last).toEqual({ wanted: MIB, needed: MIB });
  });
});

describe('a broker that comes back', () => {
  it('says what is granted, even less than is in use; it is asked again', () => {
    const held = new Held();
    held.use(100 * MIB);
    held.holder.attached(amounts(50 * MIB, 1, 1));

    expect(held.books.heaps.get('ram')?.idle).toBe(-50 * MIB);
    expect(held.books.heaps.get('ram')?.fits(1)).toBe(false);
    expect(held.last).toEqual({ wanted: SPARE.bytes + 100 * MIB, needed: 100 * MIB });
    expect(held.recorded).toEqual([amounts(50 * MIB, 1, 1)]);
  });

  it('is asked on the new stream what was not answered on the old one', async () => {
    const held = new Held();
    const waiting = held.holder.makeRoom(needing(2 * SPARE.bytes), 0);
    held.holder.attached(AMPLE);
    expect(held.requests).toHaveLength(2);
    expect(held.last.needed).toBe(2 * SPARE.bytes);
    held.answer();
    expect(await waiting).toBeNull();
  });

  it('says nothing that was not asked', () => {
    const held = new Held();
    held.answer(amounts(9 * SPARE.bytes));
    expect(held.books.grant).toEqual(AMPLE);
  });
});
