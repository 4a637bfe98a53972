// A heap of huge pages: Linux 7.2 and later knows from the device how large blobs have to be, and does not even ask for others.
import { cachedBooks, EMPTY, expectBooks } from './books.ts';
import { type Check, expectEqual } from './check.ts';
import { FLAG, GuestBlob } from './guest-blob.ts';
import { MIB } from './host.ts';
import type { Session } from './session.ts';

const SEED = 0xa11_0000n;

export const ALIGNMENT: Check<Session> = {
  name: 'alignment',
  what: 'huge pages: 4 KiB is EINVAL in the guest, 2 MiB are mapped',
  run: alignment,
};

async function alignment(session: Session): Promise<string> {
  const { console: guest } = session;
  for (const size of [4096, 2 * MIB - 4096, 3 * MIB]) {
    const { ok, fields } = await guest.command(`create odd host3d ${FLAG.MAPPABLE} 0 ${size}`);
    expectEqual(`create of ${size} bytes`, ok ? 'success' : (fields['errno'] ?? ''), 'EINVAL');
  }
  const blobs: GuestBlob[] = [];
  for (const size of [2 * MIB, 4 * MIB, 2 * MIB]) {
    const blob = await GuestBlob.createMapped(session, `blob${blobs.length}`, size);
    blobs.push(blob);
    await blob.verifyZeros();
    await blob.fill(SEED + BigInt(blobs.length));
  }
  await expectBooks(session, cachedBooks(3, 8 * MIB));
  for (const [index, blob] of blobs.entries()) await blob.verify(SEED + BigInt(index + 1));
  for (const blob of blobs) await blob.close();
  await expectBooks(session, EMPTY);
  const { host, vm } = session;
  const refused = (await host.scrape()).sum('barkeep_operations_total', { vm, result: 'refused' });
  expectEqual('operations that the broker refused', refused, 0);
  return '2, 4 and 2 MiB';
}
