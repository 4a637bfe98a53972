// The guest goes to sleep, by the kernel's own test: its drivers suspend their devices and bring them back after 5 s.
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { untilPasses } from '../../support/until.ts';
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import { type Check, expectAtLeast, expectEqual, expectFields, expectThat } from './check.ts';
import { expectUsable } from './guest-blob.ts';
import type { MetricsPage } from './metrics-page.ts';
import type { Session } from './session.ts';

const HELD = 40;
const LIMIT = 60_000;

/** Linux resets a device that may have lost its state when it slept, and blobs go with it as with any reset. */
export const SUSPEND_WITH_RESET: Check<Session> = {
  name: 'suspend',
  what: 'guest suspends with blobs: it lives, blobs are lost cleanly',
  limit: 2 * LIMIT,
  run: (session) => suspend(session, 'lost'),
};

/** Of a device that says that it keeps its state (x-pcie-pm-no-soft-reset). */
export const SUSPEND: Check<Session> = {
  name: 'suspend-kept',
  what: 'guest suspends, the device keeps its state: every blob lives',
  limit: 2 * LIMIT,
  run: (session) => suspend(session, 'kept'),
};

/** For per-blob placement on a device without that: see AtReset in lifecycle.ts. */
export const SUSPEND_EMPTY: Check<Session> = {
  name: 'suspend',
  what: 'guest suspends without blobs, and works on',
  limit: 2 * LIMIT,
  run: (session) => suspend(session, 'none'),
};

export const NOTHING_DRAWN: Check<Session> = {
  name: 'nothing-drawn',
  what: "the guest's console does not draw on the scanout",
  run: nothingDrawn,
};

async function suspend(session: Session, blobs: 'lost' | 'kept' | 'none'): Promise<string> {
  const count = blobs === 'none' ? 0 : HELD;
  if (count > 0) await session.ask(`hold ${count} 4096`, LIMIT);
  await expectBooks(session, cachedBooks(count, count * 4096));
  const before = await generation(session);
  const mark = session.guest.kernelLog().length;

  const { us } = await session.ask('suspend devices', LIMIT);

  const log = session.kernelSince(mark);
  expectThat(!/BUG:|Oops|Call Trace/.test(log), `the kernel complains: ${log.trim().slice(-500)}`);
  if (blobs === 'kept') {
    expectFields('hold-verify', await session.ask('hold-verify'), { wrong: '0', faults: '0' });
    await expectBooks(session, cachedBooks(count, count * 4096));
    expectEqual('generation of the device', await generation(session), before);
  } else {
    await untilPasses('the device is reset and holds nothing', async () => {
      const { mappings, allocations } = await session.host.admin.getVm(session.vm);
      expectEqual('mappings, by the broker', countFromWire(mappings), 0);
      expectEqual('allocations, by the broker', countFromWire(allocations), 0);
      expectAtLeast('generation of the device', await generation(session), before + 1);
    });
  }
  expectFields('hold-release', await session.ask('hold-release', LIMIT), { held: '0', failures: '0' });
  // Whoever had the device open has lost its context, too.
  if (blobs !== 'kept') await session.ask('kill 0');
  await expectUsable(session);
  await expectBooks(session, EMPTY);
  return `${count} blobs, back after ${(Number(us) / 1e6).toFixed(1)} s`;
}

/** Asked for the displays once a boot, and told that there is none: no image, no transfer. */
async function nothingDrawn({ host, vm }: Session): Promise<string> {
  const asked = (page: MetricsPage, command: string) => page.sum('barkeep_commands_total', { vm, command });
  const page = await untilPasses('the driver has asked for the display', async () => {
    const now = await host.scrape();
    expectAtLeast('GET_DISPLAY_INFO', asked(now, 'GET_DISPLAY_INFO'), 1);
    return now;
  });
  for (const command of ['RESOURCE_CREATE_2D', 'SET_SCANOUT', 'TRANSFER_TO_HOST_2D', 'RESOURCE_FLUSH']) {
    expectEqual(command, asked(page, command), 0);
  }
  return `${asked(page, 'GET_DISPLAY_INFO')} GET_DISPLAY_INFO, no image`;
}

async function generation({ host, vm }: Session): Promise<number> {
  return countFromWire((await host.admin.getVm(vm)).generation);
}
