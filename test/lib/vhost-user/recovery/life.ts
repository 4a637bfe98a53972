// The life of a machine whose device may be killed at any moment, and what must be true of it all the same.
import { expect } from 'vitest';
import { answerName } from '../../../../services/lib/wire/virtio-gpu.ts';
import { GpuDriver } from '../../../vmm/driver.ts';
import { PLAIN_PROTOCOL_FEATURES, QEMU_PROTOCOL_FEATURES } from '../../../vmm/front-end.ts';
import { Vmm, type VmmOptions } from '../../../vmm/vmm.ts';

const MIB = 1024 * 1024;
const PAGE = 4096;

/** How the VMM tells of its memory: the whole table with every change, or slot by slot. */
export const TABLES = { whole: PLAIN_PROTOCOL_FEATURES, slots: QEMU_PROTOCOL_FEATURES } as const;
export type Table = keyof typeof TABLES;

export type Story = { readonly vmm: Vmm; counted: number; mappings: number };

export function vmmOptions(socketPath: string, table: Table): VmmOptions {
  return {
    socketPath,
    memory: 64 * MIB,
    queueSize: 64,
    protocolFeatures: TABLES[table],
    replyTimeout: 20_000,
    answerTimeout: 20_000,
  };
}

export async function boot(socketPath: string, table: Table): Promise<Vmm> {
  return await Vmm.boot(vmmOptions(socketPath, table));
}

/** Traffic, mappings, stop and cont, a driver that is bound anew, and traffic again. `counted`: SUBMIT_3D commands before. */
export async function live(vmm: Vmm, counted: number): Promise<number> {
  const story: Story = { vmm, counted, mappings: 0 };
  const changesBefore = vmm.frontEnd.shmemChanges;
  let hasEnded = false;
  void vmm.frontEnd.ended.then(() => {
    hasEnded = true;
  });
  await traffic(story);
  await blobs(story);
  const bases = await vmm.pause();
  expect(bases[0]).toBe(vmm.driver.control.availableIndex);
  await vmm.resume();
  await traffic(story);
  const { violations } = vmm.driver.control;
  await vmm.rebind();
  await traffic(story);
  await blobs(story);
  expect(violations).toEqual([]);
  expect(vmm.driver.control.violations).toEqual([]);
  expect(vmm.driver.control.inFlight).toBe(0);
  // The barriers of the channel are refused on purpose; nothing else may be.
  expect(vmm.frontEnd.refusals.filter((name) => name !== 'SHARED_OBJECT_REMOVE')).toEqual([]);
  expect(vmm.frontEnd.shmemChanges - changesBefore).toBe(story.mappings);
  expect(vmm.frontEnd.tableFailures).toEqual([]);
  expect(vmm.frontEnd.strays).toEqual([]);
  expect(hasEnded).toBe(false);
  return story.counted;
}

/** Commands that count, one by one and many at a kick; the device's count is theirs. */
async function traffic(story: Story): Promise<void> {
  const { driver } = story.vmm;
  const submit = GpuDriver.command('SUBMIT_3D', { contextId: 1 }, { size: 0 });
  await driver.sendCommand(submit);
  const answers = await driver.exchange([submit, submit, submit]);
  story.counted += 1 + answers.length;
  expect(answers.map((bytes) => answerName(bytes.readUInt32LE(0)))).toEqual(answers.map(() => 'OK_NODATA'));
  expect((await driver.assignUuid(1)).readUInt32LE(0)).toBe(story.counted);
}

/** Blobs that come and go in the window; what the guest writes, it reads. */
async function blobs(story: Story): Promise<void> {
  const { driver, window } = story.vmm;
  const one = await driver.createAndMap({ size: PAGE });
  const two = await driver.createAndMap({ size: PAGE });
  window.write(one.offset, Buffer.alloc(PAGE, one.resource));
  window.write(two.offset, Buffer.alloc(PAGE, two.resource));
  await driver.unmapBlob(two);
  await driver.mapBlob(two);
  expect(window.read(one.offset, PAGE)).toEqual(Buffer.alloc(PAGE, one.resource));
  expect(window.read(two.offset, PAGE)).toEqual(Buffer.alloc(PAGE, two.resource));
  await driver.unmapAndUnref(one);
  await driver.unmapAndUnref(two);
  story.mappings += 6;
}
