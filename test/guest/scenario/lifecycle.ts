// Everything that takes the device away from under live mappings: the driver leaves, the VM stops, the guest starts anew, QEMU ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import {
  type Check,
  eventually,
  expectAtLeast,
  expectAtMost,
  expectEqual,
  expectFields,
  expectThat,
  type Scale,
} from './check.ts';
import { expectUsable } from './guest-blob.ts';
import { KIB } from './host.ts';
import type { Session } from './session.ts';

const HELD = 20;
const BOOT_LIMIT = 60_000;

export const REBIND: Check<Session> = {
  name: 'rebind',
  what: 'driver rebound with blobs mapped: no stale mapping, works again',
  run: rebind,
};

export const STOP_AND_CONTINUE: Check<Session> = {
  name: 'stop-cont',
  what: 'VM stopped and continued under load: nothing moves or is lost',
  run: stopAndContinue,
};

export const RESET_BUTTON: Check<Session> = {
  name: 'system-reset',
  what: 'reset button with blobs mapped: no stale mapping, works again',
  limit: 2 * BOOT_LIMIT,
  run: (session) => restart(session, () => session.guest.qmp.systemReset()),
};

export const REBOOT: Check<Session> = {
  name: 'reboot',
  what: 'guest reboots with blobs mapped: no stale mapping, works again',
  limit: 2 * BOOT_LIMIT,
  run: (session) => restart(session, () => session.ask('reboot')),
};

/** The last of a session: QEMU ends in it. */
export const QEMU_QUITS: Check<Session> = {
  name: 'quit',
  what: 'QEMU quits with blobs mapped: memory, series, descriptors gone',
  run: quit,
};

async function rebind(session: Session): Promise<string> {
  await hold(session);
  const before = await generation(session);

  await session.ask('unbind', 30_000);
  await expectNothingMapped(session);
  await session.ask('bind', 30_000);

  await expectBooks(session, EMPTY);
  await expectUsable(session);
  await hold(session);
  await session.ask('rebind', 30_000);
  await expectBooks(session, EMPTY);
  await expectUsable(session);
  expectAtLeast('generation of the device', await generation(session), before + 2);
  return `twice, with ${HELD} blobs mapped each time`;
}

async function stopAndContinue(session: Session, scale: Scale): Promise<string> {
  const { host, vm, guest } = session;
  const count = scale === 'full' ? 1500 : 600;
  const maps = async () =>
    (await host.scrape()).sum('barkeep_operations_total', { vm, operation: 'map', result: 'ok' });
  const before = await maps();
  const load = session.ask(`@1 cycles 2 ${count} ${4 * KIB}`, 90_000);
  load.catch(() => undefined); // told below, when it is awaited
  await eventually(async () => expectAtLeast('maps under load', (await maps()) - before, 50), 20_000);

  await guest.qmp.stop();
  await sleep(100);
  const stopped = await maps();
  await sleep(700);
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

async function restart(session: Session, pull: () => Promise<unknown>): Promise<string> {
  const { guest } = session;
  await hold(session);
  const before = await generation(session);
  const boots = session.console.boots.length;
  const start = Date.now();

  await pull();
  await session.console.waitForBoot(boots + 1, BOOT_LIMIT);
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
  // A frontend serves one VMM after the other, or ends with its VMM; in either case it holds nothing more than before.
  if (frontend.running && !(await frontend.endsWithin(300))) {
    await eventually(async () => expectSameDescriptors('frontend', frontend.descriptors(), before.frontend));
    expectEqual('exit code of the frontend', await frontend.stop(), 0);
  } else {
    expectEqual('exit code of the frontend', frontend.exitCode, 0);
  }

  await eventually(async () => {
    const shown = await host.admin.getVm(vm);
    expectEqual('allocations of the VM', countFromWire(shown.allocations), 0);
    expectEqual('bytes of the VM', countFromWire(shown.allocatedBytes), 0);
    const page = await host.scrape();
    const series = page.namesWith('vm', vm);
    expectThat(series.length === 0, `series of the VM that is gone: ${series.join(', ')}`);
    expectEqual('bytes that any heap has in use', page.sum('barkeep_heap_used_bytes'), 0);
  });
  await eventually(async () => expectSameDescriptors('broker', host.broker.descriptors(), before.broker));
  return `${before.broker.length} descriptors of the broker before and after`;
}

async function hold(session: Session): Promise<void> {
  const held = await session.ask(`hold ${HELD} 4096`, 30_000);
  expectFields('hold', held, { added: String(HELD), faults: '0' });
  await expectBooks(session, cachedBooks(HELD, HELD * 4096));
}

async function generation(session: Session): Promise<number> {
  return countFromWire((await session.host.admin.getVm(session.vm)).generation);
}

/** By the broker's books alone: the guest has no driver now, or is gone. */
async function expectNothingMapped({ host, vm }: Session): Promise<void> {
  await eventually(async () => {
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
}

function expectSameDescriptors(whose: string, found: readonly string[], before: readonly string[]): void {
  const more = [...found];
  for (const name of before) {
    const index = more.indexOf(name);
    if (index >= 0) more.splice(index, 1);
  }
  expectEqual(
    `descriptors of the ${whose} (additional ones: ${more.join(', ') || 'none'})`,
    found.length,
    before.length,
  );
}
