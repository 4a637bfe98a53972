// A line of the result: what was measured, what it has to reach, what was found.
import { median, type Spread, spread } from './sample.ts';

export type Row = {
  readonly what: string;
  readonly goal: string;
  readonly found: string;
  /** What is held against the goal; null where the figure is text alone. */
  readonly value: number | null;
  readonly reached: boolean;
};

/** Ratios have no unit; other figures are in `unit`, with as many digits behind the point. */
type Format = { readonly unit?: string; readonly digits?: number };

export function atLeast(goal: number, what: string, value: number, found: string, format: Format = {}): Row {
  return { what, goal: `at least ${show(goal, format)}`, found, value, reached: value >= goal };
}

export function atMost(goal: number, what: string, value: number, found: string, format: Format = {}): Row {
  return { what, goal: `at most ${show(goal, format)}`, found, value, reached: value <= goal };
}

/** A figure without a goal. */
export function stated(what: string, value: number, found: string): Row {
  return { what, goal: 'stated', found, value, reached: true };
}

function show(value: number, { unit, digits = 2 }: Format): string {
  return unit === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

/** Round by round: the two sides of a round were measured one after the other, whatever the machine did to the rounds before. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  return ours.map((value, round) => value / (theirs[round] as number));
}

/** "0.33 (rounds 0.30 to 0.36)" in pieces: the median, and the rest. */
export function middleOf(ratios: readonly number[]): { readonly value: number; readonly rounds: string } {
  return { value: median(ratios), rounds: between(spread(ratios)) };
}

export const micro = (milliseconds: number): string => (milliseconds * 1000).toFixed(0);
export const rate = (perSecond: number): string => Math.round(perSecond).toLocaleString('en');
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
export const between = ({ min, max }: Spread): string => `rounds ${min.toFixed(2)} to ${max.toFixed(2)}`;
