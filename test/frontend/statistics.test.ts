import { beforeEach, describe, expect, it } from 'vitest';
import { ANSWERS_OF, Statistics } from '../../services/frontend/statistics.ts';

const NO_FIGURES = {
  residentBytes: 0,
  heapUsedBytes: 0,
  openFds: 0,
  cpuSeconds: 0,
  eventLoopLagP50: 0,
  eventLoopLagP99: 0,
  eventLoopLagMax: 0,
  startTime: 0,
};

describe('Statistics', () => {
  let statistics: Statistics;
  beforeEach(() => {
    statistics = new Statistics();
  });

  it('has something to say at first, then only after a change', () => {
    expect(statistics.isChanged).toBe(true);
    statistics.report();
    expect(statistics.isChanged).toBe(false);
    statistics.countMalformed(0, 0);
    expect(statistics.isChanged).toBe(false);
    statistics.count('CTX_CREATE', 'OK_NODATA');
    expect(statistics.isChanged).toBe(true);
  });

  it('tells of the process when it is asked to', () => {
    const figures = { ...NO_FIGURES, residentBytes: 7 };
    expect(statistics.report(figures).process).toBe(figures);
    expect(statistics.report().process).toBeNull();
  });

  it('begins at zero with what the commands of a blob can be answered', () => {
    const { commands } = statistics.report();
    expect(commands?.map(({ command, answer }) => `${command} ${answer}`)).toEqual(
      Object.entries(ANSWERS_OF).flatMap(([command, answers]) =>
        answers.map((answer) => `${command} ${answer}`),
      ),
    );
    expect(commands?.every(({ count }) => count === 0)).toBe(true);
    statistics.count('RESOURCE_MAP_BLOB', 'ERR_UNSPEC');
    expect(statistics.report().commands).toHaveLength(commands?.length ?? 0);
  });

  it('counts chains out of reach over all queues that there were', () => {
    statistics.countMalformed(3, 2);
    statistics.countMalformed(1, 1);
    expect(statistics.report()).toMatchObject({ malformedChains: 4, outOfReachChains: 3 });
  });

  it('measures in seconds, and names every stage', () => {
    statistics.observe('vmm', 2, 3);
    expect(statistics.report().latencies?.[0]?.histogram?.sum).toBeCloseTo(0.006);

    expect(statistics.report().latencies?.map(({ stage }) => stage)).toEqual(['vmm', 'command', 'grant']);
  });
});
