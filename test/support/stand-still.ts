// A process that does not run while others do: what SIGSTOP, a frozen container and a machine without time for it have in common.
import { isStopped } from './processes.ts';
import { until } from './until.ts';

/** As until.ts has them, milliseconds. */
const LONGEST = 20_000;
const INTERVAL = 5;

/** This process does nothing for so many milliseconds: no timer, no socket. */
export function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** The same until what another process does is seen, and for so many milliseconds at least. Throws when it is not seen in time. */
export function standStillUntil(what: string, condition: () => boolean, atLeast: number): void {
  const began = performance.now();
  standStill(atLeast);
  while (!condition()) {
    if (performance.now() - began > LONGEST) throw new Error(`stood still for ${LONGEST} ms until ${what}`);
    standStill(INTERVAL);
  }
}

/** Stops another process; resolves when it does not run any more. Lets it go on when `work` is done, or has failed. */
export async function whileStopped(pid: number, work: () => Promise<void>): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await until('the process is stopped', () => isStopped(pid));
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
