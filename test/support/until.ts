// How tests wait. For something to happen: `until`, for a condition with a deadline in time, never for a count of tries or for a while that
// "should do". The others are for what is no such wait, and each says which kind it is; test/checks/waits.test.ts refuses timers beside them.
import { setTimeout as sleep } from 'node:timers/promises';

/** Long against what a machine needs that is ten times slower, short against the runner's own limit, which cannot say what was waited for. */
const GENEROUS_MS = 60_000;
const INTERVAL_MS = 5;
/** For a look that has to ask another process. */
const LAST_LOOK_MS = 1000;
/** For what must not happen: longer than it takes where it does happen. */
const A_WHILE_MS = 200;

export type UntilOptions = {
  /** How long to wait, in milliseconds. */
  readonly within?: number | undefined;
  /** Between two looks, in milliseconds. */
  readonly every?: number;
  /** What was found instead, for the message; asked once, when time is up. */
  readonly found?: () => unknown;
};

/**
 * Waits until `condition` gives something truthy, which is returned. A condition that throws (an expectation, a socket that is not there yet) does
 * not hold yet. After `within` it rejects with what was waited for, for how long, and what was found, even while a look is still under way.
 */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  { within = GENEROUS_MS, every = INTERVAL_MS, found }: UntilOptions = {},
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + within;
  let problem: unknown = 'no look came to its end';
  const look = async (): Promise<NonNullable<Value> | null> => {
    try {
      const value = await condition();
      if (value) return value;
      problem = value;
    } catch (error) {
      problem = error;
    }
    return null;
  };
  for (;;) {
    // The deadline gets its look too: what came in time is not missed on a machine that stood still meanwhile.
    const left = deadline - performance.now();
    const timer = new AbortController();
    const overdue = sleep(Math.max(left, LAST_LOOK_MS), 'overdue' as const, timer).catch(() => null);
    const value = await Promise.race([look(), overdue]);
    timer.abort();
    if (value !== null && value !== 'overdue') return value as NonNullable<Value>;
    if (value !== null || left <= 0) break;
    await sleep(every);
  }
  if (found) problem = found();
  throw new Error(`waited ${within} ms until ${what}; found: ${describe(problem)}`, { cause: problem });
}

/** The same for an attempt that holds as soon as it does not throw, such as a group of expectations; resolves with what it gave. */
export async function untilPasses<Value>(
  what: string,
  attempt: () => Value | Promise<Value>,
  options: UntilOptions = {},
): Promise<Value> {
  const { value } = await until(what, async () => ({ value: await attempt() }), options);
  return value;
}

/**
 * For what must not happen: `condition` holds now and all the while. It can only miss what comes later than `during` (milliseconds), so an event that
 * proves the point, such as the answer to a later message, is better where there is one.
 */
export async function stays(
  what: string,
  condition: () => boolean | Promise<boolean>,
  during = A_WHILE_MS,
): Promise<void> {
  const began = performance.now();
  for (;;) {
    if (!(await condition())) {
      throw new Error(`after ${Math.round(performance.now() - began)} ms of ${during} no longer: ${what}`);
    }
    if (performance.now() - began >= during) return;
    await sleep(Math.min(INTERVAL_MS, during));
  }
}

/** Time that is itself a test's input: the pace of a load, a kill's moment, a clock that has to go on. Nothing is waited for. */
export function pace(milliseconds: number): Promise<void> {
  return sleep(milliseconds);
}

/**
 * Lets everything in this process run that is ready: promises, immediates, sockets and eventfds with something to read. Counted in turns of the
 * event loop, so it is the same on a busy machine; of what other processes and the thread pool do it says nothing.
 */
export async function turns(count = 8): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function describe(problem: unknown): string {
  if (problem instanceof Error) return problem.message;
  return typeof problem === 'string'
    ? problem
    : (JSON.stringify(problem, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)) ??
        String(problem));
}
