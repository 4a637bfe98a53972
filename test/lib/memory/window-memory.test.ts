import { fstatSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { DescriptorBudget } from '../../../services/broker/heaps/descriptor-budget.ts';
import { WindowMemory } from '../../../services/lib/memory/window-memory.ts';
import { Mapping } from '../../../services/lib/os/memory.ts';
import { GIB, MIB, openFds, PAGE } from '../../broker/harness.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function open(size = GIB, descriptors = 10) {
  const budget = new DescriptorBudget(descriptors);
  const memory = new WindowMemory('web', size, budget);
  const seen = Mapping.ofFile(memory.fd, 0, size);
  cleanups.push(
    () => seen.close(),
    () => memory.close(),
  );
  return { memory, seen, budget };
}

describe('the memory of a window', () => {
  it('is sparse, and is zeroed in line or off the event loop', async () => {
    const { memory, seen } = open();
    seen.bytes(0, MIB).fill(1);
    seen.bytes(500 * MIB, MIB).fill(1);
    expect(memory.zero(PAGE, PAGE)).toBeNull();
    expect([seen.bytes(0, 1)[0], seen.bytes(PAGE, 1)[0]]).toEqual([1, 0]);
    await memory.zero(0, GIB);
    expect(fstatSync(memory.fd).blocks).toBe(0);
  });

  it('gets pages that read as zero', async () => {
    const { memory, seen } = open();
    expect(memory.populate(0, MIB)).toBeNull();
    await memory.populate(64 * MIB, 32 * MIB);
    expect(fstatSync(memory.fd).blocks * 512).toBe(33 * MIB);
    expect(seen.bytes(64 * MIB, 1)[0]).toBe(0);
  });

  it.each([
    ['small', 3 * MIB],
    ['large', 100 * MIB],
  ])('moves a %s blob out and back without giving its holes pages', async (_, length) => {
    const { memory, seen, budget } = open();
    seen.bytes(PAGE, 2).set([1, 2]);
    seen.bytes(length - PAGE, 2).set([3, 4]);
    // Behind the blob: not its bytes.
    seen.bytes(length, 1)[0] = 9;
    await memory.stash(7, 0, length);
    expect(seen.bytes(PAGE, 2).every((byte) => byte === 0)).toBe(true);
    expect(seen.bytes(length, 1)[0]).toBe(9);
    expect(fstatSync(memory.stashOf(7)?.fd ?? -1).blocks * 512).toBe(2 * PAGE);
    expect([memory.stashes, budget.used]).toEqual([1, 1]);
    await memory.restore(7, 512 * MIB, length);
    expect([...seen.bytes(512 * MIB + PAGE, 2)]).toEqual([1, 2]);
    expect([...seen.bytes(512 * MIB + length - PAGE, 2)]).toEqual([3, 4]);
    // The two pages of the blob, the one behind it, and the one that the look at a hole above has made.
    expect(fstatSync(memory.fd).blocks * 512).toBe(4 * PAGE);
    expect([memory.stashes, budget.used]).toEqual([1, 1]);
    await memory.dropStash(7);
    expect([memory.stashes, budget.used]).toEqual([0, 0]);
  });

  it('leaves a blob where it is when there is no descriptor for its copy', () => {
    const { memory, seen } = open(MIB, 0);
    seen.bytes(0, 1)[0] = 5;
    const before = openFds();
    expect(() => memory.stash(1, 0, PAGE)).toThrow('no descriptor is left');
    expect(seen.bytes(0, 1)[0]).toBe(5);
    expect(openFds()).toBe(before);
  });

  it('drops copies, and closes all of them', async () => {
    const before = openFds();
    const budget = new DescriptorBudget(10);
    const memory = new WindowMemory('web', GIB, budget);
    await memory.stash(1, 0, PAGE);
    await memory.stash(2, 0, 64 * MIB);
    await memory.stash(3, 0, PAGE);
    await memory.dropStash(1);
    await memory.dropStash(2);
    await memory.dropStash(2);
    expect(memory.stashes).toBe(1);
    memory.close();
    memory.close();
    expect(openFds()).toBe(before);
    expect(budget.used).toBe(0);
  });

  it('refuses to move back what was never moved out', () => {
    const { memory } = open(MIB);
    expect(() => memory.restore(1, 0, PAGE)).toThrow('no bytes in the side store');
  });
});
