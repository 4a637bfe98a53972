// Everything that takes the device away from under live mappings: the driver leaves, the VM stops, the guest starts anew, QEMU ends.
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { pace, untilPasses } from '../../support/until.ts';
import { patient } from '../patience.ts';
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import {
  type Check,
  expectAtLeast,
  expectAtMost,
  expectEqual,
  expectFields,
  expectThat,
  type Scale,
} from './check.ts';
import { expectUsable } from './guest-blob.ts';
import { KIB, PLACEMENT } from './host.ts';
import { NODE_WATCHES } from './service.ts';
import type { Session } from './session.ts';

const HELD = 20;
const STOPS = 3;
const BOOT_LIMIT = 60_000;

/** What the guest has mapped when its device is reset. */
export type AtReset =
  | 'blobs'
  /**
   * For per-blob placement. A VMM that shall know hundreds of mappings needs memory slots, and with slots QEMU 11.1.3 ends with SIGSEGV
   * after a reset that takes mapped blobs away, when it looks for their memory again to tell the back-end of their end.
   */
  | 'nothing';

export function rebind(mapped: AtReset): Check<Session> {
  return {
    name: 'rebind',
    what: `driver rebound with ${mapped} mapped: no stale mapping, works again`,
    run: (session) => rebindTwice(session, mapped),
  };
}

export const STOP_AND_CONTINUE: Check<Session> = {
  name: 'stop-cont',
  what: 'VM stopped and continued with blobs mapped: same bytes, works on',
  run: stopAndContinue,
};

/**
 * For window placement: QEMU 11.1.3 ends with SIGSEGV when a SHMEM request of its back-end arrives just before the VM stops, because it
 * looks at it when the device is stopped already. In per-blob placement every map and unmap is such a request.
 */
export const STOP_UNDER_LOAD: Check<Session> = {
  name: 'stop-load',
  what: 'VM stopped and continued under load: nothing moves or is lost',
  run: stopUnderLoad,
};

export function resetButton(mapped: AtReset): Check<Session> {
  return {
    name: 'system-reset',
    what: `reset button with ${mapped} mapped: no stale mapping, works again`,
    limit: 2 * BOOT_LIMIT,
    run: (session) => restart(session, mapped, () => session.guest.qmp.systemReset()),
  };
}

export function reboot(mapped: AtReset): Check<Session> {
  return {
    name: 'reboot',
    what: `guest reboots with ${mapped} mapped: no stale mapping, works again`,
    limit: 2 * BOOT_LIMIT,
    run: (session) => restart(session, mapped, () => session.ask('reboot')),
  };
}

/** The last of a session: QEMU ends in it. */
export const QEMU_QUITS: Check<Session> = {
  name: 'quit',
  what: 'QEMU quits with blobs mapped: memory, series, descriptors gone',
  run: quit,
};

async function rebindTwice(session: Session, mapped: AtReset): Promise<string> {
  const before = await generation(session);

  await holdAtReset(session, mapped);
  await session.ask('unbind', 30_000);
  const released = await expectNothingMapped(session);
  await session.ask('bind', 30_000);
  await expectBooks(session, EMPTY);
  await expectUsable(session);

  await holdAtReset(session, mapped);
  await session.ask('rebind', 30_000);
  await expectBooks(session, EMPTY);
  await expectUsable(session);
  expectAtLeast('generation of the device', await generation(session), before + 2);
  return mapped === 'blobs'
    ? `twice, with ${HELD} blobs mapped each time; without a driver all is given back in ${released.toFixed(0)} ms`
    : 'twice';
}

async function stopAndContinue(session: Session): Promise<string> {
  const { guest } = session;
  await hold(session);
  for (let round = 0; round < STOPS; round++) {
    await guest.qmp.stop();
    expectEqual("QEMU's status", await guest.qmp.status(), 'paused');
    await pace(100);
    await guest.qmp.cont();
    expectFields('hold-verify', await session.ask('hold-verify'), { wrong: '0', faults: '0' });
    await expectBooks(session, cachedBooks(HELD, HELD * 4096));
  }
  await session.ask('hold-release');
  await expectBooks(session, EMPTY);
  await expectUsable(session);
  return `${STOPS} times, with ${HELD} blobs mapped`;
}

async function stopUnderLoad(session: Session, scale: Scale): Promise<string> {
  const { host, vm, guest } = session;
  const count = scale === 'full' ? 1500 : 600;
  const maps = async () =>
    (await host.scrape()).sum('barkeep_operations_total', { vm, operation: 'map', result: 'ok' });
  const before = await maps();
  const load = session.ask(`@1 cycles 2 ${count} ${4 * KIB}`, 90_000);
  load.catch(() => undefined); // told below, when it is awaited
  await untilPasses('the load maps', async () =>
    expectAtLeast('maps under load', (await maps()) - before, 50),
  );

  await guest.qmp.stop();
  // What the frontend had taken out of the queue goes on, and its figures come later.
  let stopped = await maps();
  await untilPasses('what was under way is done', async () => {
    const last = stopped;
    await pace(500);
    stopped = await maps();
    expectEqual('maps since the last look', stopped - last, 0);
  });
  await pace(700);
  const later = await maps();
  const status = await guest.qmp.status();
  await guest.qmp.cont();
  const figures = await load;

  expectEqual("QEMU's status", status, 'paused');
  expectAtMost('maps until the VM was stopped', stopped - before, 2 * count - 1);
  expectEqual('maps while the VM was stopped', later - stopped, 0);
  expectFields('the load', figures, {
    done: String(2 * count),
    failures: '0',
    lost: '0',
    dirty: '0',
    faults: '0',
    abnormal: '0',
  });
  await session.ask('kill 1');
  await expectBooks(session, EMPTY);
  return `stopped after ${stopped - before} of ${2 * count} maps`;
}

async function restart(session: Session, mapped: AtReset, pull: () => Promise<unknown>): Promise<string> {
  const { guest } = session;
  await holdAtReset(session, mapped);
  const before = await generation(session);
  const boots = session.console.boots.length;
  const start = Date.now();

  await pull();
  await session.console.waitForBoot(boots + 1, patient(BOOT_LIMIT));
  const seconds = (Date.now() - start) / 1000;

  await expectBooks(session, EMPTY);
  expectAtLeast('generation of the device', await generation(session), before + 1);
  await expectUsable(session);
  expectEqual("QEMU's status", await guest.qmp.status(), 'running');
  return `up again after ${seconds.toFixed(1)} s`;
}

async function quit(session: Session): Promise<string> {
  const { host, vm, guest, frontend, before } = session;
  await expectBooks(session, EMPTY);
  await hold(session);

  session.saveLogs();
  await guest.qmp.quit().catch(() => undefined); // QEMU may be gone before it has answered
  await guest.exited;
  await expectNothingMapped(session);
  // A frontend serves one VMM after the other. In per-blob placement its connection to the fd channel was made for the first blob.
  const kept = PLACEMENT[vm] === 'per-blob' ? ['socket'] : [];
  const expected = [...before.frontend, NODE_WATCHES, ...kept];
  await untilPasses('the frontend holds no more descriptors', async () =>
    expectNoMoreDescriptors('frontend', frontend.descriptors(), expected),
  );
  expectEqual('exit code of the frontend', await frontend.stop(), 0);

  await untilPasses('the VM holds nothing', async () => {
    const shown = await host.admin.getVm(vm);
    expectEqual('allocations of the VM', countFromWire(shown.allocations), 0);
    expectEqual('bytes of the VM', countFromWire(shown.allocatedBytes), 0);
    const page = await host.scrape();
    const series = page.namesWith('vm', vm);
    expectThat(series.length === 0, `series of the VM that is gone: ${series.join(', ')}`);
    expectEqual('bytes that any heap has in use', page.sum('barkeep_heap_used_bytes'), 0);
  });
  await untilPasses('the broker holds no more descriptors', async () =>
    expectNoMoreDescriptors('broker', host.broker.descriptors(), before.broker),
  );
  return `descriptors as before: ${before.broker.length} of the broker, ${before.frontend.length} of the frontend`;
}

async function hold(session: Session): Promise<void> {
  const held = await session.ask(`hold ${HELD} 4096`, 30_000);
  expectFields('hold', held, { added: String(HELD), faults: '0' });
  await expectBooks(session, cachedBooks(HELD, HELD * 4096));
}

async function holdAtReset(session: Session, mapped: AtReset): Promise<void> {
  await hold(session);
  if (mapped === 'blobs') return;
  await session.ask('hold-release');
  await expectBooks(session, EMPTY);
}

async function generation(session: Session): Promise<number> {
  return countFromWire((await session.host.admin.getVm(session.vm)).generation);
}

/** By the broker's books alone: the guest has no driver now, or is gone. Returns how long it took, in milliseconds. */
async function expectNothingMapped({ host, vm }: Session): Promise<number> {
  const start = performance.now();
  await untilPasses('nothing is mapped', async () => {
    const [shown, mappings, page] = [
      await host.admin.getVm(vm),
      await host.admin.listMappings(vm),
      await host.scrape(),
    ];
    expectEqual('mappings of the VM', countFromWire(shown.mappings), 0);
    expectEqual('mappings in the list', mappings.length, 0);
    expectEqual('barkeep_mappings', page.sum('barkeep_mappings', { vm }), 0);
    expectEqual('allocations of the VM', countFromWire(shown.allocations), 0);
  });
  return performance.now() - start;
}

/** Nothing may be there that was not before; that something is gone is no leak. */
function expectNoMoreDescriptors(whose: string, found: readonly string[], before: readonly string[]): void {
  const more = [...found];
  for (const name of before) {
    const index = more.indexOf(name);
    if (index >= 0) more.splice(index, 1);
  }
  expectEqual(`descriptors that the ${whose} did not have before`, more.join(', '), '');
}
