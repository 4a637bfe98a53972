// What the scenario says: one aligned line a check as it ends, a summary, and the same as JSON.
import { writeFileSync } from 'node:fs';

/** ok; FAIL; not run, because something before it in its group left nothing to run it on (which is a failure too). */
export type Verdict = 'ok' | 'FAIL' | 'not run';

export type Line = {
  readonly group: string;
  readonly name: string;
  readonly what: string;
  readonly verdict: Verdict;
  /** What was counted or measured; the problem of a check that failed. */
  readonly figure: string;
  readonly milliseconds: number;
};

const GROUP_WIDTH = 7;
const WHAT_WIDTH = 66;

export class Report {
  readonly #lines: Line[] = [];
  readonly #figures: Record<string, number> = {};
  readonly #start = Date.now();
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  get failures(): readonly Line[] {
    return this.#lines.filter((line) => line.verdict !== 'ok');
  }

  add(line: Line): void {
    this.#lines.push(line);
    const seconds = `${(line.milliseconds / 1000).toFixed(1)} s`.padStart(7);
    const head = `${line.verdict.padEnd(7)} ${line.group.padEnd(GROUP_WIDTH)} ${line.what.padEnd(WHAT_WIDTH)}${seconds}  `;
    const [first = '', ...more] = line.figure.split('\n');
    this.#write(`${head}${first}\n${more.map((text) => `${' '.repeat(8)}${text}\n`).join('')}`);
  }

  /** A number for the JSON, beside the lines. */
  measured(name: string, value: number): void {
    this.#figures[name] = value;
  }

  note(text: string): void {
    this.#write(`${text}\n`);
  }

  summary(): void {
    const seconds = Math.round((Date.now() - this.#start) / 1000);
    const failed = this.failures;
    this.#write(
      failed.length === 0
        ? `\n${this.#lines.length} checks, all ok, in ${seconds} s\n`
        : `\n${this.#lines.length} checks, ${failed.length} not ok, in ${seconds} s: ${failed.map((line) => `${line.group}/${line.name}`).join(', ')}\n`,
    );
  }

  /** Throws when the file cannot be written. */
  writeJson(path: string, about: Readonly<Record<string, string>>): void {
    const content = {
      ...about,
      ok: this.failures.length === 0 && this.#lines.length > 0,
      seconds: (Date.now() - this.#start) / 1000,
      figures: this.#figures,
      checks: this.#lines,
    };
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  }
}
