// Chains that are answered in any order, by processes that are killed between any two steps: each is answered once, and nothing else happens.
//
// A death is an exception at a fault point here: whatever the queue had in its own memory is gone, and another queue goes on with the table and
// with guest memory as they lie there. Deaths of real processes are in fault-points.test.ts.
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GuestMemory } from '../../../../services/lib/vhost-user/guest-memory.ts';
import {
  InFlightTable,
  type TableMemory,
} from '../../../../services/lib/vhost-user/recovery/in-flight-table.ts';
import { type Chain, type Completion, Virtqueue } from '../../../../services/lib/vhost-user/virtqueue.ts';
import { DESCRIPTOR_FLAG } from '../../../../services/lib/wire/split-ring.ts';
import { Driver, duplicateOf, MIB, Ram, recordingLog } from '../fixtures.ts';

const killer = vi.hoisted(() => ({ left: Number.POSITIVE_INFINITY, passed: new Set<string>() }));

class Killed extends Error {}

vi.mock('../../../../services/lib/os/fault-point.ts', async (original) => ({
  ...(await original<object>()),
  faultPoint: (name: string) => {
    killer.passed.add(name);
    killer.left -= 1;
    if (killer.left === 0) throw new Killed(name);
  },
}));

const SIZE = 32;
/** Each chain has two descriptors. */
const HEADS = Array.from({ length: SIZE / 2 }, (_, index) => 2 * index);
const DATA = 64 * 1024;
/** Indices wrap soon. */
const FIRST_INDEX = 65_530;

type Step =
  | { readonly do: 'offer'; readonly chains: number }
  | { readonly do: 'pop' }
  /** Which of those in flight are answered, in which order: each number picks one of those that are left. */
  | { readonly do: 'answer'; readonly picks: readonly number[] }
  /** The head of a chain in flight comes again, which no driver does. */
  | { readonly do: 'repeat'; readonly pick: number }
  | { readonly do: 'stop' | 'start' | 'leave' | 'rebind' }
  /** The process dies at the fault point that is passed so many steps later. */
  | { readonly do: 'arm'; readonly points: number };

/** The guest, its ring and the device's journal: what outlives processes. */
class World {
  readonly ram = new Ram(2 * MIB);
  readonly memory = new GuestMemory(() => false);
  readonly driver = new Driver(this.ram, SIZE, 0);
  readonly log = recordingLog();
  readonly tableMemory: TableMemory = {
    numbers: new Float64Array(2),
    counts: new Uint32Array(1),
    entries: new Float64Array(64),
    deaths: new Uint8Array(64),
  };
  /** By head: the token of the chain that the guest waits for. */
  readonly waits = new Map<number, number>();
  readonly free = [...HEADS];
  /** By head: refusals that are due. */
  readonly refusals = new Map<number, number>();
  /** By the chain's number: its token. Written before an answer is pushed. */
  readonly journal = new Map<number, number>();
  readonly answered = new Set<number>();
  tokens = 0;
  lead = 0;
  deaths = 0;
  table!: InFlightTable;
  queue!: Virtqueue;
  popped: Chain[] = [];
  isStopped = false;
  /** How many points after its predecessor's death a successor dies, once. */
  second: number | null;

  constructor(second: number | null = null) {
    this.second = second;
    this.memory.replaceTable([this.ram.region], [duplicateOf(this.ram.fd)]);
    this.resetRing(FIRST_INDEX);
    this.table = new InFlightTable(this.tableMemory);
    this.begin();
  }

  resetRing(index: number): void {
    this.driver.setAvailableIndex(index);
    this.ram.view(this.driver.usedAt, 4).setUint16(2, index, true);
    this.driver.usedSeen = index;
  }

  newQueue(adopted: { readonly lead: number } | null, base: number): Virtqueue {
    return new Virtqueue(
      {
        index: 0,
        size: SIZE,
        memory: this.memory,
        doorbells: { call: null, error: null },
        indirect: false,
        log: this.log,
        table: this.table,
        ...(adopted && { adopted }),
      },
      this.driver.setup,
      base,
    );
  }

  begin(): void {
    this.popped = [];
    this.isStopped = false;
    this.queue = this.newQueue(null, this.driver.available);
    this.queue.resume(this.driver.setup);
    this.lead = this.queue.lead;
  }

  /** Another process goes on. It may die, too. */
  succeed(): void {
    this.popped = [];
    this.table = new InFlightTable(this.tableMemory);
    this.queue = this.newQueue({ lead: this.lead }, 0);
    if (this.isStopped) return;
    this.queue.resume(this.driver.setup);
  }

  do(step: Step): void {
    switch (step.do) {
      case 'offer':
        for (let count = 0; count < step.chains && this.free.length > 0; count += 1) this.offer();
        return;
      case 'pop':
        this.pop();
        return;
      case 'answer':
        this.answer(step.picks);
        return;
      case 'repeat':
        this.repeat(step.pick);
        return;
      case 'stop':
        if (!this.isStopped) this.queue.drain(() => {});
        this.queue.suspend();
        this.isStopped = true;
        return;
      case 'start':
        this.isStopped = false;
        if (this.queue.state === 'suspended') this.queue.resume(this.driver.setup);
        return;
      case 'leave':
        this.succeed();
        return;
      case 'rebind':
        this.rebind();
        return;
      case 'arm':
        killer.left = step.points;
    }
  }

  offer(): void {
    const head = this.free.shift() as number;
    this.tokens += 1;
    const token = this.tokens;
    const at = DATA + head * 64;
    this.ram.view(at, 4).setUint32(0, token, true);
    this.ram.view(at + 32, 4).setUint32(0, 0, true);
    this.driver.describe(head, { addr: at, len: 4, flags: DESCRIPTOR_FLAG.next, next: head + 1 });
    this.driver.describe(head + 1, { addr: at + 32, len: 4, flags: DESCRIPTOR_FLAG.write });
    this.waits.set(head, token);
    this.driver.offer(head);
  }

  pop(): void {
    const inFlight = this.popped.map(tokenOf);
    const chains = this.queue.popAll();
    if (this.queue.state !== 'running') {
      expect(chains).toEqual([]);
      return;
    }
    this.popped.push(...chains);
    // In the order in which the guest offered them, and all of them: those that were taken before are first.
    const due = [...this.waits.values()].filter((token) => !inFlight.includes(token)).sort((a, b) => a - b);
    expect(chains.map(tokenOf)).toEqual(due);
    const numbers = this.popped.map((chain) => this.queue.numberOf(chain));
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const chain of chains) {
      const number = this.queue.numberOf(chain);
      const recorded = this.journal.get(number);
      if (recorded !== undefined) expect(tokenOf(chain)).toBe(recorded);
      expect(this.table.isAnswered(number)).toBe(false);
    }
  }

  answer(picks: readonly number[]): void {
    const completions: Completion[] = [];
    for (const pick of picks) {
      if (this.popped.length === 0) break;
      const [chain] = this.popped.splice(pick % this.popped.length, 1) as [Chain];
      const token = tokenOf(chain);
      this.journal.set(this.queue.numberOf(chain), token);
      const reply = Buffer.alloc(4);
      reply.writeUInt32LE(token);
      completions.push({ chain, reply });
    }
    this.queue.pushAll(completions);
  }

  repeat(pick: number): void {
    if (this.popped.length === 0 || this.queue.state !== 'running' || this.table.count >= SIZE) return;
    const { head } = this.popped[pick % this.popped.length] as Chain;
    this.refusals.set(head, (this.refusals.get(head) ?? 0) + 1);
    this.driver.offer(head);
    this.pop();
  }

  rebind(): void {
    const { next } = this.table;
    this.queue.discard();
    this.waits.clear();
    this.refusals.clear();
    this.journal.clear();
    this.free.splice(0, SIZE, ...HEADS);
    this.resetRing(0);
    this.begin();
    expect(this.table.next).toBeGreaterThanOrEqual(next);
    expect(this.table.count).toBe(0);
  }

  /** The guest looks at what was used: each element is of a chain that it waits for, with the answer to that chain. */
  collect(): void {
    for (const { id, len } of this.driver.takeUsed()) {
      const refusals = this.refusals.get(id) ?? 0;
      if (len === 0 && refusals > 0) {
        this.refusals.set(id, refusals - 1);
        continue;
      }
      const token = this.waits.get(id);
      expect(token, `head ${id} is used, and nobody waits for it`).toBeDefined();
      expect([len, this.ram.view(DATA + id * 64 + 32, 4).getUint32(0, true)]).toEqual([4, token]);
      this.waits.delete(id);
      this.free.push(id);
      this.answered.add(token as number);
    }
  }

  /** What is known of chains by their numbers is what the guest has seen. */
  compare(): void {
    for (const [number, token] of this.journal) {
      const isAnswered = this.answered.has(token);
      if (this.table.isAnswered(number) !== isAnswered)
        expect.fail(`chain ${number}: answered is ${isAnswered}`);
      if (isAnswered) this.journal.delete(number);
    }
    expect(this.table.count).toBe(this.table.taken.length);
    const [first] = this.table.taken;
    expect(this.table.lowest).toBe(first?.number ?? this.table.next);
    if (this.queue.state === 'running') expect(this.queue.published).toBe(this.table.lowest);
  }

  live(step: Step): void {
    let work: (() => void) | null = () => this.do(step);
    while (work) {
      try {
        work();
        work = null;
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        this.deaths += 1;
        if (this.second !== null) killer.left = this.second;
        this.second = null;
        work = () => this.succeed();
      }
    }
    this.collect();
    if (!this.isStopped && this.queue.state === 'running') this.compare();
  }

  /** Everything is answered, and the guest waits for nothing. */
  finish(): void {
    killer.left = Number.POSITIVE_INFINITY;
    for (const step of [{ do: 'start' }, { do: 'pop' }] as const) this.live(step);
    this.live({ do: 'answer', picks: this.popped.map(() => 0) });
    this.live({ do: 'pop' });
    expect([...this.waits]).toEqual([]);
    expect([...this.refusals.values()].filter((due) => due > 0)).toEqual([]);
    expect(this.table.count).toBe(0);
    expect(this.driver.usedIndex).toBe(this.table.next % 65_536);
    expect(this.log.text()).not.toMatch(/moved the used index|broken/);
  }

  close(): void {
    this.memory.close();
    this.ram.close();
  }
}

function tokenOf(chain: Chain): number {
  return chain.readable.readUInt32LE(0);
}

const worlds: World[] = [];
afterEach(() => {
  killer.left = Number.POSITIVE_INFINITY;
  for (const world of worlds.splice(0)) world.close();
});

function run(steps: readonly Step[], second: number | null = null): World {
  killer.left = Number.POSITIVE_INFINITY;
  const world = new World(second);
  worlds.push(world);
  for (const step of steps) world.live(step);
  world.finish();
  worlds.pop()?.close();
  return world;
}

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('offer' as const), chains: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'pop' } as const) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('answer' as const), picks }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop', 'start', 'start', 'leave', 'rebind') }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('arm' as const), points: fc.integer({ min: 1, max: 25 }) }),
  },
) as fc.Arbitrary<Step>;

/** Out of order, over the end of the indices, with a head that comes back while an older chain is in flight, a refusal, and a stop. */
const STORY: readonly Step[] = [
  { do: 'offer', chains: 6 },
  { do: 'pop' },
  { do: 'answer', picks: [3, 1] },
  { do: 'offer', chains: 16 },
  { do: 'pop' },
  { do: 'repeat', pick: 0 },
  { do: 'answer', picks: [5] },
  { do: 'answer', picks: [4, 4, 2] },
  { do: 'stop' },
  { do: 'answer', picks: [1, 1] },
  { do: 'start' },
  { do: 'offer', chains: 2 },
  { do: 'pop' },
  { do: 'answer', picks: [7, 0, 0] },
];

describe('chains in flight', () => {
  it('are answered once each, whatever the order, the deaths, stops and fresh drivers', () => {
    let deaths = 0;
    let answered = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        const world = run(steps);
        deaths += world.deaths;
        answered += world.answered.size;
      }),
      { numRuns: 300 },
    );
    expect(deaths).toBeGreaterThan(50);
    expect(answered).toBeGreaterThan(1000);
  });

  it('survive two deaths at any two steps of one story', () => {
    killer.passed.clear();
    const alive = run(STORY);
    expect(alive.deaths).toBe(0);
    let points = 1;
    for (; ; points += 1) {
      const { deaths } = run([{ do: 'arm', points }, ...STORY]);
      if (deaths === 0) break;
      for (let second = 1; second <= 12; second += 1) {
        const world = run([{ do: 'arm', points }, ...STORY], second);
        expect(world.deaths).toBeGreaterThan(0);
      }
    }
    expect(points).toBeGreaterThan(50);
    expect(killer.passed).toEqual(
      new Set([
        'queue.taken',
        'queue.popped',
        'queue.replies-written',
        'queue.announced',
        'queue.published',
        'queue.cleared',
        'queue.counted',
        'queue.signalled',
      ]),
    );
  });

  it('go on behind the 65,536th, many times round', () => {
    const world = new World();
    worlds.push(world);
    for (let round = 0; round < 14_000; round += 1) {
      world.live({ do: 'offer', chains: 8 });
      world.live({ do: 'pop' });
      world.live({ do: 'answer', picks: [round, 3, 1, 0, 2] });
      if (round % 500 === 0) world.live({ do: 'leave' });
    }
    world.finish();
    expect(world.answered.size).toBeGreaterThan(65_536);
  });

  it('are counted against by themselves when their handlers kill, however many are handled in front of them', () => {
    const world = new World();
    worlds.push(world);
    world.live({ do: 'offer', chains: 4 });
    const attempts: number[][] = [];
    for (let life = 0; life < 4; life += 1) {
      world.live({ do: 'pop' });
      const found: number[] = [];
      // The second one kills until it is left alone; then the fourth does.
      const fatal = life < 2 ? 1 : 3;
      for (const [index, chain] of world.popped.entries()) {
        found.push(world.queue.handling(chain));
        if (index === fatal) break;
        world.queue.handled();
      }
      attempts.push(found);
      world.live({ do: 'leave' });
    }
    expect(attempts).toEqual([
      [1, 1],
      [1, 2],
      [1, 3, 1, 1],
      [1, 3, 1, 2],
    ]);
    world.finish();
  });

  it('are not believed to be answered because the guest says so', () => {
    const world = new World();
    worlds.push(world);
    world.live({ do: 'offer', chains: 3 });
    world.live({ do: 'pop' });
    world.live({ do: 'answer', picks: [0] });
    world.ram.view(world.driver.usedAt, 4).setUint16(2, world.driver.usedIndex + 1, true);
    world.succeed();
    expect(world.log.text()).toMatch(/the guest moved the used index/);
    expect(world.queue.popAll().map(tokenOf)).toEqual([2, 3]);
  });

  it('are told when a queue is stopped only when it goes on, and its base is that of the next chain', () => {
    const world = new World();
    worlds.push(world);
    world.live({ do: 'offer', chains: 3 });
    world.live({ do: 'pop' });
    world.live({ do: 'answer', picks: [1] });
    let drained = 0;
    world.queue.drain(() => {
      drained += 1;
    });
    expect(world.queue.suspend()).toBe(world.driver.available);
    expect(drained).toBe(0);
    const used = world.driver.usedIndex;
    world.isStopped = true;
    world.live({ do: 'answer', picks: [1] });
    expect(world.driver.usedIndex).toBe(used);
    world.live({ do: 'start' });
    expect(world.driver.usedIndex).toBe((used + 1) & 0xffff);
    world.finish();
  });
});
