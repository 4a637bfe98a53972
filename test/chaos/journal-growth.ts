// Lets a broker's journal grow to where a new one is begun, by way of a VM that does nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RawSession } from '../bench/raw-session.ts';
import { measureThroughput } from '../bench/session-throughput.ts';
import { BUSY_VM, type KeptHost } from './kept-host.ts';

/** Milliseconds of load at most; a new journal is due after 4 MiB. */
const LIMIT = 15_000;
const SLICE = 500;

/** Resolves when `isEnough`, when the broker dies, or after the limit. */
export async function growJournal({ directory }: KeptHost, isEnough: () => boolean): Promise<void> {
  const run = join(directory, 'run');
  const secret = readFileSync(join(run, 'vms', BUSY_VM, 'secret'), 'utf8').trim();
  const session = await RawSession.open(join(run, 'broker.sock'), BUSY_VM, secret);
  const deadline = Date.now() + LIMIT;
  let next = 1;
  try {
    while (!isEnough() && Date.now() < deadline) ({ next } = await measureThroughput(session, SLICE, next));
  } catch {
    // The broker has died, as it should.
  } finally {
    session.close();
  }
}
