// Runs the programs that build and start containers, and says what went wrong in their own words.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; the program is killed afterwards. Default: two minutes. */
  readonly timeout?: number;
}

/** A program that ended with another code than 0, was killed, or did not start. */
export class CommandError extends Error {
  readonly program: string;
  readonly args: readonly string[];
  readonly code: number | string | null;
  /** The end of what it wrote. */
  readonly output: string;

  constructor(program: string, args: readonly string[], code: number | string | null, output: string) {
    super(`${program} ${args.join(' ')}\nended with ${code}:\n${output}`);
    this.name = 'CommandError';
    this.program = program;
    this.args = args;
    this.code = code;
    this.output = output;
  }
}

/** Runs a program to its end and returns its standard output. Throws CommandError. */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const settings = {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: options.timeout ?? 120_000,
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(
          new CommandError(
            program,
            args,
            error.code ?? error.signal ?? null,
            `${stdout}${stderr}`.slice(-4000),
          ),
        );
    });
  });
}

/** Those of `programs` that are in no folder of the PATH. */
export function missingPrograms(programs: readonly string[]): readonly string[] {
  const { PATH: path = '' } = process.env;
  const folders = path.split(delimiter);
  return programs.filter((program) => !folders.some((folder) => isExecutable(join(folder, program))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
