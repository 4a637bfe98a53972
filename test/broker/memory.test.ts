// What guests see in their memory: both placements, over the real sockets, through the descriptors that a frontend would map.
import { fstatSync, ftruncateSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accessMode, FIXED_SIZE_SEALS, getSeals, Mapping, nextData } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { until } from '../support/until.ts';
import {
  create,
  destroy,
  GIB,
  MIB,
  map,
  PAGE,
  reset,
  results,
  TestBroker,
  type TestSession,
  unmap,
} from './harness.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(yaml: string): Promise<TestBroker> {
  const broker = await TestBroker.start(yaml);
  cleanups.push(() => broker.end());
  return broker;
}

async function mappedWindow(session: TestSession) {
  const window = await session.window();
  cleanups.push(() => window.close());
  return window;
}

const WINDOWS = `
sweep_interval: 1h
heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 2GiB }]
vms:
  - { name: a, window: 1GiB, heap: ram }
  - { name: b, window: 1GiB, heap: ram }
`;

describe('window placement', () => {
  it('hands out one sealed memfd of the size of the window, writable', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const fd = await broker.redeem(session.attached.window);
    cleanups.push(() => fd.close());
    expect(getSeals(fd.number)).toBe(FIXED_SIZE_SEALS);
    expect(accessMode(fd.number)).toBe('read-write');
    expect(countFromWire(session.attached.window?.size)).toBe(GIB);
    expect(() => ftruncateSync(fd.number, 0)).toThrow('EPERM');
  });

  it('shows zeros to a fresh blob, whatever lay there before', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const window = await mappedWindow(session);
    await session.run(create(1, 2 * PAGE), map(1, PAGE));
    window.bytes(0, 4 * PAGE).fill(7);
    await session.run(destroy(1));
    expect([...window.bytes(PAGE, 2)]).toEqual([0, 0]);
    // Bytes that the guest left outside of any blob, where the next one comes to lie.
    expect(window.bytes(3 * PAGE, 1)[0]).toBe(7);
    await session.run(create(2, 4 * PAGE), map(2, 0));
    expect(window.bytes(0, 4 * PAGE).every((byte) => byte === 0)).toBe(true);
  });

  it('keeps what an unmapped blob holds, where it was and elsewhere', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const window = await mappedWindow(session);
    await session.run(create(1, 3 * PAGE), map(1, 0));
    window.bytes(PAGE, 3).set([1, 2, 3]);
    await session.run(unmap(1), map(1, 0));
    expect([...window.bytes(PAGE, 3)]).toEqual([1, 2, 3]);
    await session.run(unmap(1), map(1, 64 * MIB));
    expect([...window.bytes(64 * MIB + PAGE, 3)]).toEqual([1, 2, 3]);
    expect([...window.bytes(PAGE, 3)]).toEqual([0, 0, 0]);
  });

  it('moves a parked blob out of the way, and back', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const window = await mappedWindow(session);
    await session.run(create(1, 2 * PAGE), map(1, 0), create(2, 4 * PAGE));
    window.bytes(0, 2).set([5, 6]);
    expect(results(await session.run(unmap(1), map(2, 0)))).toEqual(['ok', 'ok']);
    expect(window.bytes(0, 4 * PAGE).every((byte) => byte === 0)).toBe(true);
    window.bytes(0, 1)[0] = 9;
    expect(results(await session.run(unmap(2), map(1, 0)))).toEqual(['ok', 'ok']);
    expect([...window.bytes(0, 2)]).toEqual([5, 6]);
    await session.run(unmap(1), map(2, 8 * PAGE));
    expect(window.bytes(8 * PAGE, 1)[0]).toBe(9);
  });

  it('does the same with blobs so large that others must not wait for them', async () => {
    const broker = await start(WINDOWS);
    const [a, b] = [await broker.attach('a'), await broker.attach('b')];
    const window = await mappedWindow(a);
    await a.run(create(1, 200 * MIB), map(1, 0), create(2, 300 * MIB));
    for (let at = 0; at < 200; at += 1) window.bytes(at * MIB, 2).set([at, 255 - at]);
    const order: string[] = [];
    const moving = a.run(unmap(1), map(2, 0)).finally(() => order.push('a'));
    const meanwhile = b.run(create(1, PAGE), map(1, 0)).finally(() => order.push('b'));
    expect((await Promise.all([moving, meanwhile])).map(results)).toEqual([
      ['ok', 'ok'],
      ['ok', 'ok'],
    ]);
    expect(order).toEqual(['b', 'a']);
    expect(window.bytes(100 * MIB, 2).every((byte) => byte === 0)).toBe(true);
    await a.run(destroy(2), map(1, 512 * MIB));
    const seen = Array.from({ length: 200 }, (_, at) => [...window.bytes(512 * MIB + at * MIB, 2)]);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, at) => [at, 255 - at]));
    await a.run(destroy(1));
    expect(window.bytes(512 * MIB, MIB).every((byte) => byte === 0)).toBe(true);
  });

  it('may be larger than what 32 bits can say', async () => {
    const broker = await start(WINDOWS.replace('name: a, window: 1GiB', 'name: a, window: 64GiB'));
    const session = await broker.attach('a');
    const fd = await broker.redeem(session.attached.window);
    const end = 64 * GIB - MIB;
    const top = Mapping.ofFile(fd.number, end, MIB);
    cleanups.push(
      () => fd.close(),
      () => top.close(),
    );
    top.bytes(0, MIB).fill(7);
    expect(results(await session.run(create(1, MIB), map(1, end)))).toEqual(['ok', 'ok']);
    expect(top.bytes(0, MIB).every((byte) => byte === 0)).toBe(true);
    top.bytes(0, 1)[0] = 1;
    await session.run(unmap(1), map(1, 5 * GIB), reset);
    expect(nextData(fd.number, 0, 64 * GIB)).toBeNull();
  });

  it('gives the pages of a destroyed blob back to the host', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const fd = await broker.redeem(session.attached.window);
    const window = Mapping.ofFile(fd.number, 0, GIB);
    cleanups.push(
      () => fd.close(),
      () => window.close(),
    );
    await session.run(create(1, MIB), map(1, MIB));
    window.bytes(MIB, MIB).fill(1);
    expect(nextData(fd.number, 0, GIB)).toEqual({ offset: MIB, length: MIB });
    await session.run(destroy(1));
    expect(nextData(fd.number, 0, GIB)).toBeNull();
  });

  it('zeroes everything at a reset, also what lies outside of blobs', async () => {
    const broker = await start(WINDOWS);
    const session = await broker.attach('a');
    const window = await mappedWindow(session);
    await session.run(create(1, PAGE), map(1, 0));
    window.bytes(0, MIB).fill(3);
    window.bytes(GIB - PAGE, PAGE).fill(3);
    await session.run(reset);
    expect(window.bytes(0, MIB).every((byte) => byte === 0)).toBe(true);
    expect(window.bytes(GIB - PAGE, 1)[0]).toBe(0);
    expect(results(await session.run(create(1, PAGE), map(1, 0)))).toEqual(['ok', 'ok']);
  });

  it('never shows one VM what another had, nor what the VM itself had before', async () => {
    const broker = await start(WINDOWS);
    const a = await broker.attach('a');
    const old = await mappedWindow(a);
    await a.run(create(1, MIB), map(1, 0));
    old.bytes(0, MIB).fill(9);
    await a.detach();
    // The VMM may still have it mapped: it sees zeros, and shares nothing with the next one.
    expect(old.bytes(0, MIB).every((byte) => byte === 0)).toBe(true);
    old.bytes(0, 1)[0] = 1;
    const [again, b] = [await broker.attach('a'), await broker.attach('b')];
    await again.run(create(1, MIB), map(1, 0));
    await b.run(create(1, MIB), map(1, 0));
    const windows = [await mappedWindow(again), await mappedWindow(b)];
    expect(windows.map((window) => window.bytes(0, MIB).every((byte) => byte === 0))).toEqual([true, true]);
  });

  it('finds pages that a guest touched outside of its blobs, reports and frees them', async () => {
    const broker = await start(WINDOWS.replace('sweep_interval: 1h', 'sweep_interval: 300ms'));
    const session = await broker.attach('a');
    const window = await mappedWindow(session);
    await session.run(create(1, PAGE), map(1, PAGE), create(2, PAGE), map(2, 3 * PAGE), unmap(2));
    window.bytes(0, 6 * PAGE).fill(5);
    window.bytes(GIB - PAGE, 1)[0] = 5;
    const admin = broker.adminClient();
    const stray = async () => {
      const answer = await admin.call<barkeep.v1.GetWindowResponse>('getWindow', { vm: 'a' });
      return countFromWire(answer.window?.strayBytes);
    };
    expect(await until('a sweep found stray pages', stray)).toBe(5 * PAGE);
    const bytes = [0, 1, 2, 3, 4, 5].map((page) => window.bytes(page * PAGE, 1)[0]);
    expect(bytes).toEqual([0, 5, 0, 5, 0, 0]);
    expect(window.bytes(GIB - PAGE, 1)[0]).toBe(0);
    // Reading gave the holes pages again: one more sweep frees those, and the next one finds nothing.
    await until('a sweep found none', async () => (await stray()) === 0);
  });

  it('gives blobs of a heap with prefault their pages when they are mapped', async () => {
    const broker = await start(WINDOWS.replace('capacity: 2GiB', 'capacity: 2GiB, prefault: true'));
    const session = await broker.attach('a');
    const fd = await broker.redeem(session.attached.window);
    cleanups.push(() => fd.close());
    const answers = await session.run(create(1, MIB), map(1, 0), destroy(1), create(2, 64 * MIB), map(2, 0));
    expect(results(answers)).toEqual(Array(5).fill('ok'));
    expect(fstatSync(fd.number).blocks * 512).toBe(64 * MIB);
    await session.run(destroy(2));
    expect(fstatSync(fd.number).blocks).toBe(0);
  });
});

/** A regular file full of 0xaa, as whoever had a device before leaves it. */
function file(size: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-file-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'video');
  writeFileSync(path, Buffer.alloc(size, 0xaa));
  return path;
}

describe('per-blob placement', () => {
  const PER_BLOB = (path: string) => `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
  - { name: video, backing: file, cache: wc, path: ${path}, capacity: 1MiB }
vms:
  - { name: a, window: 256MiB, placement: per-blob, heap: ram, blob_heaps: { 1: video } }
  - { name: b, window: 256MiB, placement: per-blob, heap: video }
`;

  it('gives each blob a sealed memfd of its own', async () => {
    const broker = await start(PER_BLOB(file(MIB)));
    const session = await broker.attach('a');
    expect(session.attached.window).toBeNull();
    const [, mapped] = await session.run(create(1, MIB), map(1, 0));
    expect(countFromWire(mapped?.memory?.size)).toBe(MIB);
    const fd = await broker.redeem(mapped?.memory);
    cleanups.push(() => fd.close());
    expect(getSeals(fd.number)).toBe(FIXED_SIZE_SEALS);
  });

  it('keeps the bytes over unmap and map, and gives a new token each time', async () => {
    const broker = await start(PER_BLOB(file(MIB)));
    const session = await broker.attach('a');
    const [, first] = await session.run(create(1, PAGE), map(1, 0));
    const one = await broker.mapMemory(first?.memory);
    cleanups.push(() => one.close());
    one.bytes(0, 3).set([1, 2, 3]);
    const [, second] = await session.run(unmap(1), map(1, PAGE));
    const two = await broker.mapMemory(second?.memory);
    cleanups.push(() => two.close());
    expect([...two.bytes(0, 3)]).toEqual([1, 2, 3]);
    session.send([{ number: session.number, ...map(1, PAGE) }]);
    const repeated = (await session.next()).batch?.replies?.[0]?.mapped?.memory;
    expect(repeated?.token).not.toEqual(second?.memory?.token);
    const three = await broker.mapMemory(repeated);
    cleanups.push(() => three.close());
    expect([...three.bytes(0, 3)]).toEqual([1, 2, 3]);
  });

  it('erases memory when its blob ends, for whoever still has it', async () => {
    const broker = await start(PER_BLOB(file(MIB)));
    const session = await broker.attach('a');
    const [, mapped] = await session.run(create(1, PAGE), map(1, 0));
    const memory = await broker.mapMemory(mapped?.memory);
    cleanups.push(() => memory.close());
    memory.bytes(0, PAGE).fill(7);
    await session.run(destroy(1));
    expect(memory.bytes(0, PAGE).every((byte) => byte === 0)).toBe(true);
  });

  it('gives ranges of a file with its cache type, zero at first and after reuse, by the same VM and by another', async () => {
    const broker = await start(PER_BLOB(file(MIB)));
    const [a, b] = [await broker.attach('a'), await broker.attach('b')];
    const [, first] = await a.run(create(1, PAGE, { blobId: 1 }), map(1, 0));
    const [, second] = await b.run(create(1, PAGE), map(1, 0));
    expect(first?.cache).toBe(barkeep.v1.CacheType.CACHE_TYPE_WC);
    expect([countFromWire(first?.memory?.fdOffset), countFromWire(second?.memory?.fdOffset)]).toEqual([
      0,
      PAGE,
    ]);
    const memory = await broker.mapMemory(first?.memory);
    cleanups.push(() => memory.close());
    expect(memory.bytes(0, PAGE).every((byte) => byte === 0)).toBe(true);
    memory.bytes(0, PAGE).fill(7);
    await a.run(destroy(1));
    const [, third] = await b.run(create(2, PAGE), map(2, PAGE));
    expect(countFromWire(third?.memory?.fdOffset)).toBe(0);
    const reused = await broker.mapMemory(third?.memory);
    cleanups.push(() => reused.close());
    expect(reused.bytes(0, PAGE).every((byte) => byte === 0)).toBe(true);
    reused.bytes(0, PAGE).fill(8);
    await b.run(destroy(2));
    const [, fourth] = await b.run(create(3, PAGE), map(3, PAGE));
    const own = await broker.mapMemory(fourth?.memory);
    cleanups.push(() => own.close());
    expect(own.bytes(0, PAGE).every((byte) => byte === 0)).toBe(true);
  });

  it('refuses what the file has no room for', async () => {
    const broker = await start(PER_BLOB(file(MIB)));
    const session = await broker.attach('b');
    const answers = await session.run(
      create(1, MIB / 2),
      create(2, MIB),
      create(3, MIB / 2),
      create(4, PAGE),
      destroy(1),
      destroy(3),
      create(5, MIB),
    );
    // Freed ranges are given out again when the batch that freed them is done.
    expect(results(answers).slice(0, 6)).toEqual(['ok', 'HEAP_CAPACITY', 'ok', 'HEAP_CAPACITY', 'ok', 'ok']);
    expect(results(await session.run(create(6, MIB)))).toEqual(['ok']);
  });
});

describe('limits', () => {
  it('of a VM, a heap and the host are kept, and give back what is freed', async () => {
    const broker = await start(`
host_capacity: 40KiB
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 32KiB }
  - { name: rom, backing: memfd, cache: uncached, capacity: 1MiB }
vms:
  - { name: a, window: 1MiB, heap: ram, blob_heaps: { 1: rom }, quota: { bytes: 16KiB, mappings: 2, allocations: 3 } }
  - { name: b, window: 1MiB, heap: ram, blob_heaps: { 1: rom } }
`);
    const [a, b] = [await broker.attach('a'), await broker.attach('b')];
    const first = await a.run(
      create(1, 5 * PAGE),
      create(1, PAGE),
      create(2, PAGE),
      create(3, PAGE),
      create(4, PAGE),
      map(1, 0),
      map(2, PAGE),
      map(3, 2 * PAGE),
      unmap(1),
      map(3, 2 * PAGE),
    );
    expect(results(first)).toEqual([
      'QUOTA_BYTES',
      'ok',
      'ok',
      'ok',
      'QUOTA_ALLOCATIONS',
      'ok',
      'ok',
      'QUOTA_MAPPINGS',
      'ok',
      'ok',
    ]);
    const second = await b.run(
      create(1, 6 * PAGE),
      create(1, 5 * PAGE),
      create(2, 3 * PAGE, { blobId: 1 }),
      create(2, 2 * PAGE, { blobId: 1 }),
    );
    expect(results(second)).toEqual(['HEAP_CAPACITY', 'ok', 'HOST_CAPACITY', 'ok']);
    await a.detach();
    expect(results(await b.run(create(3, 3 * PAGE)))).toEqual(['ok']);
  });
});
