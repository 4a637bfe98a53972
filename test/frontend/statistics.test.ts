import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LatencyHistogram, Statistics } from '../../services/frontend/statistics.ts';

describe('LatencyHistogram', () => {
  it('has buckets from 10 µs to 5 s, and one above', () => {
    const { bounds, counts } = new LatencyHistogram().message();

    expect(bounds?.[0]).toBe(0.00001);
    expect(bounds?.at(-1)).toBe(5);
    expect(counts).toHaveLength((bounds?.length ?? 0) + 1);
  });

  it.each([
    [0, 0],
    [0.01, 0],
    [0.0101, 1],
    [1, 6],
    [5000, 17],
    [5001, 18],
  ])('puts %f ms into bucket %i', (duration, bucket) => {
    const histogram = new LatencyHistogram();
    histogram.observe(duration);

    expect(histogram.message().counts?.indexOf(1)).toBe(bucket);
  });

  it('adds up in seconds, several at once', () => {
    const histogram = new LatencyHistogram();
    histogram.observe(2, 3);

    expect(histogram.message().sum).toBeCloseTo(0.006);
    expect(histogram.message().counts).toContain(3);
  });
});

describe('Statistics', () => {
  let statistics: Statistics;
  beforeEach(() => {
    statistics = new Statistics();
  });
  afterEach(() => statistics.stop());

  it('has something to say at first, then only after a change', () => {
    expect(statistics.isChanged).toBe(true);
    statistics.report();
    expect(statistics.isChanged).toBe(false);
    statistics.countMalformed(0);
    expect(statistics.isChanged).toBe(false);
    statistics.count('CTX_CREATE', 'OK_NODATA');
    expect(statistics.isChanged).toBe(true);
  });

  it('tells of the process', () => {
    const { process: figures } = statistics.report();

    expect(Number(figures?.residentBytes)).toBeGreaterThan(1_000_000);
    expect(Number(figures?.openFds)).toBeGreaterThan(3);
    expect(figures?.cpuSeconds).toBeGreaterThan(0);
    expect(figures?.startTime).toBeCloseTo(Date.now() / 1000, -4);
    expect(figures?.eventLoopLagMax).toBeGreaterThanOrEqual(0);
  });

  it('names every stage', () => {
    statistics.observe('rpc', 1);

    expect(statistics.report().latencies?.map(({ stage }) => stage)).toEqual(['rpc', 'vmm', 'command']);
  });
});
