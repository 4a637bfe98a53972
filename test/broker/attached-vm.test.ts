import { array, assert, asyncProperty, boolean, constantFrom, integer, oneof, record } from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { AttachedVm } from '../../services/broker/attached-vm.ts';
import { DescriptorBudget } from '../../services/broker/heaps/descriptor-budget.ts';
import { Heaps } from '../../services/broker/heaps/heaps.ts';
import type { Command, Reply } from '../../services/lib/domain/command.ts';
import { Host } from '../../services/lib/domain/host.ts';
import { UNLIMITED } from '../../services/lib/domain/quota.ts';
import { WindowMemory } from '../../services/lib/memory/window-memory.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { MIB, PAGE } from './harness.ts';

const WINDOW = 256 * MIB;
const LIMITS = { bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED };
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Memory that fails when it is told to, and remembers what was asked of it. */
class TestMemory extends WindowMemory {
  readonly asked: string[] = [];
  failing: string | null = null;

  #ask(what: string): void {
    this.asked.push(what);
    if (this.failing !== null && what.startsWith(this.failing)) throw new Error(`${this.failing} failed`);
  }

  override zeroInline(offset: number, length: number): void {
    this.#ask(`zero ${offset / PAGE}+${length / PAGE}`);
    super.zeroInline(offset, length);
  }

  override populate(offset: number, length: number): Promise<void> | null {
    this.#ask(`populate ${offset / PAGE}+${length / PAGE}`);
    return super.populate(offset, length);
  }

  override stash(resource: number, offset: number, length: number): Promise<void> | null {
    this.#ask(`stash ${resource}`);
    return super.stash(resource, offset, length);
  }

  override restore(resource: number, offset: number, length: number): Promise<void> | null {
    this.#ask(`restore ${resource}`);
    return super.restore(resource, offset, length);
  }
}

function open(populate = false) {
  const budget = new DescriptorBudget(100);
  const log = pino({ level: 'silent' });
  const ram = {
    name: 'ram',
    backing: 'memfd',
    cache: 'cached',
    capacity: 2 ** 40,
    path: null,
    prefault: false,
  } as const;
  const heaps = new Heaps([ram], budget, log);
  const host = new Host({ limits: LIMITS, heaps: heaps.settings }, heaps);
  const vm = host.attach({
    name: 'web',
    windowSize: WINDOW,
    memory: 'window',
    defaultHeap: 'ram',
    blobHeaps: new Map(),
    quota: LIMITS,
    populate,
  });
  const memory = new TestMemory('web', WINDOW, budget);
  const seen = Mapping.ofFile(memory.fd, 0, WINDOW);
  cleanups.push(
    () => memory.close(),
    () => seen.close(),
  );
  return { attached: new AttachedVm(vm, memory, heaps), memory, seen, vm, host };
}

let number = 0;
const numbered = (commands: readonly Omit<Command, 'number'>[], first: number): Command[] =>
  commands.map((command, index) => ({ ...command, number: first + index }) as Command);
const create = (resource: number, pages: number) =>
  ({
    kind: 'create',
    resource,
    context: 0,
    blobMem: 'host3d',
    flags: 1,
    blobId: 0,
    size: pages * PAGE,
  }) as const;
const map = (resource: number, page: number) => ({ kind: 'map', resource, offset: page * PAGE }) as const;
const unmap = (resource: number) => ({ kind: 'unmap', resource }) as const;
const destroy = (resource: number) => ({ kind: 'destroy', resource }) as const;

function run(attached: AttachedVm, ...commands: Omit<Command, 'number'>[]): Reply[] | Promise<Reply[]> {
  number = attached.vm.lastNumber + 1;
  return attached.run(numbered(commands, number));
}

const words = (replies: readonly Reply[]): string[] =>
  replies.map((reply) => (reply.result === 'refused' ? reply.refusal.reason : 'ok'));

describe('a batch', () => {
  it('is answered at once when there is little to do, and zeroes neighbours together', () => {
    const { attached, memory } = open();
    const pages = Array.from({ length: 30 }, (_, page) => page);
    const replies = run(attached, ...pages.flatMap((page) => [create(page + 1, 1), map(page + 1, page)]));
    expect(Array.isArray(replies)).toBe(true);
    expect(memory.asked).toEqual(['zero 0+30']);
    run(attached, ...pages.map((page) => destroy(page + 1)));
    expect(memory.asked).toEqual(['zero 0+30', 'zero 0+30']);
  });

  it('has its pages before its answers, and none where a blob has ended again', async () => {
    const { attached, memory } = open(true);
    await run(attached, create(1, 2), map(1, 0), destroy(1), create(2, 1), map(2, 0));
    expect(memory.asked).toEqual(['zero 0+2', 'populate 0+2', 'zero 0+2', 'populate 0+1']);
  });

  it('waits for the one before it', async () => {
    const { attached } = open();
    await run(attached, create(1, 20_000), map(1, 0));
    const order: number[] = [];
    const first = Promise.resolve(run(attached, destroy(1))).then(() => order.push(1));
    const secondReplies = attached.run(numbered([create(1, 1)], attached.vm.lastNumber + 1));
    const second = Promise.resolve(secondReplies).then(() => order.push(2));
    expect(attached.busy).toBe(true);
    await Promise.all([first, second]);
    expect(order).toEqual([1, 2]);
    expect(attached.busy).toBe(false);
  });

  it('is not executed any more when its VM was closed', async () => {
    const { attached, host } = open();
    await run(attached, create(1, 20_000), map(1, 0));
    const first = run(attached, destroy(1));
    const second = attached.run(numbered([create(1, 1)], attached.vm.lastNumber + 1));
    const closing = attached.close(
      () => host.detach('web') ?? [],
      true,
      () => undefined,
    );
    expect(words(await first)).toEqual(['ok']);
    await expect(second).rejects.toThrow(StatusError);
    await closing;
    expect(() => attached.run([])).toThrow('was given up');
    expect(host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
  });
});

describe('memory that fails', () => {
  it('to be copied out leaves the parked blob where it is, and refuses the map', async () => {
    const { attached, memory, seen } = open();
    await run(attached, create(1, 1), map(1, 0), create(2, 1));
    seen.bytes(0, 1)[0] = 5;
    memory.failing = 'stash';
    const replies = await run(attached, unmap(1), map(2, 0), create(3, 1));
    expect(words(replies)).toEqual(['ok', 'OUT_OF_MEMORY', 'ok']);
    expect(seen.bytes(0, 1)[0]).toBe(5);
    expect(words(await run(attached, map(1, 0)))).toEqual(['ok']);
    expect(seen.bytes(0, 1)[0]).toBe(5);
  });

  it('to be copied back keeps the copy, and the map works later', async () => {
    const { attached, memory, seen } = open();
    await run(attached, create(1, 1), map(1, 0));
    seen.bytes(0, 1)[0] = 5;
    memory.failing = 'restore';
    expect(words(await run(attached, unmap(1), map(1, 7)))).toEqual(['ok', 'OUT_OF_MEMORY']);
    memory.failing = null;
    expect(words(await run(attached, map(1, 7)))).toEqual(['ok']);
    expect([seen.bytes(0, 1)[0], seen.bytes(7 * PAGE, 1)[0]]).toEqual([0, 5]);
  });

  it('to get pages refuses that map and no other, and answers the same when asked again', async () => {
    const { attached, memory, vm } = open(true);
    memory.failing = 'populate 3';
    const replies = await run(attached, create(1, 1), create(2, 1), map(1, 3), map(2, 9));
    expect(words(replies)).toEqual(['ok', 'ok', 'OUT_OF_MEMORY', 'ok']);
    expect(vm.window.mappings).toBe(1);
    expect(words(await attached.run(numbered([map(1, 3)], 3)))).toEqual(['OUT_OF_MEMORY']);
    memory.failing = null;
    expect(words(await run(attached, map(1, 3)))).toEqual(['ok']);
  });

  it('takes back no map that was counted', async () => {
    const { attached, memory } = open(true);
    await run(attached, create(1, 1), create(2, 1), map(1, 0));
    memory.failing = 'populate 3';
    const replies = run(attached, map(2, 3));
    const shown = { ...attached.counted.operations.map };
    expect([shown.ok, attached.vm.counters.operations.map.ok]).toEqual([1, 2]);
    expect(words(await replies)).toEqual(['OUT_OF_MEMORY']);
    await attached.idle();
    const { ok, abandoned } = attached.counted.operations.map;
    expect(ok - abandoned).toBe(shown.ok);
  });

  it('to be zeroed is a fault: nothing is answered', async () => {
    const { attached, memory } = open();
    memory.failing = 'zero';
    expect(() => run(attached, create(1, 1), map(1, 0))).toThrow('zero failed');
  });
});

describe('whatever a VM does', () => {
  // Few ids and few places, so that blobs come back, collide and displace each other.
  const command = oneof(
    record({
      kind: constantFrom('create' as const),
      resource: integer({ min: 1, max: 6 }),
      pages: integer({ min: 1, max: 4 }),
    }),
    record({
      kind: constantFrom('map' as const),
      resource: integer({ min: 1, max: 6 }),
      page: integer({ min: 0, max: 9 }),
    }),
    record({
      kind: constantFrom('unmap' as const, 'destroy' as const),
      resource: integer({ min: 1, max: 6 }),
    }),
  );
  const step = record({
    commands: array(command, { minLength: 1, maxLength: 6 }),
    failing: oneof(
      { weight: 6, arbitrary: constantFrom(null) },
      constantFrom('stash', 'restore', 'populate'),
    ),
    populate: boolean(),
  });

  it('blobs keep their bytes, and fresh ones are zero', async () => {
    await assert(
      asyncProperty(array(step, { maxLength: 30 }), boolean(), async (steps, populate) => {
        const { attached, memory, seen, vm } = open(populate);
        /** What the guest wrote last, by resource. */
        const written = new Map<number, number>();
        let stamp = 0;
        for (const { commands, failing } of steps) {
          memory.failing = failing;
          const batch = commands.map((item) =>
            item.kind === 'create'
              ? create(item.resource, item.pages)
              : item.kind === 'map'
                ? map(item.resource, item.page)
                : item,
          );
          const replies = await run(attached, ...batch);
          for (const reply of replies) {
            if (reply.result === 'ok' && reply.kind === 'create') written.set(reply.resource, 0);
          }
          for (const blob of vm.placedBlobs()) {
            if (blob.state !== 'mapped' || blob.range === null) continue;
            const bytes = seen.bytes(blob.range.offset, blob.range.length);
            const expected = written.get(blob.resource) ?? 0;
            expect(bytes.every((byte) => byte === expected)).toBe(true);
            stamp = (stamp % 250) + 1;
            bytes.fill(stamp);
            written.set(blob.resource, stamp);
          }
        }
        memory.failing = null;
        await attached.idle();
        for (const cleanup of cleanups.splice(0).reverse()) cleanup();
      }),
      { numRuns: 60 },
    );
  });
});
