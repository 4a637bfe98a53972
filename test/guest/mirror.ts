// Finds a Debian archive in the machine's own apt configuration, so that no host name is written here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuestEnvironmentError } from './environment.ts';

/** One (URI, suite, components) of a sources file. */
export type AptSource = {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
};

// Releases whose archive also holds the one that is fetched from; a third-party archive names its suites otherwise.
const DEBIAN_SUITES = new Set([
  ...['bullseye', 'bookworm', 'trixie', 'forky', 'sid'],
  ...['oldoldstable', 'oldstable', 'stable', 'testing', 'unstable'],
]);

/**
 * The archive's URI: $BARKEEP_DEBIAN_MIRROR, or the first Debian archive that apt on this machine uses.
 * Throws GuestEnvironmentError when there is neither.
 */
export function debianMirror(env: NodeJS.ProcessEnv = process.env, aptDirectory = '/etc/apt'): string {
  const { BARKEEP_DEBIAN_MIRROR } = env;
  if (BARKEEP_DEBIAN_MIRROR) return BARKEEP_DEBIAN_MIRROR;
  const found = readSources(aptDirectory).find(isDebianArchive);
  if (found === undefined) {
    throw new GuestEnvironmentError(
      `A Debian mirror is needed and ${aptDirectory} names none: set BARKEEP_DEBIAN_MIRROR to the URI of a Debian archive (the directory above dists/).`,
    );
  }
  return found.uri;
}

export function isDebianArchive(source: AptSource): boolean {
  return DEBIAN_SUITES.has(source.suite) && source.components.includes('main');
}

/** The one-line format of sources.list(5). */
export function parseOneLineSources(text: string): AptSource[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .map((line) => /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ uri: match[1]!, suite: match[2]!, components: words(match[3]!) }));
}

/** The deb822 format of sources.list(5): paragraphs of "Field: value" with indented continuation lines. */
export function parseDeb822Sources(text: string): AptSource[] {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n[ \t]*\n/).flatMap((paragraph) => {
    const fields = new Map(
      paragraph
        .replace(/\n[ \t]+/g, ' ')
        .split('\n')
        .map((line) => /^([^:\s]+):\s*(.*)$/.exec(line))
        .filter((match) => match !== null)
        .map((match) => [match[1]!.toLowerCase(), match[2]!.trim()] as const),
    );
    if (fields.get('enabled')?.toLowerCase() === 'no') return [];
    if (!words(fields.get('types') ?? '').includes('deb')) return [];
    const components = words(fields.get('components') ?? '');
    return words(fields.get('uris') ?? '').flatMap((uri) =>
      words(fields.get('suites') ?? '').map((suite) => ({ uri, suite, components })),
    );
  });
}

function readSources(aptDirectory: string): AptSource[] {
  const parts = join(aptDirectory, 'sources.list.d');
  const names = list(parts).sort();
  return [
    ...parseOneLineSources(read(join(aptDirectory, 'sources.list'))),
    ...names
      .filter((name) => name.endsWith('.sources'))
      .flatMap((name) => parseDeb822Sources(read(join(parts, name)))),
    ...names
      .filter((name) => name.endsWith('.list'))
      .flatMap((name) => parseOneLineSources(read(join(parts, name)))),
  ];
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

// A machine has one of these files or the other: one that is absent holds no sources.
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
