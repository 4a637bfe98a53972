// Deciding for a VM, on real memory: whatever is asked, whatever fails and wherever the process dies, each blob holds what was written into it, a
// fresh one is zero, and what is written down is what there is.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { MOST_INLINE_BYTES } from '../../../services/frontend/deciding/own-memory.ts';
import { type Operation, type Result, SESSION_LOST } from '../../../services/frontend/operation.ts';
import { sweepSlice } from '../../../services/lib/memory/sweeper.ts';
import { PAGE_SIZE as PAGE } from '../../../services/lib/os/memory.ts';
import { turns, until } from '../../support/until.ts';
import { comparable, comparableVm, create, grantOf, map, Rig, type Room } from './rig.ts';

const PAGES = 16;
const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.close();
});

function newRig(options: ConstructorParameters<typeof Rig>[0] = {}): Rig {
  const rig = new Rig({ pages: PAGES, ...options });
  rigs.push(rig);
  return rig;
}

const unmap = (resourceId: number): Operation => ({ kind: 'unmap', resourceId });
const destroy = (resourceId: number): Operation => ({ kind: 'destroy', resourceId });

/** Bytes that tell who wrote them when. */
function pattern(size: number, seed: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 7 + seed * 31 + 1) % 251));
}

// ---- random lives -----------------------------------------------------------------------------------------------------------------------

/** What the guest knows. */
type Known = { readonly size: number; offset: number | null; bytes: Buffer };

type Step = {
  readonly what: Operation['kind'] | 'write' | 'reset';
  readonly resource: number;
  readonly pages: number;
  readonly page: number;
  readonly room: Exclude<Room, 'wait'>;
  /** A kind of step that fails meanwhile. */
  readonly failing: 'populate' | 'stash' | 'restore' | null;
  /** The process dies before so many steps that touch memory, or around the record. */
  readonly death: number | 'before-record' | 'after-record' | null;
  /** The device is reset when what is decided slowly has had so many turns. */
  readonly resetAfter: number | null;
  /** What was freed gives its pages back, by itself or to a sweep. */
  readonly after: 'give-back' | 'sweep' | null;
};

const rarely = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constant('create' as const) },
    { weight: 8, arbitrary: fc.constant('map' as const) },
    { weight: 6, arbitrary: fc.constant('unmap' as const) },
    { weight: 1, arbitrary: fc.constant('destroy' as const) },
    { weight: 5, arbitrary: fc.constant('write' as const) },
    { weight: 1, arbitrary: fc.constant('reset' as const) },
  ),
  // Few ids and places, so that commands meet.
  resource: fc.integer({ min: 1, max: 4 }),
  pages: fc.integer({ min: 1, max: 3 }),
  page: fc.constantFrom(0, 1, 3, 4, 6, PAGES - 2),
  room: fc.constantFrom('grant', 'grant', 'refuse', 'time-out'),
  failing: rarely(fc.constantFrom('populate', 'stash', 'restore')),
  death: rarely(fc.oneof(fc.nat(4), fc.constantFrom('before-record' as const, 'after-record' as const))),
  resetAfter: rarely(fc.nat(3)),
  after: rarely(fc.constantFrom('give-back', 'sweep')),
});

class Life {
  readonly rig: Rig;
  readonly #blobs = new Map<number, Known>();
  #seed = 0;
  /** Pages may be left in the window of what was under way when a process died: the sweep frees them. */
  #hasDied = false;
  static deaths = 0;
  static moves = 0;
  static refusals = 0;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  async live(steps: readonly Step[]): Promise<void> {
    for (const one of steps) {
      await this.#take(one);
      const { memory } = this.rig;
      if (one.after === 'give-back') memory.giveBack();
      if (one.after === 'sweep' && !this.rig.decider.isBusy) this.#sweep();
      await this.#check();
    }
    await this.#end();
  }

  async #take(one: Step): Promise<void> {
    if (one.what === 'write') {
      this.#write(one.resource);
      return;
    }
    if (one.what === 'reset') {
      await this.#reset();
      return;
    }
    const operation = operationOf(one);
    const { rig } = this;
    rig.room = one.room;
    if (one.failing) rig.memory.failing.add(one.failing);
    if (typeof one.death === 'number') rig.memory.lifetime = one.death;
    const result = await this.#decide(operation, one.resetAfter);
    if (result === null || one.death === 'before-record') {
      // The chain is not answered, and asks again.
      await this.#die();
      await this.#enter(operation, await rig.done(operation));
      return;
    }
    rig.memory.failing.clear();
    if (result === 'reset') return;
    rig.memory.lifetime = Number.POSITIVE_INFINITY;
    rig.writeDown();
    if (one.death === 'after-record') await this.#die();
    else rig.decider.recorded();
    await this.#enter(operation, result);
  }

  /** Null for a death. */
  async #decide(operation: Operation, resetAfter: number | null): Promise<Result | 'reset' | null> {
    const { rig } = this;
    const before = [comparableVm(rig.decider), rig.decider.books.used, rig.memory.steps.length];
    if (resetAfter === null) return await rig.decide(operation);
    try {
      const result = rig.decider.decide(operation);
      if (result !== null) return result;
    } catch {
      return null;
    }
    expect([comparableVm(rig.decider), rig.decider.books.used, rig.memory.steps.length]).toEqual(before);
    const slow = rig.decider.decideSlowly(operation, 0).catch(() => null);
    await turns(resetAfter);
    rig.memory.lifetime = Number.POSITIVE_INFINITY;
    if (rig.memory.isDead) return null;
    await this.#reset();
    await slow;
    return 'reset';
  }

  #sweep(): void {
    const { decider, memory } = this.rig;
    const attached = { vm: decider.vm, window: memory, busy: false, closed: false, strayBytes: 0 };
    expect(sweepSlice({ attached, cursor: 0, found: 0 })).toBe(true);
    this.#hasDied = false;
  }

  async #die(): Promise<void> {
    Life.deaths += 1;
    this.#hasDied = true;
    await this.rig.succeed();
  }

  async #reset(): Promise<void> {
    this.rig.decider.reset();
    this.rig.record();
    this.#blobs.clear();
  }

  #write(resource: number): void {
    const blob = this.#blobs.get(resource);
    if (!blob || blob.offset === null) return;
    this.#seed += 1;
    // Not all of it: holes have to stay zero wherever it is moved.
    const page = (this.#seed % (blob.size / PAGE)) * PAGE;
    const bytes = pattern(PAGE, this.#seed);
    blob.bytes.set(bytes, page);
    this.rig.write(blob.offset + page, bytes);
  }

  async #enter(operation: Operation, result: Result): Promise<void> {
    const { resourceId } = operation;
    if (result.kind === 'refused') Life.refusals += 1;
    if (result.kind === 'refused' || result.kind === 'failed') return;
    const blob = this.#blobs.get(resourceId);
    switch (operation.kind) {
      case 'create': {
        const size = Number(operation.size);
        this.#blobs.set(resourceId, { size, offset: null, bytes: Buffer.alloc(size) });
        break;
      }
      case 'map':
        expect(blob?.offset).toBe(null);
        if (blob) blob.offset = Number(operation.offset);
        break;
      case 'unmap':
        if (blob) blob.offset = null;
        break;
      case 'destroy':
        this.#blobs.delete(resourceId);
        break;
    }
  }

  async #check(): Promise<void> {
    const { rig } = this;
    Life.moves += rig.memory.steps.filter((kind) => kind === 'stash').length;
    rig.memory.steps.length = 0;
    expect(comparable(rig.past)).toEqual(comparableVm(rig.decider));
    expect(rig.decider.books.grant).toEqual(rig.past.grant);
    expect([...rig.decider.vm.snapshot().blobs].map(({ resource }) => resource).sort()).toEqual(
      [...this.#blobs.keys()].sort(),
    );
    for (const [resource, { offset, size, bytes }] of this.#blobs) {
      if (offset === null) continue;
      expect(rig.read(offset, size).equals(bytes), `the bytes of resource ${resource}`).toBe(true);
    }
    if (rig.decider.isBusy) return;
    const blobs = [...rig.past.blobs.values()];
    const stashed = blobs.flatMap(({ blob, stash }) =>
      stash === null ? [] : [{ offset: stash, size: blob.size }],
    );
    expect(rig.strays('stash', stashed), 'bytes in the stash that are nobody’s').toEqual([]);
    if (this.#hasDied || rig.memory.freedBytes > 0) return;
    const placed = blobs
      .map(({ blob }) => blob)
      .filter(({ state }) => state === 'mapped' || state === 'parked');
    expect(rig.strays('window', placed), 'bytes in the window that are nobody’s').toEqual([]);
  }

  /** Every blob is mapped once more, alone, and has what was written into it. */
  async #end(): Promise<void> {
    const { rig } = this;
    rig.room = 'grant';
    await rig.idle();
    for (const [resource, blob] of this.#blobs) {
      if (blob.offset !== null) await rig.done(unmap(resource));
    }
    for (const [resource, { size, bytes }] of this.#blobs) {
      expect(await rig.done(map(resource, 0))).toMatchObject({ kind: 'mapped', size });
      expect(rig.read(0, size).equals(bytes), `the bytes of resource ${resource} at last`).toBe(true);
      await rig.done(destroy(resource));
    }
    await this.#reset();
    await rig.idle();
    expect([rig.strays('window', []), rig.strays('stash', [])]).toEqual([[], []]);
    expect(rig.memory.freedBytes).toBe(0);
    expect(rig.decider.books.used).toEqual(grantOf(0, 0, 0));
  }
}

function operationOf({ what, resource, pages, page }: Step): Operation {
  switch (what) {
    case 'create':
      return create(resource, pages);
    case 'map':
      return map(resource, page);
    case 'unmap':
      return unmap(resource);
    case 'destroy':
      return destroy(resource);
    default:
      throw new Error(`${what} is asked in another way`);
  }
}

describe('random lives', () => {
  it.each([false, true])('keep every byte (populate: %s)', async (populate) => {
    Life.deaths = 0;
    Life.moves = 0;
    Life.refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 80 }), async (steps) => {
        const rig = new Rig({ pages: PAGES, grant: grantOf(6, 3, 4), populate });
        try {
          await new Life(rig).live(steps);
        } finally {
          await rig.memory.reaped();
          rig.close();
        }
      }),
      { numRuns: 100 },
    );
    // Otherwise the lives were too quiet to say anything.
    const { deaths, moves, refusals } = Life;
    expect({ deaths, moves, refusals }).toSatisfy(() => Math.min(deaths, moves, refusals) > 20);
  });
});

describe('a place whose blob has ended', () => {
  const ways: readonly (readonly [string, (rig: Rig) => void])[] = [
    ['at once', () => {}],
    ['after its pages were given back', (rig) => rig.memory.giveBack()],
    ['after a sweep', (rig) => expect(rig.memory.nextData(0)).toBeNull()],
  ];

  it.each(
    ways,
  )('reads as zero to the next one, whatever the guest wrote there meanwhile: %s', async (_, pass) => {
    for (const pages of [1, 3, 32]) {
      const rig = newRig({ pages: 64 });
      await rig.done(create(1, pages));
      await rig.done(map(1, 0));
      rig.write(0, pattern(pages * PAGE, 1));
      await rig.done(destroy(1));
      expect(rig.memory.freedBytes).toBe(pages * PAGE);
      pass(rig);
      rig.write(0, pattern(PAGE, 2));

      await rig.done(create(2, pages));
      await rig.done(map(2, 0));

      expect(rig.read(0, pages * PAGE).every((byte) => byte === 0)).toBe(true);
      expect(rig.memory.freedBytes).toBe(0);
    }
  });

  it('keeps its page for a blob that comes at once, and gives it back where none comes', async () => {
    const rig = newRig();
    await rig.done(create(1));
    await rig.done(map(1, 0));
    rig.write(0, pattern(PAGE, 1));
    await rig.done(destroy(1));
    await rig.done(create(2));
    await rig.done(map(2, 0));
    expect(rig.strays('window', [])).toEqual([0]);
    await rig.done(destroy(2));

    await until('the page is given back', () => rig.strays('window', []).length === 0, { every: 1 });
    expect(rig.memory.freedBytes).toBe(0);
  });

  it('is zero to a blob that takes more than it, or a part of it, and what is left of it is given back', async () => {
    const rig = newRig();
    for (const [resource, page] of [
      [1, 0],
      [2, 2],
    ] as const) {
      await rig.done(create(resource, 2));
      await rig.done(map(resource, page));
      rig.write(page * PAGE, pattern(2 * PAGE, resource));
    }
    await rig.done(destroy(1));
    await rig.done(destroy(2));
    await rig.done(create(3, 2));
    await rig.done(map(3, 1));
    await rig.done(create(4, 2));
    await rig.done(map(4, 3));

    expect(rig.read(PAGE, 4 * PAGE).every((byte) => byte === 0)).toBe(true);
    rig.write(PAGE, pattern(4 * PAGE, 3));
    rig.memory.giveBack();
    expect(rig.strays('window', [])).toEqual([1, 2, 3, 4]);
    expect(rig.read(PAGE, 4 * PAGE).equals(pattern(4 * PAGE, 3))).toBe(true);
  });

  it('is not touched again by a process that has stopped', async () => {
    const rig = newRig();
    await rig.done(create(1));
    await rig.done(map(1, 0));
    rig.write(0, pattern(PAGE, 1));
    await rig.done(destroy(1));
    rig.memory.close();

    expect(rig.memory.freedBytes).toBe(0);
    rig.memory.giveBack();
    expect(rig.strays('window', [])).toEqual([0]);
  });
});

describe('what has to wait', () => {
  it('is a map whose memory takes more than a moment, and changes nothing before', async () => {
    const pages = (2 * MOST_INLINE_BYTES) / PAGE;
    const rig = newRig({ pages: 2 * pages });
    await rig.done(create(1, pages));
    const before = comparableVm(rig.decider);

    expect(rig.decider.decide(map(1, 0))).toBeNull();
    expect(comparableVm(rig.decider)).toEqual(before);
    expect(rig.memory.steps).toEqual([]);
    expect(await rig.done(map(1, 0))).toMatchObject({ kind: 'mapped' });
    expect(rig.memory.steps).toEqual(['zero']);
  });

  it('is room that has to be asked for: what is needed is said in all, and a refusal counts', async () => {
    const rig = newRig({ grant: grantOf(4, 1, 2) });
    await rig.done(create(1, 3));
    await rig.done(map(1, 0));

    expect(await rig.done(create(2, 3))).toMatchObject({ kind: 'done' });
    expect(await rig.done(map(2, 4))).toMatchObject({ kind: 'mapped' });
    rig.room = 'refuse';
    expect(await rig.done(create(3, 5))).toMatchObject({ kind: 'refused', reason: 'HEAP_CAPACITY' });

    expect(rig.asked).toEqual([
      { heap: 'ram', bytes: 6 * PAGE, mappings: 1, allocations: 2 },
      { heap: null, bytes: 0, mappings: 2, allocations: 2 },
      { heap: 'ram', bytes: 11 * PAGE, mappings: 2, allocations: 3 },
    ]);
    const { operations, refusals } = rig.decider.vm.counters.figures();
    expect([operations.create.refused, refusals.HEAP_CAPACITY]).toEqual([1, 1]);
  });

  it('is refused at once where no grant would help', async () => {
    const rig = newRig();
    await rig.done(create(1, 2));
    await rig.done(map(1, 0));
    await rig.done(create(2, 2));

    expect(rig.decider.decide(create(1))).toMatchObject({ kind: 'refused', reason: 'RESOURCE_ID_IN_USE' });
    expect(rig.decider.decide(map(2, 1))).toMatchObject({ kind: 'refused', reason: 'OVERLAP' });
    expect(rig.decider.decide(map(2, PAGES - 1))).toMatchObject({
      kind: 'refused',
      reason: 'OUTSIDE_WINDOW',
    });
    expect(rig.asked).toEqual([]);
  });
});

describe('a reset', () => {
  it('ends the wait for room, at once', async () => {
    const rig = newRig({ grant: grantOf(1) });
    await rig.done(create(1));
    rig.room = 'wait';
    const waiting = rig.decider.decideSlowly(create(2), 0);
    await turns(1);
    expect(rig.asked).toHaveLength(1);

    rig.decider.reset();
    rig.record();

    expect(await waiting).toEqual(SESSION_LOST);
    rig.room = 'grant';
    expect(await rig.done(create(2))).toMatchObject({ kind: 'done' });
    expect(rig.past.generation).toBe(2);
    expect([...rig.past.blobs.keys()]).toEqual([2]);
  });

  it.each([
    'stash',
    'restore',
    'zero',
  ])('ends a move while it waits for its %s, and leaves no byte of it', async (kind) => {
    const rig = newRig();
    for (const resource of [1, 2]) await rig.done(create(resource, 2));
    await rig.done(map(1, 0));
    rig.write(0, pattern(2 * PAGE, 1));
    await rig.done(unmap(1));
    let goOn: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      rig.memory.hold = { kind, released, begun: resolve };
    });
    // Out of the window and back to another place.
    expect(rig.decider.decide(map(1, 4))).toBeNull();
    const moving = rig.decider.decideSlowly(map(1, 4), 0);
    await begun;

    rig.decider.reset();
    rig.record();
    expect(rig.decider.decide(create(3))).toBeNull();
    rig.memory.hold = null;
    goOn();

    expect(await moving).toEqual(SESSION_LOST);
    await rig.idle();
    expect([rig.strays('window', []), rig.strays('stash', [])]).toEqual([[], []]);
    await rig.done(create(1, 2));
    await rig.done(map(1, 0));
    expect(rig.read(0, 2 * PAGE).every((byte) => byte === 0)).toBe(true);
    expect(comparable(rig.past)).toEqual(comparableVm(rig.decider));
  });

  it('does not serve the next driver before the window is empty', async () => {
    const rig = newRig();
    await rig.done(create(1, 4));
    await rig.done(map(1, 0));
    rig.write(0, pattern(4 * PAGE, 1));

    rig.decider.reset();
    rig.record();
    expect(rig.decider.decide(create(1))).toBeNull();
    await rig.done(create(1, 4));

    expect(rig.strays('window', [])).toEqual([]);
  });
});

describe('a map whose memory cannot be had', () => {
  it('is refused, and can be asked again', async () => {
    const rig = newRig({ populate: true });
    await rig.done(create(1, 2));
    rig.memory.failing.add('populate');

    expect(await rig.done(map(1, 0))).toMatchObject({ kind: 'refused', reason: 'OUT_OF_MEMORY' });
    expect(rig.past.blobs.get(1)?.blob.state).toBe('unmapped');
    expect(rig.decider.books.used).toEqual(grantOf(2, 0, 1));
    rig.memory.failing.clear();
    expect(await rig.done(map(1, 0))).toMatchObject({ kind: 'mapped' });
    expect(rig.decider.vm.counters.figures().operations.map).toMatchObject({ abandoned: 1 });
  });

  it('leaves what should have made room where it was', async () => {
    const rig = newRig();
    for (const resource of [1, 2]) await rig.done(create(resource, 2));
    await rig.done(map(1, 0));
    const bytes = pattern(2 * PAGE, 5);
    rig.write(0, bytes);
    await rig.done(unmap(1));
    rig.memory.failing.add('stash');

    expect(await rig.done(map(2, 1))).toMatchObject({ kind: 'refused', reason: 'OUT_OF_MEMORY' });
    expect(rig.past.blobs.get(1)?.blob).toMatchObject({ state: 'parked', offset: 0 });
    expect(await rig.done(map(1, 0))).toMatchObject({ kind: 'mapped' });
    expect(rig.read(0, 2 * PAGE).equals(bytes)).toBe(true);
  });
});

describe('a successor', () => {
  it('drops what its predecessor had copied aside and not written down', async () => {
    const rig = newRig();
    for (const resource of [1, 2]) await rig.done(create(resource, 2));
    await rig.done(map(1, 0));
    const bytes = pattern(2 * PAGE, 9);
    rig.write(0, bytes);
    await rig.done(unmap(1));
    // stash, and no further: the zero behind it is the predecessor's end.
    rig.memory.lifetime = 1;
    expect(await rig.decide(map(2, 0))).toBeNull();
    expect(rig.past.blobs.get(1)?.blob.state).toBe('stashed');
    await rig.succeed();
    const stash = rig.past.blobs.get(1)?.stash ?? 0;
    expect(rig.strays('stash', [{ offset: stash, size: 2 * PAGE }])).toEqual([]);
    expect(await rig.done(map(2, 0))).toMatchObject({ kind: 'mapped' });
    expect(rig.read(0, 2 * PAGE).every((byte) => byte === 0)).toBe(true);

    // Restored and recorded, but not dropped any more.
    await rig.decide(map(1, 4));
    rig.writeDown();
    await rig.succeed();

    expect(rig.strays('stash', [])).toEqual([]);
    expect(rig.read(4 * PAGE, 2 * PAGE).equals(bytes)).toBe(true);
  });

  it('refuses accounts that contradict themselves', async () => {
    const rig = newRig();
    for (const resource of [1, 2]) {
      await rig.done(create(resource));
      await rig.done(map(resource, resource));
    }
    const { blobs } = rig.past;
    const blob = { ...blobs.get(1)!.blob, state: 'stashed' as const, offset: 0 };
    const bytesNowhere = new Map([...blobs, [1, { blob, stash: null }] as const]);
    const twice = new Map([
      ...blobs,
      [1, { blob: { ...blobs.get(1)!.blob, offset: 2 * PAGE }, stash: null }],
    ]);

    expect(() => rig.adopt({ ...rig.past, blobs: bytesNowhere })).toThrow('the bytes of blob 1 lie nowhere');
    expect(() => rig.adopt({ ...rig.past, blobs: twice })).toThrow();
  });
});
