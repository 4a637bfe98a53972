// Clients of the broker that take no grant: the broker decides for them. One has its blobs in a window, where they are moved, and one has blobs with
// memory of their own. They work on VMs that no guest has, and come back with their sessions however often the broker dies.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mapping } from '../../services/lib/os/memory.ts';
import { create, destroy, MIB, map, PAGE, results, unmap } from '../broker/harness.ts';
import { ResumingSession } from '../broker/resuming-session.ts';
import { CheckFailure, expectEqual } from '../guest/scenario/check.ts';
import { BUSY_OWN_VM, BUSY_VM, type KeptHost } from './kept-host.ts';

/** Of the window: where a blob lies first, and where it comes back. */
const ELSEWHERE = 24 * MIB;
const [FIRST, SECOND] = [1, 2];

/** Resolves when `isEnough`, with everything given back. Throws CheckFailure when an answer or a byte is wrong. */
export async function workUndecided({ directory }: KeptHost, isEnough: () => boolean): Promise<void> {
  const run = join(directory, 'run');
  const place = {
    socket: join(run, 'broker.sock'),
    fdSocket: join(run, 'fd.sock'),
    secret: (vm: string) => readFileSync(join(run, 'vms', vm, 'secret'), 'utf8').trim(),
  };
  const session = new ResumingSession(BUSY_VM, place);
  const own = new ResumingSession(BUSY_OWN_VM, place);
  await session.connect();
  await own.connect();
  const window = await session.window();
  try {
    for (let round = 1; !isEnough(); round += 1) {
      await moveOnce(session, window, round % 256);
      await expectAnswers(own, 'a blob of its own', create(FIRST, PAGE), map(FIRST, 0));
      await expectAnswers(own, 'a blob of its own ends', destroy(FIRST));
    }
    await session.detach();
    await own.detach();
  } finally {
    window.close();
    session.drop();
    own.drop();
  }
}

/** Another blob is mapped where the first one lay, whose bytes have to leave, and come back elsewhere. */
async function moveOnce(session: ResumingSession, window: Mapping, mark: number): Promise<void> {
  await expectAnswers(session, 'a blob is mapped', create(FIRST, PAGE), map(FIRST, 0));
  expectByte('a fresh blob', window, 0, 0);
  window.bytes(0, 1).fill(mark);
  await expectAnswers(session, 'another takes its place', unmap(FIRST), create(SECOND, PAGE), map(SECOND, 0));
  expectByte('the blob that took a place', window, 0, 0);
  window.bytes(0, 1).fill(255);
  await expectAnswers(session, 'it comes back', map(FIRST, ELSEWHERE));
  expectByte('the blob that moved', window, ELSEWHERE, mark);
  await expectAnswers(session, 'both are destroyed', destroy(SECOND), destroy(FIRST));
  expectByte('the place of a blob that is gone', window, ELSEWHERE, 0);
}

async function expectAnswers(
  session: ResumingSession,
  what: string,
  ...operations: Parameters<ResumingSession['run']>
): Promise<void> {
  const found = results(await session.run(...operations));
  if (found.some((result) => result !== 'ok')) {
    throw new CheckFailure(`undecided client: ${what}: expected ok each time, found ${found.join(', ')}`);
  }
}

function expectByte(what: string, window: Mapping, offset: number, expected: number): void {
  expectEqual(`undecided client: first byte of ${what}`, window.bytes(offset, 1)[0], expected);
}
