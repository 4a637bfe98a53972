// What the settings of a configuration must be to each other and to the host: names, references, capacities, placements.

import { HUGE_PAGE_SIZE } from '../wire/alignment.ts';
import { type Account, type AccountKind, accountId } from './account.ts';
import type { ConfigDocument, SettingPath } from './config-document.ts';
import type { ConfigProblem } from './config-error.ts';
import type { HeapSettings, VmSettings } from './config-schema.ts';
import type { HostMemory } from './host-memory.ts';
import { formatBytes, formatExactBytes, parseBytes } from './units.ts';

/** A heap or VM with its index in the file's list. What could not be read of it is not there, and is told already. */
export type Indexed<Settings> = { readonly index: number; readonly settings: Partial<Settings> };

export type Checked = {
  readonly document: ConfigDocument;
  readonly heaps: readonly Indexed<HeapSettings>[];
  readonly vms: readonly Indexed<VmSettings>[];
  /** Names of all heaps of the file, broken ones included: a VM that names one of those is not to blame. */
  readonly heapNames: ReadonlySet<string>;
  readonly hostCapacity: number | undefined;
  readonly groups: Readonly<Record<string, Account | undefined>>;
  /** Null: nothing is checked against the host (for tools that only look for the run directory). */
  readonly host: HostMemory | null;
};

export function checkConfig(checked: Checked): ConfigProblem[] {
  return [
    ...duplicates(checked.document, 'heaps', checked.heaps),
    ...duplicates(checked.document, 'vms', checked.vms),
    ...checked.heaps.flatMap((heap) => heapProblems(checked.document, heap)),
    ...checked.vms.flatMap((vm) => vmProblems(checked, vm)),
    ...(checked.host === null
      ? []
      : [...capacityProblems(checked, checked.host), ...accountProblems(checked)]),
  ];
}

/** Accounts that this host does not have. */
function accountProblems({ document, groups, vms }: Checked): ConfigProblem[] {
  const named: readonly (readonly [SettingPath, AccountKind, Account | undefined])[] = [
    ...Object.entries(groups).map(([role, group]) => [['groups', role], 'group', group] as const),
    ...vms.map(({ index, settings }) => [['vms', index, 'uid'], 'user', settings.uid] as const),
    ...vms.map(({ index, settings }) => [['vms', index, 'group'], 'group', settings.group] as const),
  ];
  return named.flatMap(([path, kind, account]) =>
    account === undefined || accountId(kind, account) !== null
      ? []
      : [document.problem(path, `the name or the number of a ${kind} of this host`)],
  );
}

function duplicates(
  document: ConfigDocument,
  list: 'heaps' | 'vms',
  items: readonly Indexed<{ readonly name: string }>[],
): ConfigProblem[] {
  const seen = new Map<string, number>();
  const problems: ConfigProblem[] = [];
  for (const { index, settings } of items) {
    if (settings.name === undefined) continue;
    const first = seen.get(settings.name);
    if (first === undefined) seen.set(settings.name, index);
    else
      problems.push(
        document.problem([list, index, 'name'], `a name of its own: ${list}[${first}] has this one`),
      );
  }
  return problems;
}

function heapProblems(document: ConfigDocument, { index, settings }: Indexed<HeapSettings>): ConfigProblem[] {
  const at = (key: string) => ['heaps', index, key];
  const problems: ConfigProblem[] = [];
  const hasPath = document.has(at('path'));
  if (settings.backing === 'file' && !hasPath) {
    problems.push(
      document.problem(at('path'), 'the path of the file that backs the heap, because its backing is file'),
    );
  }
  if (settings.backing !== undefined && settings.backing !== 'file' && hasPath) {
    problems.push(document.problem(at('path'), `no path, because a ${settings.backing} heap has no file`));
  }
  if (settings.backing === 'hugetlb' && (settings.capacity ?? 0) % HUGE_PAGE_SIZE !== 0) {
    problems.push(document.problem(at('capacity'), 'a multiple of 2MiB, the size of a huge page'));
  }
  return problems;
}

function vmProblems(checked: Checked, { index, settings }: Indexed<VmSettings>): ConfigProblem[] {
  const uses = [
    ...(settings.heap === undefined ? [] : [{ path: ['vms', index, 'heap'], heap: settings.heap }]),
    ...Object.entries(settings.blob_heaps ?? {}).map(([id, heap]) => ({
      path: ['vms', index, 'blob_heaps', id],
      heap,
    })),
  ];
  const problems: ConfigProblem[] = quotaProblems(checked, { index, settings }, uses);
  if (settings.uid !== undefined && settings.group !== undefined) {
    problems.push(
      checked.document.problem(
        ['vms', index, 'group'],
        'no group beside uid: a VM is attached by one user or by the members of a group',
      ),
    );
  }
  for (const { path, heap } of uses) {
    const backing = checked.heaps.find((item) => item.settings.name === heap)?.settings.backing;
    if (!checked.heapNames.has(heap)) {
      const names = [...checked.heapNames];
      const known = names.length === 0 ? 'heaps: is empty' : `heaps: has ${names.join(', ')}`;
      problems.push(checked.document.problem(path, `the name of a heap (${known})`));
    } else if (settings.placement === 'window' && backing !== undefined && backing !== 'memfd') {
      problems.push(
        checked.document.problem(
          path,
          `a memfd heap, because placement is window; a ${backing} heap needs placement: per-blob`,
        ),
      );
    }
  }
  return problems;
}

/** A quota that can never be reached is a mistake in the one or in the other. More VMs than fit at once are not. */
function quotaProblems(
  checked: Checked,
  { index, settings }: Indexed<VmSettings>,
  uses: readonly { readonly heap: string }[],
): ConfigProblem[] {
  const names = [...new Set(uses.map(({ heap }) => heap))];
  const capacities = names.map(
    (name) => checked.heaps.find((heap) => heap.settings.name === name)?.settings.capacity,
  );
  const bytes = settings.quota?.bytes ?? 0;
  // Of what could not be read nothing is known.
  if (names.length === 0 || capacities.includes(undefined)) return [];
  const most = capacities.reduce<number>((sum, capacity) => sum + (capacity ?? 0), 0);
  if (bytes <= most) return [];
  const heaps =
    names.length === 1 ? `its heap, ${names[0]}, has` : `its heaps, ${names.join(', ')}, have together`;
  return [
    checked.document.problem(
      ['vms', index, 'quota', 'bytes'],
      `at most what ${heaps}: ${formatExactBytes(most)} (0: no limit)`,
    ),
  ];
}

function capacityProblems(checked: Checked, host: HostMemory): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const total = hostSize(host.total);
  for (const { index, settings } of checked.heaps) {
    if (settings.backing === 'memfd' && (settings.capacity ?? 0) > host.total) {
      problems.push(
        checked.document.problem(['heaps', index, 'capacity'], `at most the host's memory, ${total}`),
      );
    }
  }
  problems.push(...hugePageProblems(checked, host));
  const files = fileCapacity(checked.heaps);
  if (checked.hostCapacity !== undefined && checked.hostCapacity > host.total + files) {
    const memory = files === 0 ? total : `${total}, and the file heaps' ${formatExactBytes(files)}`;
    problems.push(checked.document.problem(['host_capacity'], `at most the host's memory, ${memory}`));
  }
  return problems;
}

/** Huge pages are reserved for the host as a whole, so all hugetlb heaps together must fit. */
function hugePageProblems(checked: Checked, host: HostMemory): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  let used = 0;
  for (const { index, settings } of checked.heaps) {
    if (settings.backing !== 'hugetlb') continue;
    const capacity = settings.capacity ?? 0;
    used += capacity;
    if (used <= host.hugePages) continue;
    const missing = Math.ceil(used / HUGE_PAGE_SIZE);
    const before = used - capacity;
    const shared = before === 0 ? '' : `, of which earlier heaps take ${formatExactBytes(before)}`;
    problems.push(
      checked.document.problem(
        ['heaps', index, 'capacity'],
        `at most the host's reserved huge pages, ${formatExactBytes(host.hugePages)}${shared} (reserve more: sysctl vm.nr_hugepages=${missing})`,
      ),
    );
  }
  return problems;
}

/** What file heaps add to the host's memory: their bytes live on a device. */
export function fileCapacity(heaps: readonly Indexed<HeapSettings>[]): number {
  return heaps
    .filter(({ settings }) => settings.backing === 'file')
    .reduce((sum, { settings }) => sum + (settings.capacity ?? 0), 0);
}

/** Rounded for people and exact for the file: a host's memory is no round number. */
function hostSize(bytes: number): string {
  const rounded = formatBytes(bytes);
  return parseBytes(rounded) === bytes ? rounded : `${rounded} (${bytes} bytes)`;
}
