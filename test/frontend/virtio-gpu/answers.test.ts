// The answer table, cell by cell, as the guest sees it. What the accounts decide is decided here by a script that gives every reason.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../../services/frontend/operation.ts';
import { barkeep } from '../../../services/lib/rpc/gen/barkeep.js';
import { type Reason, reasonName } from '../../../services/lib/rpc/status-error.ts';
import { hasBit } from '../../../services/lib/wire/vhost-user.ts';
import {
  ANSWERS,
  COMMANDS,
  type CommandName,
  configSpace,
  encodeCommand,
  FEATURE,
  viewOf,
} from '../../../services/lib/wire/virtio-gpu.ts';
import {
  assignUuid,
  attach,
  attachBacking,
  create2d,
  createBlob,
  createGuestBlob,
  ctxCreate,
  ctxDestroy,
  detach,
  detachBacking,
  flush,
  getEdid,
  mapBlob,
  moveCursor,
  setScanout,
  setScanoutBlob,
  submit,
  transfer2d,
  unmapBlob,
  unref,
  updateCursor,
} from './commands.ts';
import { Bench, mapInfoOf, mapped, OFFER } from './fakes.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench('window', { isScripted: true });
});
afterEach(() => bench.close());

const refusal = (reason: Reason): Result => ({ kind: 'refused', reason, message: '' });

describe('what is refused', () => {
  const EXPECTED: Readonly<Record<string, string>> = {
    RESOURCE_ID_INVALID: 'ERR_INVALID_RESOURCE_ID',
    RESOURCE_ID_IN_USE: 'ERR_INVALID_RESOURCE_ID',
    RESOURCE_UNKNOWN: 'ERR_INVALID_RESOURCE_ID',
    BLOB_ID_UNKNOWN: 'ERR_INVALID_PARAMETER',
    BLOB_FLAGS_INVALID: 'ERR_INVALID_PARAMETER',
    SIZE_INVALID: 'ERR_INVALID_PARAMETER',
    NOT_MAPPABLE: 'ERR_INVALID_PARAMETER',
    ALREADY_MAPPED: 'ERR_INVALID_PARAMETER',
    OFFSET_MISALIGNED: 'ERR_INVALID_PARAMETER',
    OUTSIDE_WINDOW: 'ERR_INVALID_PARAMETER',
    OVERLAP: 'ERR_INVALID_PARAMETER',
    PLACEMENT_MISMATCH: 'ERR_INVALID_PARAMETER',
    HEAP_CAPACITY: 'ERR_OUT_OF_MEMORY',
    HOST_CAPACITY: 'ERR_OUT_OF_MEMORY',
    QUOTA_BYTES: 'ERR_OUT_OF_MEMORY',
    QUOTA_MAPPINGS: 'ERR_OUT_OF_MEMORY',
    QUOTA_ALLOCATIONS: 'ERR_OUT_OF_MEMORY',
    OUT_OF_MEMORY: 'ERR_OUT_OF_MEMORY',
    VMM_SLOTS: 'ERR_OUT_OF_MEMORY',
  };
  const reasons = Object.values(barkeep.v1.Reason)
    .filter((value) => typeof value === 'number')
    .map((number) => reasonName(number));

  it.each(reasons)('%s has its answer, whichever command met it', async (reason) => {
    bench.script.reply = () => refusal(reason);
    const expected = EXPECTED[reason] ?? 'ERR_UNSPEC';

    const names = await bench.run(createBlob(1), mapBlob(1), unmapBlob(1), unref(1));

    expect(names).toEqual([expected, expected, expected, expected]);
  });

  it.each(['timeout', 'lost', 'vmm', 'memory'] as const)('no answer (%s) is ERR_UNSPEC', async (why) => {
    bench.script.reply = () => ({ kind: 'failed', why });

    expect(await bench.run(createBlob(1), mapBlob(1), unmapBlob(1), unref(1))).toEqual(
      Array(4).fill('ERR_UNSPEC'),
    );
  });
});

describe('RESOURCE_CREATE_BLOB', () => {
  it.each([
    ['of host memory', createBlob(1)],
    ['of host memory with pages of the guest', createBlob(1, { blobMem: 3 }, [{ address: 0, length: 4096 }])],
    ['of guest memory', createGuestBlob(1, 8192)],
  ])('%s is OK', async (_, command) => {
    expect(await bench.run(command)).toEqual(['OK_NODATA']);
  });

  it('asks for what the guest wrote', async () => {
    await bench.run(
      ctxCreate(3),
      createBlob(9, { blobFlags: 7, blobId: 2n ** 63n, size: 2 ** 40 }, [], { contextId: 3 }),
    );

    expect(bench.script.asked[0]?.operation).toMatchObject({
      kind: 'create',
      contextId: 3,
      resourceId: 9,
      memory: 'host3d',
      flags: 7,
      blobId: 2n ** 63n,
      size: 2 ** 40,
    });
  });

  it.each([
    ['guest memory, id 0', createGuestBlob(0, 4096), 'ERR_INVALID_RESOURCE_ID'],
    ['guest memory, id in use by guest memory', createGuestBlob(50, 4096), 'ERR_INVALID_RESOURCE_ID'],
    ['guest memory, id in use by host memory', createGuestBlob(51, 4096), 'ERR_INVALID_RESOURCE_ID'],
    ['host memory, id in use by guest memory', createBlob(50), 'ERR_INVALID_RESOURCE_ID'],
    ['host memory, id in use by an image', createBlob(52), 'ERR_INVALID_RESOURCE_ID'],
    ['blob_mem 0', createBlob(1, { blobMem: 0 }), 'ERR_INVALID_PARAMETER'],
    ['blob_mem 4', createBlob(1, { blobMem: 4 }), 'ERR_INVALID_PARAMETER'],
    ['blob_mem 0xffffffff', createBlob(1, { blobMem: 0xffff_ffff }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, flags 8', createGuestBlob(1, 4096, { blobFlags: 8 }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, flags bit 31', createGuestBlob(1, 4096, { blobFlags: 2 ** 31 }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, blob_id 1', createGuestBlob(1, 4096, { blobId: 1 }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, size 0', createGuestBlob(1, 4096, { size: 0 }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, size 1', createGuestBlob(1, 4096, { size: 1 }), 'ERR_INVALID_PARAMETER'],
    ['guest memory, size page + 1', createGuestBlob(1, 8192, { size: 4097 }), 'ERR_INVALID_PARAMETER'],
    [
      'guest memory, more than the entries',
      createGuestBlob(1, 4096, { size: 8192 }),
      'ERR_INVALID_PARAMETER',
    ],
    [
      'guest memory, 2^64 - page',
      createGuestBlob(1, 4096, { size: 2n ** 64n - 4096n }),
      'ERR_INVALID_PARAMETER',
    ],
    ['guest memory, no entries', createBlob(1, { blobMem: 1 }), 'ERR_INVALID_PARAMETER'],
    ['host memory with entries', createBlob(1, {}, [{ address: 0, length: 4096 }]), 'ERR_INVALID_PARAMETER'],
    [
      'both, entries too short',
      createBlob(1, { blobMem: 3, size: 8192 }, [{ address: 0, length: 4096 }]),
      'ERR_INVALID_PARAMETER',
    ],
    [
      'both, 2^64 - page',
      createBlob(1, { blobMem: 3, size: 2n ** 64n - 4096n }, [{ address: 0, length: 4096 }]),
      'ERR_INVALID_PARAMETER',
    ],
    ['an unknown context', createBlob(1, {}, [], { contextId: 9 }), 'ERR_INVALID_CONTEXT_ID'],
    [
      'nr_entries 0xffffffff on a short chain',
      createBlob(1, { blobMem: 1, entries: 0xffff_ffff }),
      'ERR_INVALID_PARAMETER',
    ],
    [
      'one entry too few',
      createBlob(1, { blobMem: 1, entries: 2 }, [{ address: 0, length: 8192 }]),
      'ERR_INVALID_PARAMETER',
    ],
  ] as const)('%s', async (_, command, expected) => {
    await bench.run(createGuestBlob(50, 4096), createBlob(51), create2d(52));
    const { length } = bench.script.asked;

    expect(await bench.run(command)).toEqual([expected]);
    expect(bench.script.asked).toHaveLength(length);
  });

  it('with more entries than the device takes is OUT_OF_MEMORY', async () => {
    const command = createBlob(1, { blobMem: 1, entries: 100_000 });
    bench.queue.add(command, 1100, command.length + 100_000 * 16);

    expect(await bench.run()).toEqual(['ERR_OUT_OF_MEMORY']);
  });
});

describe('RESOURCE_MAP_BLOB', () => {
  it.each([0, 1, 2, 3])('tells cache type %i, and sets no other bit', async (mapInfo) => {
    bench.script.reply = (operation) =>
      operation.kind === 'map' ? mapped(mapInfo) : { kind: 'done', wasMapped: false, generation: 0 };

    expect(await bench.run(createBlob(1), mapBlob(1))).toEqual(['OK_NODATA', 'OK_MAP_INFO']);
    expect(mapInfoOf(bench.queue.answers[1])).toBe(mapInfo);
    expect(bench.queue.answers[1]?.bytes).toHaveLength(32);
  });

  it('of an id that was never created is decided by the accounts, which know best', async () => {
    bench.script.reply = () => refusal('RESOURCE_UNKNOWN');

    expect(await bench.run(mapBlob(77))).toEqual(['ERR_INVALID_RESOURCE_ID']);
    expect(bench.script.log).toBe('map 77');
  });

  it.each([
    ['an image', create2d(1)],
    ['guest memory', createGuestBlob(1, 4096)],
  ])('of %s is INVALID_PARAMETER', async (_, create) => {
    expect(await bench.run(create, mapBlob(1))).toEqual(['OK_NODATA', 'ERR_INVALID_PARAMETER']);
  });

  it('passes an offset of 2^64 - page on exactly', async () => {
    await bench.run(mapBlob(1, 2n ** 64n - 4096n));

    expect(bench.script.asked[0]?.operation).toMatchObject({
      kind: 'map',
      resourceId: 1,
      offset: 2n ** 64n - 4096n,
    });
  });
});

describe('RESOURCE_UNMAP_BLOB', () => {
  it('of a blob that is not mapped is OK', async () => {
    expect(await bench.run(createBlob(1), unmapBlob(1))).toEqual(['OK_NODATA', 'OK_NODATA']);
  });
  it('of guest memory, which is never mapped, is OK', async () => {
    expect(await bench.run(createGuestBlob(1, 4096), unmapBlob(1))).toEqual(['OK_NODATA', 'OK_NODATA']);
  });
  it('of an image is INVALID_PARAMETER', async () => {
    expect(await bench.run(create2d(1), unmapBlob(1))).toEqual(['OK_NODATA', 'ERR_INVALID_PARAMETER']);
  });
});

describe('RESOURCE_UNREF', () => {
  it.each([
    ['an image', create2d(1)],
    ['guest memory', createGuestBlob(1, 4096)],
    ['host memory', createBlob(1)],
  ])('ends %s: the id can be used again', async (_, create) => {
    expect(await bench.run(create, unref(1), create)).toEqual(['OK_NODATA', 'OK_NODATA', 'OK_NODATA']);
  });

  it('of host memory that was not ended leaves the id in use', async () => {
    await bench.run(createBlob(1));
    bench.script.reply = () => ({ kind: 'failed', why: 'timeout' });

    expect(await bench.run(unref(1), createGuestBlob(1, 4096))).toEqual([
      'ERR_UNSPEC',
      'ERR_INVALID_RESOURCE_ID',
    ]);
  });
});

describe('contexts', () => {
  it.each([
    ['create 0', ctxCreate(0), 'ERR_INVALID_CONTEXT_ID'],
    ['create 1 again', ctxCreate(1), 'ERR_INVALID_CONTEXT_ID'],
    ['create with a capset', ctxCreate(2, { contextInit: 1 }), 'ERR_INVALID_PARAMETER'],
    ['create with unknown bits', ctxCreate(2, { contextInit: 0x100 }), 'ERR_INVALID_PARAMETER'],
    ['create with a name of 64 bytes', ctxCreate(2, { nameLength: 64 }), 'OK_NODATA'],
    ['create with a name of 65 bytes', ctxCreate(2, { nameLength: 65 }), 'ERR_INVALID_PARAMETER'],
    ['create 0xffffffff', ctxCreate(0xffff_ffff), 'OK_NODATA'],
    ['destroy', ctxDestroy(1), 'OK_NODATA'],
    ['destroy 0', ctxDestroy(0), 'ERR_INVALID_CONTEXT_ID'],
    ['destroy unknown', ctxDestroy(2), 'ERR_INVALID_CONTEXT_ID'],
    ['attach', attach(1, 5), 'OK_NODATA'],
    ['attach to 0', attach(0, 5), 'ERR_INVALID_CONTEXT_ID'],
    ['attach to unknown', attach(2, 5), 'ERR_INVALID_CONTEXT_ID'],
    ['attach an unknown resource', attach(1, 6), 'ERR_INVALID_RESOURCE_ID'],
    ['detach', detach(1, 5), 'OK_NODATA'],
    ['detach from unknown', detach(2, 5), 'ERR_INVALID_CONTEXT_ID'],
    ['detach an unknown resource', detach(1, 6), 'ERR_INVALID_RESOURCE_ID'],
    ['submit nothing', submit(1, []), 'OK_NODATA'],
    ['submit to 0', submit(0, []), 'ERR_INVALID_CONTEXT_ID'],
    ['submit to unknown', submit(2, []), 'ERR_INVALID_CONTEXT_ID'],
    ['submit no-ops', submit(1, [0, 0, 0x0002_0000, 0xdead, 0xbeef]), 'OK_NODATA'],
    ['submit work', submit(1, [1]), 'ERR_UNSPEC'],
    ['submit work behind a no-op', submit(1, [0, 0x0001_0007, 0]), 'ERR_UNSPEC'],
    ['submit a no-op that runs over the end', submit(1, [0x0002_0000, 0]), 'ERR_INVALID_PARAMETER'],
    ['submit more than was sent', submit(1, [0], {}, 8), 'ERR_INVALID_PARAMETER'],
    ['submit 0xfffffffc bytes', submit(1, [0], {}, 0xffff_fffc), 'ERR_INVALID_PARAMETER'],
    ['submit half a word', submit(1, [0], {}, 2), 'ERR_INVALID_PARAMETER'],
  ] as const)('%s', async (_, command, expected) => {
    await bench.run(ctxCreate(1), createBlob(5));

    expect(await bench.run(command)).toEqual([expected]);
  });

  it('outlived by their blobs', async () => {
    expect(
      await bench.run(ctxCreate(1), createBlob(5, {}, [], { contextId: 1 }), ctxDestroy(1), mapBlob(5)),
    ).toEqual(['OK_NODATA', 'OK_NODATA', 'OK_NODATA', 'OK_MAP_INFO']);
  });
});

describe('a headless device', () => {
  const body = <N extends CommandName>(name: N) =>
    COMMANDS[name].body.decode(viewOf(Buffer.alloc(COMMANDS[name].body.bytes))) as never;

  it('has display information without a display', async () => {
    expect(await bench.run(encodeCommand('GET_DISPLAY_INFO', {}, {}))).toEqual(['OK_DISPLAY_INFO']);
    const bytes = bench.queue.answers[0]?.bytes as Buffer;
    expect(bytes).toHaveLength(408);
    expect(
      ANSWERS.OK_DISPLAY_INFO.body.decode(viewOf(bytes)).displays.every(({ enabled }) => enabled === 0),
    ).toBe(true);
  });

  it.each([
    ['GET_CAPSET_INFO', 'ERR_INVALID_PARAMETER'],
    ['GET_CAPSET', 'ERR_INVALID_PARAMETER'],
    ['RESOURCE_CREATE_3D', 'ERR_UNSPEC'],
    ['TRANSFER_TO_HOST_3D', 'ERR_UNSPEC'],
    ['TRANSFER_FROM_HOST_3D', 'ERR_UNSPEC'],
  ] as const)('answers %s with %s, and counts it', async (name, expected) => {
    expect(await bench.run(encodeCommand(name, {}, body(name)))).toEqual([expected]);
    expect(bench.counted(name, expected)).toBe(1);
  });

  it('answers a command that nobody knows with ERR_UNSPEC, and counts it as UNKNOWN', async () => {
    const command = encodeCommand('CTX_DESTROY', {}, {});
    command.writeUInt32LE(0x4242, 0);

    expect(await bench.run(command)).toEqual(['ERR_UNSPEC']);
    expect(bench.counted('UNKNOWN', 'ERR_UNSPEC')).toBe(1);
  });
});

describe('the scanout that no display is connected to', () => {
  const ofScanout = (id: number) => [
    setScanout(id, 1),
    setScanout(id, 0),
    setScanoutBlob(id, 2),
    setScanoutBlob(id, 0),
    getEdid(id),
    updateCursor(id, 1),
    updateCursor(id, 0),
    moveCursor(id),
  ];

  it.each([
    [1, 1],
    [1, 15],
    [1, 16],
    [1, 0xffff_ffff],
    [0, 0],
  ])('(%i in all): there is no scanout %i', async (scanouts, id) => {
    const other = new Bench('window', { offer: { ...OFFER, scanouts } });
    await other.run(create2d(1, { height: 64 }), createBlob(2));

    expect(await other.run(...ofScanout(id))).toEqual(Array(8).fill('ERR_INVALID_SCANOUT_ID'));
    other.close();
  });

  it.each([0, 1])('is told in the configuration space (%i)', (scanouts) => {
    const other = new Bench('window', { offer: { ...OFFER, scanouts } });

    expect(configSpace.decode(viewOf(other.vmm.readConfig())).numScanouts).toBe(scanouts);
    other.close();
  });

  it('has an EDID of no bytes', async () => {
    expect(await bench.run(getEdid(0))).toEqual(['OK_EDID']);
    const { bytes } = bench.queue.answers[0] as { bytes: Buffer };
    expect(bytes).toHaveLength(1056);
    expect(ANSWERS.OK_EDID.body.decode(viewOf(bytes)).size).toBe(0);
  });

  // 1 is an image of 64 by 32, 2 a blob of a page, 3 guest memory of a page, 4 an image of 64 by 64.
  it.each([
    ['image', setScanout(0, 1, { width: 64, height: 32 }), 'OK_NODATA'],
    ['image, nothing', setScanout(0, 0), 'OK_NODATA'],
    ['image, its last pixel', setScanout(0, 1, { x: 63, y: 31 }), 'OK_NODATA'],
    ['image, beyond the right edge', setScanout(0, 1, { x: 64 }), 'ERR_INVALID_PARAMETER'],
    ['image, beyond the lower edge', setScanout(0, 1, { height: 33 }), 'ERR_INVALID_PARAMETER'],
    ['image, x 2^32 - 1', setScanout(0, 1, { x: 0xffff_ffff }), 'ERR_INVALID_PARAMETER'],
    ['image, width 0', setScanout(0, 1, { width: 0 }), 'ERR_INVALID_PARAMETER'],
    ['image, height 0', setScanout(0, 1, { height: 0 }), 'ERR_INVALID_PARAMETER'],
    ['image, unknown id', setScanout(0, 9), 'ERR_INVALID_RESOURCE_ID'],
    ['image that is a blob', setScanout(0, 2), 'ERR_INVALID_PARAMETER'],
    ['blob', setScanoutBlob(0, 2, { rect: { width: 16, height: 16 } }), 'OK_NODATA'],
    ['blob, guest memory', setScanoutBlob(0, 3), 'OK_NODATA'],
    ['blob, nothing', setScanoutBlob(0, 0), 'OK_NODATA'],
    ['blob, all of it', setScanoutBlob(0, 2, { width: 32, height: 32, stride: 128 }), 'OK_NODATA'],
    [
      'blob, a row more',
      setScanoutBlob(0, 2, { width: 32, height: 33, stride: 128 }),
      'ERR_INVALID_PARAMETER',
    ],
    [
      'blob, a byte later',
      setScanoutBlob(0, 2, { width: 32, height: 32, stride: 128, offset: 1 }),
      'ERR_INVALID_PARAMETER',
    ],
    [
      'blob, the last row without its rest',
      setScanoutBlob(0, 2, { height: 32, stride: 128, offset: 64 }),
      'OK_NODATA',
    ],
    ['blob, stride below the width', setScanoutBlob(0, 2, { stride: 63 }), 'ERR_INVALID_PARAMETER'],
    [
      'blob, height and stride 2^32 - 1',
      setScanoutBlob(0, 2, { height: 0xffff_ffff, stride: 0xffff_ffff }),
      'ERR_INVALID_PARAMETER',
    ],
    ['blob, offset 2^32 - 1', setScanoutBlob(0, 2, { offset: 0xffff_ffff }), 'ERR_INVALID_PARAMETER'],
    ['blob, height 0', setScanoutBlob(0, 2, { height: 0 }), 'ERR_INVALID_PARAMETER'],
    ['blob, format 0', setScanoutBlob(0, 2, { format: 0 }), 'ERR_INVALID_PARAMETER'],
    ['blob, rectangle outside', setScanoutBlob(0, 2, { rect: { x: 16 } }), 'ERR_INVALID_PARAMETER'],
    ['blob, rectangle without pixels', setScanoutBlob(0, 2, { rect: { width: 0 } }), 'ERR_INVALID_PARAMETER'],
    ['blob, unknown id', setScanoutBlob(0, 9), 'ERR_INVALID_RESOURCE_ID'],
    ['blob that is an image', setScanoutBlob(0, 1), 'ERR_INVALID_PARAMETER'],
    ['cursor', updateCursor(0, 4), 'OK_NODATA'],
    ['cursor, nothing', updateCursor(0, 0), 'OK_NODATA'],
    ['cursor of another size', updateCursor(0, 1), 'ERR_INVALID_PARAMETER'],
    ['cursor in a blob that is too small', updateCursor(0, 2), 'ERR_INVALID_PARAMETER'],
    ['cursor, unknown id', updateCursor(0, 9), 'ERR_INVALID_RESOURCE_ID'],
    ['cursor, moved', moveCursor(0), 'OK_NODATA'],
  ] as const)('%s', async (_, command, expected) => {
    await bench.run(create2d(1), createBlob(2), createGuestBlob(3, 4096), create2d(4, { height: 64 }));

    expect(await bench.run(command)).toEqual([expected]);
  });

  it('has its cursor on the cursor queue, too', async () => {
    await bench.run(create2d(1, { height: 64 }));
    for (const command of [updateCursor(0, 1), updateCursor(0, 9), moveCursor(0), moveCursor(1)]) {
      bench.cursor.add(command);
    }
    bench.vmm.queueKicked(bench.cursor);

    expect(bench.cursor.names).toEqual([
      'OK_NODATA',
      'ERR_INVALID_RESOURCE_ID',
      'OK_NODATA',
      'ERR_INVALID_SCANOUT_ID',
    ]);
  });

  it('sees each blob as it is when its turn comes', async () => {
    expect(await bench.run(createBlob(1), setScanoutBlob(0, 1), unref(1), setScanoutBlob(0, 1))).toEqual([
      'OK_NODATA',
      'OK_NODATA',
      'OK_NODATA',
      'ERR_INVALID_RESOURCE_ID',
    ]);
  });
});

describe('BLOB_ALIGNMENT', () => {
  it.each([
    [4096, false],
    [65_536, true],
    [2 ** 21, true],
  ])('of %i bytes is in the configuration space, and offered (%s) where a page is not enough', (blobAlignment, isOffered) => {
    const other = new Bench('per-blob', { offer: { ...OFFER, blobAlignment } });

    expect(configSpace.decode(viewOf(other.vmm.readConfig())).blobAlignment).toBe(blobAlignment);
    expect(hasBit(other.device.features, FEATURE.BLOB_ALIGNMENT)).toBe(isOffered);
    other.close();
  });
});

describe('2D resources', () => {
  // 64 × 32 pixels of 4 bytes.
  const PIXELS = [{ address: 0x1000, length: 64 * 32 * 4 }];

  it.each([
    ['id 0', create2d(0), 'ERR_INVALID_RESOURCE_ID'],
    ['id in use', create2d(1), 'ERR_INVALID_RESOURCE_ID'],
    ['id of a blob', create2d(2), 'ERR_INVALID_RESOURCE_ID'],
    ['format 0', create2d(9, { format: 0 }), 'ERR_INVALID_PARAMETER'],
    ['format 134', create2d(9, { format: 134 }), 'OK_NODATA'],
    ['width 0', create2d(9, { width: 0 }), 'ERR_INVALID_PARAMETER'],
    ['height 0', create2d(9, { height: 0 }), 'ERR_INVALID_PARAMETER'],
    ['4 GiB', create2d(9, { width: 2 ** 15, height: 2 ** 15 }), 'OK_NODATA'],
    ['a row more', create2d(9, { width: 2 ** 15, height: 2 ** 15 + 1 }), 'ERR_OUT_OF_MEMORY'],
    ['2^32 - 1 squared', create2d(9, { width: 0xffff_ffff, height: 0xffff_ffff }), 'ERR_OUT_OF_MEMORY'],
    ['backing', attachBacking(1, PIXELS), 'OK_NODATA'],
    ['backing of nothing', attachBacking(1, []), 'OK_NODATA'],
    ['backing, unknown id', attachBacking(8, PIXELS), 'ERR_INVALID_RESOURCE_ID'],
    ['backing of host memory', attachBacking(2, PIXELS), 'ERR_INVALID_PARAMETER'],
    ['backing twice', attachBacking(3, PIXELS), 'ERR_INVALID_PARAMETER'],
    ['backing, entries missing', attachBacking(1, PIXELS, 2), 'ERR_INVALID_PARAMETER'],
    ['backing, 0xffffffff entries', attachBacking(1, PIXELS, 0xffff_ffff), 'ERR_INVALID_PARAMETER'],
    ['no backing any more', detachBacking(3), 'OK_NODATA'],
    ['no backing before', detachBacking(1), 'ERR_INVALID_PARAMETER'],
    ['no backing, unknown id', detachBacking(8), 'ERR_INVALID_RESOURCE_ID'],
    ['transfer', transfer2d(3, { width: 64, height: 32 }), 'OK_NODATA'],
    ['transfer of nothing', transfer2d(3, { x: 64, width: 0 }), 'OK_NODATA'],
    ['transfer without backing', transfer2d(1), 'ERR_INVALID_PARAMETER'],
    ['transfer beyond the right edge', transfer2d(3, { x: 1, width: 64 }), 'ERR_INVALID_PARAMETER'],
    ['transfer beyond the lower edge', transfer2d(3, { y: 0xffff_ffff, height: 1 }), 'ERR_INVALID_PARAMETER'],
    ['transfer of the last pixel', transfer2d(3, {}, 64 * 32 * 4 - 4), 'OK_NODATA'],
    ['transfer from beyond the backing', transfer2d(3, {}, 64 * 32 * 4 - 3), 'ERR_INVALID_PARAMETER'],
    ['transfer from 2^64 - 1', transfer2d(3, {}, 2n ** 64n - 1n), 'ERR_INVALID_PARAMETER'],
    ['transfer of a blob', transfer2d(2), 'ERR_INVALID_PARAMETER'],
    ['transfer, unknown id', transfer2d(8), 'ERR_INVALID_RESOURCE_ID'],
    ['flush', flush(1, { width: 64, height: 32 }), 'OK_NODATA'],
    ['flush of a blob', flush(2, { width: 1000 }), 'OK_NODATA'],
    ['flush beyond the edge', flush(1, { width: 65 }), 'ERR_INVALID_PARAMETER'],
    ['flush, unknown id', flush(8), 'ERR_INVALID_RESOURCE_ID'],
    ['unref', unref(1), 'OK_NODATA'],
  ] as const)('%s', async (_, command, expected) => {
    await bench.run(create2d(1), createBlob(2), create2d(3), attachBacking(3, PIXELS));

    expect(await bench.run(command)).toEqual([expected]);
  });

  it('let an imported buffer go and come back', async () => {
    expect(
      await bench.run(
        createGuestBlob(1, 8192),
        detachBacking(1),
        attachBacking(1, [{ address: 0, length: 4096 }]),
        attachBacking(1, [{ address: 0, length: 8192 }]),
      ),
    ).toEqual(['OK_NODATA', 'OK_NODATA', 'ERR_INVALID_PARAMETER', 'OK_NODATA']);
  });
});

describe('RESOURCE_ASSIGN_UUID', () => {
  const uuidOf = (index: number) => (bench.queue.answers[index]?.bytes as Buffer).subarray(24, 40);

  it('gives a random version 4 UUID that stays, to every kind of resource', async () => {
    await bench.run(create2d(1), createGuestBlob(2, 4096), createBlob(3));

    const names = await bench.run(assignUuid(1), assignUuid(2), assignUuid(3), assignUuid(1));

    expect(names).toEqual(Array(4).fill('OK_RESOURCE_UUID'));
    expect(uuidOf(3)).not.toEqual(uuidOf(4));
    expect(uuidOf(3)).toEqual(uuidOf(6));
    expect(uuidOf(3).readUInt8(6) >> 4).toBe(4);
    expect(uuidOf(3).readUInt8(8) >> 6).toBe(2);
  });

  it('refuses an unknown id', async () => {
    expect(await bench.run(assignUuid(1))).toEqual(['ERR_INVALID_RESOURCE_ID']);
  });
});

describe('fences', () => {
  it('repeat fence_id and ctx_id, and ring_idx when it is said to be there', async () => {
    await bench.run(ctxCreate(2));

    await bench.run(
      submit(2, [], { flags: 3, fenceId: 2n ** 63n + 5n, ringIndex: 63 }),
      submit(2, [], { flags: 1, fenceId: 7, ringIndex: 9 }),
      submit(2, [], { flags: 0, fenceId: 8, ringIndex: 9 }),
      submit(2, [], { flags: 0xffff_fffc, fenceId: 8 }),
    );

    expect(bench.queue.answers.slice(1).map((answer) => answer.header)).toEqual([
      { type: 0x1100, flags: 3, fenceId: 2n ** 63n + 5n, contextId: 2, ringIndex: 63 },
      { type: 0x1100, flags: 1, fenceId: 7, contextId: 2, ringIndex: 0 },
      { type: 0x1100, flags: 0, fenceId: 0, contextId: 0, ringIndex: 0 },
      { type: 0x1100, flags: 0, fenceId: 0, contextId: 0, ringIndex: 0 },
    ]);
  });

  it('are repeated in an error, too', async () => {
    await bench.run(submit(9, [], { flags: 1, fenceId: 7 }));

    expect(bench.queue.answers[0]?.header).toMatchObject({
      type: 0x1204,
      flags: 1,
      fenceId: 7,
      contextId: 9,
    });
  });

  it('have 64 rings', async () => {
    await bench.run(ctxCreate(2));

    expect(await bench.run(submit(2, [], { flags: 3, fenceId: 1, ringIndex: 64 }))).toEqual([
      'ERR_INVALID_PARAMETER',
    ]);
  });
});
