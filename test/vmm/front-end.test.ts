import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd, Mapping } from '../../services/lib/os/memory.ts';
import { bitSet, PROTOCOL_FEATURE, type ShmemRange } from '../../services/lib/wire/vhost-user.ts';
import { FrontEndError } from './front-end.ts';
import { STUB_FEATURES, STUB_PROTOCOL_FEATURES, StubBackEnd, type StubOptions } from './stub-back-end.ts';
import { Vmm, type VmmOptions } from './vmm.ts';
import { WindowHoleError } from './window.ts';

const MIB = 1024 * 1024;
const SLOTS = bitSet(PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS);
const STATUS = bitSet(PROTOCOL_FEATURE.STATUS);
const REALIZE = [
  'GET_FEATURES',
  'GET_PROTOCOL_FEATURES',
  'SET_PROTOCOL_FEATURES',
  'GET_QUEUE_NUM',
  'SET_BACKEND_REQ_FD!',
  'SET_OWNER',
  'GET_FEATURES',
  'SET_VRING_CALL!',
  'SET_VRING_ERR!',
  'SET_VRING_CALL!',
  'SET_VRING_ERR!',
  'GET_SHMEM_CONFIG',
];
const RINGS = [
  'SET_VRING_NUM',
  'SET_VRING_BASE',
  'SET_VRING_ADDR',
  'SET_VRING_KICK!',
  'SET_VRING_CALL!',
  'SET_VRING_NUM',
  'SET_VRING_BASE',
  'SET_VRING_ADDR',
  'SET_VRING_KICK!',
  'SET_VRING_CALL!',
];
const RUN = ['SET_VRING_ENABLE!', 'SET_VRING_ENABLE!', 'SET_VRING_CALL!', 'SET_VRING_CALL!'];
const STOP = ['SET_VRING_ENABLE!', 'SET_VRING_ENABLE!', 'GET_VRING_BASE', 'GET_VRING_BASE'];

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function setUp(
  stubOptions: Partial<StubOptions> = {},
  vmmOptions: Partial<VmmOptions> = {},
): Promise<{ stub: StubBackEnd; vmm: Vmm }> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-vmm-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'gpu.sock');
  const stub = new StubBackEnd({
    path,
    features: STUB_FEATURES,
    protocolFeatures: STUB_PROTOCOL_FEATURES,
    windowSize: 64 * MIB,
    ...stubOptions,
  });
  cleanups.push(() => stub.close());
  const vmm = await Vmm.boot({ socketPath: path, memory: 64 * MIB, ...vmmOptions });
  cleanups.push(() => vmm.close());
  return { stub, vmm };
}

function file(size: number): Fd {
  const fd = createMemfd('test-blob', size);
  cleanups.push(() => fd.close());
  return fd;
}

function range(shmOffset: number, length: number): ShmemRange {
  return { shmid: 1, fdOffset: 0, shmOffset, length, writable: true };
}

async function settled(vmm: Vmm): Promise<void> {
  await vmm.frontEnd.readConfig();
}

describe('the sequence of QEMU', () => {
  it('realizes the device and starts it when the driver probes', async () => {
    const { stub, vmm } = await setUp();
    await settled(vmm);

    expect(stub.log).toEqual([
      ...REALIZE,
      'GET_CONFIG',
      'GET_CONFIG',
      'SET_FEATURES',
      'SET_MEM_TABLE!',
      ...RINGS,
      ...RUN,
      'GET_CONFIG',
    ]);
    expect(stub.last('SET_FEATURES')?.body).toBe(STUB_FEATURES);
  });

  it('asks for slots and adds regions one by one when it may', async () => {
    const { stub } = await setUp({ protocolFeatures: STUB_PROTOCOL_FEATURES | SLOTS });

    expect(stub.log.slice(3, 6)).toEqual(['GET_QUEUE_NUM', 'GET_MAX_MEM_SLOTS', 'SET_BACKEND_REQ_FD!']);
    expect(stub.log.filter((name) => name === 'ADD_MEM_REG!')).toHaveLength(1);
    expect(stub.log).not.toContain('SET_MEM_TABLE!');
  });

  it('keeps the status when the device has one', async () => {
    const { stub, vmm } = await setUp({ protocolFeatures: STUB_PROTOCOL_FEATURES | STATUS });

    await settled(vmm);
    const statusWhileRunning = stub.status;
    await vmm.pause();
    await settled(vmm);

    expect(statusWhileRunning).toBe(1 | 2 | 4 | 8);
    expect(stub.status).toBe(0);
  });

  it('stops for a pause and starts again with the saved bases', async () => {
    const { stub, vmm } = await setUp();
    await settled(vmm);
    stub.log.length = 0;

    const bases = await vmm.pause();
    const stopped = stub.log.splice(0);
    await vmm.resume();
    await settled(vmm);

    expect(bases).toEqual([7, 7]);
    expect(stopped).toEqual(STOP);
    expect(stub.log).toEqual(['SET_FEATURES', 'SET_MEM_TABLE!', ...RINGS, ...RUN, 'GET_CONFIG']);
    expect(stub.last('SET_VRING_BASE')?.body).toEqual({ index: 1, value: 7 });
  });

  it('starts from nothing when the driver is bound again, without a message about lost mappings', async () => {
    const { stub, vmm } = await setUp(
      { protocolFeatures: STUB_PROTOCOL_FEATURES | SLOTS },
      { flawless: true },
    );
    await stub.ask('SHMEM_MAP', range(0, MIB), [file(MIB)]);
    await settled(vmm);
    stub.log.length = 0;

    await vmm.rebind();
    await settled(vmm);

    expect(stub.log).toEqual([
      ...STOP,
      'GET_CONFIG',
      'GET_CONFIG',
      'SET_FEATURES',
      'REM_MEM_REG!',
      ...RINGS,
      ...RUN,
      'GET_CONFIG',
    ]);
    expect(stub.last('SET_VRING_BASE')?.body.value).toBe(0);
    expect(vmm.window.mappings).toEqual([]);
  });

  it('splits memory like a q35', async () => {
    const { stub } = await setUp({}, { memory: 5 * 1024 * MIB });

    expect(
      stub
        .last('SET_MEM_TABLE')
        ?.body.map(({ guestAddress, size, mmapOffset }) => [guestAddress, size, mmapOffset]),
    ).toEqual([
      [0, 0x8000_0000, 0],
      [0x1_0000_0000, 3 * 1024 * MIB, 0x8000_0000],
    ]);
  });
});

describe('mappings of the back-end', () => {
  it('acknowledges first, then shows the guest, then sends the table', async () => {
    const { stub, vmm } = await setUp({}, { commitDelay: 30 });
    const fd = file(MIB);

    const status = await stub.ask('SHMEM_MAP', range(4096, 4096), [fd]);
    const mappedAtAck = vmm.window.mappings.length;
    const tablesAtAck = stub.log.filter((name) => name === 'SET_MEM_TABLE!').length;
    await stub.ask('SHARED_OBJECT_REMOVE', Buffer.alloc(16, 9));

    expect(status).toBe(0);
    expect(mappedAtAck).toBe(0);
    expect(tablesAtAck).toBe(1);
    expect(vmm.window.mappings).toHaveLength(1);
    expect(stub.last('SET_MEM_TABLE')?.body.at(-1)).toMatchObject({
      guestAddress: vmm.frontEnd.windowAddress + 4096,
      size: 4096,
    });
  });

  it('lets the guest and the file share bytes', async () => {
    const { stub, vmm } = await setUp();
    const fd = file(MIB);
    const bytes = Mapping.ofFile(fd.number, 0, MIB);
    cleanups.push(() => bytes.close());

    await stub.ask('SHMEM_MAP', range(8192, MIB), [fd]);
    await settled(vmm);
    vmm.window.write(8192 + 5, Buffer.from('guest'));
    bytes.bytes(100, 4).set(Buffer.from('host'));

    expect(Buffer.from(bytes.bytes(5, 5)).toString()).toBe('guest');
    expect(vmm.window.read(8192 + 100, 4).toString()).toBe('host');
    expect(() => vmm.window.read(0, 1)).toThrow(WindowHoleError);
  });

  it.each([
    ['overlaps', range(4096, 4096)],
    ['lies outside', range(64 * MIB, 4096)],
    ['is empty', range(16384, 0)],
    ['is of another region', { ...range(16384, 4096), shmid: 2 }],
  ])('answers 1 to a mapping that %s, and goes on', async (_, wrong) => {
    const { stub } = await setUp();
    const fd = file(MIB);
    await stub.ask('SHMEM_MAP', range(0, 8192), [fd]);

    const refused = await stub.ask('SHMEM_MAP', wrong, [fd]);
    const accepted = await stub.ask('SHMEM_MAP', range(8192, 4096), [fd]);

    expect(refused).toBe(1);
    expect(accepted).toBe(0);
  });

  it.each([
    ['a part of a mapping', range(0, 4096)],
    ['two mappings at once', range(0, 16384)],
    ['nothing', range(32768, 4096)],
  ])('answers 1 to the unmapping of %s', async (_, wrong) => {
    const { stub, vmm } = await setUp();
    const fd = file(MIB);
    await stub.ask('SHMEM_MAP', range(0, 8192), [fd]);
    await stub.ask('SHMEM_MAP', range(8192, 8192), [fd]);

    const refused = await stub.ask('SHMEM_UNMAP', wrong);
    const exact = await stub.ask('SHMEM_UNMAP', range(0, 8192));
    await settled(vmm);

    expect(refused).toBe(1);
    expect(exact).toBe(0);
    expect(vmm.window.mappings.map(({ offset }) => offset)).toEqual([8192]);
  });

  it('answers 1 to the barrier with an unknown object', async () => {
    const { stub } = await setUp();

    expect(await stub.ask('SHARED_OBJECT_REMOVE', Buffer.alloc(16, 1))).toBe(1);
  });

  it('cannot tell a plain back-end about more than 8 regions, and the guest has its mappings all the same', async () => {
    const { stub, vmm } = await setUp();
    const fd = file(MIB);

    const statuses = [];
    for (let index = 0; index < 10; index += 1) {
      statuses.push(await stub.ask('SHMEM_MAP', range(index * 4096, 4096), [fd]));
    }
    await settled(vmm);

    expect(statuses).toEqual(new Array(10).fill(0));
    expect(stub.last('SET_MEM_TABLE')?.body).toHaveLength(8);
    expect(vmm.frontEnd.tableFailures).toHaveLength(3);
    expect(vmm.window.mappings).toHaveLength(10);
  });
});

describe('what QEMU 11.1.3 does not survive', () => {
  it('is a mapping that goes with a reset, when the back-end has memory slots', async () => {
    const { stub, vmm } = await setUp({ protocolFeatures: STUB_PROTOCOL_FEATURES | SLOTS });
    await stub.ask('SHMEM_MAP', range(0, MIB), [file(MIB)]);
    await settled(vmm);

    await expect(vmm.rebind()).rejects.toThrow('QEMU 11.1.3 dies here');
  });

  it('is no trouble when the back-end has none', async () => {
    const { stub, vmm } = await setUp();
    await stub.ask('SHMEM_MAP', range(0, MIB), [file(MIB)]);
    await settled(vmm);

    await vmm.rebind();

    expect(vmm.frontEnd.started).toBe(true);
  });

  it('is a start with more than 8 regions, when the back-end has no memory slots', async () => {
    const { stub, vmm } = await setUp();
    const fd = file(MIB);
    for (let index = 0; index < 8; index += 1) await stub.ask('SHMEM_MAP', range(index * 4096, 4096), [fd]);
    await vmm.pause();

    await expect(vmm.resume()).rejects.toThrow('the device cannot be started');
  });
});

describe('back-ends that QEMU would refuse', () => {
  it.each([
    ['no protocol features', { features: STUB_FEATURES & ~(1n << 30n) }, 'PROTOCOL_FEATURES'],
    [
      'addresses of another kind',
      { protocolFeatures: STUB_PROTOCOL_FEATURES | (1n << 21n) },
      'GPA_ADDRESSES',
    ],
    ['no configuration', { protocolFeatures: STUB_PROTOCOL_FEATURES & ~(1n << 9n) }, 'CONFIG'],
    ['a window that is no power of two', { windowSize: 3 * MIB }, 'power of two'],
    ['no VERSION_1', { features: STUB_FEATURES & ~(1n << 32n) }, 'VERSION_1'],
  ])('%s', async (_, options, words) => {
    await expect(setUp(options)).rejects.toThrow(words);
  });

  it('one that hangs up', async () => {
    const { stub, vmm } = await setUp();

    const asked = vmm.frontEnd.readConfig();
    stub.hangUp();

    await expect(asked).rejects.toThrow(FrontEndError);
    await vmm.frontEnd.ended;
    expect(vmm.frontEnd.started).toBe(false);
  });
});

it('leaves no descriptor behind', async () => {
  const before = readdirSync('/proc/self/fd').length;
  const { stub, vmm } = await setUp({ protocolFeatures: STUB_PROTOCOL_FEATURES | STATUS });
  await stub.ask('SHMEM_MAP', range(0, 8192), [file(MIB)]);
  await vmm.rebind();
  await stub.ask('SHMEM_MAP', range(0, 8192), [file(MIB)]);

  vmm.close();
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();

  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
