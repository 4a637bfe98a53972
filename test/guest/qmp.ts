// QEMU's machine protocol (QMP), as much of it as a test needs: one JSON object a line, commands answered in order.
import type { Socket } from 'node:net';
import { z } from 'zod';

const Message = z.object({
  QMP: z.unknown().optional(),
  return: z.unknown().optional(),
  error: z.object({ class: z.string(), desc: z.string() }).optional(),
  event: z.string().optional(),
  id: z.number().optional(),
});

const Status = z.object({ status: z.string(), running: z.boolean() });

/** QEMU refused a command, or ended before answering it. */
export class QmpError extends Error {
  readonly command: string;

  constructor(command: string, message: string) {
    super(`QMP ${command}: ${message}`);
    this.name = 'QmpError';
    this.command = command;
  }
}

type Waiting = {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: QmpError) => void;
};

export class QmpClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #events: string[] = [];
  #rest = '';
  #nextId = 1;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.#close());
  }

  /** Takes over the socket that QEMU connected to; resolves when commands are accepted. */
  static async open(socket: Socket): Promise<QmpClient> {
    const client = new QmpClient(socket);
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Names of the events so far, oldest first: RESET, STOP, RESUME, SHUTDOWN, ... */
  get events(): readonly string[] {
    return this.#events;
  }

  /** Resolves with what the command returned; rejects with QmpError. */
  execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new QmpError(command, 'QEMU is gone');
      const id = this.#nextId++;
      this.#waiting.set(id, { command, resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    });
  }

  /** Pauses the VM: its devices stop too. */
  async stop(): Promise<void> {
    await this.execute('stop');
  }

  async cont(): Promise<void> {
    await this.execute('cont');
  }

  /** The reset button: the guest starts anew without having been asked. */
  async systemReset(): Promise<void> {
    await this.execute('system_reset');
  }

  /** Ends QEMU. */
  async quit(): Promise<void> {
    await this.execute('quit');
  }

  /** "running", "paused", "shutdown", ... */
  async status(): Promise<string> {
    return Status.parse(await this.execute('query-status')).status;
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines.filter((candidate) => candidate.trim() !== '')) {
      this.#receiveMessage(Message.parse(JSON.parse(line)));
    }
  }

  #receiveMessage(message: z.infer<typeof Message>): void {
    if (message.event !== undefined) this.#events.push(message.event);
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting === undefined || message.id === undefined) return;
    this.#waiting.delete(message.id);
    if (message.error)
      waiting.reject(new QmpError(waiting.command, `${message.error.class}: ${message.error.desc}`));
    else waiting.resolve(message.return);
  }

  #close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new QmpError(waiting.command, 'QEMU ended'));
    this.#waiting.clear();
  }
}
