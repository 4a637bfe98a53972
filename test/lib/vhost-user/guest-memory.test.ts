import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemfd } from '../../../services/lib/os/memory.ts';
import { socketPair } from '../../../services/lib/os/socket.ts';
import { VhostUserError } from '../../../services/lib/vhost-user/errors.ts';
import {
  type FileIdentity,
  fileIdentity,
  GuestMemory,
  MOST_MEMORY_SLOTS,
} from '../../../services/lib/vhost-user/guest-memory.ts';
import type { MemoryRegion } from '../../../services/lib/wire/vhost-user.ts';
import { duplicateOf, fdFrom, GIB, MIB, openFds, Ram, USER_BASE } from './fixtures.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function ram(size: number, guestAddress = 0, userAddress = USER_BASE): Ram {
  const made = new Ram(size, guestAddress, userAddress);
  cleanups.push(() => made.close());
  return made;
}

function memory(isOwn: (file: FileIdentity) => boolean = () => false): GuestMemory {
  const made = new GuestMemory(isOwn);
  cleanups.push(() => made.close());
  return made;
}

function install(guest: GuestMemory, ...rams: readonly Ram[]): void {
  guest.replaceTable(
    rams.map((item) => item.region),
    rams.map((item) => duplicateOf(item.fd)),
  );
}

describe('guest memory', () => {
  it('finds bytes below and above 4 GiB by guest and by user address', () => {
    const low = ram(2 * GIB, 0, USER_BASE);
    const high = ram(6 * GIB, 4 * GIB, USER_BASE + 2 * GIB);
    const guest = memory();
    install(guest, low, high);
    low.bytes(MIB, 4).set([1, 2, 3, 4]);
    high.bytes(5 * GIB + 12345, 4).set([5, 6, 7, 8]);

    expect(guest.readBytes(MIB, 4)).toEqual(Buffer.from([1, 2, 3, 4]));
    expect(guest.readBytes(9 * GIB + 12345, 4)).toEqual(Buffer.from([5, 6, 7, 8]));
    const location = guest.locateUser(USER_BASE + 7 * GIB + 12345, 4);
    expect(location?.view.getUint32(location.offset, true)).toBe(0x08070605);
    expect(guest.mappedBytes).toBe(8 * GIB);
  });

  it('writes what the guest then reads', () => {
    const low = ram(MIB);
    const guest = memory();
    install(guest, low);
    expect(guest.writeBytes(MIB - 3, Buffer.from([9, 8, 7]))).toBe(true);
    expect([...low.bytes(MIB - 3, 3)]).toEqual([9, 8, 7]);
  });

  it('copies more than one view can show', () => {
    const low = ram(3 * GIB);
    const guest = memory();
    install(guest, low);
    const start = GIB - 3 * MIB;
    low.bytes(start, MIB).fill(1);
    low.bytes(GIB + 2 * MIB, MIB).fill(2);
    const copy = guest.readBytes(start, 6 * MIB) as Buffer;
    expect([copy[0], copy[MIB - 1], copy[MIB], copy[5 * MIB], copy[6 * MIB - 1]]).toEqual([1, 1, 0, 2, 2]);
  });

  it('ends where a region ends, even if another begins there', () => {
    const first = ram(MIB, 0, USER_BASE);
    const second = ram(MIB, MIB, USER_BASE + MIB);
    const guest = memory();
    install(guest, first, second);
    expect(guest.readBytes(MIB - 2, 2)).not.toBeNull();
    expect(guest.readBytes(MIB - 2, 3)).toBeNull();
    expect(guest.locateUser(USER_BASE + MIB - 2, 3)).toBeNull();
    expect(guest.readBytes(2 * MIB, 1)).toBeNull();
    expect(guest.writeBytes(2 * MIB - 1, Buffer.alloc(2))).toBe(false);
    expect(guest.contains(2 ** 53 - 1, 0xffff_ffff)).toBe(false);
    expect(guest.locateUser(0xffff_ffff_ffff_ffffn, 16)).toBeNull();
  });

  it('does not map memory of its own but remembers where the guest sees it', () => {
    const window = createMemfd('window', 64 * MIB);
    cleanups.push(() => window.close());
    const identity = fileIdentity(window.number);
    const guest = memory((file) => file.dev === identity.dev && file.ino === identity.ino);
    const low = ram(MIB);
    const region = { guestAddress: 512 * GIB, size: 64 * MIB, userAddress: USER_BASE + GIB, mmapOffset: 0 };
    guest.replaceTable([low.region, region], [duplicateOf(low.fd), duplicateOf(window)]);

    expect(guest.ownRegions).toEqual([
      { guestAddress: 512 * GIB, size: 64 * MIB, fileOffset: 0, file: identity },
    ]);
    expect(guest.mappedBytes).toBe(MIB);
    expect(guest.readBytes(512 * GIB, 1)).toBeNull();
    expect(guest.locateUser(USER_BASE + GIB, 1)).toBeNull();
  });

  it('keeps its generation while only memory of its own comes and goes', () => {
    const window = createMemfd('window', MIB);
    cleanups.push(() => window.close());
    const identity = fileIdentity(window.number);
    const guest = memory((file) => file.ino === identity.ino && file.dev === identity.dev);
    const low = ram(MIB);
    install(guest, low);
    const before = guest.generation;
    const region = { guestAddress: GIB, size: MIB, userAddress: USER_BASE + GIB, mmapOffset: 0 };
    guest.addRegion(region, duplicateOf(window));
    guest.replaceTable([low.region, region], [duplicateOf(low.fd), duplicateOf(window)]);
    guest.removeRegion(region);
    expect(guest.generation).toBe(before);
    expect(guest.ownRegions).toEqual([]);
  });

  it('moves its generation on when RAM comes, moves or goes', () => {
    const low = ram(MIB);
    const guest = memory();
    const seen = [guest.generation];
    install(guest, low);
    seen.push(guest.generation);
    guest.replaceTable([{ ...low.region, guestAddress: GIB }], [duplicateOf(low.fd)]);
    seen.push(guest.generation);
    guest.removeRegion({ ...low.region, guestAddress: GIB });
    seen.push(guest.generation);
    expect(new Set(seen).size).toBe(4);
    expect(guest.readBytes(0, 1)).toBeNull();
  });

  it('adds and removes regions one by one', () => {
    const low = ram(MIB);
    const high = ram(MIB, 4 * GIB, USER_BASE + GIB);
    const guest = memory();
    guest.addRegion(low.region, duplicateOf(low.fd));
    guest.addRegion(high.region, duplicateOf(high.fd));
    expect(guest.readBytes(4 * GIB, 1)).not.toBeNull();
    guest.removeRegion({ ...high.region, mmapOffset: 0 });
    expect(guest.readBytes(4 * GIB, 1)).toBeNull();
    expect(guest.readBytes(0, 1)).not.toBeNull();
    expect(() => guest.removeRegion(high.region)).toThrow(/no such memory region/);
  });

  it('holds as many regions as it says and no more', () => {
    const page = createMemfd('page', 4096);
    cleanups.push(() => page.close());
    const guest = memory(() => true);
    const region = (index: number): MemoryRegion => ({
      guestAddress: index * 4096,
      size: 4096,
      userAddress: USER_BASE + index * 4096,
      mmapOffset: 0,
    });
    const fill = Array.from({ length: MOST_MEMORY_SLOTS }, (_, index) => region(index));
    guest.replaceTable(
      fill,
      fill.map(() => duplicateOf(page)),
    );
    expect(() => guest.addRegion(region(MOST_MEMORY_SLOTS), duplicateOf(page))).toThrow(/4096 is the most/);
  });

  const PAGE = 4096;
  const good: MemoryRegion = { guestAddress: PAGE, size: 4 * PAGE, userAddress: USER_BASE, mmapOffset: 0 };
  it.each<[string, MemoryRegion]>([
    ['of 0 bytes', { ...good, size: 0 }],
    ['whose guest address overflows', { ...good, guestAddress: 0xffff_ffff_ffff_f000n, size: 2 * PAGE }],
    ['whose size is above 2^53', { ...good, size: 2n ** 63n }],
    ['whose end is above 2^53', { ...good, guestAddress: 2 ** 53 - PAGE, size: 4 * PAGE }],
    ['whose file offset overflows', { ...good, mmapOffset: 0xffff_ffff_ffff_f000n }],
    ['whose user address overflows', { ...good, userAddress: 0xffff_ffff_ffff_f000n }],
    ['that is not page-aligned in the guest', { ...good, guestAddress: 1 }],
    ['that is not page-aligned in its size', { ...good, size: PAGE + 1 }],
    ['that is not page-aligned in its file', { ...good, mmapOffset: 512 }],
    ['that is not page-aligned in the VMM', { ...good, userAddress: USER_BASE + 8 }],
    ['beyond the end of its file', { ...good, mmapOffset: 16 * PAGE }],
    ['one page longer than its file', { ...good, size: 17 * PAGE }],
    ['of more memory than there are addresses', { ...good, size: 2 ** 47 }],
  ])('refuses a region %s, and leaves the table as it was', (_what, region) => {
    const low = ram(16 * PAGE, GIB, USER_BASE + GIB);
    const file = createMemfd('file', 16 * PAGE);
    cleanups.push(() => file.close());
    const guest = memory();
    install(guest, low);
    const fds = openFds();
    const before = guest.generation;

    const replace = () => guest.replaceTable([good, region], [duplicateOf(file), duplicateOf(file)]);
    const add = () => guest.addRegion(region, duplicateOf(file));

    expect(replace).toThrow(VhostUserError);
    expect(add).toThrow(VhostUserError);
    expect(guest.generation).toBe(before);
    expect(guest.readBytes(GIB, 1)).not.toBeNull();
    expect(openFds()).toBe(fds);
  });

  it('refuses overlapping regions', () => {
    const low = ram(MIB);
    const guest = memory();
    const second = { ...low.region, guestAddress: MIB - PAGE, userAddress: USER_BASE + GIB };
    const third = { ...low.region, guestAddress: GIB, userAddress: USER_BASE + PAGE };
    install(guest, low);
    expect(() => guest.addRegion(second, duplicateOf(low.fd))).toThrow(/overlapping/);
    expect(() => guest.addRegion(third, duplicateOf(low.fd))).toThrow(/overlapping/);
  });

  it('refuses descriptors that are no memory', () => {
    const guest = memory();
    const [one, two] = socketPair('stream');
    cleanups.push(() => one.close());
    const directory = fdFrom(openSync(tmpdir(), 'r'));
    const readOnly = fdFrom(openSync('/proc/self/exe', 'r'));
    const region = { guestAddress: 0, size: PAGE, userAddress: USER_BASE, mmapOffset: 0 };
    expect(() => guest.addRegion(region, two)).toThrow(/cannot be mapped/);
    expect(() => guest.addRegion(region, directory)).toThrow(/cannot be mapped/);
    expect(() => guest.addRegion(region, readOnly)).toThrow(/EACCES/);
    expect([two.open, directory.open, readOnly.open]).toEqual([false, false, false]);
  });

  it('leaves no descriptor behind after thousands of tables', () => {
    const low = ram(MIB);
    const other = ram(MIB, 4 * GIB, USER_BASE + GIB);
    const guest = memory();
    const fds = openFds();
    for (let round = 0; round < 1000; round += 1) {
      install(guest, low);
      install(guest, low, other);
      install(guest, other);
    }
    guest.close();
    expect(openFds()).toBe(fds);
    expect(guest.mappedBytes).toBe(0);
  });
});
