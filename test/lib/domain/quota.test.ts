import { describe, expect, it } from 'vitest';
import type { HeapSettings } from '../../../services/lib/domain/heap.ts';
import { Heap } from '../../../services/lib/domain/heap.ts';
import { Account, UNLIMITED } from '../../../services/lib/domain/quota.ts';

const LIMITS = { bytes: 8192, mappings: 2, allocations: 3 };

describe('an account', () => {
  it('has room up to its limits, and not for one more', () => {
    const account = new Account(LIMITS, 'quota');
    account.addAllocation(4096);
    account.addMapping();
    const half = [account.fitsBytes(4096), account.fitsBytes(4097), account.fitsBytes(2n ** 63n)];
    const one = [account.fitsMapping(), account.fitsAllocation()];
    account.addMapping();
    account.addAllocation(0);
    account.addAllocation(0);

    expect(half).toEqual([true, false, false]);
    expect(one).toEqual([true, true]);
    expect([account.fitsMapping(), account.fitsAllocation()]).toEqual([false, false]);
    expect(account.used).toEqual({ bytes: 4096, mappings: 2, allocations: 3 });
  });

  it('never has room for what is above 2^53, even when unlimited', () => {
    const account = new Account({ bytes: UNLIMITED, mappings: UNLIMITED, allocations: UNLIMITED }, 'quota');

    expect(account.fitsBytes(2 ** 52)).toBe(true);
    expect(account.fitsBytes(2n ** 53n)).toBe(false);
    expect(account.fitsBytes(2n ** 64n - 4096n)).toBe(false);
  });

  it('has room for nothing at a limit of 0', () => {
    const account = new Account({ bytes: 0, mappings: 0, allocations: 0 }, 'quota');

    expect([account.fitsBytes(1), account.fitsMapping(), account.fitsAllocation()]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('takes back what was charged, and not more', () => {
    const account = new Account(LIMITS, 'quota');
    account.addAllocation(4096);
    account.addMapping();

    expect(() => account.removeAllocation(4097)).toThrow(
      'a blob of 4097 bytes was given back, but only 1 of 4096 bytes are charged',
    );
    account.removeAllocation(4096);
    account.removeMapping();
    expect(account.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(() => account.removeAllocation(0)).toThrow('quota: a blob of 0 bytes was given back');
    expect(() => account.removeMapping()).toThrow('a mapping was given back, but none is charged');
  });

  it('keeps what is used when its limits shrink', () => {
    const account = new Account(LIMITS, 'quota');
    account.addAllocation(8192);
    account.setLimits({ ...LIMITS, bytes: 4096 }, 'quota');

    expect(account.used.bytes).toBe(8192);
    expect(account.fitsBytes(1)).toBe(false);
    expect(account.limits.bytes).toBe(4096);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('has no limit of %d', (bytes) => {
    expect(() => new Account({ ...LIMITS, bytes }, 'vms.desk.quota')).toThrow(
      `vms.desk.quota.bytes: expected a whole number from 0 to 2^53 - 1, found ${bytes}`,
    );
  });
});

describe('a heap', () => {
  const settings: HeapSettings = {
    name: 'bar',
    backing: 'file',
    cache: 'wc',
    capacity: 2 ** 23,
    granule: 2 ** 21,
  };

  it('counts what it gave', () => {
    const heap = new Heap(settings);
    heap.charge(2 ** 22);
    const used = [
      heap.usedBytes,
      heap.allocations,
      heap.fits(2 ** 22),
      heap.fits(2 ** 22 + 1),
      heap.fits(2n ** 60n),
    ];
    heap.release(2 ** 22);

    expect(used).toEqual([2 ** 22, 1, true, false, false]);
    expect([heap.usedBytes, heap.allocations]).toEqual([0, 0]);
    expect(() => heap.release(1)).toThrow('heap bar: 1 bytes were released, but only 0 are charged');
  });

  it('has a granule of at least a page, and a capacity that is a number of bytes', () => {
    expect(() => new Heap({ ...settings, granule: 2048 })).toThrow(
      'heaps.bar.granule: expected a power of two from 4096, found 2048',
    );
    expect(() => new Heap({ ...settings, granule: 12288 })).toThrow('heaps.bar.granule');
    expect(() => new Heap({ ...settings, capacity: -1 })).toThrow(
      'heaps.bar.capacity: expected a whole number of bytes from 0 to 2^53 - 1, found -1',
    );
  });
});
