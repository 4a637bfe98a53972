// What every backing of a heap has to do, whatever it takes its memory from. One suite, run against each of them.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeapBacking, Taken } from '../../../services/broker/heaps/backing.ts';
import { Mapping } from '../../../services/lib/os/memory.ts';
import { fdsFallTo, openFds } from '../harness.ts';

export type Candidate = {
  readonly name: string;
  /** Opens a backing with room for at least 4 and at most 8 pieces of `piece` bytes; throws what cannot be tested here. */
  readonly open: () => HeapBacking;
  readonly close?: () => void;
  /** Bytes, a multiple of the granule. */
  readonly piece: number;
  /** How many pieces there are until the machine has no more; null when nobody wants to find out. */
  readonly limit: number | null;
};

export function describeBacking({ name, open, close, piece, limit }: Candidate): void {
  describe(`a heap of ${name}`, () => {
    let backing: HeapBacking;
    let fds: number;
    beforeEach(() => {
      fds = openFds();
      backing = open();
    });
    afterEach(async () => {
      backing.close();
      close?.();
      expect(await fdsFallTo(fds)).toBeLessThanOrEqual(fds);
    });

    async function take(size = piece): Promise<Taken> {
      const taken = backing.allocate(size);
      if (taken === null) throw new Error(`no memory for ${size} bytes`);
      await taken.ready;
      return taken;
    }

    async function giveBack(id: number): Promise<void> {
      await backing.release(id);
      backing.drop(id);
    }

    function inMemory<Result>(taken: Taken, use: (bytes: Uint8Array) => Result, size = piece): Result {
      const memory = backing.open(taken.id);
      if (memory === null) throw new Error('the memory is not held');
      const mapping = Mapping.ofFile(memory.fd, taken.fdOffset, size);
      try {
        return use(mapping.bytes(0, Math.min(size, 1024 ** 2)));
      } finally {
        mapping.close();
      }
    }

    const fill = (bytes: Uint8Array): void => void bytes.fill(0xee);
    const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

    it('has a granule that is a power of two of whole pages', () => {
      expect(backing.granule % 4096).toBe(0);
      expect(Math.log2(backing.granule) % 1).toBe(0);
    });

    it('gives memory that reads as zero and can be written', async () => {
      const taken = await take();
      expect(taken.fdOffset % backing.granule).toBe(0);
      expect(inMemory(taken, isZero)).toBe(true);
      inMemory(taken, fill);
      expect(inMemory(taken, (bytes) => bytes.at(-1))).toBe(0xee);
    });

    it('says how long the file behind it is', async () => {
      const taken = await take();
      expect(backing.open(taken.id)?.fileSize).toBeGreaterThanOrEqual(taken.fdOffset + piece);
    });

    it('never gives the same bytes to two owners', async () => {
      const all = [await take(), await take(), await take(), await take()];
      for (const [index, taken] of all.entries()) inMemory(taken, (bytes) => bytes.fill(index + 1));
      expect(all.map((taken) => inMemory(taken, (bytes) => bytes[0]))).toEqual([1, 2, 3, 4]);
      expect(new Set(all.map(({ id }) => id)).size).toBe(4);
      expect(backing.count).toBe(4);
    });

    it('never gives anybody the bytes of an earlier owner', async () => {
      const first = await take();
      const second = await take();
      inMemory(first, fill);
      await giveBack(first.id);
      const again = await take();
      expect(inMemory(again, isZero)).toBe(true);
      expect(again.id).not.toBe(first.id);
      inMemory(second, fill);
      await giveBack(second.id);
      await giveBack(again.id);
      const large = await take(2 * piece);
      expect(inMemory(large, isZero, 2 * piece)).toBe(true);
    });

    it('erases what an earlier owner still has mapped', async () => {
      const taken = await take();
      const memory = backing.open(taken.id);
      const mapping = Mapping.ofFile(memory?.fd ?? -1, taken.fdOffset, piece);
      mapping.bytes(0, 4096).fill(0xee);
      await backing.release(taken.id);
      const seen = isZero(mapping.bytes(0, 4096));
      mapping.close();
      expect(seen).toBe(true);
    });

    it('does not open what was released, and takes a second release for none', async () => {
      const taken = await take();
      await backing.release(taken.id);
      await backing.release(taken.id);
      expect(backing.open(taken.id)).toBeNull();
      expect(backing.count).toBe(0);
    });

    if (limit !== null) {
      it('gives null when there is no more, and takes nothing then', async () => {
        const all = await Promise.all(Array.from({ length: limit }, () => take()));
        const before = openFds();
        expect(backing.allocate(piece)).toBeNull();
        expect(openFds()).toBe(before);
        expect(backing.count).toBe(all.length);
        await backing.release(all[1]?.id ?? 0);
        backing.drop(all[1]?.id ?? 0);
        expect(backing.allocate(piece)).not.toBeNull();
      });
    }

    it('drops only what was released, and that once', async () => {
      const kept = await take();
      const released = await take();
      inMemory(kept, fill);
      backing.drop(kept.id);
      await giveBack(released.id);
      backing.drop(released.id);
      expect(backing.count).toBe(1);
      expect(inMemory(kept, (bytes) => bytes[0])).toBe(0xee);
    });

    it('does not give numbers of an earlier life again', async () => {
      backing.skipIds(41);
      expect((await take()).id).toBe(42);
      expect(backing.lastId).toBe(42);
    });

    it('closes every descriptor that it has', async () => {
      await take();
      await backing.release((await take()).id);
      backing.close();
      expect(openFds()).toBeLessThanOrEqual(fds);
    });
  });
}
