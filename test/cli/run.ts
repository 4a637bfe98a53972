// Runs a command line inside this process, with a terminal that only remembers.
import { runCommandLine } from '../../services/cli/command-line.ts';
import type { Terminal } from '../../services/cli/terminal.ts';

export type Outcome = { readonly code: number; readonly out: string; readonly error: string };

export type Surroundings = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly width?: number;
  readonly isColoured?: boolean;
  readonly onOut?: (text: string) => void;
};

export async function run(argv: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { environment = {}, width = 100, isColoured = false, onOut } = surroundings;
  let out = '';
  let error = '';
  const terminal: Terminal = {
    out: async (text) => {
      out += text;
      onOut?.(text);
    },
    error: (text) => {
      error += text;
    },
    width,
    isColoured,
    environment,
    program: '/nowhere/main.js',
  };
  const code = await runCommandLine(argv, terminal);
  return { code, out, error };
}
