// The configuration: what a good file becomes, and for every kind of broken one the exact line, column and words.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type ConfigFlags,
  loadConfig,
  parseConfig,
  runDirectoryOf,
} from '../../../services/lib/runtime/config.ts';
import { ConfigError } from '../../../services/lib/runtime/config-error.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const HOST = { total: 16 * GIB, hugePages: 1 * GIB };

const FULL = `
run_directory: /run/barkeep
host_capacity: 8GiB
orphan_grace: 90s
sweep_interval: 500ms
audit_looks: 3
log_level: debug
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 4GiB, prefault: true }
  - { name: video, backing: file, path: /sys/bus/pci/devices/0000:03:00.0/resource2_wc, cache: wc, capacity: 256MiB }
  - { name: huge, backing: hugetlb, cache: none, capacity: 1GiB }
vms:
  - name: web-1
    window: 1GiB
    placement: per-blob
    heap: ram
    blob_heaps: { 1: video, 4294967296: huge }
    quota: { bytes: 2GiB, mappings: 10000 }
    scanouts: 0
    uid: 1000
    socket: /run/vm/gpu.sock
  - { name: web-2, window: 4096, heap: ram }
frontend: { answer_timeout: 2s, vmm_timeout: 1.5s, statistics_interval: 250ms, vms_per_process: 32 }
metrics: { listen: '[::1]:9500', vm_histograms: true }
`;

function parse(text: string, flags: ConfigFlags = {}, environment: Record<string, string> = {}) {
  return parseConfig(text, 'barkeep.yaml', { host: HOST, flags, environment });
}

/** The lines of the error that a text must give. */
function problemsOf(
  text: string,
  flags: ConfigFlags = {},
  environment: Record<string, string> = {},
): string[] {
  let message = 'no error';
  expect(() => {
    try {
      parse(text, flags, environment);
    } catch (error) {
      message = (error as ConfigError).message;
      throw error;
    }
  }).toThrow(ConfigError);
  return message.split('\n');
}

describe('a good configuration', () => {
  test('becomes bytes, milliseconds and camelCase', () => {
    const config = parse(FULL);
    expect(config).toMatchObject({
      file: 'barkeep.yaml',
      runDirectory: '/run/barkeep',
      hostCapacity: 8 * GIB,
      orphanGrace: 90_000,
      sweepInterval: 500,
      auditLooks: 3,
      logLevel: 'debug',
      frontend: { answerTimeout: 2000, vmmTimeout: 1500, statisticsInterval: 250, vmsPerProcess: 32 },
      metrics: { listen: { host: '::1', port: 9500 }, vmHistograms: true },
    });
    expect(config.heaps).toEqual([
      { name: 'ram', backing: 'memfd', cache: 'cached', capacity: 4 * GIB, path: null, prefault: true },
      {
        name: 'video',
        backing: 'file',
        cache: 'wc',
        capacity: 256 * MIB,
        path: '/sys/bus/pci/devices/0000:03:00.0/resource2_wc',
        prefault: false,
      },
      { name: 'huge', backing: 'hugetlb', cache: 'none', capacity: GIB, path: null, prefault: false },
    ]);
    expect(config.vms[0]).toEqual({
      name: 'web-1',
      window: GIB,
      placement: 'per-blob',
      heap: 'ram',
      blobHeaps: new Map([
        [1, 'video'],
        [4_294_967_296, 'huge'],
      ]),
      quota: { bytes: 2 * GIB, mappings: 10_000, allocations: 0 },
      scanouts: 0,
      attachedBy: { kind: 'user', uid: 1000 },
      socket: '/run/vm/gpu.sock',
    });
  });

  test('fills in what it leaves out', () => {
    const [, vm] = parse(FULL).vms;
    expect(vm).toEqual({
      name: 'web-2',
      window: 4096,
      placement: 'window',
      heap: 'ram',
      blobHeaps: new Map(),
      quota: { bytes: 0, mappings: 0, allocations: 0 },
      scanouts: 1,
      attachedBy: { kind: 'user', uid: process.getuid?.() },
      socket: '/run/barkeep/vms/web-2/gpu.sock',
    });
  });

  test('may be empty', () => {
    expect(parse('')).toMatchObject({
      runDirectory: '/run/barkeep',
      hostCapacity: HOST.total,
      orphanGrace: 60_000,
      sweepInterval: 10_000,
      auditLooks: 6,
      logLevel: 'info',
      heaps: [],
      vms: [],
      frontend: { answerTimeout: 5000, vmmTimeout: 5000, statisticsInterval: 1000, vmsPerProcess: 1 },
      metrics: { listen: { host: '127.0.0.1', port: 9464 }, vmHistograms: false },
    });
  });

  test('lets groups use sockets and attach VMs', () => {
    const { groups, vms } = parse(
      'groups: { frontends: 2001, viewers: daemon }\n' +
        'heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 1GiB }]\n' +
        'vms:\n  - { name: a, window: 1GiB, heap: ram }\n  - { name: b, window: 1GiB, heap: ram, group: 2002 }\n  - { name: c, window: 1GiB, heap: ram, uid: 2003 }',
    );
    expect(groups).toEqual({ frontends: 2001, viewers: 1, operators: null, memory: null });
    expect(vms.map(({ attachedBy }) => attachedBy)).toEqual([
      { kind: 'group', gid: 2001 },
      { kind: 'group', gid: 2002 },
      { kind: 'user', uid: 2003 },
    ]);
  });

  test.each([
    'Web_1',
    'default_fedora-vm.2',
    'A',
    '0'.repeat(63),
  ])('names a VM %s, as libvirt and KubeVirt do', (name) => {
    expect(
      parse(`heaps: [${HEAP}]\nvms:\n  - { name: "${name}", window: 1GiB, heap: ram }`).vms[0]?.name,
    ).toBe(name);
  });

  test('has quotas up to what all heaps of a VM have together', () => {
    const { vms } = parse(
      `heaps: [${HEAP}, { name: more, backing: memfd, cache: wc, capacity: 1GiB }]\nvms:\n` +
        '  - { name: a, window: 1GiB, heap: ram, blob_heaps: { 1: more }, quota: { bytes: 2GiB } }',
    );
    expect(vms[0]?.quota.bytes).toBe(2 * GIB);
  });

  test('counts file heaps into the default capacity of the host, because their bytes are not in its memory', () => {
    const config = parse(
      'heaps: [{ name: v, backing: file, path: /dev/dax0.0, cache: wc, capacity: 32GiB }]',
    );
    expect(config.hostCapacity).toBe(HOST.total + 32 * GIB);
  });

  test('treats an empty value as none', () => {
    expect(parse('heaps:\nvms:\nmetrics:\nlog_level:\n')).toEqual(parse(''));
  });

  test('is overridden by the environment, and that by options', () => {
    const environment = {
      BARKEEP_RUN_DIRECTORY: '/from/environment',
      BARKEEP_LOG_LEVEL: 'warn',
      BARKEEP_METRICS_LISTEN: 'localhost:1',
      BARKEEP_HOST_CAPACITY: '1GiB',
      BARKEEP_ORPHAN_GRACE: '0',
      BARKEEP_SWEEP_INTERVAL: '1m',
      BARKEEP_FRONTEND_ANSWER_TIMEOUT: '7s',
      BARKEEP_FRONTEND_VMM_TIMEOUT: '8s',
      BARKEEP_FRONTEND_STATISTICS_INTERVAL: '9s',
    };
    expect(parse(FULL, { runDirectory: '/from/option', listen: '0.0.0.0:2' }, environment)).toMatchObject({
      runDirectory: '/from/option',
      logLevel: 'warn',
      metrics: { listen: { host: '0.0.0.0', port: 2 }, vmHistograms: true },
      hostCapacity: GIB,
      orphanGrace: 0,
      sweepInterval: 60_000,
      frontend: { answerTimeout: 7000, vmmTimeout: 8000, statisticsInterval: 9000 },
    });
  });

  test('ignores an empty variable', () => {
    expect(parse(FULL, {}, { BARKEEP_LOG_LEVEL: '' }).logLevel).toBe('debug');
  });

  test('takes the paths of sockets from the run directory that wins', () => {
    expect(parse(FULL, { runDirectory: '/tmp/x' }).vms[1]?.socket).toBe('/tmp/x/vms/web-2/gpu.sock');
  });

  test('resolves a relative run directory of the command line', () => {
    expect(parse('', { runDirectory: 'here' }).runDirectory).toBe(`${process.cwd()}/here`);
  });
});

const HEAP = '{ name: ram, backing: memfd, cache: cached, capacity: 1GiB }';
const heap = (fields: string) => `heaps:\n  - ${fields}`;
const vm = (fields: string) => `heaps: [${HEAP}]\nvms:\n  - ${fields}`;

describe('a broken configuration names the line, what was found and what was expected', () => {
  test.each([
    [
      'a key that does not exist, with a suggestion',
      'run_directory: /run/b\nrun_dirctory: /run/barkeep',
      'barkeep.yaml:2:1: run_dirctory: found a key that does not exist; expected one of run_directory, host_capacity, orphan_grace, sweep_interval, audit_looks, journal, log_level, groups, heaps, vms, frontend, metrics (did you mean run_directory?)',
    ],
    [
      'a key of a heap',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 1GiB, prefualt: true }'),
      'barkeep.yaml:2:65: heaps[0].prefualt: found a key that does not exist; expected one of name, backing, cache, capacity, path, prefault (did you mean prefault?)',
    ],
    [
      'more scanouts than one',
      vm('{ name: a, window: 1GiB, heap: ram, scanouts: 2 }'),
      'barkeep.yaml:3:51: vms[0].scanouts: found "2"; expected 0 or 1: how many displays the device has, none of them connected',
    ],
    [
      'a key of a quota',
      vm('{ name: a, window: 1GiB, heap: ram, quota: { byte: 1GiB } }'),
      'barkeep.yaml:3:50: vms[0].quota.byte: found a key that does not exist; expected one of bytes, mappings, allocations (did you mean bytes?)',
    ],
    [
      'a key that resembles none',
      'colour: red',
      'barkeep.yaml:1:1: colour: found a key that does not exist; expected one of run_directory, host_capacity, orphan_grace, sweep_interval, audit_looks, journal, log_level, groups, heaps, vms, frontend, metrics',
    ],
    [
      'a window that is no power of two, with the nearest ones',
      vm('{ name: a, window: 1000MiB, heap: ram }'),
      'barkeep.yaml:3:24: vms[0].window: found "1000MiB"; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes: the nearest are 512MiB and 1GiB',
    ],
    [
      'a window smaller than a page',
      vm('{ name: a, window: 2048, heap: ram }'),
      'barkeep.yaml:3:24: vms[0].window: found "2048"; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes: the smallest is 4KiB',
    ],
    [
      'a window beyond any address space',
      vm('{ name: a, window: 128TiB, heap: ram }'),
      'barkeep.yaml:3:24: vms[0].window: found "128TiB"; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes: the largest is 64TiB',
    ],
    [
      'a window that is no size',
      vm('{ name: a, window: huge, heap: ram }'),
      'barkeep.yaml:3:24: vms[0].window: found "huge"; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes, such as 1GiB',
    ],
    [
      'a VM without a window',
      vm('{ name: a, heap: ram }'),
      'barkeep.yaml:3:5: vms[0].window: found nothing; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes, such as 1GiB',
    ],
    [
      'a heap that does not exist',
      vm('{ name: a, window: 1GiB, heap: rom }'),
      'barkeep.yaml:3:36: vms[0].heap: found "rom"; expected the name of a heap (heaps: has ram)',
    ],
    [
      'a heap of a blob_id that does not exist',
      vm('{ name: a, window: 1GiB, heap: ram, blob_heaps: { 7: rom } }'),
      'barkeep.yaml:3:58: vms[0].blob_heaps.7: found "rom"; expected the name of a heap (heaps: has ram)',
    ],
    [
      'blob_id 0 among the further ones',
      vm('{ name: a, window: 1GiB, heap: ram, blob_heaps: { 0: ram } }'),
      'barkeep.yaml:3:55: vms[0].blob_heaps.0: found the key "0"; expected blob_ids, whole numbers from 1 to 2^53 - 1 (blob_id 0 is the default heap: set `heap`)',
    ],
    [
      'a blob_id that a number cannot hold',
      vm('{ name: a, window: 1GiB, heap: ram, blob_heaps: { 18446744073709551615: ram } }'),
      'barkeep.yaml:3:55: vms[0].blob_heaps.18446744073709551615: found the key "18446744073709551615"; expected blob_ids, whole numbers from 1 to 2^53 - 1 (blob_id 0 is the default heap: set `heap`)',
    ],
    [
      'a second heap of one name',
      `heaps:\n  - ${HEAP}\n  - ${HEAP}`,
      'barkeep.yaml:3:13: heaps[1].name: found "ram"; expected a name of its own: heaps[0] has this one',
    ],
    [
      'a second VM of one name',
      vm('{ name: a, window: 1GiB, heap: ram }\n  - { name: a, window: 1GiB, heap: ram }'),
      'barkeep.yaml:4:13: vms[1].name: found "a"; expected a name of its own: vms[0] has this one',
    ],
    [
      'a name that is none',
      vm('{ name: _web-, window: 1GiB, heap: ram }'),
      'barkeep.yaml:3:13: vms[0].name: found "_web-"; expected a name of at most 63 characters: letters, digits, and "-", "_" and "." between them (a number needs quotes)',
    ],
    [
      'a name that YAML reads as a number',
      vm('{ name: 1, window: 1GiB, heap: ram }'),
      'barkeep.yaml:3:13: vms[0].name: found "1"; expected a name of at most 63 characters: letters, digits, and "-", "_" and "." between them (a number needs quotes)',
    ],
    [
      'a name that leaves the run directory',
      vm('{ name: ../a, window: 1GiB, heap: ram }'),
      'barkeep.yaml:3:13: vms[0].name: found "../a"; expected a name of at most 63 characters: letters, digits, and "-", "_" and "." between them (a number needs quotes)',
    ],
    [
      'a backing that does not exist',
      heap('{ name: ram, backing: dax, cache: cached, capacity: 1GiB }'),
      'barkeep.yaml:2:27: heaps[0].backing: found "dax"; expected one of memfd, hugetlb, file',
    ],
    [
      'a cache type that does not exist',
      heap('{ name: ram, backing: memfd, cache: writeback, capacity: 1GiB }'),
      'barkeep.yaml:2:41: heaps[0].cache: found "writeback"; expected one of cached, uncached, wc, none',
    ],
    [
      'a placement that does not exist',
      vm('{ name: a, window: 1GiB, heap: ram, placement: blob }'),
      'barkeep.yaml:3:52: vms[0].placement: found "blob"; expected one of window, per-blob',
    ],
    [
      'a file heap without its file',
      heap('{ name: v, backing: file, cache: wc, capacity: 1GiB }'),
      'barkeep.yaml:2:5: heaps[0].path: found nothing; expected the path of the file that backs the heap, because its backing is file',
    ],
    [
      'a path that is not absolute',
      heap('{ name: v, backing: file, path: dev/dax0.0, cache: wc, capacity: 1GiB }'),
      'barkeep.yaml:2:37: heaps[0].path: found "dev/dax0.0"; expected an absolute path',
    ],
    [
      'a file for a heap of memory',
      heap('{ name: ram, backing: memfd, path: /dev/mem, cache: cached, capacity: 1GiB }'),
      'barkeep.yaml:2:40: heaps[0].path: found "/dev/mem"; expected no path, because a memfd heap has no file',
    ],
    [
      'a heap beyond the memory of the host',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 17GiB }'),
      `barkeep.yaml:2:59: heaps[0].capacity: found "17GiB"; expected at most the host's memory, 16GiB`,
    ],
    [
      'a hugetlb heap beyond the reserved pages',
      heap('{ name: h, backing: hugetlb, cache: cached, capacity: 2GiB }'),
      `barkeep.yaml:2:59: heaps[0].capacity: found "2GiB"; expected at most the host's reserved huge pages, 1GiB (reserve more: sysctl vm.nr_hugepages=1024)`,
    ],
    [
      'a hugetlb heap that is no number of huge pages',
      heap('{ name: h, backing: hugetlb, cache: cached, capacity: 3MiB }'),
      'barkeep.yaml:2:59: heaps[0].capacity: found "3MiB"; expected a multiple of 2MiB, the size of a huge page',
    ],
    [
      'a capacity that is no number of pages',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 5000 }'),
      'barkeep.yaml:2:59: heaps[0].capacity: found "5000"; expected a size of at least 4KiB, a multiple of 4KiB, such as 1GiB (units: KiB, MiB, GiB, TiB)',
    ],
    [
      'a capacity in other units',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 4GB }'),
      'barkeep.yaml:2:59: heaps[0].capacity: found "4GB"; expected a size of at least 4KiB, a multiple of 4KiB, such as 1GiB (units: KiB, MiB, GiB, TiB): write 4GiB for 1024-based units',
    ],
    [
      'a capacity beyond exact numbers',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 18446744073709551615 }'),
      'barkeep.yaml:2:59: heaps[0].capacity: found "18446744073709551615"; expected a size of at least 4KiB, a multiple of 4KiB, such as 1GiB (units: KiB, MiB, GiB, TiB)',
    ],
    [
      'more than the host has over all heaps',
      'host_capacity: 1TiB',
      `barkeep.yaml:1:16: host_capacity: found "1TiB"; expected at most the host's memory, 16GiB`,
    ],
    [
      'a duration without its unit',
      'orphan_grace: 60',
      'barkeep.yaml:1:15: orphan_grace: found "60"; expected a duration with its unit, such as 5s (units: ms, s, m, h)',
    ],
    [
      'an interval that would spin',
      'sweep_interval: 1ms',
      'barkeep.yaml:1:17: sweep_interval: found "1ms"; expected a duration of at least 10ms with its unit, such as 5s (units: ms, s, m, h)',
    ],
    [
      'more VMs of a process than it serves',
      'frontend: { vms_per_process: 65 }',
      'barkeep.yaml:1:30: frontend.vms_per_process: found "65"; expected a whole number from 1 to 64: how many VMs share a frontend process',
    ],
    [
      'a time-out longer than a timer can be',
      'frontend: { vmm_timeout: 9999h }',
      'barkeep.yaml:1:26: frontend.vmm_timeout: found "9999h"; expected a duration of at least 1ms with its unit, such as 5s (units: ms, s, m, h)',
    ],
    [
      'a log level that does not exist',
      'log_level: verbose',
      'barkeep.yaml:1:12: log_level: found "verbose"; expected one of trace, debug, info, warn, error, fatal',
    ],
    [
      'an address without a port',
      'metrics: { listen: localhost }',
      'barkeep.yaml:1:20: metrics.listen: found "localhost"; expected an address and a port, such as 127.0.0.1:9464 or [::1]:9464',
    ],
    [
      'a port that is none',
      'metrics: { listen: "localhost:70000" }',
      'barkeep.yaml:1:20: metrics.listen: found "localhost:70000"; expected an address and a port, such as 127.0.0.1:9464 or [::1]:9464',
    ],
    [
      'a negative count',
      vm('{ name: a, window: 1GiB, heap: ram, quota: { mappings: -1 } }'),
      'barkeep.yaml:3:60: vms[0].quota.mappings: found "-1"; expected a whole number, 0 for no limit',
    ],
    [
      'a user that the host does not have',
      vm('{ name: a, window: 1GiB, heap: ram, uid: no-such-user }'),
      'barkeep.yaml:3:46: vms[0].uid: found "no-such-user"; expected the name or the number of a user of this host',
    ],
    [
      'a group that the host does not have',
      'groups: { viewers: no-such-group }',
      'barkeep.yaml:1:20: groups.viewers: found "no-such-group"; expected the name or the number of a group of this host',
    ],
    [
      'a user and a group for one VM',
      vm('{ name: a, window: 1GiB, heap: ram, uid: 0, group: 0 }'),
      'barkeep.yaml:3:56: vms[0].group: found "0"; expected no group beside uid: a VM is attached by one user or by the members of a group',
    ],
    [
      "a window in QEMU's spelling",
      vm('{ name: a, window: 256M, heap: ram }'),
      'barkeep.yaml:3:24: vms[0].window: found "256M"; expected a power of two of at least 4KiB, because a PCI BAR has no other sizes: write 256MiB for 1024-based units',
    ],
    [
      "a quota in Kubernetes' spelling",
      vm('{ name: a, window: 1GiB, heap: ram, quota: { bytes: 1.5Gi } }'),
      'barkeep.yaml:3:57: vms[0].quota.bytes: found "1.5Gi"; expected a size such as 2GiB, 0 for no limit: write 1.5GiB for 1024-based units',
    ],
    [
      'a quota beyond its heap',
      vm('{ name: a, window: 1GiB, heap: ram, quota: { bytes: 1TiB } }'),
      'barkeep.yaml:3:57: vms[0].quota.bytes: found "1TiB"; expected at most what its heap, ram, has: 1GiB (0: no limit)',
    ],
    [
      'two VMs on one socket',
      vm(
        '{ name: a, window: 1GiB, heap: ram, socket: /x }\n  - { name: b, window: 1GiB, heap: ram, socket: /x }',
      ),
      'barkeep.yaml:4:49: vms[1].socket: found "/x"; expected a path of its own: vms[0] has this one',
    ],
    ['a list that is none', 'heaps: ram', 'barkeep.yaml:1:8: heaps: found "ram"; expected a list of heaps'],
    ['a heap that is no mapping', heap('ram'), 'barkeep.yaml:2:5: heaps[0]: found "ram"; expected a mapping'],
    ['a file that is no mapping', '- a\n- b', 'barkeep.yaml:1:1: found a list; expected a mapping'],
    [
      'a truth value that is none',
      heap('{ name: ram, backing: memfd, cache: cached, capacity: 1GiB, prefault: yes }'),
      'barkeep.yaml:2:75: heaps[0].prefault: found "yes"; expected true or false',
    ],
    [
      'a key that stands twice',
      'log_level: info\nlog_level: warn',
      'barkeep.yaml:2:1: found a key for the second time, "log_level: warn"; expected every key once',
    ],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  test.each(['hugetlb', 'file'])('a %s heap for a VM in window placement', (backing) => {
    const path = backing === 'file' ? ', path: /x' : '';
    const text = `heaps: [{ name: h, backing: ${backing}, cache: cached, capacity: 2MiB${path} }]\nvms:\n  - { name: a, window: 1GiB, heap: h }`;
    expect(problemsOf(text)).toEqual([
      `barkeep.yaml:3:36: vms[0].heap: found "h"; expected a memfd heap, because placement is window; a ${backing} heap needs placement: per-blob`,
    ]);
  });

  test('hugetlb heaps that fit one by one and not together', () => {
    const text = `heaps:
  - { name: a, backing: hugetlb, cache: cached, capacity: 768MiB }
  - { name: b, backing: hugetlb, cache: cached, capacity: 512MiB }`;
    expect(problemsOf(text)).toEqual([
      `barkeep.yaml:3:59: heaps[1].capacity: found "512MiB"; expected at most the host's reserved huge pages, 1GiB, of which earlier heaps take 768MiB (reserve more: sysctl vm.nr_hugepages=640)`,
    ]);
  });

  test('a run directory whose sockets would have names too long for Linux', () => {
    const directory = `/${'d'.repeat(100)}`;
    expect(problemsOf(`run_directory: ${directory}`)).toEqual([
      `barkeep.yaml:1:16: run_directory: found "${directory.slice(0, 60)}…"; expected a shorter path: ${directory}/broker.sock has 113 bytes, and Linux takes 107 for a socket`,
    ]);
  });

  test('a VM whose default socket would be too long', () => {
    const directory = `/${'d'.repeat(82)}`;
    const text = `run_directory: ${directory}\n${vm('{ name: a-long-name, window: 1GiB, heap: ram }')}`;
    const socket = `${directory}/vms/a-long-name/gpu.sock`;
    expect(problemsOf(text)).toEqual([
      `barkeep.yaml:4:5: vms[0].socket: found "${socket}"; expected a shorter path: ${socket} has 108 bytes, and Linux takes 107 for a socket`,
    ]);
  });

  test('a value from the environment', () => {
    expect(problemsOf('', {}, { BARKEEP_LOG_LEVEL: 'loud' })).toEqual([
      'environment variable BARKEEP_LOG_LEVEL: log_level: found "loud"; expected one of trace, debug, info, warn, error, fatal',
    ]);
  });

  test('a value from the command line', () => {
    expect(problemsOf('metrics: { listen: "[::1]:1" }', { listen: 'here' })).toEqual([
      'option --listen: metrics.listen: found "here"; expected an address and a port, such as 127.0.0.1:9464 or [::1]:9464',
    ]);
  });

  test('all of it at once, in the order of the file', () => {
    const text = `log_level: loud
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 99GiB, prefault: maybe }
  - { name: gpu, backing: file, cache: wb, capacity: 1GiB }
vms:
  - { name: a, window: 3GiB, heap: rom }
  - { name: a, windw: 1GiB, heap: gpu }
metrics: { listen: 9464 }`;
    expect(problemsOf(text).map((line) => line.replace(/; expected.*/, ''))).toEqual([
      'barkeep.yaml:1:12: log_level: found "loud"',
      'barkeep.yaml:3:59: heaps[0].capacity: found "99GiB"',
      'barkeep.yaml:3:76: heaps[0].prefault: found "maybe"',
      'barkeep.yaml:4:5: heaps[1].path: found nothing',
      'barkeep.yaml:4:40: heaps[1].cache: found "wb"',
      'barkeep.yaml:6:24: vms[0].window: found "3GiB"',
      'barkeep.yaml:6:36: vms[0].heap: found "rom"',
      'barkeep.yaml:7:5: vms[1].window: found nothing',
      'barkeep.yaml:7:13: vms[1].name: found "a"',
      'barkeep.yaml:7:16: vms[1].windw: found a key that does not exist',
      'barkeep.yaml:7:35: vms[1].heap: found "gpu"',
      'barkeep.yaml:8:20: metrics.listen: found "9464"',
    ]);
  });

  test('aliases are followed to where the value stands', () => {
    const text = `heaps:
  - &first { name: ram, backing: memfd, cache: cached, capacity: 99GiB }
  - *first`;
    expect(problemsOf(text).map((line) => line.replace(/; expected.*/, ''))).toEqual([
      'barkeep.yaml:2:20: heaps[1].name: found "ram"',
      'barkeep.yaml:2:66: heaps[0].capacity: found "99GiB"',
      'barkeep.yaml:2:66: heaps[1].capacity: found "99GiB"',
    ]);
  });

  test('aliases that multiply are refused, not expanded', () => {
    const levels = Array.from({ length: 12 }, (_, n) => `  - &l${n + 1} [${`*l${n}, `.repeat(10)}]`).join(
      '\n',
    );
    expect(problemsOf(`heaps:\n  - &l0 [x, x]\n${levels}`)).toEqual([
      expect.stringMatching(
        /^barkeep\.yaml: found aliases that cannot be resolved \(.*\); expected plain values$/,
      ),
    ]);
  });

  test.each([
    ['one space too few', 'vms:\n  - name: a\n    window: 1GiB\n   heap: ram\n  - name: b\n', 4, 'heap: ram'],
    [
      'one space too many',
      'heaps:\n  - name: ram\n    backing: memfd\n     cache: cached\n',
      3,
      'backing: memfd',
    ],
    ['a tab', 'heaps:\n\t- name: ram\nvms: []\n', 2, '- name: ram'],
    ['a list that is not closed', 'heaps: [\nvms: }\n', 2, 'vms: }'],
  ])('%s: one mistake is one message, with its line', (_, text, line, quoted) => {
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^barkeep\\.yaml:${line}:\\d+: found text that is not valid YAML, "${quoted}" \\(.+\\); expected YAML; most often it is the indentation`,
        ),
      ),
    ]);
  });

  test('the error carries the problems as data, and exit code 2', () => {
    expect(() => parse('log_level: loud')).toThrow(
      expect.objectContaining({
        exitCode: 2,
        problems: [
          {
            place: 'barkeep.yaml:1:12',
            setting: 'log_level',
            found: '"loud"',
            expected: 'one of trace, debug, info, warn, error, fatal',
          },
        ],
      }),
    );
  });

  test('a file that cannot be read', () => {
    expect(() => loadConfig('/nonexistent/barkeep.yaml')).toThrow(
      '/nonexistent/barkeep.yaml: found no readable file (ENOENT); expected a configuration file',
    );
  });

  test('a file with nothing in it', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'barkeep-config-')), 'barkeep.yaml');
    writeFileSync(path, '# vms:\n\n');
    expect(() => loadConfig(path)).toThrow(`${path}:1:1: found an empty file; expected settings`);
    rmSync(dirname(path), { recursive: true });
  });

  test('says where the run directory is all the same', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'barkeep-config-')), 'barkeep.yaml');
    writeFileSync(path, 'run_directory: /run/other\nwms: [\n  - {');
    expect(runDirectoryOf(path)).toBe('/run/other');
    expect(runDirectoryOf(path, { flags: { runDirectory: '/run/third' } })).toBe('/run/third');
    writeFileSync(path, 'wms: []\n');
    expect(runDirectoryOf(path)).toBe('/run/barkeep');
    rmSync(dirname(path), { recursive: true });
  });

  test('nothing is checked against the host when nobody asks for it', () => {
    const text = heap('{ name: ram, backing: memfd, cache: cached, capacity: 17GiB }');
    expect(parseConfig(text, 'x', { host: null }).heaps[0]?.capacity).toBe(17 * GIB);
  });
});
