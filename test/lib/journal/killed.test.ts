// The writer of a journal is killed, at its fault points and at random: what it knew to be written is there, and nothing is there in half.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '../../support/random.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const SCRIPT = join(ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist'), 'test/lib/journal/appender.js');

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'barkeep-appender-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

type Run = { readonly found: { last: number; cut: number; problem: string }; readonly written: number };

/** One process, killed by its fault point or after some milliseconds. */
function run(fault: string | null, milliseconds = 5000): Promise<Run> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SCRIPT, join(directory, 'journal')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...(fault === null ? {} : { BARKEEP_FAULT: fault }) },
    });
    let text = '';
    let problems = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      problems += part;
    });
    // From its first word on: how long Node takes to start is not the test's business.
    let timer: NodeJS.Timeout | undefined;
    child.stdout.once('data', () => {
      timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    });
    child.on('close', (_, signal) => {
      clearTimeout(timer);
      const [first = '', ...lines] = text.split('\n');
      if (signal !== 'SIGKILL' || first === '')
        failed(new Error(`the writer ended with ${signal}: ${problems}`));
      // The last line may be cut off by the kill.
      else {
        const found = JSON.parse(first) as Run['found'];
        done({ found, written: Number(lines.slice(0, -1).at(-1) ?? found.last) });
      }
    });
  });
}

describe('a journal whose writer is killed', () => {
  it.each([
    'journal.appended',
    'journal.snapshot-written',
    'journal.snapshot-renamed',
  ])('at %s, again and again, has everything', async (point) => {
    let written = 0;
    // The first process makes the journal, which passes the points of a snapshot once.
    for (const hit of [2, 1, 2, 3, 5]) {
      const { found, written: now } = await run(`${point}:${hit}`);
      expect(found.problem).toBe('');
      expect(found.last).toBeGreaterThanOrEqual(written);
      written = now;
    }
    const { found } = await run(`${point}:1`);
    expect(found.problem).toBe('');
    expect(found.last).toBeGreaterThanOrEqual(written);
  });

  it('at any moment, has everything, and what was cut off was being written', async () => {
    const random = seeded();
    let written = 0;
    for (let count = 0; count < 12; count += 1) {
      const { found, written: now } = await run(null, random.between(120, 200));
      expect(found.problem).toBe('');
      expect(found.last).toBeGreaterThanOrEqual(written);
      written = now;
    }
  });
});
