// A broker in this process, on a run directory of its own, and the clients to talk to it over its real sockets.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import { pino } from 'pino';
import { type BrokerOptions, startBroker } from '../../services/broker/main.ts';
import { closeAll, Fd } from '../../services/lib/os/fd.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { connect, receive, send } from '../../services/lib/os/socket.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import {
  adminServiceDefinition,
  brokerServiceDefinition,
  healthServiceDefinition,
} from '../../services/lib/rpc/service-definition.ts';
import { type ErrorInfo, readError, reasonName } from '../../services/lib/rpc/status-error.ts';
import { countFromWire } from '../../services/lib/rpc/u64.ts';
import { type Config, parseConfig } from '../../services/lib/runtime/config.ts';
import { type RunPaths, runDirectoryPaths } from '../../services/lib/runtime/run-directory.ts';
import { until } from '../support/until.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const PAGE = 4096;

export type Command = barkeep.v1.Command.$Properties;
export type MemoryHandle = barkeep.v1.MemoryHandle.$Properties;
type Request = barkeep.v1.SessionRequest.$Properties;
type Response = barkeep.v1.SessionResponse;

export const DEFAULT_CONFIG = `
heaps:
  - { name: ram, backing: memfd, cache: cached, capacity: 1GiB }
vms:
  - { name: web, window: 256MiB, heap: ram }
  - { name: other, window: 256MiB, heap: ram }
  - { name: own, window: 256MiB, heap: ram, placement: per-blob }
`;

export class TestBroker {
  readonly directory: string;
  readonly paths: RunPaths;
  readonly log: string[] = [];
  #stop: () => Promise<void> = async () => undefined;
  readonly #clients: Client[] = [];
  readonly #owned: boolean;

  private constructor(directory: string | null) {
    this.#owned = directory === null;
    this.directory = directory ?? mkdtempSync(join(tmpdir(), 'barkeep-broker-'));
    this.paths = runDirectoryPaths(this.directory);
  }

  /** Starts a broker on `yaml` (everything but the run directory), in a directory of its own or in `directory`; `alter` makes it what no file can be. */
  static async start(
    yaml = DEFAULT_CONFIG,
    directory: string | null = null,
    options: BrokerOptions = {},
    alter: (config: Config) => Config = (config) => config,
  ): Promise<TestBroker> {
    const broker = new TestBroker(directory);
    const text = `run_directory: ${broker.directory}\n${yaml}`;
    const config = alter(parseConfig(text, 'test.yaml', { host: null }));
    const log = pino({ level: 'debug' }, { write: (line: string) => void broker.log.push(line) });
    broker.#stop = (await startBroker(config, log, options)).stop;
    return broker;
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** Stops, closes every client, and removes the directory. */
  async end(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.stop();
    if (this.#owned) rmSync(this.directory, { recursive: true, force: true });
  }

  secret(vm: string): string {
    return readFileSync(this.paths.vmSecret(vm), 'utf8').trim();
  }

  brokerClient(): Unary {
    return new Unary(this.#client(brokerServiceDefinition, this.paths.brokerSocket));
  }

  adminClient(): Unary {
    return new Unary(this.#client(adminServiceDefinition, this.paths.adminSocket));
  }

  viewClient(): Unary {
    return new Unary(this.#client(adminServiceDefinition, this.paths.viewSocket));
  }

  memoryClient(): Unary {
    return new Unary(this.#client(adminServiceDefinition, this.paths.memorySocket));
  }

  healthClient(): Unary {
    return new Unary(this.#client(healthServiceDefinition, this.paths.brokerSocket));
  }

  /** A stream on a connection of its own; nothing is sent yet. */
  openSession(): TestSession {
    return new TestSession(this.#client(brokerServiceDefinition, this.paths.brokerSocket), this);
  }

  async attach(vm: string, session: Uint8Array = new Uint8Array()): Promise<TestSession> {
    const stream = this.openSession();
    await stream.attach({ vm, secret: this.secret(vm), session });
    return stream;
  }

  /** Redeems a token; the caller owns the descriptor. */
  redeem(handle: MemoryHandle | null | undefined, socket = this.paths.fdSocket): Promise<Fd> {
    return redeemAt(socket, handle);
  }

  /** The memory of a handle as this process sees it; the caller closes it. */
  async mapMemory(handle: MemoryHandle | null | undefined, socket?: string): Promise<Mapping> {
    const fd = await this.redeem(handle, socket);
    try {
      return Mapping.ofFile(fd.number, countFromWire(handle?.fdOffset), countFromWire(handle?.size));
    } finally {
      fd.close();
    }
  }

  async vm(name: string): Promise<barkeep.v1.Vm.$Properties> {
    const admin = this.adminClient();
    const { vm } = await admin.call<barkeep.v1.GetVmResponse>('getVm', { vm: name });
    admin.close();
    return vm ?? {};
  }

  /** Waits until a VM is in a state. */
  async waitForState(name: string, state: barkeep.v1.VmState): Promise<void> {
    const admin = this.adminClient();
    await until(`${name} is in state ${state}`, async () => {
      const { vm } = await admin.call<barkeep.v1.GetVmResponse>('getVm', { vm: name });
      return vm?.state === state;
    });
    admin.close();
  }

  #client(definition: Parameters<typeof makeGenericClientConstructor>[0], path: string): Client {
    const Constructor = makeGenericClientConstructor(definition, 'test');
    // Each client has a connection of its own, as processes have.
    const client = new Constructor(`unix:${path}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#clients.push(client);
    return client;
  }
}

type UnaryMethod = (request: object, callback: (error: Error | null, response: object) => void) => void;

/** Unary calls, and server streams, as promises and streams. */
export class Unary {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  call<Answer extends object>(method: string, request: object = {}): Promise<Answer> {
    const methods = this.#client as unknown as Record<string, UnaryMethod>;
    return new Promise((resolve, reject) => {
      methods[method]?.call(this.#client, request, (error, response) =>
        error ? reject(error) : resolve(response as Answer),
      );
    });
  }

  /** The error of a call that must fail. */
  async refusal(method: string, request: object = {}): Promise<ErrorInfo> {
    return failureOf(this.call(method, request));
  }

  stream<Item>(method: string, request: object = {}): ClientReadableStream<Item> {
    const methods = this.#client as unknown as Record<
      string,
      (request: object) => ClientReadableStream<Item>
    >;
    const open = methods[method];
    if (!open) throw new Error(`no method ${method}`);
    return open.call(this.#client, request);
  }

  close(): void {
    this.#client.close();
  }
}

export async function failureOf(promise: Promise<unknown>): Promise<ErrorInfo> {
  try {
    await promise;
  } catch (error) {
    return readError(error as Error);
  }
  throw new Error('the call was expected to fail, and did not');
}

export class TestSession {
  readonly call: ClientDuplexStream<Request, Response>;
  readonly #client: Client;
  readonly #broker: TestBroker;
  readonly #answers: Response[] = [];
  readonly #waiting: { resolve: (answer: Response) => void; reject: (error: Error) => void }[] = [];
  #error: Error | null = null;
  attached: barkeep.v1.Attached.$Properties = {};
  number = 0;
  /** Resolves at the end of the stream: null for a good one. */
  readonly ended: Promise<ErrorInfo | null>;

  constructor(client: Client, broker: TestBroker) {
    this.#client = client;
    this.#broker = broker;
    const open = (client as unknown as { session: () => ClientDuplexStream<Request, Response> }).session;
    this.call = open.call(client);
    this.call.on('data', (answer: Response) => {
      const waiter = this.#waiting.shift();
      if (waiter) waiter.resolve(answer);
      else this.#answers.push(answer);
    });
    this.ended = new Promise((resolve) => {
      this.call.on('error', (error: Error) => {
        this.#error = error;
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        resolve(readError(error));
      });
      this.call.on('end', () => resolve(null));
    });
  }

  /** Resolves when its connection stands. */
  connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + 20_000, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next answer of the stream. */
  next(): Promise<Response> {
    const answer = this.#answers.shift();
    if (answer) return Promise.resolve(answer);
    if (this.#error) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async attach(attach: barkeep.v1.Attach.$Properties): Promise<barkeep.v1.Attached.$Properties> {
    this.call.write({ attach });
    this.attached = (await this.next()).attached ?? {};
    this.number = countFromWire(this.attached.lastNumber);
    return this.attached;
  }

  send(commands: readonly Command[], acknowledged = 0): void {
    this.call.write({ batch: { commands: [...commands], acknowledged } });
  }

  /** Runs operations with the next numbers; the answers in words. */
  async run(...operations: Operation[]): Promise<Answer[]> {
    const first = this.number + 1;
    this.number += operations.length;
    this.send(operations.map((operation, index) => ({ number: first + index, ...operation })));
    const { batch } = await this.next();
    return (batch?.replies ?? []).map(inWords);
  }

  /** The window as this process sees it; the caller closes it. */
  async window(): Promise<Mapping> {
    return this.#broker.mapMemory(this.attached.window);
  }

  async detach(): Promise<void> {
    this.call.write({ detach: {} });
    await this.ended;
    this.#client.close();
  }

  /** Vanishes without a word. */
  vanish(): void {
    this.call.cancel();
    this.#client.close();
  }
}

export type Operation = Omit<Command, 'number'>;
export type Answer = {
  readonly number: number;
  readonly result: string;
  readonly message: string;
  readonly memory: MemoryHandle | null;
  readonly cache: number;
  readonly wasMapped: boolean;
  readonly generation: number;
};

/** "ok", or the reason. */
export function inWords(reply: barkeep.v1.CommandReply.$Properties): Answer {
  return {
    number: countFromWire(reply.number),
    result: reply.error ? reasonName(reply.error.reason) : reply.done || reply.mapped ? 'ok' : 'nothing',
    message: reply.error?.message ?? '',
    memory: reply.mapped?.memory ?? null,
    cache: reply.mapped?.cache ?? 0,
    wasMapped: reply.done?.wasMapped ?? false,
    generation: countFromWire(reply.done?.generation),
  };
}

export function results(answers: readonly Answer[]): string[] {
  return answers.map(({ result }) => result);
}

export const create = (
  resourceId: number,
  size: number,
  more: Partial<barkeep.v1.CreateBlob.$Properties> = {},
): Operation => ({ create: { contextId: 1, resourceId, memory: 2, flags: 1, size, ...more } });
export const map = (resourceId: number, offset: number): Operation => ({ map: { resourceId, offset } });
export const unmap = (resourceId: number): Operation => ({ unmap: { resourceId } });
export const destroy = (resourceId: number): Operation => ({ destroy: { resourceId } });
export const reset: Operation = { reset: {} };

/** What was counted of each VM, by words: "web map ok", "web OVERLAP". */
export function countsOf({ vms }: barkeep.v1.GetStatisticsResponse): Map<string, number> {
  return new Map(
    vms.flatMap(({ vm, operations, refusals }) => [
      ...(operations ?? []).map(
        ({ operation, result, count }) =>
          [`${vm?.name} ${operation} ${result}`, countFromWire(count)] as const,
      ),
      ...(refusals ?? []).map(
        ({ reason, count }) => [`${vm?.name} ${reasonName(reason)}`, countFromWire(count)] as const,
      ),
    ]),
  );
}

/** Counts of VMs that are still there and are less than they were. */
export function fallen(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  const vms = new Set([...after.keys()].map((name) => name.split(' ')[0]));
  return [...before]
    .filter(([name, count]) => vms.has(name.split(' ')[0]) && (after.get(name) ?? 0) < count)
    .map(([name, count]) => `${name}: ${count} before, ${after.get(name) ?? 0} now`);
}

export function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Waits until this process has no more than `count` descriptors: ends of connections are seen a moment later on both sides. */
export async function fdsFallTo(count: number): Promise<number> {
  await until(`no more than ${count} descriptors are open`, () => openFds() <= count, { found: openFds });
  return openFds();
}

/** One question on the fd channel, and its answer: status, size, and the descriptor if there is one, which the caller owns. */
export async function ask(
  path: string,
  message: Uint8Array,
): Promise<{ readonly status: number; readonly size: number; readonly fd: Fd | null } | null> {
  const socket = connect(path, 'seqpacket');
  try {
    send(socket.number, message);
    const answer = await until('the fd channel answers', () => receive(socket.number, 64));
    if (answer.data.length === 0) return null;
    const [fd = null, ...others] = answer.fds;
    closeAll(others);
    return { status: answer.data.readUInt32LE(0), size: Number(answer.data.readBigUInt64LE(8)), fd };
  } finally {
    socket.close();
  }
}

async function redeemAt(path: string, handle: MemoryHandle | null | undefined): Promise<Fd> {
  const answer = await ask(path, handle?.token ?? new Uint8Array(32));
  if (answer?.status === 0 && answer.fd instanceof Fd) return answer.fd;
  throw new Error(`the token was answered with status ${answer?.status}`);
}
