// A benchmark that is asked to end stops what it has started, the last first, and says by its exit code what ended it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const MODULE = resolve(import.meta.dirname, '../../dist/test/bench/leftovers.js');
const PROGRAM = `
  const { leftover, stopOnSignals } = await import(${JSON.stringify(MODULE)});
  const say = (text) => new Promise((done) => process.stdout.write(text + '\\n', done));
  stopOnSignals();
  leftover(() => say('broker'));
  const stopEarly = leftover(() => say('guest'));
  leftover(() => { throw new Error('is gone already'); });
  leftover(() => say('frontend'));
  await stopEarly();
  await stopEarly();
  await say('ready');
  setInterval(() => {}, 1000);
`;

describe('leftovers', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('are stopped at %s', async (signal, code) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += chunk;
      if (said.endsWith('ready\n')) child.kill(signal);
    }
    if (child.exitCode === null) await once(child, 'exit');

    expect(said.trim().split('\n')).toEqual(['guest', 'ready', 'frontend', 'broker']);
    expect(child.exitCode).toBe(code);
  });
});
