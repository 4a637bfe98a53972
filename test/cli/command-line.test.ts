// The command line itself: help, wrong usage, exit codes, the configuration it finds, and what it never starts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Context } from '../../services/cli/context.ts';
import { demoConfigText, demoRunDirectory } from '../../services/cli/demo-config.ts';
import { invocation } from '../../services/cli/invocation.ts';
import { qemuArguments } from '../../services/cli/qemu-arguments.ts';
import { parseConfig } from '../../services/lib/runtime/config.ts';
import { VERSION } from '../../services/lib/runtime/version.ts';
import { run } from './run.ts';

const MIB = 1024 ** 2;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const GOOD = `
heaps: [{ name: ram, backing: memfd, cache: cached, capacity: 4KiB }]
vms: [{ name: a, window: 1GiB, heap: ram, blob_heaps: { 1: ram } }]
`;

describe('help', () => {
  test.each([
    [[]],
    [['up']],
    [['broker']],
    [['frontend']],
    [['metrics']],
    [['vm', 'list']],
    [['vm', 'show']],
    [['map', 'list']],
    [['allocation', 'list']],
    [['window', 'show']],
    [['heap', 'list']],
    [['events']],
    [['health']],
    [['config', 'check']],
  ])('of %j has examples, goes to stdout and is no failure', async (verb) => {
    const { code, out, error } = await run([...verb, '--help']);
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain(`Usage: barkeep ${verb.join(' ')}`.trimEnd());
    expect(out).toMatch(/Examples:\n {2}barkeep/);
  });

  test('fits the terminal', async () => {
    const { out } = await run(['--help'], { width: 80 });
    expect(
      out
        .split('\n')
        .filter((line) => line.startsWith('  up'))
        .join(),
    ).toMatch(/^.{1,80}$/);
  });

  test('names every verb', async () => {
    const { out } = await run(['--help']);
    const verbs = [...out.matchAll(/^ {2}([a-z]+) .*/gm)].map((match) => match[1]);
    expect(verbs).toEqual(
      expect.arrayContaining([
        'up',
        'broker',
        'frontend',
        'metrics',
        'vm',
        'map',
        'allocation',
        'window',
        'heap',
        'events',
        'health',
        'config',
        'version',
      ]),
    );
  });
});

describe('a wrong command line ends with 2 and says why', () => {
  test.each([
    [['frobnicate'], "barkeep: unknown command 'frobnicate'"],
    [['vm', 'lst'], "barkeep: unknown command 'lst'\n(Did you mean list?)"],
    [['vm', 'list', '--jsn'], "barkeep: unknown option '--jsn'\n(Did you mean --json?)"],
    [['vm', 'show'], "barkeep: missing required argument 'name'"],
    [['vm', 'list', 'extra'], "barkeep: too many arguments for 'list'. Expected 0 arguments but got 1."],
    [['--config'], "barkeep: option '-c, --config <file>' argument missing"],
    [['frontend'], 'barkeep: frontend: --vm is missing; name the VM; see barkeep frontend --help'],
    [['frontend', '--vm', '../etc'], 'barkeep: frontend: --vm ../etc: no name of a VM'],
    [
      ['frontend', '--vm', 'a', '--socket-path', '/x', '--fd', '3'],
      'barkeep: frontend: --socket-path and --fd exclude each other; give one',
    ],
    [
      ['frontend', '--vm', 'a', '--vm', 'b', '--fd', '3'],
      'barkeep: frontend: --socket-path and --fd are for one VM; of several each has its configured socket',
    ],
    [
      ['frontend', '--vm', 'a', '--vm', 'b', '--vm', 'a'],
      'barkeep: frontend: --vm a is there twice; name each VM once',
    ],
    [
      ['frontend', ...Array.from({ length: 65 }, (_, vm) => ['--vm', `a${vm}`]).flat()],
      'barkeep: frontend: 65 VMs; one process serves at most 64',
    ],
    [
      ['frontend', '--vm', 'a', '--fd', '1'],
      'barkeep: frontend: --fd 1: expected the number of an inherited',
    ],
    [
      ['frontend', '--vm', 'a', '--fd', '0x4'],
      'barkeep: frontend: --fd 0x4: expected the number of an inherited',
    ],
  ])('%j', async (argv, message) => {
    const { code, out, error } = await run(argv);
    expect([code, out]).toEqual([2, '']);
    expect(error.startsWith(message)).toBe(true);
  });

  test('no verb at all: the help, on stderr', async () => {
    const { code, out, error } = await run([]);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain('Usage: barkeep');
  });
});

describe('the version', () => {
  test.each([[['--version']], [['-V']]])('by %j', async (argv) => {
    expect(await run(argv)).toEqual({ code: 0, out: `barkeep ${VERSION}\n`, error: '' });
  });

  test('by its verb, with what runs it', async () => {
    const { out } = await run(['version']);
    expect(out).toBe(`barkeep ${VERSION} (Node ${process.version}, ${process.platform} ${process.arch})\n`);
  });

  test('as JSON', async () => {
    const { out } = await run(['version', '--json']);
    expect(JSON.parse(out)).toEqual({
      version: VERSION,
      node: process.version,
      platform: process.platform,
      architecture: process.arch,
    });
  });
});

describe('config check', () => {
  test('of a good file is 0', async () => {
    const path = write('good.yaml', GOOD);
    expect(await run(['config', 'check', path])).toEqual({
      code: 0,
      out: `${path}: good: 1 heap, 1 VM\n`,
      error: '',
    });
  });

  test('gives what it understood as JSON', async () => {
    const path = write('good.yaml', GOOD);
    const { out } = await run(['config', 'check', path, '--json']);
    expect(JSON.parse(out)).toMatchObject({
      file: path,
      ok: true,
      problems: [],
      config: { vms: [{ name: 'a', blobHeaps: { 1: 'ram' } }] },
    });
  });

  test('of a broken file is 2, with every problem and its line', async () => {
    const path = write('bad.yaml', 'log_level: loud\nheap: []\n');
    const { code, out, error } = await run(['config', 'check', path]);
    expect([code, out]).toEqual([2, '']);
    expect(error.split('\n').map((line) => line.replace(/; expected.*/, ''))).toEqual([
      'barkeep: the configuration has 2 problems:',
      `${path}:1:12: log_level: found "loud"`,
      `${path}:2:1: heap: found a key that does not exist`,
      '',
    ]);
  });

  test('gives the problems as JSON', async () => {
    const path = write('bad.yaml', 'log_level: loud\n');
    const { code, out } = await run(['config', 'check', path, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      problems: [{ place: `${path}:1:12`, setting: 'log_level' }],
    });
  });

  test('takes the file from --config, and from the environment', async () => {
    const path = write('good.yaml', GOOD);
    expect((await run(['config', 'check', '--config', path])).code).toBe(0);
    expect((await run(['config', 'check'], { environment: { BARKEEP_CONFIG: path } })).code).toBe(0);
  });

  test('of no file is 2', async () => {
    const { code, error } = await run(['config', 'check', join(directory, 'none.yaml')]);
    expect(code).toBe(2);
    expect(error).toContain('found no readable file (ENOENT)');
  });
});

describe('the run directory of a client', () => {
  test.each([
    [
      'of --run-directory',
      ['-r', '/from/option'],
      { BARKEEP_RUN_DIRECTORY: '/from/environment' },
      '/from/option',
    ],
    ['of the environment', [], { BARKEEP_RUN_DIRECTORY: '/from/environment' }, '/from/environment'],
  ])('is that %s', async (_, argv, environment, expected) => {
    const { error } = await run(['vm', 'list', ...argv], { environment });
    expect(error).toContain(`${expected}/admin.sock does not exist`);
  });

  test('is that of the configuration, which need not fit this host for it', async () => {
    const heap = `{ name: ram, backing: memfd, cache: cached, capacity: ${Math.ceil(totalmem() / MIB) * 2}MiB }`;
    const path = write('big.yaml', `run_directory: /from/file\nheaps: [${heap}]\n`);
    const { code, error } = await run(['vm', 'list', '--config', path]);
    expect(code).toBe(4);
    expect(error).toContain('/from/file/admin.sock does not exist');
  });

  test('is that of the demo on a machine without configuration', async () => {
    const environment = { XDG_RUNTIME_DIR: directory };
    const { error } = await run(['vm', 'list'], { environment });
    expect(error).toContain(`${directory}/barkeep/admin.sock does not exist`);
  });
});

describe('a service without a configuration file', () => {
  const terminal = {
    out: async () => undefined,
    error: () => undefined,
    width: 80,
    isColoured: false,
    program: '',
  };

  test('uses the defaults: /run/barkeep, not the directory of a demo', () => {
    const context = new Context({ ...terminal, environment: { XDG_RUNTIME_DIR: directory } }, () => ({}));
    expect(context.config()).toMatchObject({ runDirectory: '/run/barkeep', logLevel: 'info', vms: [] });
  });

  test('takes what the environment and the options say', () => {
    const environment = { BARKEEP_RUN_DIRECTORY: '/from/environment', BARKEEP_FRONTEND_VMM_TIMEOUT: '9s' };
    const context = new Context({ ...terminal, environment }, () => ({ logLevel: 'debug' }));
    expect(context.config({ listen: '[::1]:1' })).toMatchObject({
      runDirectory: '/from/environment',
      logLevel: 'debug',
      frontend: { vmmTimeout: 9000 },
      metrics: { listen: { host: '::1', port: 1 } },
    });
  });
});

describe('frontend --print-capabilities', () => {
  test.each([
    [['frontend', '--print-capabilities']],
    [['frontend', '--vm', '../x', '--unknown', '--print-capabilities', '--fd', 'nonsense']],
  ])('%j prints JSON, whatever else is there', async (argv) => {
    const { code, out, error } = await run(argv);
    expect([code, error]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({ type: 'gpu', features: [] });
  });
});

describe('the demo', () => {
  test('is a configuration that this program takes', () => {
    const text = demoConfigText('/tmp/barkeep-1', 64 * 1024 * MIB);
    const config = parseConfig(text, 'demo.yaml', { host: { total: 64 * 1024 * MIB, hugePages: 0 } });
    expect(config.heaps.map(({ name, backing, cache }) => [name, backing, cache])).toEqual([
      ['ram', 'memfd', 'cached'],
      ['video', 'memfd', 'wc'],
      ['registers', 'memfd', 'uncached'],
    ]);
    expect(config.vms).toMatchObject([
      {
        name: 'demo',
        window: 1024 * MIB,
        placement: 'window',
        heap: 'ram',
        socket: '/tmp/barkeep-1/vms/demo/gpu.sock',
      },
      { name: 'guest', socket: '/tmp/barkeep-1/vms/guest/gpu.sock' },
    ]);
    expect(config.vms[0]?.blobHeaps).toEqual(
      new Map([
        [1, 'video'],
        [2, 'registers'],
      ]),
    );
  });

  test('fits a small machine', () => {
    const total = 300 * MIB + 123;
    const text = demoConfigText('/tmp/barkeep-1', total);
    expect(() => parseConfig(text, 'demo.yaml', { host: { total, hugePages: 0 } })).not.toThrow();
  });

  test('runs in a directory of the user', () => {
    expect(demoRunDirectory({ XDG_RUNTIME_DIR: directory })).toBe(join(directory, 'barkeep'));
    expect(demoRunDirectory({ XDG_RUNTIME_DIR: '/nonexistent' })).toBe(
      join(tmpdir(), `barkeep-${process.getuid?.()}`),
    );
    expect(demoRunDirectory({})).toBe(join(tmpdir(), `barkeep-${process.getuid?.()}`));
  });
});

describe('what is printed for another terminal', () => {
  test('names the program as it is installed there', () => {
    const bin = join(directory, 'bin');
    const npm = join(directory, 'node_modules/.bin');
    for (const path of [bin, npm]) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'barkeep'), '', { mode: 0o755 });
    }
    const image = join(directory, 'an app/dist/services/cli/main.js');
    expect(invocation(image, { PATH: `/nowhere:${bin}` })).toBe('barkeep');
    expect(invocation(image, { PATH: `${npm}:bin` })).toBe(`node '${image}'`);
    expect(invocation(image, {})).toBe(`node '${image}'`);
    const launcher = join(directory, 'clone/services/cli/launcher.cjs');
    mkdirSync(dirname(launcher), { recursive: true });
    writeFileSync(launcher, '');
    expect(invocation(join(directory, 'clone/dist/services/cli/main.js'), {})).toBe(launcher);
  });
});

describe('the QEMU command line', () => {
  test('attaches the generic vhost-user device as a GPU', () => {
    expect(qemuArguments('gpu0', '/run/barkeep/vms/web-1/gpu.sock')).toBe(
      '-m 2G -object memory-backend-memfd,id=mem,size=2G,share=on -machine q35,memory-backend=mem ' +
        '-chardev socket,id=gpu0,path=/run/barkeep/vms/web-1/gpu.sock ' +
        '-device vhost-user-test-device-pci,virtio-id=16,num_vqs=2,vq_size=256,config_size=20,chardev=gpu0',
    );
  });

  test('quotes for QEMU and for the shell', () => {
    expect(qemuArguments('gpu0', "/tmp/it's, here")).toContain(
      `-chardev 'socket,id=gpu0,path=/tmp/it'\\''s,, here'`,
    );
  });
});
