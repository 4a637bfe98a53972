// The one way in which a test waits: for a condition, with a deadline in time, never for a count of tries or for a while that "should do".
import { setTimeout as sleep } from 'node:timers/promises';

/** Long against what a busy machine of half the speed needs, short against the runner's own limit, which cannot say what was waited for. */
const GENEROUS_MS = 20_000;
const INTERVAL_MS = 5;

export type UntilOptions = {
  /** How long to wait, in milliseconds. */
  readonly within?: number;
  /** Between two looks, in milliseconds. */
  readonly every?: number;
  /** What was found instead, for the message; asked once, when time is up. */
  readonly found?: () => unknown;
};

/**
 * Waits until `condition` gives something truthy, which is returned. A condition that throws (an expectation, a socket that is not there yet) does
 * not hold yet. After `within` it rejects with what was waited for, for how long, and what was found.
 */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  { within = GENEROUS_MS, every = INTERVAL_MS, found }: UntilOptions = {},
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + within;
  for (;;) {
    let problem: unknown;
    try {
      const value = await condition();
      if (value) return value;
      problem = found ? found() : value;
    } catch (error) {
      problem = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`waited ${within} ms until ${what}; found: ${describe(problem)}`, { cause: problem });
    }
    await sleep(every);
  }
}

function describe(problem: unknown): string {
  if (problem instanceof Error) return problem.message;
  return typeof problem === 'string' ? problem : (JSON.stringify(problem) ?? String(problem));
}
