// A copy of this checkout as a reader of deploy/README.md has it: a clone, built by the document's own command.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { run } from '../command.ts';
import { DEPLOY } from '../manifests.ts';

const REPOSITORY = join(DEPLOY, '..');

/** Copies the files that a clone would have and runs `build` there. Resolves with the folder, which is the caller's to remove. */
export async function builtCheckout(build: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-checkout-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    cpSync(join(REPOSITORY, file), join(directory, file));
  }
  // The registry's answers were kept by the `npm ci` that made this checkout's own packages.
  const env = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
  await run('bash', ['-euo', 'pipefail', '-c', build], { cwd: directory, env, timeout: 300_000 });
  return directory;
}

/** Copies what this checkout's own build has made, and the files that the commands of deploy/README.md install, to `directory`. */
export async function copyBuilt(directory: string): Promise<void> {
  const packages = await run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: REPOSITORY });
  const modules = packages
    .split('\n')
    .map((path) => relative(REPOSITORY, path))
    .filter((path) => path.startsWith('node_modules/'));
  for (const path of ['deploy', 'dist/package.json', 'dist/services', ...modules]) {
    cpSync(join(REPOSITORY, path), join(directory, path), { recursive: true, verbatimSymlinks: true });
  }
}
