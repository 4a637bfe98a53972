// The life of a guest of the in-tree VMM whose device's processes may die at any moment: blobs that are created, shown, moved, kept in
// mind and given back, a VM that stops, a driver that is bound anew, and the next VMM. What must be true of it is checked on the way.
import type { AdminClient } from '../../services/lib/rpc/admin-client.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { patient } from '../guest/patience.ts';
import { fillPattern, findMismatch } from '../guest/pattern.ts';
import { expectEqual, expectThat } from '../guest/scenario/check.ts';

import { pace, untilPasses } from '../support/until.ts';
import type { Blob } from '../vmm/driver.ts';
import { FrontEndError } from '../vmm/front-end.ts';
import { comeAndGo } from '../vmm/gone-vmms.ts';
import { Vmm, type VmmOptions } from '../vmm/vmm.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;
/** A guest may have to wait for two processes that start one after the other; milliseconds. */
const PATIENCE = patient(20_000);
const BLOBS = 6;
/** Long enough for the frontend's statistics and the broker's sweeper to come by. */
const PAUSE = 150;

export type LifeOptions = {
  readonly socket: string;
  readonly vm: string;
  /** A driver may be bound anew while blobs are mapped: with window placement, QEMU 11.1.3 survives that. */
  readonly resetsWithBlobs: boolean;
  readonly admin: AdminClient;
  /** How often a VMM may be cut off while it connects: by a death just behind accept(2). */
  readonly cutOffs: number;
  /** Called in the middle of each round, with blobs mapped and a batch under way. */
  readonly between: () => void;
  /** Whether another round follows the `done` ones; there is at least one. */
  readonly goesOn: (done: number) => boolean;
};

type Written = Blob & { offset: number | null; readonly seed: bigint };

/** Throws CheckFailure, AnswerError or NoAnswerError with what the guest had to notice. */
export async function live(options: LifeOptions): Promise<void> {
  const first = await boot(options);
  try {
    let blobs = await beginning(first, options);
    for (let done = 1; options.goesOn(done); done++) {
      // The VMM has something to say only when the device starts and stops.
      await first.pause();
      await first.resume();
      verify(first, blobs);
      for (const blob of blobs) await first.driver.unmapAndUnref(blob);
      blobs = await beginning(first, options);
    }
    await end(first, options, blobs);
  } finally {
    first.close();
  }
  // Others that are gone before they were of any use, and the next VMM of the same device.
  await comeAndGo(vmmOptions(options));
  const second = await boot(options);
  try {
    const blobs = await createBlobs(second, 2);
    for (const blob of blobs) await second.driver.unmapAndUnref(blob);
    expectWell(second);
  } finally {
    second.close();
  }
  await expectBooks(options, 0, 0);
}

function vmmOptions({ socket }: LifeOptions): VmmOptions {
  return {
    socketPath: socket,
    memory: 64 * MIB,
    queueSize: 64,
    replyTimeout: PATIENCE,
    answerTimeout: PATIENCE,
  };
}

async function boot(options: LifeOptions): Promise<Vmm> {
  for (let cutOff = 0; ; cutOff++) {
    try {
      return await Vmm.boot(vmmOptions(options));
    } catch (error) {
      if (cutOff >= options.cutOffs || !(error instanceof FrontEndError)) throw error;
    }
  }
}

async function beginning(vmm: Vmm, options: LifeOptions): Promise<Written[]> {
  const { driver } = vmm;
  const context = await driver.createContext();
  const blobs = await createBlobs(vmm, BLOBS);
  verify(vmm, blobs);
  for (const blob of blobs) await driver.attach(context, blob.resource);
  await pace(PAUSE);

  // Unmapped, and shown again somewhere else: the bytes come along.
  const [moved, kept, ...others] = blobs as [Written, Written, ...Written[]];
  const from = moved.offset;
  await driver.unmapBlob(moved);
  const [filler] = await createBlobs(vmm, 1);
  await driver.mapBlob(moved);
  expectThat(moved.offset !== from, 'the moved blob is where it was');
  verify(vmm, [moved, kept, ...others, filler!]);
  await expectBooks(options, BLOBS + 1, (BLOBS + 1) * PAGE);

  // Many commands behind one kick, and a death while they are under way.
  const fresh = await underWay(vmm, options);
  verify(vmm, [moved, kept, ...others, filler!, ...fresh]);
  await pace(PAUSE);
  verify(vmm, [moved, kept, ...others, filler!, ...fresh]);
  for (const blob of [filler!, ...fresh]) await driver.unmapAndUnref(blob);
  await expectBooks(options, BLOBS, BLOBS * PAGE);
  await driver.unmapBlob(moved);
  await driver.mapBlob(moved);
  verify(vmm, blobs);
  return blobs;
}

/** Every command has exactly one answer, whoever gives it. */
async function underWay(vmm: Vmm, { between }: LifeOptions): Promise<Written[]> {
  const pending = Promise.all(Array.from({ length: 4 }, () => createBlobs(vmm, 2)));
  between();
  return (await pending).flat();
}

async function end(vmm: Vmm, options: LifeOptions, mapped: readonly Written[]): Promise<void> {
  await vmm.pause();
  await vmm.resume();
  verify(vmm, mapped);
  if (!options.resetsWithBlobs) for (const blob of mapped) await vmm.driver.unmapAndUnref(blob);
  expectWell(vmm);
  // The driver goes, and another one comes only after that was noticed where it can be: with what it had mapped in view.
  await vmm.unbind();
  if (options.resetsWithBlobs) await expectBooks(options, 0, 0);
  await vmm.bind();
  await expectBooks(options, 0, 0);
  const blobs = await createBlobs(vmm, 3);
  verify(vmm, blobs);
  await vmm.driver.unmapBlob(blobs[0]!);
  await vmm.driver.unref(blobs[0]!);
  expectWell(vmm);
  // The VMM ends with blobs mapped.
}

let lastSeed = 0;

async function createBlobs(vmm: Vmm, count: number): Promise<Written[]> {
  const blobs: Written[] = [];
  for (let index = 0; index < count; index++) {
    const blob = await vmm.driver.createAndMap({ size: PAGE });
    const bytes = vmm.window.bytes(blob.offset, PAGE);
    expectThat(
      bytes.every((byte) => byte === 0),
      `resource ${blob.resource} is not zero when it is shown first`,
    );
    lastSeed += 1;
    fillPattern(bytes, BigInt(lastSeed));
    blobs.push(Object.assign(blob, { seed: BigInt(lastSeed) }));
  }
  return blobs;
}

function verify(vmm: Vmm, blobs: readonly Written[]): void {
  for (const { resource, offset, seed } of blobs) {
    if (offset === null) continue;
    expectEqual(
      `first wrong byte of resource ${resource}`,
      findMismatch(vmm.window.bytes(offset, PAGE), seed),
      null,
    );
  }
}

/** One answer for each command, no request that the VMM had to refuse, and still the same connection. */
function expectWell(vmm: Vmm): void {
  const { control, cursor } = vmm.driver;
  expectEqual('wrong answers in the rings', [...control.violations, ...cursor.violations].join('; '), '');
  expectEqual('commands without an answer', control.inFlight + cursor.inFlight, 0);
  const refused = vmm.frontEnd.refusals.filter((name) => name === 'SHMEM_MAP');
  expectEqual('mappings that the VMM refused', refused.length, 0);
  expectEqual('updates of the memory table that failed', vmm.frontEnd.tableFailures.join('; '), '');
  expectThat(vmm.frontEnd.started, 'the device has stopped');
}

async function expectBooks({ admin, vm }: LifeOptions, mappings: number, bytes: number): Promise<void> {
  await untilPasses('the books are as they should be', async () => {
    const shown = await admin.getVm(vm);
    expectEqual('mappings, by the broker', countFromWire(shown.mappings), mappings);
    expectEqual('mapped bytes, by the broker', countFromWire(shown.mappedBytes), bytes);
    expectEqual('allocations, by the broker', countFromWire(shown.allocations), mappings);
  });
}
