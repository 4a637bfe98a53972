// Small statistics for benchmarks: medians of rounds, quantiles of samples.

export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) throw new Error('no samples were taken');
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number;
}

export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

export type Spread = { readonly min: number; readonly median: number; readonly max: number };

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}
