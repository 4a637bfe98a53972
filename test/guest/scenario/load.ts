// Many short lives of blobs: from four processes at once, and often enough to see a write that goes astray.
import { EMPTY, expectBooks } from './books.ts';
import { type Check, expectFields, type Scale } from './check.ts';
import { KIB } from './host.ts';
import type { Session } from './session.ts';

const CLEAN = { failures: '0', lost: '0', dirty: '0', faults: '0', abnormal: '0' };
const LIMIT = 180_000;

export const FOUR_PROCESSES: Check<Session> = {
  name: 'four-processes',
  what: '4 guest processes at once, each with its own context',
  run: fourProcesses,
};

/** Enough cycles to lose a write if the VMM's acknowledgement were taken for a barrier (11 of 16,000 were seen). */
export const NO_LOST_WRITE: Check<Session> = {
  name: 'no-lost-write',
  what: 'no write is lost, at once and after the mapping settled',
  limit: LIMIT,
  run: noLostWrite,
};

async function fourProcesses(session: Session, scale: Scale): Promise<string> {
  const count = scale === 'full' ? 500 : 200;
  const figures = await session.ask(`cycles 4 ${count} ${4 * KIB}`, 60_000);
  expectFields('cycles', figures, { ...CLEAN, processes: '4', done: String(4 * count) });
  await expectBooks(session, EMPTY);
  return `${4 * count} cycles, ${Math.round(Number(figures['rate']))} a second`;
}

async function noLostWrite(session: Session, scale: Scale): Promise<string> {
  const count = scale === 'full' ? 20_000 : 2000;
  const figures = await session.ask(`cycles 1 ${count} ${4 * KIB} settle=50`, LIMIT);
  expectFields('cycles', figures, { ...CLEAN, done: String(count) });
  await expectBooks(session, EMPTY);
  session.report.measured(`${session.vm}.settled_cycles`, count);
  return `${count.toLocaleString('en')} cycles, lost=0 dirty=0 faults=0`;
}
