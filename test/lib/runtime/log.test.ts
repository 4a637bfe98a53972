// The log: JSON lines on stderr with the service's name, nothing on stdout, nothing below the level, nothing lost at the end.
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SERVICES = resolve(import.meta.dirname, '../../../dist/services');
const CLI = join(SERVICES, 'cli/main.js');
const LOG = join(SERVICES, 'lib/runtime/log.js');
const KEEPER_LOG = join(SERVICES, 'keeper/log.js');

function run(program: string): { out: string; lines: Record<string, unknown>[] } {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `import { createLogger } from ${JSON.stringify(LOG)}; ${program}`],
    { encoding: 'utf8' },
  );
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { out: stdout, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  test('is JSON lines on stderr that name the service', () => {
    const { out, lines } = run(
      `createLogger({ service: 'frontend', level: 'info', fields: { vm: 'web-1' } }).info({ blobs: 3 }, 'attached');`,
    );
    expect(out).toBe('');
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        service: 'frontend',
        pid: expect.any(Number),
        vm: 'web-1',
        blobs: 3,
        msg: 'attached',
      },
    ]);
  });

  test('leaves out what is below its level', () => {
    const { lines } = run(
      `const log = createLogger({ service: 'x', level: 'warn' }); log.info('no'); log.warn('yes'); log.error('too');`,
    );
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  test('has its last line even when the process ends right after it', () => {
    const { lines } = run(`createLogger({ service: 'x', level: 'info' }).info('last'); process.exit(1);`);
    expect(lines).toHaveLength(1);
  });

  test('that cannot be written ends nobody', () => {
    const program = `import { createLogger } from ${JSON.stringify(LOG)}; const log = createLogger({ service: 'x', level: 'info' }); for (let n = 0; n < 10; n++) log.error('lost'); console.log('alive');`;
    for (const stderr of ['/dev/full', '>(true)']) {
      const line = `sleep 0.2 2>/dev/null; exec "$0" --input-type=module -e "$1" 2> ${stderr}`;
      const { stdout } = spawnSync('bash', ['-c', line, process.execPath, program], { encoding: 'utf8' });
      expect(stdout).toBe('alive\n');
    }
  });

  test('is not flooded by whoever causes its lines, and counts what it leaves out', () => {
    const { lines } = run(
      `const log = createLogger({ service: 'x', level: 'debug' });
       for (let n = 0; n < 20_000; n++) { log.warn({ n }, 'odd'); log.child({ peer: n }).info({ vm: 'a' }, 'odd'); }
       for (let n = 0; n < 200; n++) log.debug('all of it');`,
    );
    const of = (level: string) => lines.filter((line) => line['level'] === level);
    expect(of('warn').filter(({ msg }) => msg === 'odd')).toHaveLength(100);
    expect(of('info')).toHaveLength(100);
    expect(of('debug')).toHaveLength(200);
    expect(lines.slice(-2)).toMatchObject([
      { kind: 'odd', leftOut: 19_900 },
      { kind: 'a: odd', leftOut: 19_900 },
    ]);
  });

  test('limits the lines about one VM without those about another, whoever says which it is', () => {
    const { lines } = run(
      `const log = createLogger({ service: 'x', level: 'info' });
       const [a, b] = [log.child({ vm: 'a' }), log.child({ vm: 'b' })];
       for (let n = 0; n < 1000; n++) a.warn('odd');
       b.warn('odd');`,
    );
    expect(lines.filter(({ vm }) => vm === 'b')).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ kind: 'a: odd', leftOut: 900 });
  });

  test('shows errors with their message and stack', () => {
    const { lines } = run(
      `createLogger({ service: 'x', level: 'info' }).error({ err: new Error('why') }, 'failed');`,
    );
    expect(lines[0]?.['err']).toMatchObject({
      type: 'Error',
      message: 'why',
      stack: expect.stringContaining('why'),
    });
  });

  test('tells the journal the priority of each line, when the journal reads it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'barkeep-log-'));
    const file = openSync(join(directory, 'stderr'), 'w+');
    try {
      const { dev, ino } = fstatSync(file);
      const program = `
        import { createLogger } from ${JSON.stringify(LOG)};
        import { createKeeperLog } from ${JSON.stringify(KEEPER_LOG)};
        const log = createLogger({ service: 'x', level: 'trace' });
        for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level]({ err: new Error('a\\nb') }, level);
        createKeeperLog('keep', 'info').warn({}, 'of the keeper');`;
      const runWith = (stream: string): string => {
        ftruncateSync(file);
        const options: SpawnSyncOptions = {
          stdio: ['ignore', 'ignore', file],
          env: { ...process.env, JOURNAL_STREAM: stream },
        };
        spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
        // Two lines: that --vm is missing, and how to get help.
        spawnSync(process.execPath, [CLI, 'frontend'], options);
        return readFileSync(join(directory, 'stderr'), 'utf8').replaceAll('\0', '');
      };
      const starts = (text: string): string[] =>
        text
          .trim()
          .split('\n')
          .map((line) => line.slice(0, 4));
      expect(starts(runWith(`${dev}:${ino}`))).toEqual([
        ...['<7>{', '<7>{', '<6>{', '<4>{', '<3>{', '<2>{'],
        ...['<4>{', '<3>b'],
      ]);
      // Inherited from somebody whose stderr the journal reads: ours it does not.
      expect(starts(runWith(`${dev}:${ino + 1}`))).not.toContainEqual(expect.stringMatching(/^</));
    } finally {
      closeSync(file);
      rmSync(directory, { recursive: true });
    }
  });
});
