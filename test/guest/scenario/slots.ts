// Per-blob placement and the VMM's memory slots: a guest program that maps more blobs than QEMU has slots for ends neither QEMU nor itself.
import { MOST_REGIONS } from '../../../services/frontend/virtio-gpu/vmm-slots.ts';
import { untilPasses } from '../../support/until.ts';
import { patient } from '../patience.ts';
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import { type Check, expectEqual, expectFields } from './check.ts';
import { expectUsable } from './guest-blob.ts';
import type { Session } from './session.ts';

/** The RAM of a guest of 512 MiB is one region of QEMU's table. */
const FIT = MOST_REGIONS - 1;
/** More than QEMU 11.1.3 keeps (VHOST_USER_MAX_RAM_SLOTS). */
const WANTED = 520;
const LIMIT = 120_000;

export const MEMORY_SLOTS: Check<Session> = {
  name: 'slots',
  what: 'more blobs than QEMU has slots: EINVAL at mmap; QEMU lives',
  limit: 3 * LIMIT,
  run: memorySlots,
};

async function memorySlots(session: Session): Promise<string> {
  const { host, vm, guest } = session;
  const refused = async () =>
    (await host.scrape()).sum('barkeep_refusals_total', { vm, reason: 'VMM_SLOTS' });
  const full = cachedBooks(FIT, FIT * 4096);

  const held = await session.ask(`hold ${WANTED} 4096`, LIMIT);
  expectFields('hold', held, {
    added: String(FIT),
    faults: '0',
    first_errno: 'EINVAL',
    first_stage: 'map',
  });
  for (let more = FIT + 1; more < WANTED; more++) {
    expectFields('one blob more', await session.ask('hold 1 4096'), { added: '0', first_errno: 'EINVAL' });
  }
  await expectBooks(session, full);
  await untilPasses('every refused map is counted', async () =>
    expectEqual('maps that were refused', await refused(), WANTED - FIT),
  );
  expectEqual("QEMU's status", await guest.qmp.status(), 'running');

  expectFields('hold-verify', await session.ask('hold-verify'), { wrong: '0', faults: '0' });
  await session.ask('hold-release 1');
  // Its slot is free when the VMM has it out of its table, and the driver asks for that later.
  await expectBooks(session, cachedBooks(FIT - 1, (FIT - 1) * 4096));
  await expectUsable(session);
  await session.ask('hold-release', LIMIT);
  // The driver's frees come later, and QEMU takes 50 ms and more for each of hundreds of regions.
  await expectBooks(session, EMPTY, patient(LIMIT));
  await expectUsable(session);
  return `${FIT} of ${WANTED}, then EINVAL ${WANTED - FIT} times`;
}
