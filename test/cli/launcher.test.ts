// `npx barkeep` in a clone: what it says before the first build, and that it works after it.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VERSION } from '../../services/lib/runtime/version.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = 'services/cli/launcher.cjs';

let clone: string;
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'barkeep-clone-'));
  for (const path of ['package.json', '.npmrc', LAUNCHER]) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    cpSync(join(ROOT, path), join(clone, path));
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function npx(...words: string[]) {
  const { status, stdout, stderr } = spawnSync('npx', ['--offline', 'barkeep', ...words], {
    cwd: clone,
    encoding: 'utf8',
    env: { ...process.env, npm_config_cache: join(clone, 'cache') },
  });
  return { status, out: stdout, error: stderr };
}

test('before the first build it says what to do, and after it works', () => {
  expect(npx('version')).toEqual({
    status: 1,
    out: '',
    error: `barkeep: ${clone}/dist/services/cli/main.js does not exist: nothing is built yet; run \`npm run build\` in ${clone} (npm start and npm test do so too)\n`,
  });
  symlinkSync(join(ROOT, 'dist'), join(clone, 'dist'));
  expect(npx('--version')).toEqual({ status: 0, out: `barkeep ${VERSION}\n`, error: '' });
  expect(npx('vm', 'lst').status).toBe(2);
});

test('an older Node is told so, whatever is built', () => {
  const old = `Object.defineProperty(process.versions, 'node', { value: '20.18.3' }); require(${JSON.stringify(join(ROOT, LAUNCHER))})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', old], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    1,
    'barkeep: this is Node 20.18.3, and Node 20.19 or newer is needed; install one, and run this again with it\n',
  ]);
});

test('it has its run bit', () => {
  expect(statSync(join(ROOT, LAUNCHER)).mode & 0o111).toBe(0o111);
});

test('no Node that the package takes is refused, and none that it refuses is taken', async () => {
  const { engines } = (await import('../../package.json', { with: { type: 'json' } })).default;
  const source = execFileSync('grep', ['-o', "OLDEST = '.*'", join(ROOT, LAUNCHER)], { encoding: 'utf8' });
  expect(source.trim()).toBe(`OLDEST = '${engines.node.replace('>=', '')}'`);
});
