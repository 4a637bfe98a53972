import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentDirectory, type GuestEnvironment } from './environment.ts';
import { buildInitramfs } from './initramfs.ts';

let cache: string;
let environment: GuestEnvironment;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'barkeep-initramfs-'));
  const directory = environmentDirectory(cache);
  mkdirSync(directory);
  environment = { directory, root: '', qemuVersion: '', kernelRelease: '1.2.3', kernel: '', modules: [] };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

/** Writes something to the file behind -o, and ends so. */
function compiler(exitCode: number): void {
  const bin = join(cache, basename(environment.directory), 'bin');
  mkdirSync(bin, { recursive: true });
  const script = `#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho half > "$2"\nexit ${exitCode}\n`;
  writeFileSync(join(bin, 'gcc'), script);
  chmodSync(join(bin, 'gcc'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
}

const built = () => readdirSync(cache).filter((name) => name.startsWith('initramfs'));

describe("the guest's program", () => {
  it('of a build that failed is not there for the next run, which builds it', async () => {
    compiler(1);
    await expect(buildInitramfs(environment)).rejects.toThrow('gcc');
    expect(built()).toEqual([]);

    compiler(0);
    const path = await buildInitramfs(environment);
    expect(built()).toEqual([basename(path)]);
  });

  it('is built once', async () => {
    compiler(0);
    const path = await buildInitramfs(environment);
    compiler(1);

    expect(await buildInitramfs(environment)).toBe(path);
  });
});
