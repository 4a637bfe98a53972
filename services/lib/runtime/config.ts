// The configuration of Barkeep: one YAML file, then environment variables over it, then command-line options over those.
// Every problem is found in one go and told with its place; nothing is guessed and nothing unknown is ignored.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { type Account, type AccountKind, accountId } from './account.ts';
import { checkConfig, fileCapacity, type Indexed } from './config-check.ts';
import {
  ConfigDocument,
  isEmptyYaml,
  looseSetting,
  type Override,
  type SettingPath,
} from './config-document.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import {
  type BACKINGS,
  type CACHES,
  type FileSettings,
  fileSchema,
  type HeapSettings,
  heapSchema,
  KNOWN_KEYS,
  type Listen,
  type LOG_LEVELS,
  type PLACEMENTS,
  type VmSettings,
  vmSchema,
} from './config-schema.ts';
import { type HostMemory, readHostMemory } from './host-memory.ts';
import {
  runDirectoryPaths,
  type SecretReader,
  type SocketGroups,
  socketPathProblem,
} from './run-directory.ts';

type ObjectSchema<Settings> = z.ZodType<Settings> & { readonly shape: Readonly<Record<string, z.ZodType>> };

export type CacheName = (typeof CACHES)[number];
export type BackingName = (typeof BACKINGS)[number];
export type PlacementName = (typeof PLACEMENTS)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All sizes are bytes, all durations milliseconds. */
export type Config = {
  /** The file it came from, for messages. */
  readonly file: string;
  readonly runDirectory: string;
  /** Limit over all heaps. Without one in the file: the host's memory and the capacity of the file heaps. */
  readonly hostCapacity: number;
  /** How long a VM whose frontend vanished is kept. 0: not at all. */
  readonly orphanGrace: number;
  /** How often windows are searched for pages that the guest touched outside of its blobs. */
  readonly sweepInterval: number;
  /** At so many looks one after the other (each `sweepInterval`) a VM that its frontend decides for may hold more than it was granted. 0: at any number. */
  readonly auditLooks: number;
  /** Keep VMs over the end of the broker, where there is an fd store. */
  readonly journal: boolean;
  readonly logLevel: LogLevel;
  /** Who may use the broker's sockets besides its own user, by role: numbers of groups; null where nobody else may. */
  readonly groups: SocketGroups;
  readonly heaps: readonly HeapConfig[];
  readonly vms: readonly VmConfig[];
  readonly frontend: {
    /** A broker that does not answer for so long, from when it is asked, costs the guest an ERR_UNSPEC. */
    readonly answerTimeout: number;
    /** A VMM that does not acknowledge a mapping for so long. */
    readonly vmmTimeout: number;
    /** How often a frontend reports its figures to the broker. */
    readonly statisticsInterval: number;
    /** How many VMs of one user `barkeep up` gives to a frontend process, 1 or more. */
    readonly vmsPerProcess: number;
  };
  readonly metrics: {
    readonly listen: Listen;
    /** Show how long the commands of each VM took, and not only those of all together. */
    readonly vmHistograms: boolean;
  };
};

export type HeapConfig = {
  readonly name: string;
  readonly backing: BackingName;
  readonly cache: CacheName;
  readonly capacity: number;
  /** Of a file heap, and only of one. */
  readonly path: string | null;
  /** Fault the memory of an allocation in when it is made. */
  readonly prefault: boolean;
};

export type VmConfig = {
  readonly name: string;
  /** Size of the host-visible window, a power of two. */
  readonly window: number;
  readonly placement: PlacementName;
  /** The heap of blob_id 0. */
  readonly heap: string;
  /** The heaps of further blob_ids. */
  readonly blobHeaps: ReadonlyMap<number, string>;
  /** 0: no limit. */
  readonly quota: { readonly bytes: number; readonly mappings: number; readonly allocations: number };
  /** 0 or 1: displays of the device, none of them connected. */
  readonly scanouts: number;
  /** Who may attach it, and read its secret: one user, whose the secret is, or whoever is in a group. */
  readonly attachedBy: SecretReader;
  /** Where its frontend listens for the VMM. */
  readonly socket: string;
};

export const DEFAULT_CONFIG_PATH = '/etc/barkeep/barkeep.yaml';

/** Settings that environment variables and options may set. */
const OUTSIDE: readonly {
  readonly path: SettingPath;
  readonly variable: string;
  readonly option: keyof ConfigFlags | null;
}[] = [
  { path: ['run_directory'], variable: 'BARKEEP_RUN_DIRECTORY', option: 'runDirectory' },
  { path: ['log_level'], variable: 'BARKEEP_LOG_LEVEL', option: 'logLevel' },
  { path: ['metrics', 'listen'], variable: 'BARKEEP_METRICS_LISTEN', option: 'listen' },
  { path: ['host_capacity'], variable: 'BARKEEP_HOST_CAPACITY', option: null },
  { path: ['orphan_grace'], variable: 'BARKEEP_ORPHAN_GRACE', option: null },
  { path: ['sweep_interval'], variable: 'BARKEEP_SWEEP_INTERVAL', option: null },
  { path: ['frontend', 'answer_timeout'], variable: 'BARKEEP_FRONTEND_ANSWER_TIMEOUT', option: null },
  { path: ['frontend', 'vmm_timeout'], variable: 'BARKEEP_FRONTEND_VMM_TIMEOUT', option: null },
  {
    path: ['frontend', 'statistics_interval'],
    variable: 'BARKEEP_FRONTEND_STATISTICS_INTERVAL',
    option: null,
  },
];

export type ConfigFlags = {
  readonly runDirectory?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly listen?: string | undefined;
};

export type ConfigOptions = {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: ConfigFlags;
  /** What the host has; null checks nothing against it. Default: this host. */
  readonly host?: HostMemory | null;
};

/** A configuration, and the text that says the same without the environment and the options that were laid over the file. */
export type ReadConfig = { readonly config: Config; readonly text: string };

/** Reads and checks a file. Throws ConfigError, with every problem of the file. */
export function loadConfig(path: string, options: ConfigOptions = {}): Config {
  return readConfig(readConfigText(path), path, options).config;
}

/** Throws ConfigError for a file that cannot be read, or has nothing in it: one that was cut off, most likely. */
export function readConfigText(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const found = `no readable file (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
    throw new ConfigError([{ place: path, setting: '', found, expected: 'a configuration file' }]);
  }
  if (!isEmptyYaml(text)) return text;
  const expected = 'settings, such as heaps: and vms: (without a file at all, the defaults hold)';
  throw new ConfigError([{ place: `${path}:1:1`, setting: '', found: 'an empty file', expected }]);
}

/**
 * Where a file puts the run directory, whatever else is wrong with it: what can be read of it, and what is laid over it.
 * Throws ConfigError for a file that cannot be read, or a directory that cannot be.
 */
export function runDirectoryOf(path: string, options: ConfigOptions = {}): string {
  const setting = looseSetting(readConfigText(path), 'run_directory');
  const text = setting === undefined ? '' : stringify({ run_directory: setting });
  return parseConfig(text, path, { ...options, host: null }).runDirectory;
}

/** Checks the text of a configuration; `file` is only a name for messages. Throws ConfigError. */
export function parseConfig(text: string, file: string, options: ConfigOptions = {}): Config {
  return readConfig(text, file, options).config;
}

/** As parseConfig(). */
export function readConfig(text: string, file: string, options: ConfigOptions = {}): ReadConfig {
  const host = options.host === undefined ? readHostMemory() : options.host;
  const document = new ConfigDocument(text, file, overridesOf(options));
  const problems: ConfigProblem[] = [];
  const settings = read(fileSchema, document.values ?? {}, [], document, problems);
  const heaps = readList(heapSchema, 'heaps', document, problems);
  const vms = readList(vmSchema, 'vms', document, problems);
  const { host_capacity: hostCapacity, run_directory: runDirectory, groups = {} } = settings.fields;
  const heapNames = namesIn(document.values);
  problems.push(...checkConfig({ document, heaps, vms, heapNames, hostCapacity, groups, host }));
  if (runDirectory !== undefined) problems.push(...pathProblems(document, runDirectory, vms));
  if (settings.whole === null || problems.length > 0) throw new ConfigError(problems);
  return {
    config: compose(file, settings.whole, heaps, vms, host),
    text: textOf(document, settings.whole, wholes(vms)),
  };
}

/** With numbers for users and groups: the host may know them no more when this is read. */
function textOf({ values }: ConfigDocument, settings: FileSettings, vms: readonly VmSettings[]): string {
  const file = (values ?? {}) as { readonly vms?: readonly object[] };
  const numbered = vms.map(({ uid, group }, index) => ({ ...file.vms?.[index], uid, group }));
  const { run_directory, groups } = settings;
  return stringify({ ...file, run_directory, groups, vms: numbered });
}

function overridesOf({ environment = {}, flags = {} }: ConfigOptions): Override[] {
  return OUTSIDE.flatMap(({ path, variable, option }) => {
    const flag = option === null ? undefined : flags[option];
    const fromShell = environment[variable];
    // An empty variable is one that was meant to be unset.
    const value = flag ?? (fromShell === '' ? undefined : fromShell);
    if (value === undefined) return [];
    const place = flag === undefined ? `environment variable ${variable}` : `option --${kebab(option ?? '')}`;
    return [{ path, value: option === 'runDirectory' ? resolve(value) : value, place }];
  });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What was read of a mapping: all of it, or only the fields without a problem. */
type Read<Settings> = { readonly whole: Settings | null; readonly fields: Partial<Settings> };
type Item<Settings> = Indexed<Settings> & { readonly whole: Settings | null };

function readList<Settings>(
  schema: ObjectSchema<Settings>,
  list: 'heaps' | 'vms',
  document: ConfigDocument,
  problems: ConfigProblem[],
): Item<Settings>[] {
  const items = (document.values as Record<string, unknown> | null | undefined)?.[list];
  if (!Array.isArray(items)) return [];
  return items.map((item, index) => {
    const { whole, fields } = read(schema, item, [list, index], document, problems);
    return { index, whole, settings: fields };
  });
}

function read<Settings>(
  schema: ObjectSchema<Settings>,
  data: unknown,
  path: SettingPath,
  document: ConfigDocument,
  problems: ConfigProblem[],
): Read<Settings> {
  const value = withoutNulls(data);
  const result = schema.safeParse(value);
  if (result.success) return { whole: result.data, fields: result.data };
  for (const issue of result.error.issues) {
    const at = [...path, ...(issue.path as (string | number)[])];
    if (issue.code === 'unrecognized_keys') {
      problems.push(...issue.keys.map((key) => unknownKey(document, at, key)));
    } else if (issue.code === 'invalid_key') {
      const key = String(at.at(-1));
      const expected = issue.issues[0]?.message ?? 'another key';
      problems.push(document.keyProblem(at.slice(0, -1), key, `the key "${key}"`, expected));
    } else {
      problems.push(document.problem(at, issue.message));
    }
  }
  return { whole: null, fields: goodFields(schema, value) };
}

/** The fields that are right by themselves, so that what they say about each other is checked even when another one is broken. */
function goodFields<Settings>(schema: ObjectSchema<Settings>, value: unknown): Partial<Settings> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  const fields = Object.entries(schema.shape).flatMap(([key, field]) => {
    const result = field.safeParse((value as Record<string, unknown>)[key]);
    return result.success ? [[key, result.data]] : [];
  });
  return Object.fromEntries(fields) as Partial<Settings>;
}

function unknownKey(document: ConfigDocument, path: SettingPath, key: string): ConfigProblem {
  const known = KNOWN_KEYS[path.filter((step) => typeof step === 'string').join('.')] ?? [];
  const nearest = nearestName(key, known);
  const hint = nearest === null ? '' : ` (did you mean ${nearest}?)`;
  return document.keyProblem(path, key, 'a key that does not exist', `one of ${known.join(', ')}${hint}`);
}

/** An empty value ("quota:") is the same as none. */
function withoutNulls(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

function namesIn(values: unknown): Set<string> {
  const heaps = (values as { heaps?: unknown } | null | undefined)?.heaps;
  if (!Array.isArray(heaps)) return new Set();
  return new Set(heaps.map((heap) => String((heap as { name?: unknown } | null)?.name)));
}

function pathProblems(
  document: ConfigDocument,
  runDirectory: string,
  vms: readonly Indexed<VmSettings>[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const longest = socketPathProblem(runDirectoryPaths(runDirectory).brokerSocket);
  if (longest !== null) problems.push(document.problem(['run_directory'], `a shorter path: ${longest}`));
  const owners = new Map<string, number>();
  for (const { index, settings: vm } of vms) {
    if (vm.name === undefined) continue;
    const socket = vm.socket ?? runDirectoryPaths(runDirectory).vmSocket(vm.name);
    const path = ['vms', index, 'socket'];
    const tooLong = socketPathProblem(socket);
    if (tooLong !== null)
      problems.push(document.problemWith(path, `"${socket}"`, `a shorter path: ${tooLong}`));
    const owner = owners.get(socket);
    // Two VMs of one name are told as such already.
    if (owner === undefined) owners.set(socket, index);
    else if (vm.socket !== undefined) {
      problems.push(document.problem(path, `a path of its own: vms[${owner}] has this one`));
    }
  }
  return problems;
}

function compose(
  file: string,
  settings: FileSettings,
  heaps: readonly Item<HeapSettings>[],
  vms: readonly Item<VmSettings>[],
  host: HostMemory | null,
): Config {
  const unlimited = (host ?? readHostMemory()).total + fileCapacity(heaps);
  const paths = runDirectoryPaths(settings.run_directory);
  return {
    file,
    runDirectory: settings.run_directory,
    hostCapacity: settings.host_capacity ?? unlimited,
    orphanGrace: settings.orphan_grace,
    sweepInterval: settings.sweep_interval,
    auditLooks: settings.audit_looks,
    journal: settings.journal,
    logLevel: settings.log_level,
    groups: {
      frontends: idOf('group', settings.groups.frontends),
      viewers: idOf('group', settings.groups.viewers),
      operators: idOf('group', settings.groups.operators),
      memory: idOf('group', settings.groups.memory),
    },
    heaps: wholes(heaps).map((heap) => ({ ...heap, path: heap.path ?? null })),
    vms: wholes(vms).map((vm) => ({
      name: vm.name,
      window: vm.window,
      placement: vm.placement,
      heap: vm.heap,
      blobHeaps: new Map(Object.entries(vm.blob_heaps).map(([id, heap]) => [Number(id), heap])),
      quota: vm.quota,
      scanouts: vm.scanouts,
      attachedBy: attacherOf(vm, settings.groups.frontends),
      socket: vm.socket ?? paths.vmSocket(vm.name),
    })),
    frontend: {
      answerTimeout: settings.frontend.answer_timeout,
      vmmTimeout: settings.frontend.vmm_timeout,
      statisticsInterval: settings.frontend.statistics_interval,
      vmsPerProcess: settings.frontend.vms_per_process,
    },
    metrics: { listen: settings.metrics.listen, vmHistograms: settings.metrics.vm_histograms },
  };
}

function attacherOf({ uid, group }: VmSettings, frontends: Account | undefined): SecretReader {
  const gid = uid === undefined ? idOf('group', group ?? frontends) : null;
  if (gid !== null) return { kind: 'group', gid };
  return { kind: 'user', uid: idOf('user', uid) ?? process.getuid?.() ?? 0 };
}

/** Accounts that this host does not have were told already, except to tools that check nothing against the host. */
function idOf(kind: AccountKind, account: Account | undefined): number | null {
  return account === undefined ? null : accountId(kind, account);
}

function wholes<Settings>(items: readonly Item<Settings>[]): Settings[] {
  return items.flatMap(({ whole }) => (whole === null ? [] : [whole]));
}

/** The name that was probably meant: the nearest by edits, when a third of the word or less has to change. */
export function nearestName(word: string, names: readonly string[]): string | null {
  const [best] = names
    .map((name) => ({ name, distance: editDistance(word.toLowerCase(), name) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, word.length) / 3)),
    )
    .sort((a, b) => a.distance - b.distance);
  return best?.name ?? null;
}

/** Levenshtein's distance, by rows. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const change = row[column - 1]! + (letter === b[column - 1] ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
