// The host's end of the guest's control port: a line out, a line back (program/protocol.h has the grammar, init.c the
// commands). Answers carry the number of their command and may come in any order, because commands to different workers
// run side by side.
import type { Socket } from 'node:net';
import { patient } from './patience.ts';

/** What a command brought back: `fields` holds the KEY=VALUE pairs, of an error too (errno, number, op). */
export type Answer = { readonly ok: boolean; readonly fields: Readonly<Record<string, string>> };

/** The guest's greeting: one at every boot. */
export type Ready = {
  readonly bootId: string;
  /** Path of the render node, or null when no driver offers one. */
  readonly device: string | null;
  readonly modules: number;
};

export const ConsoleErrorCode = {
  /** No answer within the command's time. The guest may still be working on it. */
  TIMEOUT: 'TIMEOUT',
  /** The guest started anew while the command was out. */
  REBOOTED: 'REBOOTED',
  /** The connection ended: QEMU is gone. */
  CLOSED: 'CLOSED',
  /** The guest answered with an error where `expectOk` asked for success. */
  REFUSED: 'REFUSED',
} as const;
export type ConsoleErrorCode = (typeof ConsoleErrorCode)[keyof typeof ConsoleErrorCode];

export class GuestConsoleError extends Error {
  readonly code: ConsoleErrorCode;
  readonly line: string;
  /** The guest's errno name when code is REFUSED. */
  readonly errno: string | undefined;

  constructor(code: ConsoleErrorCode, line: string, message: string, errno?: string) {
    super(`Guest command "${line}": ${message}`);
    this.name = 'GuestConsoleError';
    this.code = code;
    this.line = line;
    this.errno = errno;
  }
}

type Waiting = {
  readonly line: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: GuestConsoleError) => void;
  readonly timer: NodeJS.Timeout;
};

// The port's own limit (LINE_MAX_BYTES in program/protocol.h), less the number in front.
const LONGEST_LINE = 960;

export class GuestConsole {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #boots: Ready[] = [];
  #bootWaiters: (() => void)[] = [];
  #rest = '';
  #nextId = 1;
  #closed = false;

  /** Takes over the socket, which lasts as long as QEMU does. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.#close());
  }

  /** Commands that are out: what a check that hangs waits for. */
  get unanswered(): readonly string[] {
    return [...this.#waiting.values()].map(({ line }) => line);
  }

  /** Boots seen so far. */
  get boots(): readonly Ready[] {
    return this.#boots;
  }

  /** Waits until the guest has booted `count` times in all; resolves with that boot. Times in milliseconds. */
  async waitForBoot(count: number, timeoutMs: number): Promise<Ready> {
    const deadline = Date.now() + timeoutMs;
    while (this.#boots.length < count) {
      const left = deadline - Date.now();
      if (this.#closed) throw new GuestConsoleError('CLOSED', 'boot', 'the guest ended before it was ready');
      if (left <= 0) throw new GuestConsoleError('TIMEOUT', 'boot', `not ready after ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#bootWaiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#boots[count - 1]!;
  }

  /**
   * Sends a command and resolves with its answer, an error answer too. Rejects with GuestConsoleError when none comes
   * within timeoutMs milliseconds, when the guest reboots or QEMU ends.
   */
  command(line: string, timeoutMs = patient(10_000)): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new GuestConsoleError('CLOSED', line, 'QEMU is gone');
      if (line.includes('\n') || line.length > LONGEST_LINE) {
        throw new GuestConsoleError(
          'REFUSED',
          line,
          `one line of at most ${LONGEST_LINE} characters is expected`,
        );
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new GuestConsoleError('TIMEOUT', line, `no answer after ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { line, resolve, reject, timer });
      this.#socket.write(`${id} ${line}\n`);
    });
  }

  /** The same, where only success will do: resolves with the answer's fields, rejects (REFUSED) on an error answer. */
  async expectOk(line: string, timeoutMs = patient(10_000)): Promise<Readonly<Record<string, string>>> {
    const answer = await this.command(line, timeoutMs);
    if (answer.ok) return answer.fields;
    const { errno } = answer.fields;
    const said = Object.entries(answer.fields).map(([key, value]) => `${key}=${value}`);
    throw new GuestConsoleError('REFUSED', line, `expected success, found ${said.join(' ')}`, errno);
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#receiveLine(line.trim());
  }

  #receiveLine(line: string): void {
    const [first, second, ...rest] = line.split(' ');
    if (first === 'ready') {
      this.#booted(parseFields([second ?? '', ...rest]));
      return;
    }
    const waiting = this.#waiting.get(Number(first));
    if (waiting === undefined) return; // an answer that came too late, or noise of the port being set up
    this.#waiting.delete(Number(first));
    clearTimeout(waiting.timer);
    waiting.resolve({ ok: second === 'ok', fields: parseFields(rest) });
  }

  #booted(fields: Record<string, string>): void {
    this.#rejectAll('REBOOTED', 'the guest started anew');
    const { device = 'none', boot = '', modules = '0' } = fields;
    this.#boots.push({ bootId: boot, device: device === 'none' ? null : device, modules: Number(modules) });
    this.#wakeBootWaiters();
  }

  #close(): void {
    this.#closed = true;
    this.#rejectAll('CLOSED', 'QEMU ended');
    this.#wakeBootWaiters();
  }

  #rejectAll(code: ConsoleErrorCode, message: string): void {
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new GuestConsoleError(code, waiting.line, message));
    }
    this.#waiting.clear();
  }

  #wakeBootWaiters(): void {
    const waiters = this.#bootWaiters;
    this.#bootWaiters = [];
    for (const wake of waiters) wake();
  }
}

function parseFields(words: readonly string[]): Record<string, string> {
  const pairs = words.map(
    (word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const,
  );
  return Object.fromEntries(pairs.filter(([key]) => key !== ''));
}
