// A device's journal on memory that has an end: a page that cannot be had is no SIGBUS, the guest keeps what it has, gives back what it wants, and gets
// something new when there is room again.
import { ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceJournal, replay } from '../../../services/frontend/state/device-journal.ts';
import type { JournalRecord } from '../../../services/frontend/state/records.ts';
import { bootId } from '../../../services/lib/journal/boot-id.ts';
import { MemoryJournal } from '../../../services/lib/journal/memory-journal.ts';
import { Fd } from '../../../services/lib/os/fd.ts';
import { PAGE_SIZE } from '../../../services/lib/os/memory.ts';
import { canMount, SmallTmpfs } from '../../support/small-tmpfs.ts';
import { createBlob, ctxCreate, getEdid, mapBlob, unref } from '../virtio-gpu/commands.ts';
import { Bench } from '../virtio-gpu/fakes.ts';

const MIB = 1024 * 1024;
const KIND = { name: 'test', version: 1, bootId: bootId() };

let disk: SmallTmpfs;
const cleanups: (() => void)[] = [];
beforeEach(() => {
  disk = SmallTmpfs.mount(2 * MIB)!;
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
  disk?.end();
});

/** As a memfd, of which the file system has no more blocks than it has. */
function openThere(name: string, size: number): Fd {
  const fd = openSync(join(disk.directory, name), 'wx+');
  ftruncateSync(fd, size);
  return new Fd(fd);
}

describe.skipIf(!canMount())('a journal in memory that the host has no more of', () => {
  it('takes what it has pages for, and says FULL for more: no write ends the process', () => {
    const journal = MemoryJournal.create(KIND, PAGE_SIZE + 2 * 8 * MIB, openThere);
    cleanups.push(() => journal.close());
    expect(journal.reserve(100_000)).toBe(true);
    disk.fill();
    const record = Buffer.alloc(10_000, 7);
    let written = 0;
    const write = (): void => {
      for (;;) {
        journal.append([record]);
        written += 1;
      }
    };
    expect(write).toThrow('the host has no memory for test');
    expect(written).toBeGreaterThanOrEqual(9);
    expect(written).toBeLessThan(30);
    const { size } = journal;
    expect(() => journal.compact([Buffer.alloc(MIB)])).toThrow('the host has no memory');
    expect(journal.size).toBe(size);
    journal.compact([record]);
    expect([journal.reserve(40_000), journal.reserve(100_000)]).toEqual([true, false]);

    disk.free();
    for (let more = 0; more < 50; more += 1) journal.append([record]);
    expect(journal.reserve(100_000)).toBe(true);
  });
});

describe.skipIf(!canMount())('a device whose journal has no room', () => {
  it('refuses what is new, gives back what the guest gives back, says so once, and goes on when there is room', async () => {
    const journal = DeviceJournal.create(8 * MIB, openThere);
    cleanups.push(() => journal.close());
    const records: JournalRecord[] = [];
    const append = journal.append.bind(journal);
    journal.append = (...more) => {
      append(...more);
      records.push(...more);
    };
    const bench = new Bench('per-blob', { journal });
    cleanups.push(() => bench.close());
    expect(await bench.run(createBlob(1), createBlob(2))).toEqual(['OK_NODATA', 'OK_NODATA']);
    disk.fill();
    let contexts = 0;
    while (journal.room === 'enough') {
      const ids = Array.from({ length: 250 }, (_, index) => contexts + index + 1);
      const answers = await bench.run(...ids.map((id) => ctxCreate(id)));
      contexts += answers.filter((answer) => answer === 'OK_NODATA').length;
      expect(new Set(answers).size).toBe(answers.at(-1) === 'OK_NODATA' ? 1 : 2);
    }
    const { size } = journal;

    expect(await bench.run(ctxCreate(99_999), createBlob(3), mapBlob(2, PAGE_SIZE))).toEqual([
      'ERR_OUT_OF_MEMORY',
      'ERR_OUT_OF_MEMORY',
      'ERR_OUT_OF_MEMORY',
    ]);
    expect(await bench.run(createBlob(4), getEdid(0))).toEqual(['ERR_OUT_OF_MEMORY', 'OK_EDID']);
    expect(journal.size).toBe(size);
    expect(bench.device.accountFigures.journalFull).toBe(true);
    expect(bench.errors).toEqual([expect.stringContaining("no memory for the device's journal")]);
    expect(await bench.run(unref(1))).toEqual(['OK_NODATA']);

    disk.free();
    expect(await bench.run(createBlob(5))).toEqual(['OK_NODATA']);
    expect(bench.device.accountFigures.journalFull).toBe(false);
    expect(bench.errors).toHaveLength(1);
    const { tables } = replay(records);
    expect([...tables.resources.keys()]).toEqual([2, 5]);
    expect(tables.contexts.size).toBe(contexts);
  });

  it('does nothing any more when even what was kept back is used up, and is not ended by it', async () => {
    const journal = DeviceJournal.create(8 * MIB, openThere);
    cleanups.push(() => journal.close());
    const bench = new Bench('per-blob', { journal });
    cleanups.push(() => bench.close());
    await bench.run(createBlob(1));
    disk.fill();
    while (journal.room !== 'none')
      journal.append({ kind: 'answered', answers: [{ chain: 0, reply: new Uint8Array(4000) }], changes: [] });
    expect(await bench.run(unref(1), createBlob(2), getEdid(0))).toEqual([
      'ERR_OUT_OF_MEMORY',
      'ERR_OUT_OF_MEMORY',
      'OK_EDID',
    ]);
    disk.free();
    expect(await bench.run(unref(1), createBlob(2))).toEqual(['OK_NODATA', 'OK_NODATA']);
  });
});
