// Which system calls a container may make: the container engines' default profile, narrowed to what the systemd unit of
// the same service allows. A service that runs under both runs under either.
import { readFile } from 'node:fs/promises';
import { run } from './command.ts';
import { unitSettings } from './manifests.ts';

// Where the engines' default profile lies on Debian (golang-github-containers-common, which buildah depends on).
const ENGINE_PROFILE = '/usr/share/containers/seccomp.json';

interface EngineRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args: readonly { index: number; value: number; valueTwo: number; op: string }[] | null;
  readonly includes: { caps?: readonly string[]; arches?: readonly string[] };
  readonly excludes: { caps?: readonly string[] };
}

interface EngineProfile {
  readonly defaultErrnoRet?: number;
  readonly archMap: readonly { architecture: string; subArchitectures: readonly string[] }[];
  readonly syscalls: readonly EngineRule[];
}

/**
 * The profile for a container that may do nothing special, in the form of the OCI runtime specification.
 * Without a unit it is the engines' own.
 */
export async function seccompProfile(unit: string | null): Promise<object> {
  const profile = JSON.parse(await readFile(ENGINE_PROFILE, 'utf8')) as EngineProfile;
  const allowed = unit === null ? null : await unitSystemCalls(unit);
  const [arch, native] =
    process.arch === 'x64' ? ['amd64', 'SCMP_ARCH_X86_64'] : ['arm64', 'SCMP_ARCH_AARCH64'];
  const { architecture, subArchitectures } = profile.archMap.find((entry) => entry.architecture === native)!;
  // A rule for containers that have a capability is not for ours; neither is one of another architecture.
  const rules = profile.syscalls.filter(({ includes }) => {
    return includes.caps === undefined && (includes.arches?.includes(arch) ?? true);
  });
  const syscalls = rules.map(({ names, action, errnoRet, args }) => ({
    names: action === 'SCMP_ACT_ALLOW' ? names.filter((name) => allowed?.has(name) ?? true) : names,
    action,
    errnoRet,
    args: args ?? [],
  }));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [architecture, ...subArchitectures],
    syscalls: syscalls.filter(({ names }) => names.length > 0),
  };
}

/** What the SystemCallFilter= lines of a unit leave, in systemd's own reading of its sets. */
async function unitSystemCalls(unit: string): Promise<ReadonlySet<string>> {
  const sets = parseSets(await run('systemd-analyze', ['syscall-filter', '--no-pager']));
  // systemd allows these whatever the filter says: without them no program starts.
  const allowed = expand('@default', sets);
  const filters = (await unitSettings(unit)).filter(([name]) => name === 'SystemCallFilter');
  for (const [, value] of filters) {
    const isDenied = value.startsWith('~');
    for (const word of value.replace('~', '').split(' ')) {
      for (const name of expand(word, sets)) {
        if (isDenied) allowed.delete(name);
        else allowed.add(name);
      }
    }
  }
  return allowed;
}

/** "@set" lines with indented members below; a member may be a set. */
function parseSets(output: string): ReadonlyMap<string, readonly string[]> {
  const sets = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of output.split('\n')) {
    const word = line.trim();
    if (line.startsWith('@')) {
      current = [];
      sets.set(word, current);
    } else if (word !== '' && !word.startsWith('#')) {
      current.push(word);
    }
  }
  return sets;
}

function expand(word: string, sets: ReadonlyMap<string, readonly string[]>): Set<string> {
  if (!word.startsWith('@')) return new Set([word]);
  const members = sets.get(word);
  if (members === undefined) throw new Error(`systemd-analyze knows no set of system calls named ${word}`);
  return new Set(members.flatMap((member) => [...expand(member, sets)]));
}
