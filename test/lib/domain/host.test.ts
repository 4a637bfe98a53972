import { describe, expect, it } from 'vitest';
import { Host } from '../../../services/lib/domain/host.ts';
import { DESK, Desk, HOST, PAGE } from './support/commands.ts';
import { HeapMemory } from './support/memory.ts';

describe('a host', () => {
  it('gives everything back when a VM leaves, and leaves the memory of its window to the caller', () => {
    const desk = new Desk();
    desk.create(1);
    desk.map(1, 0);
    desk.unmap(1);
    desk.create(2);
    desk.map(2, 0);
    const effects = desk.host.detach('desk');

    expect(effects).toEqual([{ kind: 'drop-stash', resource: 1 }]);
    expect(desk.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.host.heaps.get('ram')?.usedBytes).toBe(0);
    expect(desk.host.vms.size).toBe(0);
    expect(desk.host.detach('desk')).toBeNull();
    expect(() => desk.unmap(2)).toThrow('vm desk: command 6 was applied after the VM was given up');
  });

  it('releases the memory of a VM with blobs of their own', () => {
    const desk = new Desk({ memory: 'own' });
    desk.create(1);
    desk.create(2);

    expect(desk.host.detach('desk')?.map((effect) => effect.kind)).toEqual(['release', 'release']);
  });

  it('starts anew with a VM that comes back', () => {
    const desk = new Desk();
    desk.reset();
    desk.host.detach('desk');
    const vm = desk.host.attach(DESK);

    expect([vm.generation, vm.lastNumber, vm.blobCount]).toEqual([1, 0, 0]);
  });

  it('shares heaps and limits between VMs', () => {
    const desk = new Desk();
    desk.host.attach({ ...DESK, name: 'lab' });
    desk.create(1);
    const { reply } = desk.host.apply('lab', {
      kind: 'create',
      number: 1,
      resource: 1,
      context: 0,
      blobMem: 'host3d-guest',
      flags: 7,
      blobId: 0,
      size: 2 * PAGE,
    });

    expect(reply.result).toBe('ok');
    expect(desk.host.used).toEqual({ bytes: 3 * PAGE, mappings: 0, allocations: 2 });
    expect(desk.host.heaps.get('ram')).toMatchObject({ usedBytes: 3 * PAGE, allocations: 2 });
    expect([...desk.host.vms.keys()]).toEqual(['desk', 'lab']);
  });

  it('refuses a second VM of one name', () => {
    expect(() => new Desk().host.attach(DESK)).toThrow(
      'vms: expected a VM that is not attached yet, found "desk"',
    );
  });

  it('refuses two heaps of one name', () => {
    expect(() => new Host({ ...HOST, heaps: [...HOST.heaps, ...HOST.heaps] }, new HeapMemory())).toThrow(
      'heaps: expected names that differ, found "ram"',
    );
  });

  it.each([
    [
      'windowSize',
      { windowSize: 3 * PAGE },
      'vms.desk.windowSize: expected a power of two of at least 4096 bytes, found 12288',
    ],
    [
      'defaultHeap',
      { defaultHeap: 'vram' },
      'vms.desk.defaultHeap: expected one of the heaps ram, combined, huge, bar, found "vram"',
    ],
    [
      'the heap of a blob_id',
      { blobHeaps: new Map([['7', 'vram']]) },
      'vms.desk.blobHeaps.7: expected one of the heaps',
    ],
    [
      'blob_id 0',
      { blobHeaps: new Map([['0', 'ram']]) },
      'vms.desk.blobHeaps: expected blob ids from 1 to 2^64 - 1, in decimals, found "0"',
    ],
    ['blob_id 2^64', { blobHeaps: new Map([[String(2n ** 64n), 'ram']]) }, 'found "18446744073709551616"'],
    ['a blob_id in hex', { blobHeaps: new Map([['0x1', 'ram']]) }, 'found "0x1"'],
    [
      'quota',
      { quota: { bytes: 1, mappings: 1.5, allocations: 1 } },
      'vms.desk.quota.mappings: expected a whole number',
    ],
  ])('refuses a VM with a wrong setting: %s', (_setting, settings, message) => {
    expect(() => new Desk(settings)).toThrow(message);
  });

  it('refuses limits that are no numbers', () => {
    expect(() => new Desk({}, { limits: { bytes: Number.NaN, mappings: 1, allocations: 1 } })).toThrow(
      'host.limits.bytes: expected a whole number from 0 to 2^53 - 1, found NaN',
    );
  });
});
