// Reads what lies under deploy/ into plain data for the checks: each reader understands just as much of its format as
// the files use.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type ComposeProject, readCompose } from './compose.ts';

export const DEPLOY = join(import.meta.dirname, '../../deploy');

/** A command line of Barkeep somewhere under deploy/: the words after the program, and where they were found. */
export interface CommandLine {
  readonly where: string;
  readonly words: readonly string[];
}

export interface DockerInstruction {
  readonly name: string;
  /** Everything after the name, continuation lines joined. */
  readonly value: string;
  /** 0 for the first FROM, and so on; -1 before it. */
  readonly stage: number;
}

export interface KubernetesContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly securityContext: {
    readonly runAsUser?: number;
    readonly readOnlyRootFilesystem: boolean;
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[]; readonly add?: readonly string[] };
  };
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly resources: { readonly limits: Readonly<Record<string, string>> };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

interface Probe {
  readonly exec?: { readonly command: readonly string[] };
}

export interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: {
    readonly runAsNonRoot: boolean;
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly supplementalGroups?: readonly number[];
    readonly seccompProfile: { readonly type: string };
  };
  readonly initContainers?: readonly KubernetesContainer[];
  readonly containers: readonly KubernetesContainer[];
}

export function deployed(path: string): Promise<string> {
  return readFile(join(DEPLOY, path), 'utf8');
}

export async function dockerfile(): Promise<readonly DockerInstruction[]> {
  const text = await deployed('images/Dockerfile');
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ');
  let stage = -1;
  const instructions: DockerInstruction[] = [];
  for (const line of lines.split('\n').filter((candidate) => candidate.trim() !== '')) {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    if (name === 'FROM') stage += 1;
    instructions.push({ name, value: rest.join(' '), stage });
  }
  return instructions;
}

export function compose(): Promise<ComposeProject> {
  return readCompose(join(DEPLOY, 'compose/compose.yaml'));
}

export async function kubernetes<T = unknown>(file: string): Promise<T> {
  return parse(await deployed(join('kubernetes', file)), { merge: true }) as T;
}

/** The pods of the DaemonSets and of the example VM, by the name of their file. */
export async function pods(): Promise<readonly { readonly file: string; readonly spec: PodSpec }[]> {
  const daemonSet = async (file: string): Promise<{ file: string; spec: PodSpec }> => {
    const { spec } = await kubernetes<{ spec: { template: { spec: PodSpec } } }>(file);
    return { file, spec: spec.template.spec };
  };
  const pod = await kubernetes<{ spec: PodSpec }>('vm-pod.yaml');
  return [
    await daemonSet('daemonset.yaml'),
    await daemonSet('metrics.yaml'),
    { file: 'vm-pod.yaml', spec: pod.spec },
  ];
}

export async function podContainers(): Promise<readonly KubernetesContainer[]> {
  return (await pods()).flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers]);
}

export const UNITS = [
  'barkeep-broker.service',
  'barkeep-frontend@.service',
  'barkeep-metrics.service',
] as const;

/** The settings of a unit file, in order; a name may appear more than once. */
export async function unitSettings(unit: string): Promise<readonly (readonly [string, string])[]> {
  const lines = (await deployed(join('systemd', unit))).split('\n');
  const settings = lines.filter((line) => /^[A-Za-z]+=/.test(line));
  return settings.map(
    (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
  );
}

/** Every command line of Barkeep that the files under deploy/ start. */
export async function commandLines(): Promise<readonly CommandLine[]> {
  const found: CommandLine[] = [];
  const add = (where: string, words: readonly string[] | undefined): void => {
    if (words === undefined) return;
    // What a keeper runs is a command line of Barkeep, too.
    const [own, kept] = splitKeep(words);
    found.push({ where, words: own });
    if (kept !== null) found.push({ where: `${where}, kept`, words: kept });
  };
  const addExec = (where: string, argv: readonly string[] | undefined): void => {
    const entry = argv?.indexOf(ENTRY) ?? -1;
    add(where, entry < 0 ? undefined : argv?.slice(entry + 1));
  };

  for (const { name, value } of await dockerfile()) {
    if (name === 'CMD') add('images/Dockerfile CMD', JSON.parse(value) as string[]);
  }
  for (const [name, service] of Object.entries((await compose()).services)) {
    if (!isBarkeep(service.image)) continue;
    add(`compose.yaml ${name}`, service.command);
    addExec(`compose.yaml ${name} healthcheck`, service.healthcheck?.test);
  }
  for (const container of await podContainers()) {
    if (!isBarkeep(container.image)) continue;
    if (container.command === undefined) add(`kubernetes ${container.name}`, container.args);
    addExec(`kubernetes ${container.name} startupProbe`, container.startupProbe?.exec?.command);
    addExec(`kubernetes ${container.name} readinessProbe`, container.readinessProbe?.exec?.command);
    addExec(`kubernetes ${container.name} livenessProbe`, container.livenessProbe?.exec?.command);
  }
  for (const unit of UNITS) {
    const start = (await unitSettings(unit)).filter(([name]) => name === 'ExecStart');
    for (const [, line] of start) add(unit, line.split(' ').slice(1));
  }
  return found;
}

/** A keeper's own words, and those of the Barkeep command that it keeps; all words and null for another verb. */
export function splitKeep(words: readonly string[]): readonly [readonly string[], readonly string[] | null] {
  const end = words[0] === 'keep' ? words.indexOf('--') : -1;
  return end < 0 ? [words, null] : [words.slice(0, end), words.slice(words.indexOf(ENTRY, end) + 1)];
}

/** The words of an exec-form instruction: the JSON array at its end. Undefined when there is none. */
export function execForm(value: string): readonly string[] | undefined {
  const start = value.indexOf('[');
  return start < 0 ? undefined : (JSON.parse(value.slice(start)) as string[]);
}

export function isBarkeep(image: string): boolean {
  return image.startsWith('barkeep:');
}

const ENTRY = '/app/dist/services/cli/main.js';
