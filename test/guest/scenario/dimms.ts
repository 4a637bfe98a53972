// DIMMs and the window in one memory table of 8 regions: QEMU checks for DIMMs that they fit, and not for the window. One too many, and it stops
// to send tables: the next stop and cont would end the GPU, and leave a guest process that nobody can kill.

import { until } from '../../support/until.ts';
import { EMPTY, expectBooks } from './books.ts';
import { type Check, expectEqual, expectFields } from './check.ts';
import { MIB } from './host.ts';
import type { Session } from './session.ts';

/** With the RAM of a guest of 512 MiB they fill the table. */
const DIMMS = 7;
const HELD = 5;
const STOPS = 3;

/** The guest's memory and its DIMMs for QEMU; each is a region of its own. */
export const SEVEN_DIMMS: readonly string[] = [
  ...['-m', `size=512M,slots=${DIMMS},maxmem=4G`],
  ...Array.from({ length: DIMMS }, (_, index) => [
    ...['-object', `memory-backend-memfd,id=dimm${index},size=${128 * MIB},share=on`],
    ...['-device', `pc-dimm,memdev=dimm${index}`],
  ]).flat(),
];

export const WINDOW_WITHOUT_ROOM: Check<Session> = {
  name: 'window-room',
  what: 'seven DIMMs leave the window no room: refused; stop, cont live',
  run: windowWithoutRoom,
};

async function windowWithoutRoom(session: Session): Promise<string> {
  const { host, vm, guest } = session;
  const refused = async () =>
    (await host.scrape()).sum('barkeep_refusals_total', { vm, reason: 'VMM_SLOTS' });
  for (let round = 0; round < STOPS; round++) {
    const held = await session.ask(`hold ${HELD} 4096`, 30_000);
    expectFields('hold', held, { added: '0', first_errno: 'EINVAL', first_stage: 'map' });
    await guest.qmp.stop();
    await guest.qmp.cont();
    expectFields('hold-verify', await session.ask('hold-verify'), { wrong: '0', faults: '0' });
  }
  await until('each refused map is counted', async () => (await refused()) === STOPS, { found: refused });
  expectEqual("QEMU's status", await guest.qmp.status(), 'running');
  await expectBooks(session, EMPTY);
  return `${STOPS} maps refused, each before a stop and a cont`;
}
