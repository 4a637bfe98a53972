/** What each command answers and asks of memory, wherever a VM's blobs lie. */

import { describe, expect, it } from 'vitest';
import { NO_EFFECTS } from '../../../services/lib/domain/effect.ts';
import { Desk, HUGE, PAGE } from './support/commands.ts';

function mapped(offset: number, settings = {}): Desk {
  const desk = new Desk(settings);
  desk.create(1, { size: 2 * PAGE });
  desk.map(1, offset);
  return desk;
}

function parked(offset: number): Desk {
  const desk = mapped(offset);
  desk.unmap(1);
  return desk;
}

/** Resource 1 was parked at 0 and has been displaced by resource 2. */
function stashed(): Desk {
  const desk = parked(0);
  desk.create(2);
  desk.map(2, PAGE);
  return desk;
}

const zero = (offset: number, length: number) => ({ kind: 'zero', offset, length });
const free = (offset: number, length: number) => ({ kind: 'free', offset, length });

describe('create', () => {
  it('charges the VM, its heap and the host', () => {
    const desk = new Desk();
    const { reply, effects } = desk.create(5, { blobId: 1, size: 3 * PAGE });

    expect(reply).toEqual({
      kind: 'create',
      number: 1,
      generation: 1,
      result: 'ok',
      resource: 5,
      size: 3 * PAGE,
      charged: 3 * PAGE,
      allocation: null,
    });
    expect(effects).toBe(NO_EFFECTS);
    expect(desk.vm.used).toEqual({ bytes: 3 * PAGE, mappings: 0, allocations: 1 });
    expect(desk.host.used).toEqual({ bytes: 3 * PAGE, mappings: 0, allocations: 1 });
    expect(desk.host.heaps.get('combined')?.usedBytes).toBe(3 * PAGE);
    expect(desk.host.heaps.get('ram')?.usedBytes).toBe(0);
  });

  it('takes memory of its own from the heap, also by a blob_id above 2^53', () => {
    const desk = new Desk({ memory: 'own' });
    desk.create(5, { blobId: 2n ** 64n - 1n, size: 3 * PAGE });

    expect(desk.vm.blob(5)).toEqual({
      resource: 5,
      context: 1,
      blobId: 2n ** 64n - 1n,
      blobMem: 'host3d',
      flags: 1,
      size: 3 * PAGE,
      charged: 3 * PAGE,
      heap: 'bar',
      backing: 'file',
      cache: 'uncached',
      state: 'unmapped',
      range: null,
      allocation: { heap: 'bar', id: 1, number: 0, fdOffset: PAGE, size: 3 * PAGE },
    });
  });

  it('accepts the highest resource id', () => {
    const desk = new Desk();
    desk.create(0xffff_ffff);

    expect(desk.map(0xffff_ffff, 0).reply).toMatchObject({ result: 'ok', resource: 0xffff_ffff });
    expect([...desk.vm.placedBlobs()].map((blob) => blob.resource)).toEqual([0xffff_ffff]);
  });
});

describe('the alignment of blobs', () => {
  it.each([
    ['the huge pages of a heap that the VM has', { memory: 'own' }, HUGE],
    ['the page of memfds, which alone can be in a window', {}, PAGE],
    ['the page without other heaps', { memory: 'own', blobHeaps: new Map() }, PAGE],
    ['the default heap’s', { memory: 'own', defaultHeap: 'huge', blobHeaps: new Map() }, HUGE],
  ] as const)('is %s', (_, settings, expected) => {
    expect(new Desk(settings).vm.blobAlignment).toBe(expected);
  });
});

describe('map with memory in the window', () => {
  it('zeroes the range of a fresh blob, and tells its cache type', () => {
    const desk = new Desk();
    desk.create(5, { blobId: 1, size: 3 * PAGE });

    expect(desk.map(5, PAGE)).toEqual({
      reply: {
        kind: 'map',
        number: 2,
        generation: 1,
        result: 'ok',
        resource: 5,
        offset: PAGE,
        size: 3 * PAGE,
        length: 3 * PAGE,
        cache: 'wc',
        allocation: null,
      },
      effects: [zero(PAGE, 3 * PAGE)],
      barrier: false,
    });
  });

  it('populates a fresh blob when the VM is set so, but not one that comes back', () => {
    const desk = new Desk({ populate: true });
    desk.create(1);
    const fresh = desk.map(1, 0);
    desk.unmap(1);
    const moved = desk.map(1, PAGE);

    expect(fresh.effects).toEqual([zero(0, PAGE), { kind: 'populate', offset: 0, length: PAGE }]);
    expect(fresh.barrier).toBe(false);
    expect(moved.effects.map((effect) => effect.kind)).toEqual(['stash', 'zero', 'restore']);
  });

  it('has nothing to do for a parked blob that comes back to its place', () => {
    const { effects, barrier } = parked(PAGE).map(1, PAGE);

    expect(effects).toBe(NO_EFFECTS);
    expect(barrier).toBe(false);
  });

  it('moves a parked blob that comes back elsewhere, even onto a part of its old place', () => {
    expect(parked(0).map(1, PAGE)).toMatchObject({
      reply: { result: 'ok', offset: PAGE },
      effects: [
        { kind: 'stash', resource: 1, offset: 0, length: 2 * PAGE },
        zero(PAGE, 2 * PAGE),
        { kind: 'restore', resource: 1, offset: PAGE, length: 2 * PAGE },
      ],
      barrier: true,
    });
  });

  it('displaces parked blobs, and brings them back when they are mapped again', () => {
    const desk = parked(0);
    desk.create(2);
    const displacing = desk.map(2, PAGE);
    const back = desk.map(1, 4 * PAGE);

    expect(displacing).toMatchObject({
      effects: [{ kind: 'stash', resource: 1, offset: 0, length: 2 * PAGE }, zero(PAGE, PAGE)],
      barrier: true,
    });
    expect(back).toMatchObject({
      effects: [
        zero(4 * PAGE, 2 * PAGE),
        { kind: 'restore', resource: 1, offset: 4 * PAGE, length: 2 * PAGE },
      ],
      barrier: true,
    });
  });

  it('fills the window to its last byte, again and again', () => {
    const desk = new Desk();
    desk.create(1, { size: 8 * HUGE });
    desk.map(1, 0);
    const full = desk.vm.window;
    desk.unmap(1);
    desk.destroy(1);

    expect(full).toMatchObject({ freeBytes: 0, largestFree: 0, holes: 0, mappings: 1 });
    expect(desk.vm.window).toMatchObject({
      freeBytes: 8 * HUGE,
      largestFree: 8 * HUGE,
      holes: 1,
      mappings: 0,
    });
  });
});

describe('map of memory of its own', () => {
  it('answers with the memory, and asks nothing of it', () => {
    const desk = new Desk({ memory: 'own' });
    desk.create(1, { size: 2 * PAGE });

    expect(desk.map(1, PAGE)).toMatchObject({
      reply: {
        offset: PAGE,
        cache: 'cached',
        allocation: { heap: 'ram', id: 1, number: 0, fdOffset: PAGE, size: 2 * PAGE },
      },
      effects: [],
      barrier: false,
    });
  });

  it('takes whole huge pages of the window where the heap maps in huge pages', () => {
    const desk = new Desk({ memory: 'own' });
    desk.create(1, { blobId: 2, size: HUGE });
    desk.create(2);

    expect(desk.map(1, HUGE).reply).toMatchObject({ size: HUGE, length: HUGE });
    expect(desk.map(2, HUGE + PAGE).reply).toMatchObject({ refusal: { reason: 'OVERLAP' } });
    expect(desk.vm.counters.mappings.cached).toEqual({ count: 1, bytes: HUGE });
  });

  it('leaves an unmapped blob without a place', () => {
    const desk = mapped(0, { memory: 'own' });
    desk.unmap(1);

    expect(desk.vm.blob(1)).toMatchObject({ state: 'unmapped', range: null });
    expect(desk.vm.window).toMatchObject({ parked: 0, holes: 1 });
    expect(desk.map(1, 5 * PAGE).effects).toBe(NO_EFFECTS);
  });
});

describe('unmap', () => {
  it('parks the blob: the range stays occupied, the mapping is given back', () => {
    const desk = mapped(PAGE);
    const { reply, effects } = desk.unmap(1);

    expect(reply).toEqual({
      kind: 'unmap',
      number: 3,
      generation: 1,
      result: 'ok',
      resource: 1,
      wasMapped: true,
      offset: PAGE,
      length: 2 * PAGE,
    });
    expect(effects).toBe(NO_EFFECTS);
    expect(desk.vm.blob(1)).toMatchObject({ state: 'parked', range: { offset: PAGE, length: 2 * PAGE } });
    expect(desk.vm.window).toMatchObject({ mappings: 0, mappedBytes: 0, parked: 1, parkedBytes: 2 * PAGE });
    expect(desk.vm.used).toEqual({ bytes: 2 * PAGE, mappings: 0, allocations: 1 });
    expect(desk.host.used.mappings).toBe(0);
  });

  it('of a blob that is not mapped is fine, and counted apart', () => {
    const desk = new Desk();
    desk.create(1);

    expect(desk.unmap(1)).toMatchObject({
      reply: { result: 'ok', wasMapped: false, offset: 0, length: 0 },
      effects: [],
    });
    expect(desk.vm.counters.operations.unmap).toEqual({
      ok: 0,
      noop: 1,
      refused: 0,
      repeated: 0,
      abandoned: 0,
    });
  });

  it('on the broker’s own behalf needs no number', () => {
    const desk = mapped(0);

    expect(desk.vm.unmapOnBehalf(1)).toBe(true);
    expect(desk.vm.unmapOnBehalf(1)).toBe(false);
    expect(desk.vm.unmapOnBehalf(9)).toBe(false);
    expect(desk.vm.blob(1)?.state).toBe('parked');
    expect(desk.vm.used.mappings).toBe(0);
    expect(desk.vm.lastNumber).toBe(2);
  });

  it('that undoes a map which came to nothing leaves the blob as it was, and a fresh one without a place', () => {
    const again = parked(0);
    again.map(1, 0);
    const vms = [mapped(0).vm, again.vm];

    expect(vms.map((vm) => vm.undoMap(1))).toEqual([true, true]);
    expect(vms.map((vm) => vm.blob(1)?.state)).toEqual(['unmapped', 'parked']);
    expect(vms.map((vm) => vm.firstOccupied(0, PAGE) !== null)).toEqual([false, true]);
    expect(vms.map((vm) => vm.used.mappings)).toEqual([0, 0]);
    expect(vms.map((vm) => vm.undoMap(1))).toEqual([false, false]);
  });
});

describe('destroy gives everything back', () => {
  it.each([
    [
      'unmapped',
      () => {
        const desk = new Desk();
        desk.create(1);
        return desk;
      },
      false,
      [],
    ],
    ['mapped', () => mapped(PAGE), true, [free(PAGE, 2 * PAGE)]],
    ['parked', () => parked(PAGE), false, [free(PAGE, 2 * PAGE)]],
    ['stashed', stashed, false, [{ kind: 'drop-stash', resource: 1 }]],
  ] as const)('of a blob that is %s', (_state, arrange, wasMapped, effects) => {
    const desk = arrange();

    const outcome = desk.destroy(1);
    // Only one of them has a second blob; destroying what is not there is refused and changes nothing.
    desk.destroy(2);

    expect(outcome).toMatchObject({
      reply: { kind: 'destroy', result: 'ok', resource: 1, wasMapped },
      effects,
    });
    expect(desk.vm.blob(1)).toBeNull();
    expect(desk.vm.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.host.heaps.get('ram')).toMatchObject({ usedBytes: 0, allocations: 0 });
    expect(desk.vm.window).toMatchObject({ freeBytes: 8 * HUGE, holes: 1, mappings: 0, parked: 0 });
    expect(desk.vm.counters.mappings.cached).toEqual({ count: 0, bytes: 0 });
  });

  it('of a blob with memory of its own, mapped or not', () => {
    const desk = mapped(PAGE, { memory: 'own' });
    const allocation = desk.vm.blob(1)?.allocation;

    expect(desk.destroy(1)).toMatchObject({
      reply: { wasMapped: true, offset: PAGE, length: 2 * PAGE },
      effects: [{ kind: 'release', allocation }],
    });
    expect(desk.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.vm.window.holes).toBe(1);
  });

  it('so that the id and the place can be used again', () => {
    const desk = mapped(0);
    desk.destroy(1);

    expect(desk.create(1).reply.result).toBe('ok');
    expect(desk.map(1, 0).effects).toEqual([zero(0, PAGE)]);
  });
});

describe('reset', () => {
  it('ends everything, zeroes the whole window and moves the generation on', () => {
    const desk = stashed();

    expect(desk.reset()).toEqual({
      reply: { kind: 'reset', number: 6, generation: 2, result: 'ok', blobs: 2, mappings: 1 },
      effects: [{ kind: 'drop-stash', resource: 1 }, zero(0, 8 * HUGE)],
      barrier: false,
    });
    expect(desk.vm.blobCount).toBe(0);
    expect(desk.vm.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.host.used).toEqual({ bytes: 0, mappings: 0, allocations: 0 });
    expect(desk.vm.window).toMatchObject({ freeBytes: 8 * HUGE, holes: 1 });
    expect(desk.vm.counters.mappings.cached).toEqual({ count: 0, bytes: 0 });
    expect(desk.create(1).reply).toMatchObject({ number: 7, generation: 2, result: 'ok' });
  });

  it('releases every allocation of blobs with memory of their own', () => {
    const desk = mapped(0, { memory: 'own' });
    desk.create(2);

    expect(desk.reset().effects.map((effect) => effect.kind)).toEqual(['release', 'release']);
    expect(desk.reset()).toMatchObject({ reply: { generation: 3, blobs: 0 }, effects: [] });
    expect(desk.host.used.allocations).toBe(0);
  });
});

describe('a number that comes again', () => {
  it('gets its answer and changes nothing', () => {
    const desk = new Desk();
    desk.create(1);
    const first = desk.map(1, 0);
    const again = desk.vm.apply({ kind: 'map', number: 2, resource: 1, offset: 0 });

    expect(again).toEqual({ reply: first.reply, effects: [], barrier: false });
    expect(desk.vm.used.mappings).toBe(1);
    expect(desk.vm.counters.operations.map).toMatchObject({ ok: 1, repeated: 1 });
  });
});

describe('a map that is abandoned', () => {
  it('was never there: books, answer and repeated answer', () => {
    const desk = new Desk({ populate: true });
    desk.create(1);
    desk.map(1, 0);
    const abandoned = desk.vm.abandonMap(2, 1, 'ENOSPC');

    expect(abandoned).toEqual({
      reply: {
        kind: 'map',
        number: 2,
        generation: 1,
        result: 'refused',
        resource: 1,
        refusal: {
          reason: 'OUT_OF_MEMORY',
          message:
            'resource 1 was to be mapped at 0x0, but its memory could not be made ready: ENOSPC; free memory on the host, then map it again',
          metadata: { resource: '1', offset: '0', length: '4096', cause: 'ENOSPC' },
        },
      },
      effects: [zero(0, PAGE)],
      barrier: false,
    });
    expect(desk.vm.apply({ kind: 'map', number: 2, resource: 1, offset: 0 }).reply).toEqual(abandoned?.reply);
    expect(desk.vm.used).toEqual({ bytes: PAGE, mappings: 0, allocations: 1 });
    expect(desk.host.used.mappings).toBe(0);
    expect(desk.vm.window.holes).toBe(1);
    expect(desk.vm.counters.operations.map).toMatchObject({ ok: 1, abandoned: 1 });
    expect(desk.vm.counters.refusals.OUT_OF_MEMORY).toBe(1);
    expect(desk.map(1, 0).effects).toHaveLength(2);
  });

  it('leaves a displaced blob where it was when its bytes could not be moved', () => {
    const desk = stashed();
    const abandoned = desk.vm.abandonMap(5, 0, 'ENOSPC');

    expect(abandoned?.effects).toEqual([]);
    expect(desk.vm.blob(1)).toMatchObject({ state: 'parked', range: { offset: 0, length: 2 * PAGE } });
    expect(desk.vm.blob(2)).toMatchObject({ state: 'unmapped' });
  });

  it('leaves a displaced blob in the side store when it is there', () => {
    const desk = stashed();
    const abandoned = desk.vm.abandonMap(5, 1, 'EIO');

    expect(abandoned?.effects).toEqual([zero(PAGE, PAGE)]);
    expect(desk.vm.blob(1)?.state).toBe('stashed');
    expect(desk.vm.window).toMatchObject({ parked: 0, holes: 1 });
  });

  it('keeps the bytes of a blob that could not be brought back', () => {
    const desk = stashed();
    desk.map(1, 4 * PAGE);
    const abandoned = desk.vm.abandonMap(6, 1, 'ENOSPC');

    expect(abandoned?.effects).toEqual([zero(4 * PAGE, 2 * PAGE)]);
    expect(desk.vm.blob(1)?.state).toBe('stashed');
    expect(desk.map(1, 4 * PAGE).effects.map((effect) => effect.kind)).toEqual(['zero', 'restore']);
  });

  it('parks a blob whose bytes were all brought back', () => {
    const desk = stashed();
    desk.map(1, 4 * PAGE);

    expect(desk.vm.abandonMap(6, 2, 'the caller left')?.effects).toEqual([]);
    expect(desk.vm.blob(1)).toMatchObject({ state: 'parked', range: { offset: 4 * PAGE } });
  });

  it('only changes its answer when later commands have ended the mapping', () => {
    const desk = mapped(0);
    desk.destroy(1);
    desk.create(1);
    desk.map(1, PAGE);
    const abandoned = desk.vm.abandonMap(2, 0, 'ENOSPC');

    expect(abandoned).toMatchObject({ reply: { number: 2, result: 'refused' }, effects: [] });
    expect(desk.vm.blob(1)).toMatchObject({ state: 'mapped', range: { offset: PAGE } });
  });

  it('puts nothing back once a later command has been applied: by then the bytes are moved', () => {
    const desk = stashed();
    desk.unmap(9);
    const abandoned = desk.vm.abandonMap(5, 0, 'too late');

    expect(abandoned?.effects).toEqual([zero(PAGE, PAGE)]);
    expect(desk.vm.blob(1)?.state).toBe('stashed');
  });

  it('frees the place of a blob with memory of its own', () => {
    const desk = mapped(0, { memory: 'own' });

    expect(desk.vm.abandonMap(2, 0, 'no descriptor left')?.effects).toEqual([]);
    expect(desk.vm.blob(1)).toMatchObject({ state: 'unmapped' });
    expect(desk.vm.window.holes).toBe(1);
  });

  it('cannot be what is no map, was refused, is forgotten or never came', () => {
    const desk = mapped(0);
    desk.map(1, 0);
    desk.vm.acknowledge(2);

    expect(desk.vm.abandonMap(1, 0, 'x')).toBeNull();
    expect(desk.vm.abandonMap(2, 0, 'x')).toBeNull();
    expect(desk.vm.abandonMap(3, 0, 'x')).toBeNull();
    expect(desk.vm.abandonMap(4, 0, 'x')).toBeNull();
    expect(desk.vm.abandonMap(2n ** 60n, 0, 'x')).toBeNull();
    expect(desk.vm.used.mappings).toBe(1);
  });
});

describe('the figures of a VM', () => {
  it('count mappings and bytes by cache type', () => {
    const desk = new Desk();
    desk.create(1, { size: 3 * PAGE });
    desk.create(2, { blobId: 1, size: PAGE });
    desk.create(3, { size: PAGE });
    desk.map(1, 0);
    desk.map(2, 4 * PAGE);
    desk.map(3, 8 * PAGE);
    desk.unmap(3);

    expect(desk.vm.counters.mappings).toEqual({
      none: { count: 0, bytes: 0 },
      cached: { count: 1, bytes: 3 * PAGE },
      uncached: { count: 0, bytes: 0 },
      wc: { count: 1, bytes: PAGE },
    });
    expect(desk.vm.window).toEqual({
      size: 8 * HUGE,
      mappings: 2,
      mappedBytes: 4 * PAGE,
      parked: 1,
      parkedBytes: PAGE,
      freeBytes: 8 * HUGE - 5 * PAGE,
      largestFree: 8 * HUGE - 9 * PAGE,
      holes: 3,
    });
    expect(desk.vm.counters.operations.map.ok).toBe(3);
    expect([...desk.vm.placedBlobs()].map((blob) => [blob.resource, blob.state])).toEqual([
      [1, 'mapped'],
      [2, 'mapped'],
      [3, 'parked'],
    ]);
    expect([...desk.vm.freeExtents()].map((extent) => extent.offset)).toEqual([3 * PAGE, 5 * PAGE, 9 * PAGE]);
    expect(desk.vm.firstOccupied(3 * PAGE, 8 * PAGE)).toMatchObject({ offset: 4 * PAGE, length: PAGE });
    expect(desk.vm.firstOccupied(9 * PAGE, 8 * HUGE - 9 * PAGE)).toBeNull();
  });

  it('follow a new quota from the next command on', () => {
    const desk = mapped(0);
    desk.vm.setQuota({ bytes: PAGE, mappings: 0, allocations: 1 });

    expect(desk.vm.quota).toEqual({ bytes: PAGE, mappings: 0, allocations: 1 });
    expect(desk.create(2).reply).toMatchObject({ refusal: { reason: 'QUOTA_ALLOCATIONS' } });
    expect(desk.vm.blob(1)?.state).toBe('mapped');
    expect(() => desk.vm.setQuota({ bytes: -1, mappings: 0, allocations: 0 })).toThrow(
      'vms.desk.quota.bytes',
    );
  });
});
