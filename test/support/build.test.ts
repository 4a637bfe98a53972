import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reasonToBuild } from './build.ts';

let directory: string;
let stamp: string;
const at = (path: string, seconds: number) => utimesSync(path, seconds, seconds);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-build-'));
  stamp = join(directory, 'built-by');
  writeFileSync(stamp, process.version);
  at(stamp, 2000);
  writeFileSync(join(directory, 'one.ts'), '');
  at(join(directory, 'one.ts'), 1000);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('what is built', () => {
  it('will do when it is newer than every source, and of this Node', () => {
    expect(reasonToBuild(stamp, [directory])).toBeNull();
  });

  it('is built anew when a source is newer', () => {
    at(join(directory, 'one.ts'), 3000);

    expect(reasonToBuild(stamp, [directory])).toMatch(/one\.ts is newer than dist/);
  });

  it('is built anew by another Node', () => {
    writeFileSync(stamp, 'v1.2.3');
    at(stamp, 2000);

    expect(reasonToBuild(stamp, [directory])).toMatch(/compiled by Node v1\.2\.3, this is v/);
  });

  it('is built when it is not there', () => {
    expect(reasonToBuild(join(directory, 'none'), [directory])).toBe('nothing is built');
  });
});
