// What may stand in a configuration file, field by field. Names are those of the file; what fields mean to each other is checked elsewhere.
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { PAGE_SIZE } from '../os/memory.ts';
import { isPowerOfTwo } from '../wire/alignment.ts';
import { isAccount } from './account.ts';
import { formatExactBytes, meantBytes, parseBytes, parseDuration } from './units.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export const CACHES = ['cached', 'uncached', 'wc', 'none'] as const;
export const BACKINGS = ['memfd', 'hugetlb', 'file'] as const;
export const PLACEMENTS = ['window', 'per-blob'] as const;

export const DEFAULT_RUN_DIRECTORY = '/run/barkeep';

/** 64 TiB, the one limit of a window: a PCI BAR has to lie below what guests address (46 bits on most x86-64 machines). */
const MAX_WINDOW = 2 ** 46;
const MAX_NAME = 63;
/** A file's name, an instance of a systemd unit and a label's value; virsh and KubeVirt (NAMESPACE_NAME) name VMs so. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** A field whose check says in words what it expects. An absent value is refused unless the field is optional or has a default. */
function field<Value>(
  expected: string,
  read: (value: unknown) => Value | null,
  hint?: (value: unknown) => string,
) {
  return z.unknown().transform((value, context): Value => {
    const result = value === undefined || value === null ? null : read(value);
    if (result !== null) return result;
    context.addIssue({ code: 'custom', message: `${expected}${hint?.(value) ?? ''}` });
    return z.NEVER;
  });
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

function size(smallest: number) {
  const expected = `a size of at least ${formatExactBytes(smallest)}, a multiple of ${formatExactBytes(PAGE_SIZE)}, such as 1GiB (units: KiB, MiB, GiB, TiB)`;
  return field(
    expected,
    (value) => {
      const bytes = parseBytes(value);
      return bytes !== null && bytes >= smallest && bytes % PAGE_SIZE === 0 ? bytes : null;
    },
    spellingHint,
  );
}

/** For people who write sizes as other programs want them. */
function spellingHint(value: unknown): string {
  const meant = meantBytes(value);
  return meant === null ? '' : `: write ${meant} for 1024-based units`;
}

function duration(smallest: number) {
  const least = smallest === 0 ? '' : ` of at least ${smallest}ms`;
  return field(`a duration${least} with its unit, such as 5s (units: ms, s, m, h)`, (value) => {
    const milliseconds = parseDuration(value);
    // Node's timers take 31 bits of milliseconds, about 24 days.
    return milliseconds !== null && milliseconds >= smallest && milliseconds < 2 ** 31 ? milliseconds : null;
  });
}

const count = field('a whole number, 0 for no limit', (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null,
);

export function isVmName(value: string): boolean {
  return value.length <= MAX_NAME && NAME.test(value);
}

const name = field(
  `a name of at most ${MAX_NAME} characters: letters, digits, and "-", "_" and "." between them (a number needs quotes)`,
  (value) => (typeof value === 'string' && isVmName(value) ? value : null),
);

const absolutePath = field('an absolute path', (value) =>
  typeof value === 'string' && isAbsolute(value) && !value.includes('\0')
    ? value.replace(/(.)\/+$/, '$1')
    : null,
);

const window = field(
  `a power of two of at least ${formatExactBytes(PAGE_SIZE)}, because a PCI BAR has no other sizes`,
  (value) => {
    const bytes = parseBytes(value);
    return bytes !== null && bytes >= PAGE_SIZE && bytes <= MAX_WINDOW && isPowerOfTwo(bytes) ? bytes : null;
  },
  nearestWindows,
);

function nearestWindows(value: unknown): string {
  const bytes = parseBytes(value);
  if (bytes === null) return spellingHint(value) || ', such as 1GiB';
  if (bytes < PAGE_SIZE) return `: the smallest is ${formatExactBytes(PAGE_SIZE)}`;
  if (bytes >= MAX_WINDOW) return `: the largest is ${formatExactBytes(MAX_WINDOW)}`;
  const below = 2 ** Math.floor(Math.log2(bytes));
  return `: the nearest are ${formatExactBytes(below)} and ${formatExactBytes(below * 2)}`;
}

const scanouts = field('0 or 1: how many displays the device has, none of them connected', (value) =>
  value === 0 || value === 1 ? value : null,
);

const user = field('the name or the number of a user of this host', (value) =>
  isAccount(value) ? value : null,
);
const group = field('the name or the number of a group of this host', (value) =>
  isAccount(value) ? value : null,
);

export type Listen = { readonly host: string; readonly port: number };

const listen = field('an address and a port, such as 127.0.0.1:9464 or [::1]:9464', readListen);

/** "127.0.0.1:9464", "[::]:9464", "localhost:0" (port 0: one that is free). Null for anything else. */
export function readListen(value: unknown): Listen | null {
  const match =
    typeof value === 'string' ? /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(value) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && port <= 65_535 ? { host, port } : null;
}

const MAPPING = {
  error: (issue: { code?: string }) => (issue.code === 'unrecognized_keys' ? undefined : 'a mapping'),
};

const BLOB_ID = /^[1-9][0-9]{0,19}$/;
const blobHeaps = z.record(
  z.string().refine((id) => BLOB_ID.test(id) && Number.isSafeInteger(Number(id)), {
    error: 'blob_ids, whole numbers from 1 to 2^53 - 1 (blob_id 0 is the default heap: set `heap`)',
  }),
  name,
  { error: 'a mapping of blob_ids to heaps, such as { 1: video }' },
);

export const heapSchema = z.strictObject(
  {
    name,
    backing: oneOf(BACKINGS),
    cache: oneOf(CACHES),
    capacity: size(PAGE_SIZE),
    path: absolutePath.optional(),
    prefault: z.boolean({ error: 'true or false' }).default(false),
  },
  MAPPING,
);

const quotaSchema = z.strictObject(
  {
    bytes: field('a size such as 2GiB, 0 for no limit', parseBytes, spellingHint).default(0),
    mappings: count.default(0),
    allocations: count.default(0),
  },
  MAPPING,
);

export const vmSchema = z.strictObject(
  {
    name,
    window,
    placement: oneOf(PLACEMENTS).default('window'),
    heap: name,
    blob_heaps: blobHeaps.default({}),
    quota: quotaSchema.default({ bytes: 0, mappings: 0, allocations: 0 }),
    scanouts: scanouts.default(1),
    uid: user.optional(),
    group: group.optional(),
    socket: absolutePath.optional(),
  },
  MAPPING,
);

/**
 * VMs of one frontend process. The names of all their descriptors fit into one environment string (keeper/held-fds.ts), and with 1 ms of the event
 * loop for each (frontend/virtio-gpu/loop-share.ts) the last one still has its turn soon.
 */
export const MOST_VMS_PER_PROCESS = 64;

const vmsPerProcess = field(
  `a whole number from 1 to ${MOST_VMS_PER_PROCESS}: how many VMs share a frontend process`,
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_VMS_PER_PROCESS
      ? value
      : null,
);

const frontendSchema = z.strictObject(
  {
    answer_timeout: duration(1).default(5000),
    vmm_timeout: duration(1).default(5000),
    statistics_interval: duration(10).default(1000),
    vms_per_process: vmsPerProcess.default(1),
  },
  MAPPING,
);

/** Who may use which sockets of the run directory (run-directory.ts). */
const groupsSchema = z.strictObject(
  {
    frontends: group.optional(),
    viewers: group.optional(),
    operators: group.optional(),
    memory: group.optional(),
  },
  MAPPING,
);

const metricsSchema = z.strictObject(
  {
    listen: listen.default({ host: '127.0.0.1', port: 9464 }),
    vm_histograms: z.boolean({ error: 'true or false' }).default(false),
  },
  MAPPING,
);

/** Heaps and VMs are read one by one with their own schema, so that a broken one does not hide the problems of the others. */
export const fileSchema = z.strictObject(
  {
    run_directory: absolutePath.default(DEFAULT_RUN_DIRECTORY),
    host_capacity: size(PAGE_SIZE).optional(),
    orphan_grace: duration(0).default(60_000),
    sweep_interval: duration(10).default(10_000),
    audit_looks: count.default(6),
    journal: z.boolean({ error: 'true or false' }).default(true),
    log_level: oneOf(LOG_LEVELS).default('info'),
    groups: groupsSchema.default({}),
    heaps: z.array(z.unknown(), { error: 'a list of heaps' }).default([]),
    vms: z.array(z.unknown(), { error: 'a list of VMs' }).default([]),
    frontend: frontendSchema.default({
      answer_timeout: 5000,
      vmm_timeout: 5000,
      statistics_interval: 1000,
      vms_per_process: 1,
    }),
    metrics: metricsSchema.default({ listen: { host: '127.0.0.1', port: 9464 }, vm_histograms: false }),
  },
  MAPPING,
);

export type FileSettings = z.output<typeof fileSchema>;
export type HeapSettings = z.output<typeof heapSchema>;
export type VmSettings = z.output<typeof vmSchema>;

/** The keys that each mapping of the file knows, by its path without list indices. */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(fileSchema.shape),
  heaps: Object.keys(heapSchema.shape),
  vms: Object.keys(vmSchema.shape),
  'vms.quota': Object.keys(quotaSchema.shape),
  groups: Object.keys(groupsSchema.shape),
  frontend: Object.keys(frontendSchema.shape),
  metrics: Object.keys(metricsSchema.shape),
};
