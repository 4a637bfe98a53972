// The ceiling has to be one for the same work: a guest finds every blob where it mapped it, with and without a journal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Vmm } from '../vmm/vmm.ts';
import { type Child, startChild } from './process.ts';

const WINDOW = 64 * 1024 * 1024;
const PAGE = 4096;
const PLACEMENTS = ['window', 'per-blob'] as const;

describe.each(PLACEMENTS)('the bare back-end in %s placement', (placement) => {
  let directory: string;
  let child: Child;
  let vmm: Vmm;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'barkeep-bare-'));
    const socketPath = join(directory, 'gpu.sock');
    const args = [socketPath, placement, String(WINDOW)];
    child = await startChild('dist/test/bench/bare-back-end.js', args, (said) => said.includes('ready\n'));
    vmm = await Vmm.boot({ socketPath });
  });

  afterEach(async () => {
    vmm?.close();
    await child?.stop();
    rmSync(directory, { recursive: true });
  });

  it.each([
    'bare',
    'journal',
  ])('shows blobs, and asks the VMM for what the placement needs (%s)', async (kind) => {
    await child.tell(kind);
    const { driver, frontEnd } = vmm;
    await driver.createContext();

    for (let cycle = 1; cycle <= 3; cycle += 1) {
      const blob = await driver.createAndMap({ size: PAGE });
      vmm.window.bytes(blob.offset as number, PAGE).fill(cycle);
      expect(vmm.window.bytes(blob.offset as number, PAGE)[PAGE - 1]).toBe(cycle);
      await driver.unmapAndUnref(blob);
    }

    // Per-blob: in and out again, each time.
    expect(frontEnd.shmemChanges).toBe(placement === 'window' ? 1 : 6);
    // The barrier is a request that is refused; nothing else is.
    expect(frontEnd.refusals.filter((name) => name !== 'SHARED_OBJECT_REMOVE')).toEqual([]);
  });

  it.runIf(placement === 'window')('zeroes what it maps where it is told to, and not otherwise', async () => {
    const { driver } = vmm;
    await driver.createContext();
    const found: number[] = [];
    for (const kind of ['bare', 'zeroing']) {
      await child.tell(kind);
      const first = await driver.createAndMap({ size: PAGE });
      const offset = first.offset as number;
      vmm.window.bytes(offset, PAGE).fill(7);
      await driver.unmapAndUnref(first);
      const next = await driver.createAndMap({ size: PAGE });
      expect(next.offset).toBe(offset);
      found.push(vmm.window.bytes(offset, PAGE)[0] as number);
      await driver.unmapAndUnref(next);
    }
    expect(found).toEqual([7, 0]);
  });
});
