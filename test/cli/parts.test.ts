import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compilePart, Parts } from '../../services/cli/parts.ts';

const BUILT = resolve(import.meta.dirname, '../../dist/services/cli/parts');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-parts-'));
  write(
    'main.cjs',
    "exports.sum = () => require('./other.cjs').two + 1; exports.path = require('node:path').sep;",
  );
  write('other.cjs', 'exports.two = 2; exports.directory = __dirname; exports.file = __filename;');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string | Buffer): void {
  writeFileSync(join(directory, name), text);
}

describe('parts', () => {
  test('load each other once, and packages from outside', () => {
    const parts = new Parts(directory);
    const main = parts.load('main.cjs') as { sum(): number; path: string };
    expect([main.sum(), main.path]).toEqual([3, '/']);
    expect(parts.load('main.cjs')).toBe(main);
    expect(parts.loaded.map(({ name }) => name)).toEqual(['main.cjs', 'other.cjs']);
  });

  test('know where they are', () => {
    expect(new Parts(directory).load('other.cjs')).toMatchObject({
      directory,
      file: join(directory, 'other.cjs'),
    });
  });

  test('that need each other see what the other has exported until then, as with require()', () => {
    write('a.cjs', "exports.first = 1; exports.seen = require('./b.cjs').seen;");
    write('b.cjs', "exports.seen = require('./a.cjs').first;");
    expect(new Parts(directory).load('a.cjs')).toEqual({ first: 1, seen: 1 });
  });

  test('are taken in their compiled form', () => {
    compilePart(join(directory, 'other.cjs'));
    const parts = new Parts(directory);
    expect(parts.load('other.cjs')).toMatchObject({ two: 2 });
    expect(parts.loaded).toEqual([{ name: 'other.cjs', isCompiled: true }]);
  });

  test('are compiled in full: no function is left for the moment at which it is called', () => {
    write('lazy.cjs', 'exports.never = () => 1;');
    write('lazier.cjs', `exports.never = () => { ${'Math.random();'.repeat(1000)} };`);
    for (const name of ['lazy.cjs', 'lazier.cjs']) compilePart(join(directory, name));
    const [lazy, lazier] = ['lazy.cjs', 'lazier.cjs'].map(
      (name) => readFileSync(join(directory, `${name}.compiled`)).length,
    );
    expect(lazier).toBeGreaterThan(lazy! + 4000);
  });

  test('are compiled from their source when the compiled form is of another Node', () => {
    compilePart(join(directory, 'other.cjs'));
    const compiled = readFileSync(join(directory, 'other.cjs.compiled'));
    // V8's own version is in the second word.
    compiled.writeUInt32LE(compiled.readUInt32LE(4) ^ 1, 4);
    write('other.cjs.compiled', compiled);
    // As long as before: V8 compares no more of a source. And another one, because it remembers what it has compiled in this process.
    write('other.cjs', readFileSync(join(directory, 'other.cjs'), 'utf8').replace('two = 2', 'two = 3'));
    const parts = new Parts(directory);
    expect(parts.load('other.cjs')).toMatchObject({ two: 3 });
    expect(parts.loaded).toEqual([{ name: 'other.cjs', isCompiled: false }]);
  });

  test('that are not there are an error with their path', () => {
    expect(() => new Parts(directory).load('none.cjs')).toThrow(join(directory, 'none.cjs'));
  });
});

describe('the built program', () => {
  /** Of a part; one that only hands on what others export has none. */
  const sourcesOf = (name: string): string[] =>
    readdirSync(BUILT)
      .filter((file) => file === `${name}.map`)
      .flatMap(
        (file) => (JSON.parse(readFileSync(join(BUILT, file), 'utf8')) as { sources: string[] }).sources,
      );
  const load = (name: string) => {
    const parts = new Parts(BUILT);
    parts.load(name);
    return parts.loaded;
  };

  test('comes compiled for this Node, every part of it', () => {
    const names = readdirSync(BUILT).filter((name) => name.endsWith('.cjs'));
    const parts = new Parts(BUILT);
    for (const name of names) parts.load(name);
    expect(parts.loaded.filter(({ isCompiled }) => !isCompiled)).toEqual([]);
  });

  /** What loading a part brings with it: files of ours, and names of packages. koffi is in no part. */
  function contentOf(name: string): {
    readonly files: readonly string[];
    readonly packages: readonly string[];
  } {
    const sources = load(name).flatMap((part) => sourcesOf(part.name));
    const packages = sources.flatMap(
      (source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? [],
    );
    return {
      files: sources.filter((source) => source.includes('services/')),
      packages: [...new Set(packages)].sort(),
    };
  }

  test('loads no package for the keeper, and little else', () => {
    const { files, packages } = contentOf('keep.cjs');
    expect(packages).toEqual([]);
    expect(files.some((file) => file.endsWith('services/keeper/keeper.ts'))).toBe(true);
    expect(files.length).toBeLessThan(30);
  });

  test('loads for `up` what reads the command line and the configuration, and neither gRPC nor pino', () => {
    expect(contentOf('command-line.cjs').packages).toEqual(['commander', 'yaml', 'zod']);
  });

  test('names the packages that it contains, with their terms', () => {
    const text = readFileSync(join(BUILT, '../LICENSES.txt'), 'utf8');
    expect(text).toMatch(/^@grpc\/grpc-js \S+ \(Apache-2\.0\)$/m);
    expect(text).toMatch(/^zod \S+ \(MIT\)$/m);
    expect(text).toContain('Permission is hereby granted');
  });
});
