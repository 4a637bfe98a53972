// Random deaths under a real guest: broker, frontend, or both die by SIGKILL while many guest processes are at work, and nothing that the
// guest can see happens, but that it waits a little.
import { cachedBooks, EMPTY, expectBooks } from '../guest/scenario/books.ts';
import { CheckFailure, expectAtMost, expectEqual, expectFields } from '../guest/scenario/check.ts';
import { KIB } from '../guest/scenario/host.ts';
import { pace } from '../support/until.ts';
import {
  describeHoldings,
  expectNoMore,
  type HostHoldings,
  holdingsOf,
  type Parts,
  socketsOf,
} from './guest-books.ts';
import { GuestLoad } from './guest-load.ts';
import type { Random } from './random.ts';
import { type Death, stallsOf } from './stalls.ts';

/** Blobs that live through all deaths of a run; looked at after each. */
const HELD = 32;
const HELD_BYTES = 64 * KIB;
/** Of 100 deaths, so many are followed by the next one before anybody is known to be back. */
const HASTY = 15;
/** Milliseconds from the moment when everything serves to the next death; after a hasty one from the death. */
const PAUSES = [0, 500] as const;
/** Load before the first death, milliseconds. */
const WARM_UP = 3000;
/** The bound of the 99th percentile of what a death costs the guest, milliseconds. */
export const STALL_BOUND = 500;

export type KillPlan = {
  /** Deaths of each service, those of both at once included. */
  readonly each: number;
  /** How many of them take both at once. */
  readonly together: number;
  /** The stall's 99th percentile must be within STALL_BOUND. Only a long run has enough deaths to say so. */
  readonly bounded: boolean;
};

/** The deaths of a run that were asked for, and what they cost. */
export async function killAtRandom(
  parts: Parts,
  { each, together, bounded }: KillPlan,
  random: Random,
): Promise<string> {
  const { session } = parts;
  const { report, vm } = session;
  const mark = session.guest.kernelLog().length;
  const sockets = socketsOf(session.guest.pid);
  // The VMM maps the window when the first blob is mapped, and keeps it.
  await session.ask(`hold 1 ${HELD_BYTES}`, 60_000);
  await session.ask('hold-release', 60_000);
  const before = await holdingsOfYoungFrontend(parts);

  const held = await session.ask(`hold ${HELD} ${HELD_BYTES}`, 60_000);
  expectFields('long-lived blobs', held, { added: String(HELD), faults: '0' });
  const load = GuestLoad.start(session, random);
  const deaths: Death[] = [];
  const plan = random.shuffled<Death['of']>([
    ...Array<Death['of']>(together).fill('both'),
    ...Array<Death['of']>(each - together).fill('frontend'),
    ...Array<Death['of']>(each - together).fill('broker'),
  ]);
  try {
    await pace(WARM_UP);
    for (const [index, of] of plan.entries()) {
      try {
        // Never two in a row without a chance for the guest: it waits for no longer than the configured bound, and is then told so.
        const isHasty = deaths.at(-1)?.backAt !== null && random.between(1, 100) <= HASTY;
        const death = await die(parts, of, isHasty, random);
        deaths.push(death);
        if (death.backAt !== null) await load.passed(death.backAt);
        await verifyHeld(parts);
        load.check();
      } catch (error) {
        throw new CheckFailure(
          `after ${index} of ${plan.length} deaths, at one of ${of}: ${messageOf(error)}`,
        );
      }
    }
  } finally {
    await load.stop().catch((error: Error) => report.note(`        the load ended with: ${error.message}`));
  }
  load.check();
  await verifyHeld(parts);
  await expectBooks(session, cachedBooks(HELD, HELD * HELD_BYTES));
  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);

  const after = await holdingsOfYoungFrontend(parts);

  const stalls = stallsOf(deaths, load.rounds);
  const ofBroker = stallsOf(deaths, load.rounds, 'broker');
  const figures = {
    ...stalls,
    broker_median: ofBroker.median,
    broker_longest: ofBroker.longest,
    cycles: load.cycles,
  };
  for (const [name, value] of Object.entries(figures)) report.measured(`${vm}.stall_${name}`, value);
  report.measured(`${vm}.deaths_of_each`, each);
  const figure = [
    `${each} deaths of the frontend, ${each} of the broker (${together} of them at once), ${GuestLoad.PROCESSES} guest processes:`,
    `${load.cycles.toLocaleString('en')} cycles and ${load.kept} kept blobs, 0 failed, 0 wrong; ${HELD} blobs lived through all`,
    `a death cost the guest at most ${stalls.longest.toFixed(0)} ms; p50 ${stalls.median.toFixed(0)}, p99 ${stalls.p99.toFixed(0)} ms of ${stalls.deaths}; undisturbed ${stalls.undisturbed.toFixed(0)} ms`,
    `a death of the broker alone: p50 ${ofBroker.median.toFixed(0)}, at most ${ofBroker.longest.toFixed(0)} ms of ${ofBroker.deaths}`,
    `${stalls.rows} rows of deaths that did not wait for a successor: at most ${stalls.longestOfRows.toFixed(0)} ms`,
    describeHoldings(after),
  ].join('\n');
  try {
    expectNoMore(before, after);
    await expectUndisturbed(parts, sockets, mark);
    if (bounded)
      expectAtMost('p99 of what a death costs the guest, milliseconds', Math.round(stalls.p99), STALL_BOUND);
  } catch (error) {
    throw new CheckFailure(`${messageOf(error)}\n${figure}`);
  }
  return figure;
}

/** One service after the other is asked to end while the guest works, and its successor takes over. */
export async function upgradeUnderLoad(parts: Parts, rounds: number, random: Random): Promise<string> {
  const { session } = parts;
  const mark = session.guest.kernelLog().length;
  const sockets = socketsOf(session.guest.pid);
  const held = await session.ask(`hold ${HELD} ${HELD_BYTES}`, 60_000);
  expectFields('long-lived blobs', held, { added: String(HELD), faults: '0' });
  const load = GuestLoad.start(session, random);
  const deaths: Death[] = [];
  try {
    await pace(500);
    for (let round = 0; round < rounds; round++) {
      for (const of of ['frontend', 'broker'] as const) {
        const at = performance.now();
        const pid = await parts[of].signal('SIGTERM');
        await parts[of].back(pid);
        deaths.push({ of, at, backAt: performance.now() });
        await verifyHeld(parts);
        load.check();
        await pace(random.between(100, 500));
      }
    }
  } finally {
    await load
      .stop()
      .catch((error: Error) => session.report.note(`        the load ended with: ${error.message}`));
  }
  load.check();
  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);
  await expectUndisturbed(parts, sockets, mark);
  const stalls = stallsOf(deaths, load.rounds);
  session.report.measured(`${session.vm}.upgrade_stall_longest`, stalls.longest);
  return `${rounds} of each; ${load.cycles.toLocaleString('en')} cycles, 0 failed; the guest waited at most ${stalls.longest.toFixed(0)} ms`;
}

async function die(parts: Parts, of: Death['of'], isHasty: boolean, random: Random): Promise<Death> {
  await pace(random.between(...PAUSES));
  const victims = of === 'both' ? [parts.frontend, parts.broker] : [parts[of]];
  const at = performance.now();
  const killed = await Promise.all(
    random.shuffled(victims).map(async (victim) => ({ victim, pid: await victim.signal('SIGKILL') })),
  );
  // Sometimes the successor, or the other service, dies in the middle of taking over.
  if (isHasty) return { of, at, backAt: null };
  await Promise.all(killed.map(({ victim, pid }) => victim.back(pid)));
  return { of, at, backAt: performance.now() };
}

/**
 * With a frontend that has just started: it has a connection to the fd channel, which one that outlived its broker makes again only when
 * it needs it.
 */
async function holdingsOfYoungFrontend(parts: Parts): Promise<HostHoldings> {
  await parts.frontend.back(await parts.frontend.signal('SIGKILL'));
  return await holdingsOf(parts);
}

async function verifyHeld({ session }: Parts): Promise<void> {
  const seen = await session.ask('hold-verify', 30_000);
  expectFields('long-lived blobs', seen, { held: String(HELD), wrong: '0', faults: '0' });
}

/** QEMU has lost no connection, and its guest's kernel has had no answer that it complains of. */
async function expectUndisturbed({ session }: Parts, sockets: string, mark: number): Promise<void> {
  expectEqual("QEMU's status", await session.guest.qmp.status(), 'running');
  expectEqual('sockets of QEMU', socketsOf(session.guest.pid), sockets);
  expectEqual("lines of the guest's kernel", session.kernelSince(mark).trim(), '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
