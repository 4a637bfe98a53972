// A process that does not run while others do: what SIGSTOP, a frozen container and a machine without time for it have in common.
import { readFileSync } from 'node:fs';
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
    await until('the process is stopped', () => stateOf(pid) === 'T');
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** The letter of /proc/PID/stat; the name in parentheses before it may hold anything. */
function stateOf(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}
