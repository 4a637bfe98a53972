// Sizes and durations as people write them in the configuration and read them in tables.

const KIB = 1024;
const BYTE_UNITS = [
  ['TiB', KIB ** 4],
  ['GiB', KIB ** 3],
  ['MiB', KIB ** 2],
  ['KiB', KIB],
  ['B', 1],
] as const;
const DURATION_UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;
const QUANTITY = /^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$/;

/**
 * A size in bytes: a whole number, or a string with KiB, MiB, GiB, TiB or B ("1.5GiB", "4096").
 * Null for everything else, also for a size that is no whole number of bytes or not below 2^53.
 */
export function parseBytes(value: unknown): number | null {
  return parseQuantity(value, BYTE_UNITS, 1);
}

/**
 * What was probably meant by a size in another spelling: "256MiB" for "256M", "256Mi", "256mb"; null for anything else. A guess for messages and never
 * taken as the value, because the spellings do not agree: M is 2^20 to QEMU and 10^6 to Kubernetes, and MB is 10^6 to libvirt.
 */
export function meantBytes(value: unknown): string | null {
  const match =
    typeof value === 'string' ? /^([0-9]+(?:\.[0-9]+)?)\s*([kmgt])(?:i?b?)$/i.exec(value.trim()) : null;
  const meant = match ? `${match[1]}${match[2]?.toUpperCase()}iB` : null;
  return meant !== null && meant !== value && parseBytes(meant) !== null ? meant : null;
}

/** A duration in milliseconds: a string with ms, s, m or h ("250ms", "1.5s"), or a bare 0. Null for everything else. */
export function parseDuration(value: unknown): number | null {
  if (value === 0 || value === '0') return 0;
  return parseQuantity(value, DURATION_UNITS, null);
}

function parseQuantity(
  value: unknown,
  units: readonly (readonly [string, number])[],
  bareFactor: number | null,
): number | null {
  if (typeof value === 'number') return bareFactor === null ? null : whole(value * bareFactor);
  if (typeof value !== 'string') return null;
  const match = QUANTITY.exec(value.trim());
  if (!match) return null;
  const factor = match[2] === '' ? bareFactor : (units.find(([name]) => name === match[2])?.[1] ?? null);
  return factor === null ? null : whole(Number(match[1]) * factor);
}

function whole(value: number): number | null {
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A size for people, exact when a unit divides it, otherwise with one decimal: "1GiB", "1.4MiB", "17B". */
export function formatBytes(bytes: number): string {
  if (bytes === 0) return '0';
  for (const [name, factor] of BYTE_UNITS) {
    if (bytes < factor) continue;
    const amount = bytes / factor;
    return `${Number.isInteger(amount) ? amount : amount.toFixed(1)}${name}`;
  }
  return `${bytes}B`;
}

/** A size that loses nothing: the largest unit that divides it. For messages about exact values. */
export function formatExactBytes(bytes: number): string {
  if (bytes === 0) return '0';
  const unit = BYTE_UNITS.find(([, factor]) => bytes % factor === 0);
  return unit ? `${bytes / unit[1]}${unit[0]}` : String(bytes);
}

/** A duration for people: "5s", "1.5s", "2m", "250ms"; two units at most ("3h12m"). `milliseconds` is not negative. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 60_000) {
    const seconds = milliseconds / 1000;
    return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)}s`;
  }
  const [large, small] =
    milliseconds < 3_600_000 ? ([60_000, 1000] as const) : ([3_600_000, 60_000] as const);
  const names = large === 60_000 ? ['m', 's'] : ['h', 'm'];
  const whole = Math.floor(milliseconds / large);
  const rest = Math.floor((milliseconds % large) / small);
  return `${whole}${names[0]}${rest === 0 ? '' : `${rest}${names[1]}`}`;
}
