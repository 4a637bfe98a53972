// Memory is zero when a blob first maps it: also where the same VM, or another one, wrote before.
import { findMismatch } from '../pattern.ts';
import { EMPTY, expectBooks } from './books.ts';
import { type Check, expectEqual, expectFields, type Scale } from './check.ts';
import { GuestBlob } from './guest-blob.ts';
import { BLOB_ID, KIB, MIB, SHARED_FILE_BYTES } from './host.ts';
import type { Session } from './session.ts';

const SECRET = 0xdead_beef_0bad_cafen;

export const ZERO_ON_REUSE: Check<Session> = {
  name: 'zero-on-reuse',
  what: 'memory reads zero after reuse by the same VM',
  run: reuse,
};

/** Leaves a secret in all of the heap that the next VM uses. */
export const LEAVE_SECRET: Check<Session> = {
  name: 'leave-secret',
  what: 'a whole heap is filled and given back, for the next VM',
  run: (session) => fillAndLeave(session, BLOB_ID.FILE),
};

/** Takes all of the heap that another VM had before. */
export const ZERO_ACROSS_VMS: Check<Session> = {
  name: 'zero-across-vms',
  what: 'memory reads zero that another VM wrote before',
  run: (session) => takeOver(session, BLOB_ID.CACHED, SHARED_FILE_BYTES),
};

/** A window of one's own is zero too. */
export const ZERO_AT_FIRST: Check<Session> = {
  name: 'zero-at-first',
  what: 'a fresh window reads zero',
  run: (session) => takeOver(session, BLOB_ID.CACHED, 64 * MIB),
};

async function reuse(session: Session, scale: Scale): Promise<string> {
  const count = scale === 'full' ? 1000 : 200;
  const [small, large] = [
    await session.ask(`cycles 1 ${count} ${4 * KIB} touch=all`, 60_000),
    await session.ask(`cycles 1 ${count / 10} ${2 * MIB} touch=all`, 60_000),
  ];
  const clean = { dirty: '0', lost: '0', faults: '0', failures: '0' };
  expectFields('cycles of 4 KiB', small, { ...clean, done: String(count) });
  expectFields('cycles of 2 MiB', large, { ...clean, done: String(count / 10) });

  const size = 64 * MIB;
  const first = await GuestBlob.createMapped(session, 'first', size);
  await first.fill(SECRET);
  await first.close();
  const second = await GuestBlob.createMapped(session, 'second', size);
  await second.verifyZeros();
  await second.close();
  await expectBooks(session, EMPTY);
  return `${count} of 4 KiB, ${count / 10} of 2 MiB, every word of 64 MiB`;
}

async function fillAndLeave(session: Session, blobId: number): Promise<string> {
  const { host, vm } = session;
  const blob = await GuestBlob.createMapped(session, 'secret', SHARED_FILE_BYTES, { blobId });
  await blob.fill(SECRET);
  const memory = await host.openBlob(vm, blob.resource);
  try {
    const wrong = findMismatch(memory.bytes(0, SHARED_FILE_BYTES), SECRET);
    expectEqual('first byte of the secret that is not there', wrong, null);
  } finally {
    memory.close();
  }
  await blob.close();
  await expectBooks(session, EMPTY);
  return `${SHARED_FILE_BYTES / MIB} MiB`;
}

async function takeOver(session: Session, blobId: number, size: number): Promise<string> {
  const blob = await GuestBlob.createMapped(session, 'fresh', size, { blobId });
  await blob.verifyZeros();
  await blob.close();
  await expectBooks(session, EMPTY);
  return `every word of ${size / MIB} MiB`;
}
