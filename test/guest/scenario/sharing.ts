// Guest and host see the same bytes: both ways, through unmapping, in blobs of three sizes and in hundreds at once.
import { fillPattern, findMismatch, patternWord } from '../pattern.ts';
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import { type Check, expectAtLeast, expectEqual, expectFields } from './check.ts';
import { GuestBlob } from './guest-blob.ts';
import { KIB, MIB } from './host.ts';
import type { Session } from './session.ts';

const GUEST_SEED = 0x1234_5678_9abc_def0n;
const HOST_SEED = 0x0fed_cba9_8765_4321n;
// hold writes the first and the last word of blob N with this seed + N (program/load.c).
const HOLD_SEED = 0xb10b_0000n;
const SIZES = [
  ['4 KiB', 4 * KIB],
  ['2 MiB', 2 * MIB],
  ['64 MiB', 64 * MIB],
] as const;

export const SHARING: readonly Check<Session>[] = SIZES.map(([label, size]) => ({
  name: `share-${label.toLowerCase().replace(' ', '')}`,
  what: `${label}: guest writes, host reads, and back; unmap, remap, destroy`,
  run: (session) => share(session, size),
}));

/** `count` blobs of 4 KiB alive at once. */
export function manyBlobs(count: number): Check<Session> {
  return {
    name: 'many',
    what: `${count} live blobs at once, all written, looked at from the host`,
    run: (session) => holdMany(session, count),
  };
}

async function share(session: Session, size: number): Promise<string> {
  const { host, vm } = session;
  const blob = await GuestBlob.createMapped(session, 'shared', size);
  await expectBooks(session, cachedBooks(1, size));

  await blob.fill(GUEST_SEED);
  const memory = await host.openBlob(vm, blob.resource);
  try {
    expectEqual('length of the memory that the host opened', memory.length, size);
    const bytes = memory.bytes(0, size);
    expectEqual('first wrong byte of what the guest wrote', findMismatch(bytes, GUEST_SEED), null);
    fillPattern(bytes, HOST_SEED);
    await blob.verify(HOST_SEED);

    await blob.unmap();
    await blob.map();
    await blob.verify(HOST_SEED);
    await blob.fill(GUEST_SEED);
    expectEqual('first wrong byte after the blob was mapped again', findMismatch(bytes, GUEST_SEED), null);
  } finally {
    memory.close();
  }
  await expectBooks(session, cachedBooks(1, size));

  await blob.close();
  await expectBooks(session, EMPTY);
  return `${(size / 8).toLocaleString('en')} words, four times`;
}

async function holdMany(session: Session, count: number): Promise<string> {
  const size = 4 * KIB;
  const held = await session.ask(`hold ${count} ${size}`, 120_000);
  expectFields('hold', held, { added: String(count), held: String(count), faults: '0' });
  await expectBooks(session, cachedBooks(count, count * size));

  expectFields('hold-verify', await session.ask('hold-verify', 30_000), { wrong: '0', faults: '0' });
  const looked = await readHeld(session, size);
  await session.ask(`hold-release ${count / 2}`, 60_000);
  await expectBooks(session, cachedBooks(count / 2, (count / 2) * size));
  expectFields('hold-verify of the rest', await session.ask('hold-verify', 30_000), {
    wrong: '0',
    faults: '0',
  });

  await session.ask('hold-release', 60_000);
  await expectBooks(session, EMPTY);
  expectAtLeast('blobs that the host looked at', looked, count / 10);
  return `${(Number(held['us']) / 1000 / count).toFixed(2)} ms each to create, map and touch; ${looked} looked at on the host`;
}

// Every tenth of the held blobs, by way of the fd channel. Resource ids only grow, so their order is hold's.
async function readHeld(session: Session, size: number): Promise<number> {
  const { host, vm } = session;
  const resources = (await host.admin.listMappings(vm))
    .map((mapping) => mapping.resourceId ?? 0)
    .sort((a, b) => a - b);
  let looked = 0;
  for (let index = 0; index < resources.length; index += 10) {
    const memory = await host.openBlob(vm, resources[index]!);
    try {
      const view = new DataView(memory.bytes(0, size).slice().buffer);
      const seed = HOLD_SEED + BigInt(index);
      expectEqual(`first word of blob ${index}`, view.getBigUint64(0, true), patternWord(seed, 0));
      expectEqual(
        `last word of blob ${index}`,
        view.getBigUint64(size - 8, true),
        patternWord(seed, size - 8),
      );
    } finally {
      memory.close();
    }
    looked += 1;
  }
  return looked;
}
