// The verbs that ask the broker, against a broker with fixed answers: tables, JSON, pages, errors and exit codes.
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { toWire } from '../../services/lib/rpc/u64.ts';
import {
  type Answer,
  Backing,
  CacheType,
  type Events,
  type FakeBroker,
  type FakeOptions,
  Placement,
  paged,
  Reason,
  startFakeBroker,
  VmmProblemKind,
  VmmState,
  VmState,
} from './fake-broker.ts';
import { type Outcome, run } from './run.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

const VMS = [
  {
    name: 'web-1',
    state: VmState.VM_STATE_ATTACHED,
    placement: Placement.PLACEMENT_WINDOW,
    windowSize: GIB,
    defaultHeap: 'ram',
    quota: { bytes: 2 * GIB, mappings: 10_000, allocations: 0 },
    generation: 3,
    allocations: 12,
    allocatedBytes: 48 * MIB,
    mappings: 7,
    mappedBytes: 28 * MIB,
    frontendPid: 4711,
    frontendVms: 8,
    stateSince: 1_700_000_000,
    vmm: {
      state: VmmState.VMM_STATE_RUNNING,
      pid: 4700,
      queues: 2,
      runningQueues: 2,
      guestBytes: 2 * GIB,
      windowBytes: 0,
      problems: [
        { kind: VmmProblemKind.VMM_PROBLEM_KIND_WINDOW_UNUSED, message: 'no BAR: give it a smaller window' },
      ],
    },
  },
  {
    name: 'web-2',
    state: VmState.VM_STATE_ORPHANED,
    placement: Placement.PLACEMENT_PER_BLOB,
    windowSize: 16 * GIB,
    defaultHeap: 'huge',
    graceLeft: 42.5,
  },
  {
    name: 'web-3',
    state: VmState.VM_STATE_DETACHED,
    placement: Placement.PLACEMENT_WINDOW,
    windowSize: 4096,
  },
];

let broker: FakeBroker | null = null;
afterEach(() => {
  broker?.close();
  broker = null;
});

async function ask(
  answers: Readonly<Record<string, Answer>>,
  argv: readonly string[],
  options: FakeOptions = {},
): Promise<Outcome> {
  broker = await startFakeBroker(answers, options);
  return run([...argv, '--run-directory', broker.directory]);
}

describe('vm evict', () => {
  test('says what became of it, and asks for force only when it was told to', async () => {
    const answers = { evictVm: { evicted: true } };
    const { code, out } = await ask(answers, ['vm', 'evict', 'web-2']);
    expect([code, out]).toEqual([0, 'web-2 is evicted: everything that it had is reclaimed\n']);
    expect(broker?.asked).toEqual([
      { method: 'evictVm', request: expect.objectContaining({ vm: 'web-2', force: false }) },
    ]);
    broker?.close();
    await ask(answers, ['vm', 'evict', 'web-1', '--force']);
    expect(broker?.asked[0]?.request).toMatchObject({ vm: 'web-1', force: true });
  });

  test('of a VM that has nothing is no error', async () => {
    const { code, out } = await ask({ evictVm: { evicted: false } }, ['vm', 'evict', 'web-3']);
    expect([code, out]).toEqual([0, 'web-3 had nothing to reclaim\n']);
  });

  test('answers scripts', async () => {
    const { out } = await ask({ evictVm: { evicted: true } }, ['vm', 'evict', 'web-2', '--json']);
    expect(JSON.parse(out)).toEqual({ name: 'web-2', evicted: true, awaitedPid: 0 });
  });

  test('names the process that has not let go', async () => {
    const { code, out } = await ask({ evictVm: { evicted: true, awaitedPid: 4711 } }, [
      'vm',
      'evict',
      'web-2',
      '--force',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('process 4711, which decided for it, has not let go');
  });

  test('of an attached VM is refused', async () => {
    const refuse = () => {
      throw new StatusError('VM_IN_USE', 'VM "web-1" was to be evicted, but its frontend has it attached');
    };
    const { code, error } = await ask({ evictVm: refuse }, ['vm', 'evict', 'web-1']);
    expect(code).toBe(1);
    expect(error).toContain(
      'vm evict web-1: VM "web-1" was to be evicted, but its frontend has it attached (VM_IN_USE)',
    );
  });
});

describe('vm list', () => {
  test('prints a table over all pages', async () => {
    const { code, out } = await ask({ listVms: paged('vms', VMS) }, ['vm', 'list']);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'NAME   STATE     VMM                     PLACEMENT  WINDOW  MAPPINGS  MAPPED  BLOBS  ALLOCATED      QUOTA  GENERATION',
        'web-1  attached  running, window-unused  window       1GiB         7   28MiB     12      48MiB       2GiB           3',
        'web-2  orphaned  -                       per-blob    16GiB         0       0      0          0  unlimited           0',
        'web-3  detached  -                       window       4KiB         0       0      0          0  unlimited           0',
        '',
      ].join('\n'),
    );
    expect(broker?.asked.map(({ request }) => request['pageToken'])).toEqual(['', '2']);
  });

  test('prints JSON whose fields stay', async () => {
    const { out } = await ask({ listVms: paged('vms', VMS) }, ['vm', 'list', '--json']);
    expect(JSON.parse(out)[0]).toEqual({
      name: 'web-1',
      state: 'attached',
      placement: 'window',
      windowSize: GIB,
      defaultHeap: 'ram',
      blobHeaps: {},
      attachedBy: '',
      scanouts: 0,
      pending: [],
      quota: { bytes: 2 * GIB, mappings: 10_000, allocations: 0 },
      generation: 3,
      allocations: 12,
      allocatedBytes: 48 * MIB,
      mappings: 7,
      mappedBytes: 28 * MIB,
      frontendPid: 4711,
      frontendVms: 8,
      stateSince: 1_700_000_000,
      graceLeft: 0,
      vmm: {
        state: 'running',
        pid: 4700,
        queues: 2,
        runningQueues: 2,
        guestBytes: 2 * GIB,
        windowBytes: 0,
        outOfReachChains: 0,
        problems: [{ kind: 'window-unused', message: 'no BAR: give it a smaller window' }],
      },
      decides: false,
      grant: null,
      accountsVersion: 0,
      untoldBlobs: 0,
      strayBytes: 0,
      beyondGrantBytes: 0,
      suspension: '',
      outOfRoom: '',
    });
  });

  test('takes global options before the verb too', async () => {
    broker = await startFakeBroker({ listVms: paged('vms', []) });
    const { code, out } = await run(['--json', '-r', broker.directory, 'vm', 'list']);
    expect([code, out]).toEqual([0, '[]\n']);
  });

  test('finds the run directory in the environment', async () => {
    broker = await startFakeBroker({ listVms: paged('vms', []) });
    const { code } = await run(['vm', 'list'], { environment: { BARKEEP_RUN_DIRECTORY: broker.directory } });
    expect(code).toBe(0);
  });
});

describe('vm show', () => {
  test('prints what there is to know', async () => {
    const { out } = await ask({ getVm: { vm: VMS[0] } }, ['vm', 'show', 'web-1']);
    expect(out.replace(/for \S+/, 'for AGES')).toBe(
      [
        'name          web-1',
        'state         attached (frontend pid 4711, which serves 8 VMs), for AGES',
        'vmm           running (pid 4700)',
        'queues        2 of 2 running',
        'guest memory  2GiB shared, 0 commands out of reach',
        'window seen   not yet',
        'problem       no BAR: give it a smaller window',
        'placement     window',
        'window        1GiB',
        'default heap  ram',
        'mappings      7 of 10000',
        'mapped        28MiB',
        'blobs         12 of unlimited',
        'allocated     48MiB of 2GiB',
        'generation    3',
        '',
      ].join('\n'),
    );
    expect(broker?.asked[0]?.request).toMatchObject({ vm: 'web-1' });
  });

  test('says when an orphan is reclaimed', async () => {
    const { out } = await ask({ getVm: { vm: VMS[1] } }, ['vm', 'show', 'web-2']);
    expect(out).toContain('state         orphaned, reclaimed in 42.5s\n');
  });

  test('of a VM whose frontend decides says what it was granted, and of a suspended one why', async () => {
    const vm = {
      name: 'web-4',
      state: VmState.VM_STATE_SUSPENDED,
      placement: Placement.PLACEMENT_WINDOW,
      decides: true,
      grant: {
        heaps: [{ heap: 'ram', bytes: 8 * MIB, idle: MIB }],
        mappings: 1024,
        allocations: 2048,
      },
      accountsVersion: 77,
      untoldBlobs: 3,
      strayBytes: 8192,
      suspension: 'the accounts of VM web-4 cannot be: a blob is told twice',
    };
    const { out } = await ask({ getVm: { vm } }, ['vm', 'show', 'web-4']);
    expect(out).toContain('state         suspended\n');
    expect(out).toContain('suspended     the accounts of VM web-4 cannot be: a blob is told twice\n');
    expect(out).toContain('decided by    its frontend\n');
    expect(out).toContain('grant         8MiB of ram (1MiB idle), 1024 mappings, 2048 blobs\n');
    expect(out).toContain('accounts      version 77, 3 blobs not told yet\n');
    expect(out).toContain('stray         8KiB\n');
  });

  test('of a name that does not exist ends with 3 and the reason', async () => {
    const getVm = () => {
      throw new StatusError('VM_UNKNOWN', 'the configuration has no VM web-9; it has web-1');
    };
    const { code, out, error } = await ask({ getVm }, ['vm', 'show', 'web-9']);
    expect([code, out, error]).toEqual([
      3,
      '',
      'barkeep: vm show web-9: the configuration has no VM web-9; it has web-1 (VM_UNKNOWN)\n',
    ]);
  });
});

test('map list', async () => {
  const mappings = [
    { vm: 'web-1', resourceId: 5, offset: 0, size: 4096, cache: CacheType.CACHE_TYPE_CACHED, heap: 'ram' },
    {
      vm: 'web-1',
      resourceId: 6,
      offset: 0x20_0000,
      size: 2 * MIB,
      cache: CacheType.CACHE_TYPE_WC,
      heap: 'video',
    },
    {
      vm: 'web-1',
      resourceId: 7,
      offset: 0x40_0000,
      size: 4096,
      cache: CacheType.CACHE_TYPE_NONE,
      heap: 'odd',
    },
  ];
  const { out } = await ask({ listMappings: paged('mappings', mappings) }, ['map', 'list', '--vm', 'web-1']);
  expect(out).toBe(
    [
      'VM     RESOURCE    OFFSET  SIZE  CACHE   HEAP',
      'web-1         5       0x0  4KiB  cached  ram',
      'web-1         6  0x200000  2MiB  wc      video',
      'web-1         7  0x400000  4KiB  none    odd',
      '',
    ].join('\n'),
  );
  expect(broker?.asked[0]?.request).toMatchObject({ vm: 'web-1' });
});

test('allocation list, with a blob_id that no number holds', async () => {
  const allocations = [
    {
      vm: 'web-1',
      contextId: 1,
      blobId: toWire(2n ** 64n - 1n),
      resourceId: 5,
      heap: 'ram',
      cache: CacheType.CACHE_TYPE_UNCACHED,
      size: 4096,
      chargedBytes: 8192,
      mapped: true,
    },
  ];
  const answers = { listAllocations: paged('allocations', allocations) };
  const { out } = await ask(answers, ['allocation', 'list', '--json']);
  expect(JSON.parse(out)).toEqual([
    {
      vm: 'web-1',
      contextId: 1,
      blobId: '18446744073709551615',
      resourceId: 5,
      heap: 'ram',
      cache: 'uncached',
      size: 4096,
      chargedBytes: 8192,
      mapped: true,
    },
  ]);
  const { out: table } = await run(['allocation', 'list', '-r', broker?.directory ?? '']);
  expect(table).toBe(
    [
      'VM     RESOURCE  CONTEXT                  BLOB  HEAP  CACHE     SIZE  CHARGED  MAPPED',
      'web-1         5        1  18446744073709551615  ram   uncached  4KiB     8KiB  yes',
      '',
    ].join('\n'),
  );
});

test('heap list', async () => {
  const heaps = [
    {
      name: 'ram',
      backing: Backing.BACKING_MEMFD,
      cache: CacheType.CACHE_TYPE_CACHED,
      capacity: 4 * GIB,
      used: GIB,
      allocations: 3,
      idle: 64 * MIB,
    },
    {
      name: 'video',
      backing: Backing.BACKING_FILE,
      cache: CacheType.CACHE_TYPE_WC,
      capacity: 256 * MIB,
      path: '/dev/dax0.0',
    },
  ];
  const { out } = await ask({ listHeaps: paged('heaps', heaps) }, ['heap', 'list']);
  expect(out).toBe(
    [
      'NAME   BACKING  CACHE   CAPACITY  USED  USED%   IDLE  BLOBS  PATH',
      'ram    memfd    cached      4GiB  1GiB    25%  64MiB      3  -',
      'video  file     wc        256MiB     0     0%      0      0  /dev/dax0.0',
      '',
    ].join('\n'),
  );
});

describe('window show', () => {
  const answer = {
    window: {
      vm: 'web-1',
      size: 64 * 4096,
      placement: Placement.PLACEMENT_WINDOW,
      mappedBytes: 2 * 4096,
      freeBytes: 61 * 4096,
      largestFreeExtent: 60 * 4096,
      holes: 2,
      mappings: 2,
      parkedBytes: 4096,
      strayBytes: 8192,
    },
    ranges: [
      { offset: 0, size: 4096, resourceId: 1, cache: CacheType.CACHE_TYPE_CACHED },
      { offset: 8192, size: 4096, resourceId: 2, cache: CacheType.CACHE_TYPE_WC },
      { offset: 3 * 4096, size: 4096, resourceId: 3, cache: CacheType.CACHE_TYPE_WC, parked: true },
    ],
    truncated: true,
  };

  test('draws the window and its figures', async () => {
    const { out } = await ask({ getWindow: answer }, ['window', 'show', 'web-1']);
    expect(out).toBe(
      [
        `0x00000000  C.WP${'.'.repeat(60)}`,
        '',
        'one cell is 4KiB',
        'C cached  W write-combining  P parked  . free',
        'only the first 3 ranges are in the picture',
        '',
        'window        256KiB, window placement',
        'mapped        8KiB in 2',
        'parked        4KiB',
        'free          244KiB in 2',
        'largest free  240KiB',
        'stray         8KiB',
        '',
      ].join('\n'),
    );
  });

  test('gives the ranges as JSON', async () => {
    const { out } = await ask({ getWindow: answer }, ['window', 'show', 'web-1', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      window: { vm: 'web-1', size: 64 * 4096, holes: 2 },
      ranges: [{ cache: 'cached' }, { cache: 'wc', parked: false }, { offset: 12_288, parked: true }],
      truncated: true,
    });
  });
});

describe('events', () => {
  const EVENTS = [
    { time: 1_700_000_000, vm: 'web-1', vmStateChanged: { state: VmState.VM_STATE_ATTACHED } },
    { time: 1_700_000_001, vm: 'web-1', blobCreated: { resourceId: 5, size: 4096 } },
    {
      time: 1_700_000_002,
      vm: 'web-1',
      lost: 7,
      blobMapped: { resourceId: 5, offset: 8192, size: 4096, cache: CacheType.CACHE_TYPE_WC },
    },
    { time: 1_700_000_003, vm: 'web-1', blobUnmapped: { resourceId: 5 } },
    { time: 1_700_000_004, vm: 'web-1', blobDestroyed: { resourceId: 5 } },
    { time: 1_700_000_005, vm: 'web-1', deviceReset: { generation: 2 } },
    {
      time: 1_700_000_006,
      vm: 'web-1',
      commandRefused: { operation: 'map', reason: Reason.REASON_OVERLAP, message: 'another blob lies there' },
    },
  ];
  const sendAll: Events = (call) => {
    for (const event of EVENTS) call.write(event);
    call.emit('error', new StatusError('SHUTTING_DOWN', 'the broker is shutting down'));
  };

  test('come one a line, and the end of the broker ends them with 4', async () => {
    const { code, out, error } = await ask({}, ['events', '--vm', 'web-1'], { events: sendAll });
    expect(out).toBe(
      [
        '2023-11-14T22:13:20.000Z  web-1  attached',
        '2023-11-14T22:13:21.000Z  web-1  blob 5 created, 4KiB',
        '2023-11-14T22:13:22.000Z  7 events were lost here: they came faster than this reader',
        '2023-11-14T22:13:22.000Z  web-1  blob 5 mapped at 0x2000, 4KiB, wc',
        '2023-11-14T22:13:23.000Z  web-1  blob 5 unmapped',
        '2023-11-14T22:13:24.000Z  web-1  blob 5 destroyed',
        '2023-11-14T22:13:25.000Z  web-1  device reset, now generation 2',
        '2023-11-14T22:13:26.000Z  web-1  map refused: another blob lies there (OVERLAP)',
        '',
      ].join('\n'),
    );
    expect(code).toBe(4);
    expect(error).toContain('barkeep: events --vm web-1: ');
  });

  test('come as JSON lines', async () => {
    const { out } = await ask({}, ['events', '--json'], { events: sendAll });
    const records = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records[2]).toEqual({
      time: 1_700_000_002,
      lost: 7,
      vm: 'web-1',
      event: 'blobMapped',
      data: { resourceId: 5, offset: 8192, size: 4096, cache: 'wc' },
    });
    expect(records[6].data).toEqual({
      operation: 'map',
      reason: 'OVERLAP',
      message: 'another blob lies there',
    });
  });

  test('end with 0 on Ctrl-C, and leave no listener', async () => {
    const before = process.listenerCount('SIGINT');
    broker = await startFakeBroker({}, { events: (call) => call.write(EVENTS[0]!) });
    const { code, error } = await run(['events', '-r', broker.directory], {
      onOut: () => process.emit('SIGINT'),
    });
    expect([code, error]).toEqual([0, '']);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

describe('health', () => {
  test('of a broker that serves is 0', async () => {
    const { code, out } = await ask({}, ['health']);
    expect([code, out]).toEqual([0, `the broker of ${broker?.directory} serves\n`]);
  });

  test('of one that does not is 1', async () => {
    const { code, out, error } = await ask({}, ['health'], { isServing: false });
    expect([code, out]).toEqual([1, '']);
    expect(error).toMatch(/^barkeep: health: the broker on .* answers, but does not serve/);
  });

  test('of none is 1, and JSON says so', async () => {
    const { code, out } = await run(['health', '--json', '-r', '/nonexistent']);
    expect([code, JSON.parse(out)]).toEqual([
      1,
      { serving: false, runDirectory: '/nonexistent', configuration: null },
    ]);
  });

  test('of one that hangs is 1, after the time-out', async () => {
    const { code, error } = await ask({}, ['health', '--timeout', '50ms'], { isHanging: true });
    expect([code, error]).toEqual([
      1,
      `barkeep: health: the broker did not answer on ${broker?.directory}/admin.sock within 50 ms; try again, and look at the log of the broker\n`,
    ]);
  });

  test('takes no time-out that is none', async () => {
    const { code, error } = await run(['health', '--timeout', 'soon', '-r', '/nonexistent']);
    expect([code, error]).toEqual([2, 'barkeep: health: --timeout soon: expected a duration such as 2s\n']);
  });
});

describe('a broker that', () => {
  test('is not there: exit code 4, and how to start it', async () => {
    const { code, out, error } = await run(['heap', 'list', '-r', '/nonexistent']);
    expect([code, out, error]).toEqual([
      4,
      '',
      'barkeep: heap list: /nonexistent/admin.sock does not exist; is the broker running? Start it with `barkeep up`, or name its run directory with --run-directory\n',
    ]);
  });

  test('died and left its socket: the same', async () => {
    broker = await startFakeBroker({});
    const { directory } = broker;
    const { createServer } = await import('node:net');
    const { renameSync } = await import('node:fs');
    // A socket whose listener is gone: closing removes only the name that it was bound to.
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${directory}/bound.sock`, resolve));
    renameSync(`${directory}/bound.sock`, `${directory}/admin.sock`);
    await new Promise((resolve) => server.close(resolve));
    const { code, error } = await run(['vm', 'list', '-r', directory]);
    expect(code).toBe(4);
    expect(error).toContain(`nobody listens on ${directory}/admin.sock; is the broker running?`);
  });

  test('does not know the call is of another version', async () => {
    const { code, error } = await ask({}, ['vm', 'list']);
    expect(code).toBe(1);
    expect(error).toMatch(/does not know this call: is it of another version\?/);
  });

  test('refuses: exit code 1 and its words', async () => {
    const listHeaps = () => {
      throw new StatusError('PAGE_INVALID', 'page token x is none of mine');
    };
    const { code, error } = await ask({ listHeaps }, ['heap', 'list']);
    expect([code, error]).toEqual([1, 'barkeep: heap list: page token x is none of mine (PAGE_INVALID)\n']);
  });

  test('shuts down: exit code 4', async () => {
    const listHeaps = () => {
      throw new StatusError('SHUTTING_DOWN', 'the broker is shutting down');
    };
    const { code, error } = await ask({ listHeaps }, ['heap', 'list']);
    expect([code, error]).toEqual([
      4,
      'barkeep: heap list: the broker is shutting down (SHUTTING_DOWN); try again, and look at the log of the broker\n',
    ]);
  });

  test('forbids: exit code 5', async () => {
    const listHeaps = () => {
      throw Object.assign(new Error('not you'), { code: status.PERMISSION_DENIED, details: 'not you' });
    };
    const { code, error } = await ask({ listHeaps }, ['heap', 'list']);
    expect(code).toBe(5);
    expect(error).toContain("heap list: not you; run as the broker's user, or as a member of the group");
  });
});
