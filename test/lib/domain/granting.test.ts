import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Grant, GrantedBooks } from '../../../services/lib/domain/grant.ts';
import { answerRequest, excess, type GrantAnswer } from '../../../services/lib/domain/granting.ts';
import { Heap } from '../../../services/lib/domain/heap.ts';
import { Account } from '../../../services/lib/domain/quota.ts';

const MIB = 1024 * 1024;

/** A host with two heaps, and VMs that have shares of them. */
class Hotel {
  readonly heaps = new Map(
    (['ram', 'combined'] as const).map((name) => [
      name as string,
      new Heap({ name, backing: 'memfd', cache: 'cached', capacity: 64 * MIB, granule: 4096 }),
    ]),
  );
  readonly host: Account;
  readonly vms: GrantedBooks[];

  constructor(vms: number, limits = { bytes: 100 * MIB, mappings: 100, allocations: 100 }) {
    this.host = new Account(limits, 'host.limits');
    this.vms = Array.from({ length: vms }, () => new GrantedBooks(this.heaps.values(), this.host));
  }

  ask(vm: number, wanted: Grant, needed: Grant = amounts(0)): GrantAnswer {
    const books = this.vms[vm] as GrantedBooks;
    const others = { vm: `vm${vm}`, heaps: this.heaps, host: this.host, sharers: this.vms.length };
    const answer = answerRequest(books, { wanted, needed }, others);
    if (answer.refusal === null) books.set(answer.grant);
    return answer;
  }

  create(vm: number, heap: string, bytes: number): boolean {
    const { account, heaps } = this.vms[vm] as GrantedBooks;
    const share = heaps.get(heap);
    if (!share?.fits(bytes) || !account.fitsAllocation() || !account.fitsBytes(bytes)) return false;
    share.charge(bytes);
    account.addAllocation(bytes);
    return true;
  }

  destroy(vm: number, heap: string, bytes: number): void {
    const { account, heaps } = this.vms[vm] as GrantedBooks;
    heaps.get(heap)?.release(bytes);
    account.removeAllocation(bytes);
  }
}

function amounts(ram: number, mappings = 0, allocations = 0, combined = 0): Grant {
  return { heaps: new Map(Object.entries({ ram, combined })), mappings, allocations };
}

describe('a request for a grant', () => {
  it('is given what is needed, and of what is wanted no more than its share of half of the rest', () => {
    const hotel = new Hotel(2);

    const { grant } = hotel.ask(0, amounts(64 * MIB, 100, 100), amounts(4 * MIB, 1, 1));

    expect(grant).toEqual(amounts(4 * MIB + (60 * MIB) / 4, 1 + 24, 1 + 24));
    expect(hotel.heaps.get('ram')).toMatchObject({ usedBytes: 0, idleBytes: 19 * MIB, freeBytes: 45 * MIB });
    expect(hotel.host.idle).toEqual({ bytes: 19 * MIB, mappings: 25, allocations: 25 });
  });

  it('gives back when it is for less, and keeps what is in use whatever it says', () => {
    const hotel = new Hotel(1);
    hotel.ask(0, amounts(16 * MIB, 8, 8));
    hotel.create(0, 'ram', 4 * MIB);

    const { grant } = hotel.ask(0, amounts(0));

    expect(grant).toEqual(amounts(4 * MIB, 0, 1));
    expect(hotel.heaps.get('ram')).toMatchObject({ usedBytes: 4 * MIB, idleBytes: 0 });
  });

  it('is given the last byte of a heap, and then refused with what is there', () => {
    const hotel = new Hotel(2);
    hotel.ask(0, amounts(64 * MIB, 9, 9), amounts(64 * MIB, 1, 1));

    const { grant, refusal } = hotel.ask(1, amounts(8 * MIB, 1, 1), amounts(4096, 1, 1));

    expect(grant).toEqual(amounts(0));
    expect(refusal).toMatchObject({
      reason: 'HEAP_CAPACITY',
      message:
        'VM vm1 needs 4096 bytes of heap ram in all, but 0 are left for it: of 67108864 0 are used and 67108864 granted beyond that; ' +
        'destroy blobs, or use another heap',
    });
  });

  it.each([
    ['bytes', amounts(60 * MIB, 1, 1, 60 * MIB), 'needs 125829120 bytes in all, but 104857600 are left'],
    ['mappings', amounts(0, 101), 'needs 101 mappings in all, but 100 are left'],
    ['allocations', amounts(0, 0, 101), 'needs 101 allocations in all, but 100 are left'],
    ['more than any heap', amounts(2 ** 53 - 1), 'needs 9007199254740991 bytes of heap ram'],
  ])("is refused where the host's limit is: %s", (_name, needed, message) => {
    const hotel = new Hotel(1);

    const { refusal } = hotel.ask(0, needed, needed);

    expect(refusal?.message).toContain(message);
    expect(hotel.host.idle).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
  });

  it('never takes away what the VM may be using meanwhile: the lesser of what it has and what it wants', () => {
    const hotel = new Hotel(4);
    hotel.ask(0, amounts(64 * MIB), amounts(32 * MIB));

    expect(hotel.ask(0, amounts(64 * MIB)).grant.heaps.get('ram')).toBeGreaterThanOrEqual(32 * MIB);
    expect(hotel.ask(0, amounts(20 * MIB)).grant.heaps.get('ram')).toBe(20 * MIB);
  });

  it('leaves heaps and host with as much as they have, whatever is asked, used and given back', () => {
    const step = fc.record({
      vm: fc.nat(2),
      kind: fc.constantFrom('ask' as const, 'create' as const, 'destroy' as const),
      heap: fc.constantFrom('ram', 'combined'),
      wanted: fc.nat(80),
      needed: fc.nat(80),
      count: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const hotel = new Hotel(3);
        const blobs: { vm: number; heap: string; bytes: number }[] = [];
        for (const { vm, kind, heap, wanted, needed, count } of steps) {
          const bytes = (needed + 1) * 65_536;
          if (kind === 'create' && hotel.create(vm, heap, bytes)) blobs.push({ vm, heap, bytes });
          const blob = kind === 'destroy' ? blobs.splice(count % (blobs.length || 1), 1)[0] : undefined;
          if (blob) hotel.destroy(blob.vm, blob.heap, blob.bytes);
          if (kind === 'ask') {
            const before = hotel.vms[vm]?.grant as Grant;
            const least = amounts(needed * MIB, count, count, 0);
            const most = amounts(
              Math.max(wanted, needed) * MIB,
              count + wanted,
              count + wanted,
              wanted * MIB,
            );
            const { grant, refusal } = hotel.ask(vm, most, least);
            if (refusal !== null) expect(grant).toEqual(before);
            else expect(excess(least, grant)).toEqual([]);
          }
          const sum = (of: (books: GrantedBooks) => number) =>
            hotel.vms.reduce((total, books) => total + of(books), 0);
          for (const [name, { settings, usedBytes, idleBytes }] of hotel.heaps) {
            expect(usedBytes + idleBytes).toBe(sum(({ grant }) => grant.heaps.get(name) ?? 0));
            expect(usedBytes + idleBytes).toBeLessThanOrEqual(settings.capacity);
          }
          const { used, idle, limits } = hotel.host;
          expect(used.bytes + idle.bytes).toBeLessThanOrEqual(limits.bytes);
          expect(used.allocations + idle.allocations).toBe(sum(({ grant }) => grant.allocations));
          for (const books of hotel.vms) expect(excess(books.used, books.grant)).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
