// Do all who count agree? The guest's driver (its range allocator, through debugfs), the broker (admin socket) and Prometheus' page each
// have books of a VM's window; a check says what must stand in all of them.
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { pace, untilPasses } from '../../support/until.ts';
import { patient } from '../patience.ts';
import { expectEqual } from './check.ts';
import { WINDOW_SIZE } from './host.ts';
import type { Session } from './session.ts';

/** Milliseconds from the broker's last answer to the guest's last bookkeeping on two idle cores, with much to spare. */
const GUEST_SETTLES = 50;
/** The same in round trips of a command that does nothing, which are as slow as frontend, QEMU and guest are at the moment. */
const SETTLING_ROUND_TRIPS = 10;

export const CACHES = ['none', 'cached', 'uncached', 'wc'] as const;
export type CacheName = (typeof CACHES)[number];

type Mapped = { readonly mappings: number; readonly bytes: number };

export type Books = {
  /** What is mapped by cache type; those left out have nothing. */
  readonly mapped?: Readonly<Partial<Record<CacheName, Mapped>>>;
  /** Live blobs that are not mapped, and their bytes: the guest's driver maps whatever is mappable. */
  readonly unmapped?: Mapped;
};

/** Everything in a guest's blobs at once: `mappings` cached ones of `bytes` in all. */
export function cachedBooks(mappings: number, bytes: number): Books {
  return { mapped: { cached: { mappings, bytes } } };
}

export const EMPTY: Books = {};

/**
 * Waits until guest, broker and metrics all say what `books` says, for `limit` milliseconds at most; throws with the first difference when they
 * do not.
 */
export async function expectBooks(session: Session, books: Books, limit = patient(20_000)): Promise<void> {
  await untilPasses('the books are as they should be', () => compare(session, books), { within: limit });
}

async function compare(session: Session, { mapped = {}, unmapped }: Books): Promise<void> {
  const { host, vm } = session;
  const total = Object.values(mapped).reduce<Mapped>(
    (sum, item) => ({ mappings: sum.mappings + item.mappings, bytes: sum.bytes + item.bytes }),
    { mappings: 0, bytes: 0 },
  );
  const allocations = total.mappings + (unmapped?.mappings ?? 0);
  const allocatedBytes = total.bytes + (unmapped?.bytes ?? 0);

  const [page, shown, detail] = await Promise.all([
    host.scrape(),
    host.admin.getVm(vm),
    host.admin.getWindow(vm),
  ]);

  expectEqual('mappings, by the broker', countFromWire(shown.mappings), total.mappings);
  expectEqual('mapped bytes, by the broker', countFromWire(shown.mappedBytes), total.bytes);
  expectEqual('allocations, by the broker', countFromWire(shown.allocations), allocations);
  expectEqual('allocated bytes, by the broker', countFromWire(shown.allocatedBytes), allocatedBytes);
  expectEqual(
    'free bytes of the window, by the broker',
    countFromWire(detail.window?.freeBytes),
    WINDOW_SIZE[vm] - total.bytes,
  );
  for (const cache of CACHES) {
    const { mappings, bytes } = mapped[cache] ?? { mappings: 0, bytes: 0 };
    expectEqual(`barkeep_mappings of ${cache}`, page.sum('barkeep_mappings', { vm, cache }), mappings);
    expectEqual(`barkeep_mapped_bytes of ${cache}`, page.sum('barkeep_mapped_bytes', { vm, cache }), bytes);
  }
  expectEqual('barkeep_allocations', page.sum('barkeep_allocations', { vm }), allocations);
  expectEqual('barkeep_allocated_bytes', page.sum('barkeep_allocated_bytes', { vm }), allocatedBytes);
  expectEqual(
    'barkeep_window_free_bytes',
    page.sum('barkeep_window_free_bytes', { vm }),
    WINDOW_SIZE[vm] - total.bytes,
  );

  // Last: Linux 7.3 walks its allocator's list without the lock when debugfs is read, and panics when a blob is freed meanwhile. All
  // blobs are as they shall be now, and the guest has had its answers when these milliseconds are over.
  await guestSettled(session);
  const { used } = await session.ask('window');
  expectEqual("bytes used in the window, by the guest's driver", Number(used), total.bytes);
}

/**
 * Waits until the guest's driver has done what it does with an answer that the broker has given: an UNREF's gives the range back in its
 * allocator. Nothing tells of that from outside.
 */
export async function guestSettled(session: Session): Promise<void> {
  const start = performance.now();
  await session.ask('hello');
  await pace(Math.max(GUEST_SETTLES, SETTLING_ROUND_TRIPS * (performance.now() - start)));
}
