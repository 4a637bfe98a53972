// Lets a broker's journal grow to where a new one is begun, by way of a VM that does nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawSession } from '../bench/raw-session.ts';
import { measureThroughput } from '../bench/session-throughput.ts';
import { pace } from '../support/until.ts';
import { BUSY_VM, type KeptHost } from './kept-host.ts';

/** Milliseconds of load at most; a new journal is due after 4 MiB. */
const LIMIT = 15_000;
const SLICE = 500;
const PAUSE = 200;

/** Resolves when `isEnough`, or after the limit; a broker that dies meanwhile is found again. */
export async function growJournal(host: KeptHost, isEnough: () => boolean): Promise<void> {
  const deadline = Date.now() + LIMIT;
  while (!isEnough() && Date.now() < deadline) {
    try {
      await load(host, () => isEnough() || Date.now() >= deadline);
    } catch {
      await pace(PAUSE);
    }
  }
}

/** Rejects when the broker dies, or is not there. */
async function load({ directory }: KeptHost, isEnough: () => boolean): Promise<void> {
  const run = join(directory, 'run');
  const secret = readFileSync(join(run, 'vms', BUSY_VM, 'secret'), 'utf8').trim();
  const session = await RawSession.open(join(run, 'broker.sock'), BUSY_VM, secret);
  let next = 1;
  try {
    while (!isEnough()) ({ next } = await measureThroughput(session, SLICE, next));
  } finally {
    session.close();
  }
}
