// What a check is, and the few ways to say in it what must hold. A check does its steps, throws CheckFailure (or lets any other error
// pass) when something is not so, and otherwise returns the figure for its line: what it counted or measured.

/** How much of everything is done: all of it, or less. */
export type Scale = 'full' | 'quick';

export type Check<Subject> = {
  /** Kebab-case; with the group's name before it what --only takes. */
  readonly name: string;
  /** What holds when it passes, for people. */
  readonly what: string;
  /** How long it may take on two idle cores, milliseconds (see patient()); 60 s by default. */
  readonly limit?: number;
  readonly run: (subject: Subject, scale: Scale) => Promise<string>;
};

export const DEFAULT_LIMIT = 60_000;

/** Something is not as it must be: says what, what was expected and what was found. */
export class CheckFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CheckFailure';
  }
}

/** A check took longer than it may; what it was waiting for goes on, so nothing after it in its group can be trusted. */
export class CheckTimeout extends Error {
  constructor(limit: number) {
    super(`expected to be done within ${limit / 1000} s, found that it was not`);
    this.name = 'CheckTimeout';
  }
}

export function expectEqual<Value extends string | number | bigint | boolean | null | undefined>(
  what: string,
  found: Value,
  expected: Value,
): void {
  if (found !== expected) throw new CheckFailure(`${what}: expected ${expected}, found ${found}`);
}

export function expectAtLeast(what: string, found: number, least: number): void {
  if (!(found >= least)) throw new CheckFailure(`${what}: expected at least ${least}, found ${found}`);
}

export function expectAtMost(what: string, found: number, most: number): void {
  if (!(found <= most)) throw new CheckFailure(`${what}: expected at most ${most}, found ${found}`);
}

export function expectThat(isSo: boolean, problem: string): void {
  if (!isSo) throw new CheckFailure(problem);
}

/** The fields of `found` that `expected` names must be equal; the others may be anything. */
export function expectFields(
  what: string,
  found: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string>>,
): void {
  const wrong = Object.entries(expected).filter(([key, value]) => found[key] !== value);
  if (wrong.length === 0) return;
  const said = wrong.map(([key, value]) => `${key}=${value} expected, ${found[key] ?? 'nothing'} found`);
  const all = Object.entries(found).map(([key, value]) => `${key}=${value}`);
  throw new CheckFailure(`${what}: ${said.join('; ')} (in: ${all.join(' ')})`);
}

/** `work`, or CheckTimeout after `limit` milliseconds. */
export async function within<Result>(work: Promise<Result>, limit: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CheckTimeout(limit)), limit);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
