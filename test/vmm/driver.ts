// A guest's virtio-gpu driver: what the Linux driver does with blobs, contexts and fences, with promises instead of processes that wait;
// and ways to send what Linux never would.
import { hrtime } from 'node:process';
import type { U64 } from '../../services/lib/wire/u64.ts';
import {
  ANSWERS,
  type AnswerName,
  answerName,
  BLOB_FLAG,
  BLOB_MEM,
  type CommandBody,
  type CommandName,
  describeAnswer,
  describeCommand,
  encodeCommand,
  encodeEntries,
  HEADER_FLAG,
  type Header,
  header,
  MAP_CACHE_MASK,
  type MemoryEntry,
  viewOf,
} from '../../services/lib/wire/virtio-gpu.ts';
import { Offsets } from './offsets.ts';
import type { Chain, Virtqueue } from './virtqueue.ts';

/** The device answered with something else than the driver needs. */
export class AnswerError extends Error {
  readonly command: string;
  readonly answer: Answer;

  constructor(command: string, answer: Answer) {
    super(`${command} was answered ${describeAnswer(answer.header.type)}`);
    this.name = 'AnswerError';
    this.command = command;
    this.answer = answer;
  }
}

/** No answer will come: the time is up, or the device was reset or is gone. A real guest would hang. */
export class NoAnswerError extends Error {
  constructor(command: string, why: string) {
    super(`no answer to ${command}: ${why}`);
    this.name = 'NoAnswerError';
  }
}

export type Answer = {
  /** Null for a number that the specification does not have. */
  readonly name: AnswerName | null;
  readonly header: Header;
  /** The whole answer, header included, as many bytes as the device wrote. */
  readonly bytes: Buffer;
};

/** A command ready to be queued: encoded once, sent as often as wanted. */
export type Command = Chain & { readonly what: string };

export type Fence = { readonly id: U64; readonly ring?: number };

export type BlobOptions = {
  readonly size: U64;
  /** 0 by default: no context. */
  readonly context?: number;
  /** HOST3D by default. */
  readonly memory?: number;
  /** USE_MAPPABLE by default. */
  readonly flags?: number;
  readonly blobId?: U64;
  readonly entries?: readonly MemoryEntry[];
};

/** A blob as the guest knows it. */
export type Blob = {
  readonly resource: number;
  readonly size: number;
  /** Where the guest put it in its window; null while it is not mapped. */
  offset: number | null;
  /** The cache type of the last MAP_BLOB's answer. */
  cache: number;
};

/** Bytes of the largest answer to each command; Linux gives a bare header's room to everything that is not listed. */
const ROOM: Partial<Record<CommandName, number>> = {
  GET_DISPLAY_INFO: ANSWERS.OK_DISPLAY_INFO.body.bytes,
  GET_CAPSET_INFO: ANSWERS.OK_CAPSET_INFO.body.bytes,
  GET_CAPSET: ANSWERS.OK_CAPSET.body.bytes + 1024,
  GET_EDID: ANSWERS.OK_EDID.body.bytes,
  RESOURCE_ASSIGN_UUID: ANSWERS.OK_RESOURCE_UUID.body.bytes,
  RESOURCE_MAP_BLOB: ANSWERS.OK_MAP_INFO.body.bytes,
};
const BARE_ROOM = 24;

export type DriverOptions = {
  readonly control: Virtqueue;
  readonly cursor: Virtqueue;
  /** Bytes. */
  readonly windowSize: number;
  /** Rings the doorbell of a queue. */
  readonly kick: (queue: number) => void;
  /** Milliseconds until an answer is given up; 30,000 by default. */
  readonly answerTimeout?: number;
  /** The first resource id, 1 by default. */
  readonly firstResource?: number;
};

type Pending = {
  readonly what: string;
  readonly since: number;
  readonly reject: (error: Error) => void;
};

export class GpuDriver {
  readonly control: Virtqueue;
  readonly cursor: Virtqueue;
  readonly offsets: Offsets;
  /** Interrupts that were seen (several may have been seen as one). */
  interrupts = 0;
  /** Kicks that were sent. */
  kicks = 0;
  readonly #kick: (queue: number) => void;
  readonly #timeout: number;
  readonly #watchdog: NodeJS.Timeout;
  readonly #pending = new Set<Pending>();
  #nextResource: number;
  #nextContext = 1;
  #nextFence = 1;

  constructor(options: DriverOptions) {
    this.control = options.control;
    this.cursor = options.cursor;
    this.offsets = new Offsets(options.windowSize);
    this.#kick = options.kick;
    this.#nextResource = options.firstResource ?? 1;
    this.#timeout = options.answerTimeout ?? 30_000;
    this.#watchdog = setInterval(() => this.#giveUpLate(), Math.min(this.#timeout, 1000));
    this.#watchdog.unref();
  }

  /** The interrupt handler of both queues. */
  onInterrupt(): void {
    this.interrupts += 1;
    this.control.collect();
    this.cursor.collect();
  }

  /** Ends the driver: everything that waits is rejected. */
  close(why: string): void {
    clearInterval(this.#watchdog);
    this.#rejectAll(() => true, why);
  }

  // ---- commands -------------------------------------------------------------------------------------------------------------------------

  /** Builds a command. `room` is the length of the reply's buffer when it shall differ from Linux'. */
  static command<N extends CommandName>(
    name: N,
    head: Partial<Omit<Header, 'type'>>,
    body: CommandBody<N>,
    options: { readonly rest?: Uint8Array; readonly room?: number } = {},
  ): Command {
    const fixed = encodeCommand(name, head, body);
    const out = options.rest && options.rest.length > 0 ? [fixed, options.rest] : [fixed];
    return { what: name, out, room: options.room === undefined ? GpuDriver.roomFor(name) : [options.room] };
  }

  /** The writable descriptors that go with a command. */
  static roomFor(name: CommandName): number[] {
    return [ROOM[name] ?? BARE_ROOM];
  }

  /** Sends a command and waits for whatever the answer is. */
  async send<N extends CommandName>(
    name: N,
    head: Partial<Omit<Header, 'type'>>,
    body: CommandBody<N>,
    options: { readonly rest?: Uint8Array; readonly room?: number } = {},
  ): Promise<Answer> {
    return this.sendCommand(GpuDriver.command(name, head, body, options));
  }

  async sendCommand(command: Command): Promise<Answer> {
    const [bytes] = await this.exchange([command]);
    return decodeAnswer(bytes!);
  }

  /** Any bytes as one request, with a reply buffer of `room` bytes; returns what the device wrote. */
  async raw(request: Uint8Array | readonly Uint8Array[], room = 1024, queue: 0 | 1 = 0): Promise<Buffer> {
    const out = request instanceof Uint8Array ? [request] : request;
    const [bytes] = await this.exchange([{ what: 'raw bytes', out, room: room > 0 ? [room] : [] }], queue);
    return bytes!;
  }

  /** Queues commands together and kicks once; the raw answers in the order of the commands. Throws QueueFullError, NoAnswerError. */
  exchange(commands: readonly Command[], queue: 0 | 1 = 0): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      const replies: Buffer[] = new Array(commands.length);
      let missing = commands.length;
      if (missing === 0) {
        resolve(replies);
        return;
      }
      const ring = queue === 0 ? this.control : this.cursor;
      const pending: Pending = { what: commands[0]!.what, since: Date.now(), reject };
      this.#pending.add(pending);
      try {
        commands.forEach((command, index) => {
          ring.offer(command, (reply) => {
            replies[index] = reply;
            missing -= 1;
            if (missing > 0) return;
            this.#pending.delete(pending);
            resolve(replies);
          });
        });
      } catch (error) {
        this.#pending.delete(pending);
        reject(error as Error);
      }
      this.publish(queue);
    });
  }

  /** Publishes what was offered and kicks, unless the device said that it looks by itself. */
  publish(queue: 0 | 1 = 0): void {
    const ring = queue === 0 ? this.control : this.cursor;
    ring.publish();
    if (!ring.wantsKick) return;
    this.kicks += 1;
    this.#kick(queue);
  }

  /**
   * One command alone on the queue, and the nanoseconds from just before the kick to the used index. 'interrupt' includes the way of the
   * interrupt through the event loop; 'spin' reads the used index until it moves, which keeps this process from doing anything else
   * (answering SHMEM_MAP, for one) and throws NoAnswerError after 2 seconds.
   */
  async measure(
    command: Command,
    mode: 'interrupt' | 'spin',
  ): Promise<{ answer: Answer; nanoseconds: number }> {
    let reply: Buffer | null = null;
    let end = 0n;
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.control.offer(command, (bytes) => {
      end = hrtime.bigint();
      reply = bytes;
      wake();
    });
    const start = hrtime.bigint();
    this.publish();
    if (mode === 'spin') {
      const limit = start + 2_000_000_000n;
      while (this.control.usedIndex === this.control.collectedIndex) {
        if (hrtime.bigint() > limit)
          throw new NoAnswerError(command.what, 'the used index did not move for 2 seconds');
      }
      this.control.collect();
    } else await this.#orTimeout(woken, command.what);
    return { answer: decodeAnswer(reply!), nanoseconds: Number(end - start) };
  }

  // ---- contexts -------------------------------------------------------------------------------------------------------------------------

  /** Opens a context like a process that opens the device. Throws AnswerError. */
  async createContext(name = 'vmm', contextInit = 0): Promise<number> {
    const context = this.#nextContext++;
    const debugName = Buffer.from(name);
    await this.#must(
      'CTX_CREATE',
      { contextId: context },
      { nameLength: debugName.length, contextInit, debugName },
    );
    return context;
  }

  async destroyContext(context: number): Promise<void> {
    await this.#must('CTX_DESTROY', { contextId: context }, {});
  }

  async attach(context: number, resourceId: number): Promise<void> {
    await this.#must('CTX_ATTACH_RESOURCE', { contextId: context }, { resourceId });
  }

  async detach(context: number, resourceId: number): Promise<void> {
    await this.#must('CTX_DETACH_RESOURCE', { contextId: context }, { resourceId });
  }

  // ---- blobs ----------------------------------------------------------------------------------------------------------------------------

  /** A resource id that was never used before: ids only grow, as in Linux. */
  newResource(): number {
    return this.#nextResource++;
  }

  /** The CREATE_BLOB command for a resource id. */
  createCommand(resourceId: number, options: BlobOptions): Command {
    const entries = options.entries ?? [];
    return GpuDriver.command(
      'RESOURCE_CREATE_BLOB',
      { contextId: options.context ?? 0 },
      {
        resourceId,
        blobMem: options.memory ?? BLOB_MEM.HOST3D,
        blobFlags: options.flags ?? BLOB_FLAG.USE_MAPPABLE,
        entries: entries.length,
        blobId: options.blobId ?? 0,
        size: options.size,
      },
      { rest: encodeEntries(entries) },
    );
  }

  mapCommand(resourceId: number, offset: U64): Command {
    return GpuDriver.command('RESOURCE_MAP_BLOB', {}, { resourceId, offset });
  }

  unmapCommand(resourceId: number): Command {
    return GpuDriver.command('RESOURCE_UNMAP_BLOB', {}, { resourceId });
  }

  unrefCommand(resourceId: number): Command {
    return GpuDriver.command('RESOURCE_UNREF', {}, { resourceId });
  }

  /** Throws AnswerError. */
  async createBlob(options: BlobOptions): Promise<Blob> {
    const resource = this.newResource();
    expectOk('RESOURCE_CREATE_BLOB', await this.sendCommand(this.createCommand(resource, options)));
    return { resource, size: Number(options.size), offset: null, cache: 0 };
  }

  /** Maps at the lowest offset that fits, or at the one that is given (which the caller took from `offsets`). Throws AnswerError, WindowFullError. */
  async mapBlob(blob: Blob, at?: number): Promise<{ offset: number; cache: number }> {
    const offset = at ?? this.offsets.take(blob.size);
    const answer = await this.sendCommand(this.mapCommand(blob.resource, offset));
    return this.#mapped(blob, offset, answer);
  }

  /** CREATE_BLOB and MAP_BLOB behind one kick, the way Linux does it when a process calls mmap. Throws AnswerError, WindowFullError. */
  async createAndMap(options: BlobOptions): Promise<Blob & { offset: number }> {
    const blob: Blob = { resource: this.newResource(), size: Number(options.size), offset: null, cache: 0 };
    const offset = this.offsets.take(blob.size);
    const [created, mapped] = await this.exchange([
      this.createCommand(blob.resource, options),
      this.mapCommand(blob.resource, offset),
    ]);
    const creation = decodeAnswer(created!);
    if (creation.name !== 'OK_NODATA') {
      this.offsets.give(offset, blob.size);
      throw new AnswerError('RESOURCE_CREATE_BLOB', creation);
    }
    this.#mapped(blob, offset, decodeAnswer(mapped!));
    return blob as Blob & { offset: number };
  }

  /** Throws AnswerError; the offset is free afterwards in any case, as it is for Linux. */
  async unmapBlob(blob: Blob): Promise<void> {
    const answer = await this.sendCommand(this.unmapCommand(blob.resource));
    this.#freeOffset(blob);
    expectOk('RESOURCE_UNMAP_BLOB', answer);
  }

  /** Throws AnswerError; the offset of a blob that was mapped is free afterwards in any case. */
  async unref(blob: Blob): Promise<void> {
    const answer = await this.sendCommand(this.unrefCommand(blob.resource));
    this.#freeOffset(blob);
    expectOk('RESOURCE_UNREF', answer);
  }

  /** UNMAP_BLOB and RESOURCE_UNREF behind one kick, the way Linux frees a mapped object. Throws AnswerError. */
  async unmapAndUnref(blob: Blob): Promise<void> {
    const [unmapped, unreferenced] = await this.exchange([
      this.unmapCommand(blob.resource),
      this.unrefCommand(blob.resource),
    ]);
    this.#freeOffset(blob);
    expectOk('RESOURCE_UNMAP_BLOB', decodeAnswer(unmapped!));
    expectOk('RESOURCE_UNREF', decodeAnswer(unreferenced!));
  }

  // ---- others ---------------------------------------------------------------------------------------------------------------------------

  /** A fence id that was never used before. */
  newFence(): number {
    return this.#nextFence++;
  }

  /** SUBMIT_3D; with a fence, and a ring when the fence names one. The answer is whatever the device says. */
  submit(context: number, stream: Uint8Array = new Uint8Array(), fence?: Fence): Promise<Answer> {
    return this.send(
      'SUBMIT_3D',
      { contextId: context, ...fenceFields(fence) },
      { size: stream.length },
      { rest: stream },
    );
  }

  /** The 16 bytes of a resource's UUID. Throws AnswerError. */
  async assignUuid(resourceId: number): Promise<Buffer> {
    const answer = await this.send('RESOURCE_ASSIGN_UUID', {}, { resourceId });
    if (answer.name !== 'OK_RESOURCE_UUID') throw new AnswerError('RESOURCE_ASSIGN_UUID', answer);
    return answer.bytes.subarray(24, 40);
  }

  async #must<N extends CommandName>(
    name: N,
    head: Partial<Omit<Header, 'type'>>,
    body: CommandBody<N>,
  ): Promise<void> {
    expectOk(name, await this.send(name, head, body));
  }

  #mapped(blob: Blob, offset: number, answer: Answer): { offset: number; cache: number } {
    if (answer.name !== 'OK_MAP_INFO') {
      this.offsets.give(offset, blob.size);
      throw new AnswerError('RESOURCE_MAP_BLOB', answer);
    }
    const { mapInfo } = ANSWERS.OK_MAP_INFO.body.decode(viewOf(answer.bytes));
    if ((mapInfo & ~MAP_CACHE_MASK) !== 0) {
      throw new AnswerError(`RESOURCE_MAP_BLOB (map_info 0x${mapInfo.toString(16)} has stray bits)`, answer);
    }
    blob.offset = offset;
    blob.cache = mapInfo;
    return { offset, cache: mapInfo };
  }

  #freeOffset(blob: Blob): void {
    if (blob.offset === null) return;
    this.offsets.give(blob.offset, blob.size);
    blob.offset = null;
  }

  async #orTimeout(answered: Promise<void>, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const pending: Pending = { what, since: Date.now(), reject };
      this.#pending.add(pending);
      void answered.then(() => {
        this.#pending.delete(pending);
        resolve();
      });
    });
  }

  #giveUpLate(): void {
    const limit = Date.now() - this.#timeout;
    this.#rejectAll((pending) => pending.since < limit, `${this.#timeout} ms have passed`);
  }

  #rejectAll(which: (pending: Pending) => boolean, why: string): void {
    for (const pending of this.#pending) {
      if (!which(pending)) continue;
      this.#pending.delete(pending);
      pending.reject(new NoAnswerError(pending.what, why));
    }
  }
}

/** Takes an answer apart. Throws RangeError when the device wrote less than a header. */
export function decodeAnswer(bytes: Buffer): Answer {
  if (bytes.length < header.bytes) {
    throw new RangeError(`an answer of ${bytes.length} bytes has no header; ${header.bytes} are needed`);
  }
  const head = header.decode(viewOf(bytes));
  return { name: answerName(head.type), header: head, bytes };
}

/** "RESOURCE_MAP_BLOB" of a request's bytes, for messages. */
export function nameOfRequest(request: Uint8Array): string {
  return request.length < 4 ? `${request.length} bytes` : describeCommand(viewOf(request).getUint32(0, true));
}

function expectOk(command: string, answer: Answer): void {
  if (answer.name !== 'OK_NODATA') throw new AnswerError(command, answer);
}

function fenceFields(fence: Fence | undefined): Partial<Header> {
  if (!fence) return {};
  if (fence.ring === undefined) return { flags: HEADER_FLAG.FENCE, fenceId: fence.id };
  return {
    flags: HEADER_FLAG.FENCE | HEADER_FLAG.INFO_RING_IDX,
    fenceId: fence.id,
    ringIndex: fence.ring,
  };
}
