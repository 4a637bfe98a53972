import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeapBacking } from '../../../services/broker/heaps/backing.ts';
import {
  DescriptorBudget,
  processDescriptorBudget,
} from '../../../services/broker/heaps/descriptor-budget.ts';
import { FileBacking } from '../../../services/broker/heaps/file.ts';
import { hugetlbBacking } from '../../../services/broker/heaps/hugetlb.ts';
import { MemfdBacking } from '../../../services/broker/heaps/memfd.ts';
import { Mapping } from '../../../services/lib/os/memory.ts';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { HUGE_PAGE_SIZE } from '../../../services/lib/wire/alignment.ts';
import { TestHolder } from '../../lib/runtime/test-holder.ts';
import { sharedMemoryFolder } from '../../support/leaves-nothing.ts';
import { create, destroy, MIB, map, openFds, PAGE, results, TestBroker } from '../harness.ts';
import { Remains } from '../remains.ts';
import { describeBacking } from './backing-compliance.ts';

const NR_HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
const budget = new DescriptorBudget(1000);
const directory = mkdtempSync(join(tmpdir(), 'barkeep-heap-'));
const shared = mkdtempSync(join(sharedMemoryFolder(), 'heap-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
  rmSync(shared, { recursive: true });
});

/** A file full of 0xee, as whoever had it before leaves it. */
function usedFile(folder: string, size: number): string {
  const path = join(folder, 'memory');
  writeFileSync(path, Buffer.alloc(size, 0xee));
  return path;
}

function fileBacking(
  folder: string,
  capacity: number,
  more: { holes?: boolean; prefault?: boolean } = {},
): HeapBacking {
  const path = usedFile(folder, capacity);
  return new FileBacking({ name: 'file', path, capacity, prefault: false, ...more });
}

describeBacking({
  name: 'memfds',
  open: () => new MemfdBacking({ name: 'ram', prefault: false, budget }),
  piece: 64 * 1024,
  limit: null,
});
describeBacking({
  name: 'memfds with their pages',
  open: () => new MemfdBacking({ name: 'ram', prefault: true, budget }),
  piece: 64 * 1024,
  limit: null,
});
describeBacking({
  name: 'memfds so large that they are worked on off the event loop',
  open: () => new MemfdBacking({ name: 'ram', prefault: true, budget }),
  piece: 32 * MIB,
  limit: null,
});
describeBacking({
  name: 'memfds as long as there are descriptors',
  open: () => new MemfdBacking({ name: 'ram', prefault: false, budget: new DescriptorBudget(4) }),
  piece: PAGE,
  limit: 4,
});
describeBacking({
  name: 'ranges of a file on disk',
  open: () => fileBacking(directory, 8 * PAGE),
  piece: PAGE,
  limit: 8,
});
describeBacking({
  name: 'ranges of a file in memory',
  open: () => fileBacking(shared, 8 * PAGE),
  piece: PAGE,
  limit: 8,
});
describeBacking({
  name: 'ranges of a file that cannot have holes',
  open: () => fileBacking(shared, 8 * PAGE, { holes: false }),
  piece: PAGE,
  limit: 8,
});
describeBacking({
  name: 'large ranges of a file that cannot have holes',
  open: () => fileBacking(shared, 128 * MIB, { holes: false }),
  piece: 32 * MIB,
  limit: 4,
});
describeBacking({
  name: 'large ranges of a file, with their pages',
  open: () => fileBacking(shared, 128 * MIB, { prefault: true }),
  piece: 32 * MIB,
  limit: 4,
});

// Huge pages have to be reserved, which only root may do: then they are, and given back.
const reserved = reservable(8);
if (reserved) {
  let before = '0';
  beforeAll(() => {
    before = readFileSync(NR_HUGE_PAGES, 'utf8').trim();
    writeFileSync(NR_HUGE_PAGES, '8');
  });
  afterAll(() => writeFileSync(NR_HUGE_PAGES, before));
  describeBacking({
    name: 'huge pages',
    open: () => hugetlbBacking({ name: 'huge', prefault: false, budget }),
    piece: HUGE_PAGE_SIZE,
    limit: 8,
  });
  describeBacking({
    name: 'huge pages with prefault',
    open: () => hugetlbBacking({ name: 'huge', prefault: true, budget }),
    piece: HUGE_PAGE_SIZE,
    limit: 8,
  });
  describe('a VM with huge pages', () => {
    it('keeps them over the death of the broker, with what is in them', async () => {
      const yaml = `
heaps: [{ name: huge, backing: hugetlb, cache: cached, capacity: 1GiB }]
vms: [{ name: web, window: 64MiB, heap: huge, placement: per-blob }]
`;
      const holder = new TestHolder();
      const broker = await TestBroker.start(yaml, null, { store: holder });
      const session = await broker.attach('web');
      const [, mapped] = await session.run(create(1, 4 * MIB), map(1, 0));
      const memory = await broker.mapMemory(mapped?.memory);
      memory.bytes(0, 2).set([7, 8]);
      memory.close();
      const remains = new Remains(broker, holder);
      const successor = await remains.succeed(yaml);
      const stream = successor.openSession();
      await stream.attach({ vm: 'web', secret: successor.secret('web'), session: session.attached.session! });
      // The same pages: the other broker of this test holds two of the eight, and there are six more.
      expect(results(await stream.run(create(2, 12 * MIB), create(3, HUGE_PAGE_SIZE)))).toEqual([
        'ok',
        'OUT_OF_MEMORY',
      ]);
      stream.send([{ number: 2, ...map(1, 0) }]);
      const { batch } = await stream.next();
      const seen = await successor.mapMemory(batch?.replies?.[0]?.mapped?.memory);
      expect([...seen.bytes(0, 3)]).toEqual([7, 8, 0]);
      seen.close();
      expect(results(await stream.run(destroy(1), destroy(2)))).toEqual(['ok', 'ok']);
      await remains.end();
      await broker.end();
      holder.close();
    });

    it('has blobs of whole huge pages, at multiples of them, until there are none left', async () => {
      const broker = await TestBroker.start(`
heaps: [{ name: huge, backing: hugetlb, cache: cached, capacity: 1GiB }]
vms: [{ name: web, window: 64MiB, heap: huge, placement: per-blob }]
`);
      const session = await broker.attach('web');
      const HUGE = HUGE_PAGE_SIZE;
      expect(countFromWire(session.attached.blobAlignment)).toBe(HUGE);
      const [small, , misaligned, mapped] = await session.run(
        create(9, PAGE),
        create(1, HUGE),
        map(1, PAGE),
        map(1, HUGE),
      );
      expect([small?.result, misaligned?.result, mapped?.result]).toEqual([
        'SIZE_INVALID',
        'OFFSET_MISALIGNED',
        'ok',
      ]);
      expect(countFromWire((await broker.vm('web')).allocatedBytes)).toBe(HUGE);
      const fd = await broker.redeem(mapped?.memory);
      const memory = Mapping.ofFile(fd.number, 0, HUGE_PAGE_SIZE);
      expect(memory.bytes(0, HUGE_PAGE_SIZE).every((byte) => byte === 0)).toBe(true);
      memory.close();
      fd.close();
      const answers = await session.run(create(2, 14 * MIB), create(3, HUGE), destroy(1), create(4, HUGE));
      // A freed page is there again when the batch that freed it is done.
      expect(results(answers)).toEqual(['ok', 'OUT_OF_MEMORY', 'ok', 'OUT_OF_MEMORY']);
      expect(results(await session.run(create(5, HUGE)))).toEqual(['ok']);
      expect(countFromWire((await broker.vm('web')).allocatedBytes)).toBe(16 * MIB);
      await broker.end();
    });
  });
} else {
  describe.skip('a heap of huge pages: vm.nr_hugepages cannot be set here', () => {});
}

function reservable(pages: number): boolean {
  try {
    const before = readFileSync(NR_HUGE_PAGES, 'utf8').trim();
    writeFileSync(NR_HUGE_PAGES, String(pages));
    const got = Number(readFileSync(NR_HUGE_PAGES, 'utf8'));
    writeFileSync(NR_HUGE_PAGES, before);
    return got === pages;
  } catch {
    return false;
  }
}

describe('a file heap', () => {
  const options = { name: 'video', prefault: false };

  it('refuses what it cannot use, and says why', () => {
    const before = openFds();
    const short = usedFile(directory, PAGE);
    const open = (path: string, capacity = PAGE) => new FileBacking({ ...options, path, capacity });
    expect(() => open(join(directory, 'none'))).toThrow(/heap video: .*none cannot be opened .*\(ENOENT\)/);
    expect(() => open(directory)).toThrow(/EISDIR/);
    expect(() => open('/dev/null')).toThrow(
      /neither a regular file, nor a PCI resource, nor a devdax device/,
    );
    expect(() => open(short, 2 * PAGE)).toThrow('its capacity is 8192 bytes, but');
    expect(() => open(short, 100)).toThrow('in multiples of 4096');
    expect(() => open('/proc/self/comm')).toThrow(/its capacity is 4096 bytes/);
    expect(openFds()).toBe(before);
  });

  it('belongs to one heap at a time', () => {
    const path = usedFile(directory, PAGE);
    const first = new FileBacking({ ...options, path, capacity: PAGE });
    expect(() => new FileBacking({ ...options, path, capacity: PAGE })).toThrow('held by another');
    first.close();
    new FileBacking({ ...options, path, capacity: PAGE }).close();
  });

  it('outlives its guests: they keep the memory that they have mapped, and the next one knows of them', () => {
    const path = usedFile(directory, PAGE);
    const first = new FileBacking({ ...options, path, capacity: PAGE });
    const guest = Mapping.ofFile(first.open(first.allocate(PAGE)!.id)!.fd, 0, PAGE);
    const wasUsed = first.isUsedFromBefore;
    first.close();
    const second = new FileBacking({ ...options, path, capacity: PAGE });
    second.close();
    guest.close();
    const third = new FileBacking({ ...options, path, capacity: PAGE });
    third.close();
    expect([wasUsed, second.isUsedFromBefore, third.isUsedFromBefore]).toEqual([false, true, false]);
  });

  it('fills up from its low end, and hands a range out again only when it is zero', async () => {
    const backing = fileBacking(shared, 64 * MIB, { holes: false });
    const [low, high] = [backing.allocate(32 * MIB), backing.allocate(32 * MIB)];
    await Promise.all([low?.ready, high?.ready]);
    expect([low?.fdOffset, high?.fdOffset]).toEqual([0, 32 * MIB]);
    const zeroing = backing.release(low?.id ?? 0);
    expect(backing.allocate(PAGE)).toBeNull();
    await zeroing;
    expect(backing.allocate(PAGE)).toBeNull();
    backing.drop(low?.id ?? 0);
    expect(backing.allocate(PAGE)?.fdOffset).toBe(0);
    backing.close();
  });
});

describe('the budget of descriptors', () => {
  it('leaves some for the process itself', () => {
    const { limit } = processDescriptorBudget();
    const soft = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    expect(limit).toBeGreaterThanOrEqual(Math.floor(soft / 2));
    expect(limit).toBeLessThan(soft);
  });

  it('is given back', () => {
    const small = new DescriptorBudget(1);
    expect([small.take(), small.take()]).toEqual([true, false]);
    small.give();
    expect(small.take()).toBe(true);
  });
});
