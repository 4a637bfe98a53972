import { describe, expect, it } from 'vitest';
import { BOUNDS, DurationHistogram } from '../../../services/lib/runtime/duration-histogram.ts';

describe('DurationHistogram', () => {
  it('has buckets from 10 µs to 5 s, and one above', () => {
    const { bounds, counts } = new DurationHistogram().distribution;
    expect([bounds[0], bounds.at(-1)]).toEqual([0.00001, 5]);
    expect(counts).toHaveLength(bounds.length + 1);
  });

  it.each([
    [0, 0],
    [0.00001, 0],
    [0.0000101, 1],
    [0.001, 6],
    [5, 17],
    [5.001, 18],
  ])('puts %f s into bucket %i', (duration, bucket) => {
    const histogram = new DurationHistogram();
    histogram.observe(duration);
    expect(histogram.distribution.counts.indexOf(1)).toBe(bucket);
  });

  it('counts several at once', () => {
    const histogram = new DurationHistogram();
    histogram.observe(0.002, 3);
    expect(histogram.distribution.sum).toBeCloseTo(0.006);
    expect(histogram.distribution.counts).toContain(3);
  });

  it('adds what was counted elsewhere, foreign buckets where their upper bound lies', () => {
    const histogram = new DurationHistogram();
    histogram.add({ bounds: [0.002, 60], counts: [4, 5, 6], sum: 7 });
    histogram.add({ bounds: BOUNDS, counts: BOUNDS.map(() => 1).concat(1), sum: 1 });
    const { counts, sum } = histogram.distribution;
    expect(counts[BOUNDS.indexOf(2.5e-3)]).toBe(5);
    expect(counts.at(-1)).toBe(12);
    expect(sum).toBe(8);
  });
});
