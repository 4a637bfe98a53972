// Runs a short-lived tool and returns what it wrote, or throws with its own words.
import { spawn } from 'node:child_process';
import { GuestEnvironmentError } from './environment.ts';

export type ToolOptions = {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Uint8Array;
  // Receives each line of standard output as it comes.
  readonly onLine?: (line: string) => void;
  // What to tell someone whose machine lacks the tool.
  readonly ifMissing?: string;
};

// How much of a tool's own output an error repeats, in characters.
const DETAIL = 2000;

/** Resolves with standard output; rejects with GuestEnvironmentError on a missing tool or an exit status other than 0. */
export function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    let errors = '';
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output.push(chunk);
      if (!options.onLine) return;
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(options.onLine);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-DETAIL);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const todo = error.code === 'ENOENT' ? (options.ifMissing ?? 'it is not installed') : error.message;
      reject(new GuestEnvironmentError(`Could not run ${command}: ${todo}`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(output));
      const said = options.onLine ? errors + Buffer.concat(output).toString().slice(-DETAIL) : errors;
      const line = [command, ...args].join(' ').slice(0, 300);
      reject(new GuestEnvironmentError(`${line} ended with ${code ?? signal}.`, said.trim()));
    });
    child.stdin.on('error', () => undefined); // a tool that ends early is judged by its exit status
    child.stdin.end(options.input);
  });
}
