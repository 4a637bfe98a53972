// A frontend that decides, as far as the broker can tell: it goes by the rules and the grant that it was given, with the domain's own code, tells what
// came of it, and asks for grants. It can also tell anything else.
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { accountsOf } from '../../services/lib/domain/accounts.ts';
import type { HeapPort, TakenMemory } from '../../services/lib/domain/allocation.ts';
import type { Command } from '../../services/lib/domain/command.ts';
import { RESULTS } from '../../services/lib/domain/counters.ts';
import type { Accounts } from '../../services/lib/domain/follow.ts';
import { type Grant, GrantedBooks, NO_GRANT } from '../../services/lib/domain/grant.ts';
import type { Backing, CacheType } from '../../services/lib/domain/heap.ts';
import { UNLIMITED } from '../../services/lib/domain/quota.ts';
import { REFUSAL_REASONS } from '../../services/lib/domain/refusal.ts';
import { type Touched, TouchedBlobs, UNTOUCHED } from '../../services/lib/domain/touched.ts';
import { Vm } from '../../services/lib/domain/vm.ts';
import type { BlobSnapshot } from '../../services/lib/domain/vm-snapshot.ts';
import { Fd } from '../../services/lib/os/fd.ts';
import { Mapping } from '../../services/lib/os/memory.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { type ErrorInfo, readError, reasonName, reasonNumber } from '../../services/lib/rpc/status-error.ts';
import { countFromWire, fromWire, toWire } from '../../services/lib/rpc/u64.ts';
import { until } from '../support/until.ts';
import { ask, type TestBroker } from './harness.ts';
import type { Place } from './resuming-session.ts';

const { v1 } = barkeep;
type Request = barkeep.v1.SessionRequest.$Properties;
type Response = barkeep.v1.SessionResponse;
type Kind = 'attached' | 'batch' | 'entered' | 'grant' | 'recall' | 'memory';
export type WireAccounts = barkeep.v1.Accounts.$Properties;
export type WireBlob = barkeep.v1.BlobAccount.$Properties;

const PLACES = {
  unmapped: v1.BlobPlace.BLOB_PLACE_UNMAPPED,
  mapped: v1.BlobPlace.BLOB_PLACE_MAPPED,
  parked: v1.BlobPlace.BLOB_PLACE_PARKED,
  stashed: v1.BlobPlace.BLOB_PLACE_STASHED,
} as const;
const KINDS = {
  create: v1.OperationKind.OPERATION_KIND_CREATE,
  map: v1.OperationKind.OPERATION_KIND_MAP,
  unmap: v1.OperationKind.OPERATION_KIND_UNMAP,
  destroy: v1.OperationKind.OPERATION_KIND_DESTROY,
  reset: v1.OperationKind.OPERATION_KIND_RESET,
} as const;
const OUTCOMES = {
  ok: v1.DecisionResult.DECISION_RESULT_OK,
  noop: v1.DecisionResult.DECISION_RESULT_NOOP,
  refused: v1.DecisionResult.DECISION_RESULT_REFUSED,
  abandoned: v1.DecisionResult.DECISION_RESULT_ABANDONED,
} as const;
const BACKINGS: Readonly<Record<number, Backing>> = { 1: 'memfd', 2: 'hugetlb', 3: 'file' };
const CACHES: Readonly<Record<number, CacheType>> = { 1: 'cached', 2: 'uncached', 3: 'wc', 4: 'none' };

export function placeOf(broker: TestBroker): Place {
  const { brokerSocket, fdSocket } = broker.paths;
  return { socket: brokerSocket, fdSocket, secret: (vm) => broker.secret(vm) };
}

/** Amounts of one heap. */
export function amounts(bytes: number, mappings = 0, allocations = 0, heap = 'ram'): Grant {
  return { heaps: new Map([[heap, bytes]]), mappings, allocations };
}

/** An operation without its number, with what is usual left out. */
type Distributed<Some> = Some extends Command ? Omit<Some, 'number'> : never;
export type Deed = Distributed<Command>;
export const make = (resource: number, size: number, blobId = 0): Deed & { kind: 'create' } => ({
  kind: 'create',
  resource,
  context: 1,
  blobId,
  blobMem: 'host3d',
  flags: 1,
  size,
});
export const mapAt = (resource: number, offset: number): Deed => ({ kind: 'map', resource, offset });
export const take = (resource: number): Deed => ({ kind: 'unmap', resource });
export const end = (resource: number): Deed => ({ kind: 'destroy', resource });
export const restart: Deed = { kind: 'reset' };

/** Has what was made for the blob that comes next. */
class Offered implements HeapPort {
  memory: TakenMemory | null = null;

  allocate(): TakenMemory | null {
    const { memory } = this;
    this.memory = null;
    return memory;
  }
}

export class DecidingClient {
  readonly name: string;
  /** Where the broker is; a successor may be elsewhere. */
  place: Place;
  attached: barkeep.v1.Attached.$Properties = {};
  /** By what it decides; made at the first attach. */
  vm!: Vm;
  books = new GrantedBooks([], null);
  version = 0;
  /** The number that memory was asked for under last. */
  memoryNumber = 0;
  readonly #offered = new Offered();
  /** Memory that came while it waited for something else. */
  readonly #given: barkeep.v1.Memory.$Properties[] = [];
  /** Recalls that came while it waited for something else. */
  recalls = 0;
  readonly #untold = new TouchedBlobs();
  /** Told, and not acknowledged. */
  #told: { readonly version: number; readonly touched: Touched } | null = null;
  #session: Uint8Array = new Uint8Array();
  #client: Client | null = null;
  #stream: ClientDuplexStream<Request, Response> | null = null;
  #answers: Response[] = [];
  #wake: (() => void) | null = null;
  #error: Error | null = null;
  ended: Promise<ErrorInfo | null> = Promise.resolve(null);

  constructor(name: string, place: Place) {
    this.name = name;
    this.place = place;
  }

  static async attach(name: string, broker: TestBroker): Promise<DecidingClient> {
    const client = new DecidingClient(name, placeOf(broker));
    await client.connect();
    return client;
  }

  /** Attaches, or resumes what it has. `more` is sent with it. */
  async connect(more: barkeep.v1.Attach.$Properties = {}): Promise<void> {
    this.drop();
    this.#open();
    const { name: vm, place } = this;
    const session = this.#session;
    this.send({
      attach: { vm, secret: place.secret(vm), session, decides: true, asksMemory: true, ...more },
    });
    this.attached = (await this.next('attached')).attached ?? {};
    if (session.length > 0 && !this.attached.resumed) throw new Error(`the session of ${vm} was lost`);
    this.#session = this.attached.session ?? new Uint8Array();
    if (session.length === 0) this.#begin();
    this.books.set(grantOf(this.attached.grant));
    const known = countFromWire(this.attached.accountsVersion);
    if (this.#told !== null && this.#told.version > known) this.#retell(this.#told.touched);
    this.#told = null;
    this.version = Math.max(known, this.version);
  }

  /** As connect(), until a broker is there that takes it. */
  async reconnect(): Promise<void> {
    await until(`${this.name} is attached again`, async () => {
      await this.connect();
      return true;
    });
  }

  /** Decides; the answers in words: "ok", or the reason. A reason of room changes nothing, not even the number. */
  apply(...deeds: readonly Deed[]): string[] {
    return deeds.map((deed) => {
      const decision = this.vm.decide({ ...deed, number: 0 } as Command);
      const { reply } = decision.outcome;
      const reason = reply.result === 'refused' ? reply.refusal.reason : 'ok';
      if (reason === 'HEAP_CAPACITY' || reason === 'HOST_CAPACITY') return reason;
      this.vm.enter(decision);
      this.vm.acknowledge(this.vm.lastNumber);
      this.#untold.merge(this.vm.takeTouched());
      return reason;
    });
  }

  /** Tells everything that is untold, without waiting for the answer: the version. */
  tell({ complete = false, piece = 1024 } = {}): number {
    if (complete) this.#untold.addEverything();
    const touched = this.#untold.take();
    if (this.#told !== null) throw new Error('told again before the last was acknowledged');
    this.version += 1;
    this.#told = { version: this.version, touched };
    const accounts = accountsOf(this.vm, touched);
    for (const message of encodeAccounts(this.version, accounts, piece)) this.send({ accounts: message });
    return this.version;
  }

  /** Waits until what was told is entered. */
  async entered(): Promise<number> {
    const { entered } = await this.next('entered');
    const version = countFromWire(entered?.version);
    if (version === this.#told?.version) this.#told = null;
    return version;
  }

  async told(...deeds: readonly Deed[]): Promise<string[]> {
    const answers = this.apply(...deeds);
    this.tell();
    await this.entered();
    return answers;
  }

  /** Asks for memory of its own for a blob, without waiting for the answer. */
  requestMemory(number: number, size: number, heap: string): void {
    this.send({ memoryRequest: { number, heap, size: toWire(size) } });
  }

  /** Waits for the answer to a request for memory; `number`: of that one, whatever comes before it. */
  async memory(number: number | null = null): Promise<barkeep.v1.Memory.$Properties> {
    for (;;) {
      const memory = this.#given.shift() ?? (await this.next('memory')).memory ?? {};
      if (number === null || countFromWire(memory.number) === number) return memory;
    }
  }

  /** As apply(), for a create of a blob with memory of its own: `made` is the answer to the request with the last number. */
  applyMade(deed: Deed & { kind: 'create' }, { memory }: barkeep.v1.Memory.$Properties): string {
    const number = this.memoryNumber;
    if (memory) this.#offered.memory = { id: number, number, fdOffset: countFromWire(memory.fdOffset) };
    const [answer = ''] = this.apply(deed);
    this.vm.settleMemory(number);
    return answer;
  }

  /** Asks for memory and makes a blob of it: "ok", or why not. */
  async make(deed: Deed & { kind: 'create' }, heap: string): Promise<string> {
    this.memoryNumber += 1;
    this.requestMemory(this.memoryNumber, Number(deed.size), heap);
    const made = await this.memory();
    if (made.error) this.vm.settleMemory(this.memoryNumber);
    return made.error ? reasonName(made.error.reason) : this.applyMade(deed, made);
  }

  /** The memory of a handle as this process sees it; the caller closes it. */
  async mapMemory(handle: barkeep.v1.MemoryHandle.$Properties | null | undefined): Promise<Mapping> {
    const answer = await ask(this.place.fdSocket, handle?.token ?? new Uint8Array(32));
    if (!(answer?.fd instanceof Fd)) throw new Error(`a token was answered with ${answer?.status}`);
    const mapping = Mapping.ofFile(
      answer.fd.number,
      countFromWire(handle?.fdOffset),
      countFromWire(handle?.size),
    );
    answer.fd.close();
    return mapping;
  }

  /** Asks for a grant, without waiting for the answer. */
  request(wanted: Grant, needed: Grant = NO_GRANT, number = 0): void {
    this.send({ grantRequest: { wanted: encodeAmounts(wanted), needed: encodeAmounts(needed), number } });
  }

  /** Waits for the answer to a request; why it was refused, or null. */
  async granted(): Promise<string | null> {
    const { grant } = await this.next('grant');
    this.books.set(grantOf(grant));
    return grant?.refusal?.message ?? null;
  }

  ask(wanted: Grant, needed: Grant = NO_GRANT): Promise<string | null> {
    this.request(wanted, needed);
    return this.granted();
  }

  /** Gives back all that is not in use. */
  giveBack(): Promise<string | null> {
    return this.ask(this.books.used, this.books.used);
  }

  /** Sends anything. */
  send(request: Request): void {
    this.#stream?.write(request);
  }

  /** Sends accounts that are no result of anything. */
  tellAnything(accounts: WireAccounts): void {
    this.send({ accounts });
  }

  /** The next answer of a kind; recalls before it are counted. Rejects when the stream ends. */
  async next(kind: Kind): Promise<Response> {
    for (;;) {
      while (this.#answers.length === 0) {
        if (this.#error !== null) throw this.#error;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const answer = this.#answers.shift()!;
      if (answer[kind]) return answer;
      if (answer.memory) {
        this.#given.push(answer.memory);
        continue;
      }
      if (!answer.recall) throw new Error(`${JSON.stringify(answer)} came where ${kind} was awaited`);
      this.recalls += 1;
    }
  }

  /** The window as this process sees it; the caller closes it. */
  async window(): Promise<Mapping> {
    return this.mapMemory(this.attached.window);
  }

  async detach(): Promise<void> {
    this.send({ detach: {} });
    await this.ended;
    this.#client?.close();
  }

  /** Vanishes without a word. */
  drop(): void {
    this.#stream?.on('error', () => undefined);
    this.#stream?.cancel();
    this.#client?.close();
    this.#stream = null;
    this.#client = null;
  }

  /** Forgets that it had a session. */
  forget(): void {
    this.#session = new Uint8Array();
    this.version = 0;
    this.#told = null;
    this.#untold.take();
  }

  #open(): void {
    this.#client = new Client(`unix:${this.place.socket}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    const { path, requestSerialize, responseDeserialize } = brokerServiceDefinition['session']!;
    const stream = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize as never,
    ) as ClientDuplexStream<Request, Response>;
    this.#stream = stream;
    this.#answers = [];
    this.#error = null;
    stream.on('data', (answer: Response) => {
      if (this.#stream !== stream) return;
      this.#answers.push(answer);
      this.#wake?.();
    });
    this.ended = new Promise((resolve) => {
      const over = (error: Error | null): void => {
        if (this.#stream === stream) {
          this.#error ??= error ?? new Error('the stream ended');
          this.#wake?.();
        }
        resolve(error === null ? null : readError(error));
      };
      stream.on('error', over);
      stream.on('end', () => over(null));
    });
  }

  /** Goes by the rules that came with the attach. */
  #begin(): void {
    const { rules, windowSize } = this.attached;
    const limit = (value: Parameters<typeof countFromWire>[0]): number => countFromWire(value) || UNLIMITED;
    const heaps = (rules?.heaps ?? []).map(({ name, backing, cache, granule }) => ({
      name: name ?? '',
      backing: BACKINGS[backing ?? 0]!,
      cache: CACHES[cache ?? 0]!,
      capacity: UNLIMITED,
      granule: countFromWire(granule),
    }));
    this.books = new GrantedBooks(heaps, null);
    const { account, heaps: shares } = this.books;
    const settings = {
      name: this.name,
      windowSize: countFromWire(windowSize),
      memory: this.attached.placement === v1.Placement.PLACEMENT_WINDOW ? 'window' : 'mixed',
      defaultHeap: rules?.defaultHeap ?? '',
      blobHeaps: new Map(
        (rules?.blobHeaps ?? []).map(({ blobId, heap }) => [String(fromWire(blobId)), heap ?? '']),
      ),
      quota: {
        bytes: limit(rules?.quotaBytes),
        mappings: limit(rules?.quotaMappings),
        allocations: limit(rules?.quotaAllocations),
      },
      populate: rules?.populate ?? false,
    } as const;
    this.vm = new Vm(settings, { account, heaps: shares, port: this.#offered });
    this.vm.collectTouched();
  }

  #retell({ everything, resources }: Touched): void {
    const later = this.#untold.take() ?? UNTOUCHED;
    this.#untold.merge({ everything, resources });
    this.#untold.merge(later);
    this.version -= 1;
  }
}

export function grantOf(grant: barkeep.v1.Grant.$Properties | null | undefined): Grant {
  return {
    heaps: new Map((grant?.heaps ?? []).map(({ heap, bytes }) => [heap ?? '', countFromWire(bytes)])),
    mappings: countFromWire(grant?.mappings),
    allocations: countFromWire(grant?.allocations),
  };
}

export function encodeAmounts({ heaps, mappings, allocations }: Grant): barkeep.v1.Amounts.$Properties {
  return { heaps: [...heaps].map(([heap, bytes]) => ({ heap, bytes })), mappings, allocations };
}

export function encodeBlob(blob: BlobSnapshot): WireBlob {
  const { resource, context, blobMem, flags, blobId, size, heap, allocation, state, offset } = blob;
  return {
    created: {
      resourceId: resource,
      contextId: context,
      memory: blobMem === 'host3d' ? 2 : 3,
      flags,
      blobId: toWire(blobId),
      size,
    },
    heap,
    place: PLACES[state],
    offset,
    memory: allocation?.number ?? 0,
  };
}

/** One version, in messages of at most `piece` blobs and four times as many ids. */
export function encodeAccounts(version: number, accounts: Accounts, piece: number): WireAccounts[] {
  const { complete, destroyed, blobs, generation, settledMemory, counters } = accounts;
  const messages: WireAccounts[] = [];
  for (let from = 0; from === 0 || from < blobs.length || 4 * from < destroyed.length; from += piece) {
    messages.push({
      version,
      complete,
      continues: true,
      blobs: blobs.slice(from, from + piece).map(encodeBlob),
      destroyed: destroyed.slice(4 * from, 4 * (from + piece)),
    });
  }
  const decisions = (Object.keys(KINDS) as (keyof typeof KINDS)[]).flatMap((operation) =>
    RESULTS.flatMap((result) =>
      result === 'repeated'
        ? []
        : [
            {
              operation: KINDS[operation],
              result: OUTCOMES[result],
              count: counters.operations[operation][result],
            },
          ],
    ),
  );
  const refusals = REFUSAL_REASONS.map((reason) => ({
    reason: reasonNumber(reason),
    count: counters.refusals[reason],
  }));
  messages.push({ ...messages.pop(), continues: false, generation, settledMemory, decisions, refusals });
  return messages;
}
