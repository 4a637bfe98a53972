// The dependency rule of services/ARCHITECTURE.md, held against every import in the tree.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SERVICES = join(ROOT, 'services');

/** What a room may import besides itself: other rooms, and packages and node: modules (true), the latter only ('node'), or neither. */
const RULES: Readonly<
  Record<string, { readonly rooms: readonly string[]; readonly packages: boolean | 'node' }>
> = {
  'lib/wire': { rooms: [], packages: true },
  'lib/domain': { rooms: ['lib/wire'], packages: false },
  'lib/os': { rooms: [], packages: true },
  'lib/rpc': { rooms: ['lib/wire'], packages: true },
  'lib/runtime': { rooms: ['lib/os', 'lib/wire'], packages: true },
  'lib/journal': { rooms: ['lib/os', 'lib/wire'], packages: true },
  'lib/memory': { rooms: ['lib/domain', 'lib/wire', 'lib/os', 'lib/runtime'], packages: true },
  'lib/vhost-user': { rooms: ['lib/wire', 'lib/os'], packages: true },
  broker: {
    rooms: ['lib/domain', 'lib/memory', 'lib/wire', 'lib/os', 'lib/rpc', 'lib/runtime', 'lib/journal'],
    packages: true,
  },
  frontend: {
    rooms: [
      'lib/domain',
      'lib/memory',
      'lib/wire',
      'lib/os',
      'lib/rpc',
      'lib/runtime',
      'lib/vhost-user',
      'lib/journal',
    ],
    packages: true,
  },
  metrics: { rooms: ['lib/rpc', 'lib/runtime'], packages: true },
  keeper: { rooms: ['lib/os', 'lib/runtime'], packages: 'node' },
  // Besides lib, the command line starts services: it may import their main.ts and nothing else of them.
  cli: { rooms: ['lib/wire', 'lib/os', 'lib/rpc', 'lib/runtime', 'keeper', 'main'], packages: true },
};
const LONGEST_FIRST = Object.keys(RULES).sort((a, b) => b.length - a.length);

type Import = { readonly file: string; readonly specifier: string };

function importsOf(folder: string): Import[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(file, 'utf8');
      const found = text.matchAll(
        /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s+['"]([^'"]+)['"]/g,
      );
      return [...found].map((match) => ({ file, specifier: (match[1] ?? match[2] ?? match[3]) as string }));
    });
}

function roomOf(file: string): string | undefined {
  const path = relative(SERVICES, file);
  return LONGEST_FIRST.find((room) => path.startsWith(`${room}/`));
}

const imports = importsOf(SERVICES);

function violation({ file, specifier }: Import): string | null {
  const room = roomOf(file);
  const name = relative(ROOT, file);
  if (room === undefined) return `${name} is in no room of the dependency rule`;
  const rule = RULES[room]!;
  if (!specifier.startsWith('.')) {
    if (rule.packages === 'node' && specifier.startsWith('node:')) return null;
    if (rule.packages !== true) return `${name} imports ${specifier}; ${room} imports nothing outside itself`;
    if (specifier === 'koffi' && room !== 'lib/os') return `${name} imports koffi; only lib/os may`;
    return null;
  }
  const target = resolve(dirname(file), specifier);
  const targetRoom = roomOf(target);
  if (targetRoom === room) return null;
  if (targetRoom !== undefined && rule.rooms.includes(targetRoom)) return null;
  if (rule.rooms.includes('main') && /^(broker|frontend|metrics)\/main\.ts$/.test(relative(SERVICES, target)))
    return null;
  return `${name} imports ${relative(ROOT, target)}; ${room} may import ${rule.rooms.join(', ') || 'nothing'}`;
}

/**
 * Circles of files that import each other, each as the way round. What is imported for its types alone counts as well: who reads a file has to
 * know those it names, whatever of them is left when it runs.
 */
function circles(all: readonly Import[]): string[] {
  const targets = new Map<string, string[]>();
  for (const { file, specifier } of all) {
    if (!specifier.startsWith('.')) continue;
    targets.set(file, [...(targets.get(file) ?? []), resolve(dirname(file), specifier)]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) {
      found.push([...way.slice(at), file].map((name) => relative(SERVICES, name)).join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const target of targets.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) walk(file, []);
  return found;
}

describe('the dependency rule', () => {
  it('finds the imports of the tree', () => {
    expect(imports.length).toBeGreaterThan(50);
  });

  it('holds for every import in services/', () => {
    expect(imports.map(violation).filter((text) => text !== null)).toEqual([]);
  });

  it('is kept by tests too: nothing in services/ imports test/', () => {
    expect(imports.filter(({ specifier }) => /(^|\/)test\//.test(specifier))).toEqual([]);
  });

  it('has no circles: of two files at most one imports the other, by whatever way round', () => {
    expect(circles(imports)).toEqual([]);
  });

  it('would catch a circle, and says who is in it', () => {
    const one = (file: string, specifier: string): Import => ({ file: join(SERVICES, file), specifier });
    const tree = [one('a.ts', './b.ts'), one('b.ts', './lib/c.ts'), one('b.ts', 'node:fs')];
    expect(circles(tree)).toEqual([]);
    expect(circles([...tree, one('lib/c.ts', '../b.ts')])).toEqual(['b.ts -> lib/c.ts -> b.ts']);
    expect(circles([one('a.ts', './a.ts')])).toEqual(['a.ts -> a.ts']);
  });

  it.each([
    ['lib/domain/vm.ts', 'node:fs'],
    ['lib/domain/vm.ts', '../os/fd.ts'],
    ['frontend/main.ts', '../broker/main.ts'],
    ['lib/wire/vhost-user.ts', '../os/fd.ts'],
    ['lib/journal/record.ts', '../rpc/u64.ts'],
    ['lib/memory/effects.ts', '../../broker/heaps/heaps.ts'],
    ['metrics/main.ts', 'koffi'],
    ['keeper/keeper.ts', 'pino'],
    ['lib/runtime/fd-store.ts', '../rpc/status-error.ts'],
    ['cli/up.ts', '../broker/rpc/broker-service.ts'],
  ])('would catch %s importing %s', (file, specifier) => {
    expect(violation({ file: join(SERVICES, file), specifier })).not.toBeNull();
  });
});
