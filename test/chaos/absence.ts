// The broker is killed and kept away under a guest at full speed: the frontend decides within its grant, and the guest does
// not notice. What needs more than the grant waits, is refused, and is there for the asking when the broker is back.
import { quantile } from '../bench/sample.ts';
import { patient } from '../guest/patience.ts';
import { cachedBooks, EMPTY, expectBooks } from '../guest/scenario/books.ts';
import { expectAtLeast, expectAtMost, expectFields } from '../guest/scenario/check.ts';
import { KIB, MIB } from '../guest/scenario/host.ts';
import { pace } from '../support/until.ts';
import type { Parts } from './guest-books.ts';
import { GuestLoad, PROBE, type Round } from './guest-load.ts';
import type { Random } from './random.ts';

export type AbsencePlan = {
  /** How long the broker is away, and how long the guest was watched before that; seconds. */
  readonly seconds: number;
  /** The guest's waits are held against those of before. Only a long run has enough of them. */
  readonly bounded: boolean;
};

const HELD = 32;
const HELD_BYTES = 64 * KIB;
/** Load before anything is measured, milliseconds. */
const WARM_UP = 3000;
/** The 999th permille of what the guest waited may be so many times that of the quiet run. */
const BOUND = 1.2;
/** More than any grant has to spare, and less than the quota. */
const MANY = 12;
const MANY_BYTES = 64 * MIB;
/** The configuration's answer_timeout, milliseconds. */
const ANSWER_TIMEOUT = 5000;

export async function liveWithoutBroker(
  parts: Parts,
  { seconds, bounded }: AbsencePlan,
  random: Random,
): Promise<string> {
  const { session, broker } = parts;
  const { report, vm } = session;
  const held = await session.ask(`hold ${HELD} ${HELD_BYTES}`, 60_000);
  expectFields('long-lived blobs', held, { added: String(HELD), faults: '0' });

  const load = GuestLoad.start(session, random);
  const marks: number[] = [];
  try {
    await pace(WARM_UP);
    marks.push(performance.now());
    await pace(seconds * 1000);
    marks.push(performance.now());
    await broker.away(() => pace(seconds * 1000));
    marks.push(performance.now());
    load.check();
    await load.passed(performance.now());
  } finally {
    await load.stop().catch((error: Error) => report.note(`        the load ended with: ${error.message}`));
  }
  load.check();
  const seen = await session.ask('hold-verify', 30_000);
  expectFields('long-lived blobs', seen, { held: String(HELD), wrong: '0', faults: '0' });
  await expectBooks(session, cachedBooks(HELD, HELD * HELD_BYTES));
  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);

  const [from, killed, back] = marks as [number, number, number];
  const [quiet, alone] = [waitsOf(load.rounds, from, killed), waitsOf(load.rounds, killed, back)];
  for (const [when, { longest, p999, cycles }] of Object.entries({ quiet, alone })) {
    report.measured(`${vm}.${when}_longest`, longest);
    report.measured(`${vm}.${when}_p999`, p999);
    report.measured(`${vm}.${when}_cycles`, cycles);
  }
  if (bounded) {
    expectAtMost('p99.9 of what the guest waited without a broker, ms', alone.p999, BOUND * quiet.p999);
  }
  const refused = await useUpTheGrant(parts);
  return [
    `${seconds} s without a broker: ${alone.cycles.toLocaleString('en')} cycles, before ${quiet.cycles.toLocaleString('en')}; 0 failed, 0 wrong; ${HELD} blobs lived through it`,
    `a blob's life took at most ${alone.longest.toFixed(0)} ms, p99.9 ${alone.p999.toFixed(0)}; before ${quiet.longest.toFixed(0)} and ${quiet.p999.toFixed(0)}`,
    `beyond the grant: refused after ${refused.toFixed(0)} ms, and granted when the broker was back`,
  ].join('\n');
}

/** Returns how long the command waited that needed more, milliseconds. */
async function useUpTheGrant({ session, broker }: Parts): Promise<number> {
  const refused = await broker.away(async () => {
    const start = performance.now();
    const some = await session.ask(`hold ${MANY} ${MANY_BYTES}`, 60_000);
    expectFields('more than is granted', some, { first_errno: 'EINVAL', first_stage: 'map', faults: '0' });
    expectAtLeast('blobs within the grant', Number(some['added']), 1);
    expectAtMost('blobs within the grant', Number(some['added']), MANY - 1);
    return performance.now() - start;
  });
  expectAtLeast('milliseconds that a command waited for a grant', refused, ANSWER_TIMEOUT);
  expectAtMost('milliseconds that a command waited for a grant', refused, patient(2 * ANSWER_TIMEOUT));
  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);
  const all = await session.ask(`hold ${MANY} ${MANY_BYTES}`, 60_000);
  expectFields('the same with a broker', all, { added: String(MANY), faults: '0' });
  await expectBooks(session, cachedBooks(MANY, MANY * MANY_BYTES));
  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);
  return refused;
}

/** Of the lives of blobs that began in that time: the longest and p99.9 of those that were probed, milliseconds. */
function waitsOf(
  rounds: readonly Round[],
  from: number,
  to: number,
): { readonly longest: number; readonly p999: number; readonly cycles: number } {
  const inTime = rounds.filter(({ start }) => start >= from && start < to);
  const probed = inTime.filter(({ lane }) => lane === PROBE).map(({ longest }) => longest);
  probed.sort((one, other) => one - other);
  return {
    longest: probed.at(-1) ?? 0,
    p999: probed.length === 0 ? 0 : quantile(probed, 0.999),
    cycles: inTime.reduce((sum, { cycles }) => sum + cycles, 0),
  };
}
