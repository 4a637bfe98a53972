// Lives of a guest in which not a process dies but the broker fails it: it is silent for longer than a guest may have to wait, or an
// operator takes everything that the VM has. The frontend has to put that right afterwards, and dies while it does.
import type { AdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { patient } from '../guest/patience.ts';
import { expectEqual, expectThat } from '../guest/scenario/check.ts';

import { isAlive } from '../support/processes.ts';
import { pace, untilPasses } from '../support/until.ts';
import { AnswerError } from '../vmm/driver.ts';
import { Vmm } from '../vmm/vmm.ts';

export type Outage = 'silence' | 'eviction';

export type OutageOptions = {
  readonly socket: string;
  readonly vm: string;
  readonly admin: AdminClient;
  /** Of the broker that is at work now. */
  readonly brokerPid: () => number;
  /** How long the broker is silent, milliseconds: longer than a guest may have to wait. */
  readonly silence: number;
};

const MIB = 1024 * 1024;
const PAGE = 4096;
const PATIENCE = patient(20_000);
const BLOBS = 3;

/** Throws CheckFailure or NoAnswerError with what is not as it must be. */
export async function liveThroughOutage(outage: Outage, options: OutageOptions): Promise<void> {
  const vmm = await Vmm.boot({
    socketPath: options.socket,
    memory: 64 * MIB,
    queueSize: 64,
    replyTimeout: PATIENCE,
    answerTimeout: PATIENCE,
  });
  try {
    await vmm.driver.createContext();
    for (let index = 0; index < BLOBS; index++) await vmm.driver.createAndMap({ size: PAGE });
    if (outage === 'silence') await liveThroughSilence(vmm, options);
    else await liveThroughEviction(vmm, options);
    const blob = await untilPasses(
      'the guest is served again',
      () => vmm.driver.createAndMap({ size: PAGE }),
      { within: PATIENCE },
    );
    await vmm.driver.unmapAndUnref(blob);
    await expectBlobs(options, outage === 'silence' ? BLOBS : 0);
    expectEqual('wrong answers in the rings', vmm.driver.control.violations.join('; '), '');
    expectEqual('commands without an answer', vmm.driver.control.inFlight, 0);
  } finally {
    vmm.close();
  }
}

/**
 * What the broker did too late is taken back: the guest was told that it failed. A frontend that starts meanwhile begins to count anew; when
 * the broker is back before it gives up, the guest has what it asked for.
 */
async function liveThroughSilence(
  { driver, window }: Vmm,
  { brokerPid, silence }: OutageOptions,
): Promise<void> {
  // Both may have died of the same point before.
  const pid = await untilPasses('there is a broker', () => {
    expectThat(isAlive(brokerPid()), 'the broker is dead');
    return brokerPid();
  });
  process.kill(pid, 'SIGSTOP');
  try {
    const answer = driver.createAndMap({ size: PAGE }).catch((error: Error) => {
      if (error instanceof AnswerError) return null;
      throw error;
    });
    await pace(silence);
    goOn(pid);
    const blob = await answer;
    if (blob === null) return;
    window.write(blob.offset, Buffer.alloc(PAGE, 1));
    await driver.unmapAndUnref(blob);
  } finally {
    goOn(pid);
  }
}

/** Unless it was killed together with the frontend. */
function goOn(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGCONT');
}

/** The guest's commands fail until its driver starts anew. */
async function liveThroughEviction(vmm: Vmm, { admin, vm }: OutageOptions): Promise<void> {
  await admin.evictVm(vm, true);
  await untilPasses('the guest is refused', async () => {
    const refused = await vmm.driver.createBlob({ size: PAGE }).then(
      () => false,
      (error: Error) => error instanceof AnswerError,
    );
    expectThat(refused, 'a blob was created in a VM that was evicted');
  });
  // Window placement alone: QEMU would not live through it with the blobs of the other.
  await vmm.rebind();
}

async function expectBlobs({ admin, vm }: OutageOptions, count: number): Promise<void> {
  await untilPasses(
    'the books are as they should be',
    async () => {
      const shown = await admin.getVm(vm);
      expectEqual('allocations, by the broker', countFromWire(shown.allocations), count);
      expectEqual('mappings, by the broker', countFromWire(shown.mappings), count);
    },
    { within: PATIENCE },
  );
}
