import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { startBackendServer } from '../../services/lib/vhost-user/backend-server.ts';
import { answeringDevice, silent } from './answering-device.ts';
import { AnswerError, NoAnswerError } from './driver.ts';
import { Offsets, WindowFullError } from './offsets.ts';
import { QueueFullError } from './virtqueue.ts';
import { Vmm, type VmmOptions } from './vmm.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function boot(
  options: Partial<VmmOptions> = {},
  answer: 'OK_NODATA' | 'ERR_UNSPEC' | null = 'OK_NODATA',
): Promise<Vmm> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-driver-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'gpu.sock');
  const server = await startBackendServer({ device: answeringDevice(answer), log: silent, listen: { path } });
  cleanups.push(() => server.close());
  const vmm = await Vmm.boot({ socketPath: path, memory: 64 * MIB, ...options });
  cleanups.push(() => vmm.close());
  return vmm;
}

describe('the driver', () => {
  it.each([
    ['indirect descriptors', {}],
    ['direct descriptors', { indirect: false }],
    ['rings above 4 GiB', { memory: 5 * 1024 * MIB, driverMemory: 'high' as const }],
    ['a small queue', { queueSize: 8 }],
  ])('exchanges more commands than the ring is long with %s', async (_, options) => {
    const { driver } = await boot(options);

    const answers = [];
    for (let fence = 1; fence <= 600; fence += 1) {
      answers.push((await driver.submit(1, Buffer.alloc(fence % 64), { id: fence })).header.fenceId);
    }

    expect(answers).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
    expect(driver.control.violations).toEqual([]);
    expect(driver.control.freeDescriptors).toBe(driver.control.size);
  });

  it('sends several commands behind one kick and hears one interrupt', async () => {
    const { driver } = await boot();

    await driver.exchange(Array.from({ length: 200 }, (_, index) => driver.unrefCommand(index + 1)));

    expect(driver.kicks).toBe(1);
    expect(driver.interrupts).toBe(1);
  });

  it('sends requests that are larger than a page', async () => {
    const { driver } = await boot();
    const stream = Buffer.alloc(100_000, 7);

    const answers = [await driver.submit(1, stream, { id: 1 }), await driver.submit(1, stream, { id: 2 })];

    expect(answers.map(({ name }) => name)).toEqual(['OK_NODATA', 'OK_NODATA']);
  });

  it('refuses to offer more than the queue holds', async () => {
    const { driver } = await boot({ queueSize: 8 });
    const commands = Array.from({ length: 9 }, () => driver.unrefCommand(1));

    await expect(driver.exchange(commands)).rejects.toThrow(QueueFullError);
  });

  it('reports an answer that is no success, and gives the offset back', async () => {
    const { driver, window } = await boot({}, 'ERR_UNSPEC');

    await expect(driver.createAndMap({ size: PAGE })).rejects.toThrow(AnswerError);

    expect(driver.offsets.free).toBe(window.size);
  });

  it('gives up waiting when the time is up, which no real guest can', async () => {
    const { driver } = await boot({ answerTimeout: 50 }, null);

    await expect(driver.raw(Buffer.alloc(24))).rejects.toThrow(NoAnswerError);
  });

  it('is told when the driver is unbound under a command', async () => {
    const vmm = await boot();
    const { driver } = vmm;
    await vmm.pause();

    const answered = driver.raw(Buffer.alloc(24));
    await vmm.resume().then(() => answered);
    await vmm.pause();
    const lost = driver.raw(Buffer.alloc(24)).catch((error: Error) => error);
    vmm.close();

    expect(await lost).toBeInstanceOf(NoAnswerError);
  });

  it('measures one command from kick to interrupt', async () => {
    const { driver } = await boot();

    const { answer, nanoseconds } = await driver.measure(driver.unrefCommand(1), 'interrupt');

    expect(answer.name).toBe('OK_NODATA');
    expect(nanoseconds).toBeGreaterThan(0);
  });

  it('goes on counting resource ids when it is bound again, and starts anew after a reboot', async () => {
    const vmm = await boot();
    const first = [vmm.driver.newResource(), vmm.driver.newResource()];

    await vmm.rebind();
    const bound = vmm.driver.newResource();
    await vmm.reset();

    expect(first).toEqual([1, 2]);
    expect(bound).toBeGreaterThan(2);
    expect(vmm.driver.newResource()).toBe(1);
  });

  it('can offer a descriptor that no driver would', async () => {
    const { driver } = await boot();
    const [head] = driver.control.claim(1) as [number];
    driver.control.writeDescriptor(head, { addr: 2 ** 50, len: 24, flags: 0, next: 0 });

    const used = new Promise<number>((resolve) => driver.control.offerHead(head, resolve));
    driver.publish();

    expect(await used).toBe(0);
    expect((await driver.raw(Buffer.alloc(24))).length).toBe(24);
  });
});

describe('offsets', () => {
  it('are the lowest that fit', () => {
    const offsets = new Offsets(16 * PAGE);
    const [a, b, c] = [offsets.take(PAGE), offsets.take(3 * PAGE), offsets.take(1)];
    offsets.give(b, 3 * PAGE);

    expect([a, b, c]).toEqual([0, PAGE, 4 * PAGE]);
    expect(offsets.take(4 * PAGE)).toBe(5 * PAGE);
    expect(offsets.take(2 * PAGE)).toBe(PAGE);
  });

  it('never overlap, and all come back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 5 })), { maxLength: 200 }),
        (steps) => {
          const offsets = new Offsets(64 * PAGE);
          const taken: { offset: number; size: number }[] = [];
          for (const [take, pages] of steps) apply(offsets, taken, take, pages * PAGE);
          const sorted = taken.toSorted((a, b) => a.offset - b.offset);
          const overlapping = sorted.filter(
            (item, index) => item.offset < (sorted[index - 1]?.offset ?? 0) + (sorted[index - 1]?.size ?? 0),
          );
          expect(overlapping).toEqual([]);
          for (const { offset, size } of taken) offsets.give(offset, size);
          expect(offsets.take(64 * PAGE)).toBe(0);
        },
      ),
    );
  });
});

function apply(
  offsets: Offsets,
  taken: { offset: number; size: number }[],
  take: boolean,
  size: number,
): void {
  try {
    if (take) taken.push({ offset: offsets.take(size), size });
    else {
      const gone = taken.shift();
      if (gone) offsets.give(gone.offset, gone.size);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(WindowFullError);
  }
}
