// Fetches Debian packages with an apt that has a life of its own: lists, archives, state and configuration lie in one
// directory, the machine's apt and dpkg are not touched, no root is needed. Signatures are checked against Debian's
// keyring as always. Packages are unpacked, never installed: no maintainer script runs.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuestEnvironmentError } from './environment.ts';
import { runTool } from './process.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MISSING_APT =
  'it comes with Debian and Ubuntu; elsewhere, copy a filled cache directory and set BARKEEP_CACHE';

// Settings of the machine's apt that say how to reach a mirror: proxies, certificates, time-outs, clock checks. The rest
// (hooks above all) stays outside.
const TAKEN_OVER = /^Acquire::(https?|ftp|tor|Check-Valid-Until|Check-Date|ForceIPv[46]|Proxy-Auto-Detect)\b/;

export type PackageSource = {
  // Directory of its own; survives a fetch that is cut short, so that the next one goes on from there.
  readonly directory: string;
  readonly mirror: string;
  readonly suites: readonly string[];
  // The suite that wins.
  readonly target: string;
};

/** Downloads the named packages and all they depend on; resolves with the paths of the .deb files. */
export async function downloadPackages(
  source: PackageSource,
  names: readonly string[],
  progress: (line: string) => void,
): Promise<string[]> {
  if (!existsSync(KEYRING)) {
    throw new GuestEnvironmentError(
      `Debian's signatures are checked with ${KEYRING}, which is not there: install debian-archive-keyring.`,
    );
  }
  const env = { ...process.env, LC_ALL: 'C', APT_CONFIG: await writeConfiguration(source) };
  const apt = (args: readonly string[]) =>
    runTool('apt-get', args, { env, ifMissing: MISSING_APT, onLine: (line) => report(line, progress) }).catch(
      (error: unknown) => {
        throw new GuestEnvironmentError(
          `Could not fetch from ${source.mirror} (${source.suites.join(', ')}). Without a network there is nothing to fetch: ` +
            'set BARKEEP_DEBIAN_MIRROR to a mirror that can be reached, or copy a filled cache directory from another machine ' +
            'and set BARKEEP_CACHE to it. What was fetched so far is kept.',
          (error as Error).message,
        );
      },
    );
  await apt(['update', '-o', 'APT::Update::Error-Mode=any']);
  await apt(['install', '--yes', '--download-only', '--target-release', source.target, ...names]);
  const archives = join(source.directory, 'archives');
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(archives, name));
}

export async function unpackPackage(archive: string, directory: string): Promise<void> {
  await runTool('dpkg-deb', ['--extract', archive, directory], { ifMissing: MISSING_APT });
}

async function writeConfiguration(source: PackageSource): Promise<string> {
  const at = (...parts: string[]) => join(source.directory, ...parts);
  for (const name of [
    'lists/partial',
    'archives/partial',
    'state',
    'etc/parts',
    'etc/preferences.d',
    'log',
  ]) {
    mkdirSync(at(name), { recursive: true });
  }
  // An empty status file: as if nothing were installed, so that every dependency is fetched.
  writeFileSync(at('state/status'), '');
  writeFileSync(
    at('etc/sources.list'),
    source.suites.map((suite) => `deb [signed-by=${KEYRING}] ${source.mirror} ${suite} main\n`).join(''),
  );
  const lines = [
    `Dir "/";`,
    `Dir::State "${at('state')}";`,
    `Dir::State::lists "${at('lists')}";`,
    `Dir::State::status "${at('state/status')}";`,
    `Dir::Cache "${source.directory}";`,
    `Dir::Cache::archives "${at('archives')}";`,
    `Dir::Log "${at('log')}";`,
    `Dir::Etc::sourcelist "${at('etc/sources.list')}";`,
    `Dir::Etc::sourceparts "${at('etc/parts')}";`,
    `Dir::Etc::main "${at('etc/main')}";`,
    `Dir::Etc::parts "${at('etc/parts')}";`,
    `Dir::Etc::preferences "${at('etc/preferences')}";`,
    `Dir::Etc::preferencesparts "${at('etc/preferences.d')}";`,
    `APT::Architecture "amd64";`,
    `APT::Architectures { "amd64"; };`,
    `APT::Install-Recommends "false";`,
    // Downloading as another user would need the cache to be readable to it.
    `APT::Sandbox::User "";`,
    `Acquire::Languages "none";`,
    `Acquire::Retries "3";`,
    `Acquire::http::Timeout "30";`,
    ...(await machineSettings()),
  ];
  const path = at('etc/apt.conf');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function machineSettings(): Promise<string[]> {
  const dump = await runTool('apt-config', ['dump'], { ifMissing: MISSING_APT });
  return dump
    .toString()
    .split('\n')
    .filter((line) => TAKEN_OVER.test(line));
}

function report(line: string, progress: (line: string) => void): void {
  if (/^(Get:|Fetched|Need to get)/.test(line)) progress(line);
}
