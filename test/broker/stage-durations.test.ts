import { describe, expect, it } from 'vitest';
import type { FrontendFigures } from '../../services/broker/frontend-figures.ts';
import { StageDurations } from '../../services/broker/stage-durations.ts';
import { BOUNDS } from '../../services/lib/runtime/duration-histogram.ts';

const BROKER_START = 1000;

/** A report of a process that has counted so many durations of one bucket. */
const report = (startTime: number, count: number): FrontendFigures => ({
  process: { startTime },
  latencies: [
    {
      stage: 'rpc',
      histogram: { bounds: [...BOUNDS], counts: BOUNDS.map(() => 0).concat(count), sum: count * 10 },
    },
  ],
});

function figuresOf(durations: StageDurations): unknown {
  return [...durations.entries()].map(([stage, { counts, sum }]) => [stage, counts.at(-1), sum]);
}

describe('durations of all VMs', () => {
  it('are added up, and each is counted once', () => {
    const durations = new StageDurations(BROKER_START);
    durations.report('a', report(1001, 3));
    durations.report('a', report(1001, 3));
    durations.report('a', report(1001, 5));
    durations.report('b', report(1002, 7));
    expect(figuresOf(durations)).toEqual([['rpc', 12, 120]]);
  });

  it('stay when a frontend begins anew', () => {
    const durations = new StageDurations(BROKER_START);
    durations.report('a', report(1001, 5));
    durations.report('a', report(1005, 2));
    // More than the last one had: known by its start, and not by a count that fell.
    durations.report('a', report(1009, 9));
    expect(figuresOf(durations)).toEqual([['rpc', 16, 160]]);
  });

  it('leave out what a frontend told an earlier broker', () => {
    const durations = new StageDurations(BROKER_START);
    durations.report('a', report(900, 50));
    expect(figuresOf(durations)).toEqual([['rpc', 0, 0]]);
    durations.report('a', report(900, 54));
    expect(figuresOf(durations)).toEqual([['rpc', 4, 40]]);
  });

  it('only rise, whatever a frontend reports', () => {
    const durations = new StageDurations(BROKER_START);
    for (const count of [5, 2, 8, 0, 1]) durations.report('a', report(0, count));
    expect(figuresOf(durations)).toEqual([['rpc', 5 + 2 + 6 + 0 + 1, 140]]);
  });
});
