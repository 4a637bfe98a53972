import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT_POINTS } from '../../../services/lib/os/fault-point.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const COMPILED = join(ROOT.endsWith('/dist') ? ROOT : join(ROOT, 'dist'), 'services/lib/os/fault-point.js');
const SERVICES = join(ROOT, 'services');

/** Passes a point so many times in a process of its own. */
function pass(point: string, times: number, fault?: string): { signal: string | null; output: string } {
  const script = `import { faultPoint } from ${JSON.stringify(COMPILED)};
    for (let count = 1; count <= ${times}; count += 1) { faultPoint(${JSON.stringify(point)}); process.stdout.write(String(count)); }`;
  const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'] ?? '', ...(fault === undefined ? {} : { BARKEEP_FAULT: fault }) },
    encoding: 'utf8',
  });
  return { signal, output: stdout + stderr };
}

describe('a fault point', () => {
  it('does nothing by default', () => {
    expect(pass('vmm.committed', 3)).toEqual({ signal: null, output: '123' });
  });

  it('kills when it is reached, the first time or the one that is asked for', () => {
    expect(pass('vmm.committed', 3, 'vmm.committed')).toEqual({ signal: 'SIGKILL', output: '' });
    expect(pass('vmm.committed', 5, 'vmm.committed:4')).toEqual({ signal: 'SIGKILL', output: '123' });
  });

  it('does nothing when another one is meant', () => {
    expect(pass('vmm.committed', 2, 'vmm.consumed').output).toBe('12');
  });

  it.each([
    'vmm.comitted',
    'vmm.committed:0',
    'vmm.committed:x',
  ])('refuses BARKEEP_FAULT=%s in words', (fault) => {
    expect(pass('vmm.committed', 1, fault).output).toMatch(
      /names no fault point: NAME or NAME:COUNT is needed/,
    );
  });

  it('of every name stands somewhere in the code', () => {
    const code = readdirSync(SERVICES, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('os/fault-point.ts'))
      .map((name) => readFileSync(join(SERVICES, name), 'utf8'))
      .join('\n');
    expect(FAULT_POINTS.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
    expect(new Set(FAULT_POINTS).size).toBe(FAULT_POINTS.length);
  });
});
