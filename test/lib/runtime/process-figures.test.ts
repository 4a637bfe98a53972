// The figures of a process: what readers must not change, and what must not fail with the process that is looked at.
import { closeSync, openSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProcessFigures } from '../../../services/lib/runtime/process-figures.ts';
import { ReserveDescriptor } from '../../../services/lib/runtime/reserve-descriptor.ts';
import { until } from '../../support/until.ts';

const HELD_MS = 150;

/** Keeps the event loop from going on. */
function holdLoop(): void {
  const end = performance.now() + HELD_MS;
  while (performance.now() < end);
}

describe('ProcessFigures', () => {
  let figures: ProcessFigures;
  afterEach(() => figures.close());

  it('tell of this process', () => {
    figures = new ProcessFigures();
    const now = figures.read();
    expect(now.residentBytes).toBeGreaterThan(10_000_000);
    expect(now.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(now.openFds).toBe(readdirSync('/proc/self/fd').length - 1);
    expect(now.cpuSeconds).toBeGreaterThan(0);
    expect(Math.abs(now.startTime - (Date.now() / 1000 - process.uptime()))).toBeLessThan(1);
  });

  it('show a stall of the event loop to everybody, however many have looked before', async () => {
    figures = new ProcessFigures();
    await until('the loop was measured', () => {
      holdLoop();
      return figures.read().eventLoopLagMax > 0.1;
    });
    const { eventLoopLagMax } = figures.read();
    for (let reader = 0; reader < 20; reader += 1) figures.read();
    expect(figures.read().eventLoopLagMax).toBeGreaterThanOrEqual(eventLoopLagMax);
  });

  it('forget a stall when their window has moved on', async () => {
    figures = new ProcessFigures(500);
    await until('the loop was measured', () => {
      holdLoop();
      return figures.read().eventLoopLagMax > 0.1;
    });
    await until('the stall is forgotten', () => figures.read().eventLoopLagMax < 0.1);
  });
});

describe('a reserve descriptor', () => {
  let reserve: ReserveDescriptor;
  beforeEach(() => {
    reserve = new ReserveDescriptor();
  });
  afterEach(() => reserve.close());

  it('is given up for work that finds no other, and taken back', () => {
    const before = readdirSync('/proc/self/fd').length;
    const tries: number[] = [];
    const found = reserve.lend(() => {
      tries.push(readdirSync('/proc/self/fd').length);
      if (tries.length === 1) throw Object.assign(new Error('none left'), { code: 'EMFILE' });
      return 'found';
    });
    expect(found).toBe('found');
    expect(tries).toEqual([before, before - 1]);
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('stays where the work fails for another reason', () => {
    const before = readdirSync('/proc/self/fd').length;
    expect(() => reserve.lend(() => openSync('/nowhere/at/all', 'r'))).toThrow('ENOENT');
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    closeSync(openSync('/dev/null', 'r'));
  });
});
