// What the guest's driver says about the device, its cache types, and its fences.
import { countFromWire } from '../../../services/lib/rpc/u64.ts';
import { type Books, EMPTY, expectBooks } from './books.ts';
import { type Check, expectEqual, expectFields } from './check.ts';
import { GuestBlob } from './guest-blob.ts';
import { BLOB_ID, MIB, WINDOW_SIZE } from './host.ts';
import type { Session } from './session.ts';

export const PARAMETERS: Check<Session> = {
  name: 'parameters',
  what: 'the driver reports 3D, blobs, contexts and the window',
  run: parameters,
};

export const CACHE_TYPES: Check<Session> = {
  name: 'cache-types',
  what: 'three cache types: page tables of the guest and metrics agree',
  run: cacheTypes,
};

export const FENCES: Check<Session> = {
  name: 'fences',
  what: 'fences are signalled, global ones and those of rings',
  run: fences,
};

async function parameters(session: Session): Promise<string> {
  const params = await session.ask('params');
  expectFields('params', params, {
    '3d_features': '1',
    resource_blob: '1',
    host_visible: '1',
    context_init: '1',
  });

  const window = await session.ask('window');
  const size = String(WINDOW_SIZE[session.vm]);
  expectFields('window', window, { size, total: size, used: '0' });
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

// How Linux names the three in its list of memory types (arch/x86/mm/pat/memtype.c).
const TYPES = [
  { blobId: BLOB_ID.CACHED, cache: 'cached', linux: 'write-back', size: MIB },
  { blobId: BLOB_ID.WC, cache: 'wc', linux: 'write-combining', size: 2 * MIB },
  { blobId: BLOB_ID.UNCACHED, cache: 'uncached', linux: 'uncached-minus', size: 3 * MIB },
] as const;

async function cacheTypes(session: Session): Promise<string> {
  const { host, vm } = session;
  const { start } = await session.ask('window');
  const blobs: GuestBlob[] = [];
  let books: Books = EMPTY;
  for (const { blobId, cache, linux, size } of TYPES) {
    const blob = await GuestBlob.createMapped(session, cache, size, { blobId });
    blobs.push(blob);
    await blob.fill(BigInt(size));
    await blob.verify(BigInt(size));

    // The broker hears of a mapping after the guest does.
    books = { mapped: { ...books.mapped, [cache]: { mappings: 1, bytes: size } } };
    await expectBooks(session, books);
    const { offset } = await host.admin.getMapping(vm, blob.resource);
    const address = BigInt(start ?? 0) + BigInt(countFromWire(offset));
    const memory = await session.ask(`memory-type 0x${address.toString(16)}`);
    expectEqual(`memory type of the ${cache} blob in the guest`, memory['type'] ?? 'none', linux);
  }
  for (const blob of blobs) await blob.close();
  await expectBooks(session, EMPTY);
  return TYPES.map(({ cache, linux }) => `${cache} is ${linux}`).join(', ');
}

async function fences(session: Session): Promise<string> {
  const blob = await GuestBlob.createMapped(session, 'fenced', 4096);
  const plain = await session.ask('execbuf count=100 bo=fenced', 30_000);
  await session.ask('wait fenced');
  await blob.close();
  // A worker of its own: contexts with rings are made before anything else is done with the device.
  await session.ask('@7 context-init rings=4');
  const ring = await session.ask('@7 execbuf count=100 ring=3', 30_000);
  await session.ask('kill 7');

  expectFields('fences', plain, { submitted: '100', signalled: '100' });
  expectFields('fences on ring 3', ring, { submitted: '100', signalled: '100' });
  await expectBooks(session, EMPTY);
  return '200 of 200 signalled';
}
