// Sizes beyond what 32 bits hold: a window of 16 GiB, and a guest whose queues lie above 4 GiB.
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { findMismatch } from '../pattern.ts';
import { EMPTY, expectBooks } from './books.ts';
import { type Check, expectAtLeast, expectEqual, expectFields } from './check.ts';
import { GuestBlob } from './guest-blob.ts';
import { BLOB_ID, GIB, KIB, MIB } from './host.ts';
import type { Session } from './session.ts';

export const HIGH_OFFSETS: Check<Session> = {
  name: 'high-offsets',
  what: 'window of 16 GiB: a blob beyond 8 GiB is shared',
  run: highOffsets,
};

export const LARGE_GUEST: Check<Session> = {
  name: 'large-guest',
  what: 'guest memory above 4 GiB: commands and answers lie there',
  run: largeGuest,
};

const SEED = 0xfeed_0000_0000_0008n;

async function highOffsets(session: Session): Promise<string> {
  const { host, vm } = session;
  // Never touched, so neither takes memory; the guest's driver places blobs from the beginning of the window on.
  const low = await GuestBlob.createMapped(session, 'low', 4 * GIB);
  const middle = await GuestBlob.createMapped(session, 'middle', 4 * GIB, { blobId: BLOB_ID.FAR });
  const size = 64 * MIB;
  const high = await GuestBlob.createMapped(session, 'high', size);
  // The broker hears of a mapping after the guest does.
  await expectBooks(session, { mapped: { cached: { mappings: 3, bytes: 8 * GIB + size } } });
  const mapping = await host.admin.getMapping(vm, high.resource);
  const offset = countFromWire(mapping.offset);
  expectAtLeast('offset of the third blob', offset, 8 * GIB);

  await high.verifyZeros();
  await high.fill(SEED);
  const memory = await host.openBlob(vm, high.resource);
  try {
    expectEqual('first wrong byte on the host', findMismatch(memory.bytes(0, size), SEED), null);
  } finally {
    memory.close();
  }
  // The last word of a blob of 4 GiB is more than 32 bits away from its first.
  await session.ask(`write64 middle ${4 * GIB - 8} 0x1122334455667788`);
  expectFields('the last word', await session.ask(`read64 middle ${4 * GIB - 8}`), {
    value: '0x1122334455667788',
  });

  for (const blob of [high, middle, low]) await blob.close();
  await expectBooks(session, EMPTY);
  return `${size / MIB} MiB at offset ${(offset / GIB).toFixed(2)} GiB`;
}

async function largeGuest(session: Session): Promise<string> {
  const memory = await session.ask('memory');
  expectAtLeast("the guest's memory", Number(memory['MemTotal']), 5 * GIB);
  const count = 500;
  const figures = await session.ask(`cycles 2 ${count} ${4 * KIB}`, 60_000);
  expectFields('cycles', figures, { failures: '0', lost: '0', dirty: '0', faults: '0', abnormal: '0' });
  await expectBooks(session, EMPTY);
  return `${(Number(memory['MemTotal']) / GIB).toFixed(1)} GiB, ${2 * count} cycles`;
}
