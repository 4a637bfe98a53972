// Which start of the kernel this is. Descriptors and tmpfs do not survive a restart of the host; a journal of an earlier one is history.
import { readFileSync } from 'node:fs';

/** 16 bytes that the kernel makes anew at each start (random(4)). */
export function bootId(): Buffer {
  const text = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** "b1946ac9-2c4e-...": for messages, and for the names of files that are set aside. */
export function describeBootId(id: Uint8Array): string {
  return Buffer.from(id)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
