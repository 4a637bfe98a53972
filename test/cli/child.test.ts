// A supervised child: its start, its deaths, its stops. The children are small programs of a line each.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Child, type ChildOptions } from '../../services/cli/child.ts';

const READY = `require('fs').writeSync(3, '{"url":"x"}\\n');`;
const STAYS = 'setInterval(() => {}, 1000);';

type Line = {
  readonly level: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly message: string;
};

let directory: string;
let lines: Line[];
let children: Child[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-child-'));
  lines = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map((child) => child.stop()));
  rmSync(directory, { recursive: true, force: true });
});

function childOf(program: string, options: Partial<ChildOptions> = {}): Child {
  const note = (level: string) => (data: object, message: string) => {
    lines.push({ level, data: data as Line['data'], message });
  };
  const log = { info: note('info'), warn: note('warn'), error: note('error') };
  const child = new Child(
    { name: 'worker', command: ['-e', program] },
    { log, environment: process.env, ...options },
  );
  children.push(child);
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A program that counts its starts in a file. */
const counting = (file: string): string => `require('fs').appendFileSync(${JSON.stringify(file)}, 'x');`;
const startsIn = (file: string): number => readFileSync(file, 'utf8').length;

describe('a start', () => {
  test('returns what the child said', async () => {
    const child = childOf(READY + STAYS);
    expect(await child.start()).toEqual({ url: 'x' });
    expect(child.pid).toBeGreaterThan(0);
  });

  test.each([
    ['process.exit(2)', 2, 'exit code 2'],
    ['process.exit(9)', 1, 'exit code 9'],
    ['process.exit(0)', 1, 'exit code 0'],
    [`process.kill(process.pid, 'SIGKILL')`, 1, 'signal SIGKILL'],
  ])('fails with the child: %s', async (program, exitCode, how) => {
    await expect(childOf(program).start()).rejects.toMatchObject({
      exitCode,
      message: `up: the worker did not start: it ended with ${how}; its own message is above`,
    });
  });

  test('that takes too long is ended', async () => {
    const child = childOf(STAYS, { startLimit: 50 });
    await expect(child.start()).rejects.toThrow('did not start: it ended with signal SIGKILL');
  });
});

describe('a death', () => {
  test('is told and followed by a new start', async () => {
    const child = childOf(READY + STAYS, { firstPause: 1 });
    await child.start();
    const before = child.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => lines.some(({ message }) => message === 'is back'));
    expect(child.pid).not.toBe(before);
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'ended; it is started again'],
      ['info', 'is back'],
    ]);
    expect(lines[0]?.data).toEqual({ child: 'worker', code: null, signal: 'SIGKILL', pause: 1 });
  });

  test('after death waits twice as long, up to a limit', async () => {
    const child = childOf(`${READY}process.exit(7);`, { firstPause: 1, longestPause: 4 });
    await child.start();
    await until(() => lines.filter(({ level }) => level === 'warn').length >= 5);
    const pauses = lines.filter(({ level }) => level === 'warn').map(({ data }) => data['pause']);
    expect(pauses.slice(0, 5)).toEqual([1, 2, 4, 4, 4]);
  });

  test('of a child that was steady waits only for the first pause', async () => {
    const child = childOf(`${READY}process.exit(7);`, { firstPause: 1, longestPause: 1000, steadyAfter: 0 });
    await child.start();
    await until(() => lines.filter(({ level }) => level === 'warn').length >= 3);
    expect(lines.filter(({ level }) => level === 'warn').map(({ data }) => data['pause'])).not.toContain(2);
  });

  test('while it restarts does not end the watch', async () => {
    const file = join(directory, 'starts');
    const program = `${counting(file)} if (require('fs').readFileSync(${JSON.stringify(file)}).length % 2) { ${READY} setTimeout(() => process.exit(1), 10); }`;
    await childOf(program, { firstPause: 1, longestPause: 1 }).start();
    await until(() => startsIn(file) >= 5);
  });
});

describe('a stop', () => {
  test('asks the child to end', async () => {
    const file = join(directory, 'ends');
    const child = childOf(
      `process.on('SIGTERM', () => { ${counting(file)} process.exit(0); });${READY}${STAYS}`,
    );
    await child.start();
    await child.stop();
    expect(startsIn(file)).toBe(1);
    expect(lines).toEqual([]);
  });

  test('kills a child that does not', async () => {
    const child = childOf(`process.on('SIGTERM', () => {});${READY}${STAYS}`, { stopLimit: 50 });
    await child.start();
    await child.stop();
    expect(lines).toMatchObject([{ level: 'error', message: 'does not stop; it is killed' }]);
  });

  test('between two starts prevents the next', async () => {
    const file = join(directory, 'starts');
    const child = childOf(`${counting(file)}${READY}process.exit(7);`, { firstPause: 60_000 });
    await child.start();
    await until(() => lines.length === 1);
    await child.stop();
    expect([startsIn(file), child.pid]).toEqual([1, null]);
  });

  test('of a child that never started does nothing', async () => {
    await childOf(STAYS).stop();
    expect(lines).toEqual([]);
  });
});

describe('once', () => {
  test.each([
    ['process.exit(0)', 0],
    ['process.exit(3)', 3],
    [`process.kill(process.pid, 'SIGKILL')`, null],
  ])('%s gives %j and is not started again', async (program, code) => {
    const file = join(directory, 'starts');
    const child = childOf(counting(file) + program, { firstPause: 1 });
    expect(await child.runOnce()).toBe(code);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([startsIn(file), lines]).toEqual([1, []]);
  });
});
