// The client of AdminService and of the health service, on the socket of one role: promises, deadlines, whole lists, and errors that say what to do.
import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { type barkeep, grpc } from './gen/barkeep.js';
import { adminServiceDefinition, healthServiceDefinition } from './service-definition.ts';
import { type Reason, readError } from './status-error.ts';

export type Statistics = barkeep.v1.GetStatisticsResponse;
export type Configuration = barkeep.v1.Configuration.$Properties;
export type AdminVm = barkeep.v1.Vm.$Properties;
export type AdminAllocation = barkeep.v1.Allocation.$Properties;
export type AdminMapping = barkeep.v1.Mapping.$Properties;
export type AdminWindow = barkeep.v1.Window.$Properties;
export type AdminHeap = barkeep.v1.Heap.$Properties;
export type AdminEvent = barkeep.v1.WatchEventsResponse;
export type WindowDetail = barkeep.v1.GetWindowResponse;

/** What went wrong, as far as a caller decides by it. */
export type AdminFailure =
  /** No socket there: the broker does not run, or in another run directory. */
  | 'absent'
  /** The broker ends, hangs, or broke off. */
  | 'unavailable'
  /** The socket belongs to somebody else. */
  | 'forbidden'
  | 'not-found'
  /** Everything else the broker refuses. */
  | 'refused';

export class AdminError extends Error {
  readonly failure: AdminFailure;
  /** The broker's reason; null when no broker answered. */
  readonly reason: Reason | null;
  readonly code: status;

  constructor(failure: AdminFailure, message: string, code: status, reason: Reason | null) {
    super(message);
    this.name = 'AdminError';
    this.failure = failure;
    this.code = code;
    this.reason = reason;
  }
}

export type AdminClientOptions = {
  /** How long one call may take, milliseconds. Default 5 s. */
  readonly timeout?: number;
  /** Entries that one call of a list asks for, 1 to 1000. Default 1000. */
  readonly pageSize?: number;
  /** Keep the connection however long nothing is asked; gRPC itself ends it after half an hour. Default: no. */
  readonly staysConnected?: boolean;
};

/** A list as the broker gives it, a page at a time and each only when it is asked for: a long list is never in memory as a whole. */
export type Pages<Item> = AsyncIterable<readonly Item[]>;

/** Reads the answers of one broker. Close it: its connection keeps the process alive. */
export type AdminClient = {
  listVms(): Promise<AdminVm[]>;
  vmPages(): Pages<AdminVm>;
  getVm(vm: string): Promise<AdminVm>;
  /** Of one VM; of all without one. */
  listAllocations(vm?: string): Promise<AdminAllocation[]>;
  allocationPages(vm?: string): Pages<AdminAllocation>;
  getAllocation(vm: string, resourceId: number): Promise<AdminAllocation>;
  listMappings(vm?: string): Promise<AdminMapping[]>;
  mappingPages(vm?: string): Pages<AdminMapping>;
  getMapping(vm: string, resourceId: number): Promise<AdminMapping>;
  listWindows(): Promise<AdminWindow[]>;
  getWindow(vm: string): Promise<WindowDetail>;
  heapPages(): Pages<AdminHeap>;
  getHeap(heap: string): Promise<AdminHeap>;
  /** The handle of a blob's memory, to be redeemed on the fd channel by this process. */
  openBlob(vm: string, resourceId: number): Promise<barkeep.v1.MemoryHandle.$Properties>;
  /** Reclaims a VM, an attached one only by `force`. False when it had nothing. */
  /** `awaitedPid`: see EvictVmResponse. */
  evictVm(vm: string, force: boolean): Promise<{ readonly evicted: boolean; readonly awaitedPid: number }>;
  /** What the broker goes by; null from a broker of an earlier version. `timeout` in milliseconds. */
  getConfiguration(timeout?: number): Promise<Configuration | null>;
  /** Everything at one moment. `timeout` in milliseconds. */
  getStatistics(timeout?: number): Promise<Statistics>;
  /**
   * The same with some VMs at a time, so that no answer is large; what is not of one VM is in the first. `hasLatencies`: with the histograms of
   * each VM. A broker of before there were pages gives everything at once. `timeout` of all together, in milliseconds.
   */
  statisticsPages(options: {
    readonly hasLatencies: boolean;
    readonly timeout?: number;
  }): AsyncIterable<Statistics>;
  /** Events from now on, until `signal` is aborted. Throws AdminError when the broker ends. */
  watchEvents(vm: string, signal: AbortSignal): AsyncGenerator<AdminEvent, void, void>;
  /** True when the broker says that it serves. `timeout` in milliseconds. */
  isServing(timeout?: number): Promise<boolean>;
  close(): void;
};

/** The longest delay that a timer of Node's takes, milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const DEFAULT_TIMEOUT = 5000;
const DEFAULT_PAGE = 1000;
/** A list that pages for ever is a broken broker: 10 million entries are enough. */
const MOST_PAGES = 10_000;
// A window's ranges alone are about 500 KiB, statistics of a host with thousands of VMs more than gRPC's own 4 MiB.
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;

/** `socketPath` is absolute. Nothing is connected before the first call; a broker that comes back is found again. */
export function createAdminClient(socketPath: string, options: AdminClientOptions = {}): AdminClient {
  const { timeout = DEFAULT_TIMEOUT, pageSize = DEFAULT_PAGE, staysConnected = false } = options;
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    // A broker that restarts is back within a second or two, and so is its client.
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    // Closing this client ends its connection, even while another one to the same socket lives.
    'grpc.use_local_subchannel_pool': 1,
    ...(staysConnected && { 'grpc.client_idle_timeout_ms': LONGEST_TIMER }),
  });

  const ask = <Response>(method: string, request: object, limit = timeout): Promise<Response> =>
    call(client, socketPath, adminServiceDefinition, method, request, limit);

  const list = <Response extends { nextPageToken?: string | null }, Item>(
    method: string,
    request: object,
    itemsOf: (response: Response) => readonly Item[] | null | undefined,
  ): Pages<Item> =>
    answersOf(async (pageToken) => {
      const response = await ask<Response>(method, { ...request, pageSize, pageToken });
      return [itemsOf(response) ?? [], response.nextPageToken ?? ''];
    });

  const vmPages = () => list('listVms', {}, (response: barkeep.v1.ListVmsResponse) => response.vms);
  const allocationPages = (vm = '') =>
    list('listAllocations', { vm }, (response: barkeep.v1.ListAllocationsResponse) => response.allocations);
  const mappingPages = (vm = '') =>
    list('listMappings', { vm }, (response: barkeep.v1.ListMappingsResponse) => response.mappings);

  return {
    listVms: () => all(vmPages()),
    vmPages,
    getVm: async (vm) => (await ask<barkeep.v1.GetVmResponse>('getVm', { vm })).vm ?? {},
    listAllocations: (vm) => all(allocationPages(vm)),
    allocationPages,
    getAllocation: async (vm, resourceId) =>
      (await ask<barkeep.v1.GetAllocationResponse>('getAllocation', { vm, resourceId })).allocation ?? {},
    listMappings: (vm) => all(mappingPages(vm)),
    mappingPages,
    getMapping: async (vm, resourceId) =>
      (await ask<barkeep.v1.GetMappingResponse>('getMapping', { vm, resourceId })).mapping ?? {},
    listWindows: () =>
      all(list('listWindows', {}, (response: barkeep.v1.ListWindowsResponse) => response.windows)),
    getWindow: (vm) => ask('getWindow', { vm }),
    heapPages: () => list('listHeaps', {}, (response: barkeep.v1.ListHeapsResponse) => response.heaps),
    getHeap: async (heap) => (await ask<barkeep.v1.GetHeapResponse>('getHeap', { heap })).heap ?? {},
    openBlob: async (vm, resourceId) =>
      (await ask<barkeep.v1.OpenBlobResponse>('openBlob', { vm, resourceId })).memory ?? {},
    evictVm: async (vm, force) => {
      const { evicted, awaitedPid } = await ask<barkeep.v1.EvictVmResponse>('evictVm', { vm, force });
      return { evicted, awaitedPid };
    },
    getConfiguration: async (limit) => {
      try {
        const answer = await ask<barkeep.v1.GetConfigurationResponse>('getConfiguration', {}, limit);
        return answer.configuration ?? null;
      } catch (error) {
        if (error instanceof AdminError && error.code === status.UNIMPLEMENTED) return null;
        throw error;
      }
    },
    getStatistics: (limit) => ask('getStatistics', {}, limit),
    statisticsPages: ({ hasLatencies, timeout: limit = timeout }) => {
      const deadline = performance.now() + limit;
      return answersOf(async (pageToken) => {
        const request = { pageSize, pageToken, withoutLatencies: !hasLatencies };
        const answer = await ask<Statistics>(
          'getStatistics',
          request,
          Math.max(0, deadline - performance.now()),
        );
        return [answer, answer.nextPageToken];
      });
    },
    watchEvents: (vm, signal) => watch(client, socketPath, vm, signal),
    isServing: async (limit = timeout) => {
      const answer = await call<grpc.health.v1.HealthCheckResponse>(
        client,
        socketPath,
        healthServiceDefinition,
        'check',
        { service: '' },
        limit,
      );
      return answer.status === grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING;
    },
    close: () => client.close(),
  };
}

/** At least one answer. `fetch` gives it and the token of the next one. Throws when they do not end. */
async function* answersOf<Answer>(
  fetch: (token: string) => Promise<readonly [answer: Answer, next: string]>,
): AsyncGenerator<Answer, void, void> {
  let token = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const [answer, next] = await fetch(token);
    yield answer;
    if (next === '') return;
    token = next;
  }
  throw new AdminError(
    'refused',
    `the broker's list has not ended after ${MOST_PAGES} pages`,
    status.INTERNAL,
    null,
  );
}

async function all<Item>(pages: Pages<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) for (const item of page) items.push(item);
  return items;
}

function call<Response>(
  client: Client,
  socketPath: string,
  definition: typeof adminServiceDefinition,
  method: string,
  request: object,
  timeout: number,
): Promise<Response> {
  const { path, requestSerialize, responseDeserialize } = definition[method]!;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize as (bytes: Buffer) => Response,
      request,
      { deadline: Date.now() + timeout },
      (error, response) => {
        if (error) reject(adminError(error, socketPath, timeout));
        else resolve(response as Response);
      },
    );
  });
}

async function* watch(
  client: Client,
  socketPath: string,
  vm: string,
  signal: AbortSignal,
): AsyncGenerator<AdminEvent, void, void> {
  if (signal.aborted) return;
  const { path, requestSerialize, responseDeserialize } = adminServiceDefinition['watchEvents']!;
  const stream = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize as (bytes: Buffer) => AdminEvent,
    { vm },
  ) as ClientReadableStream<AdminEvent>;
  const cancel = (): void => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const event of stream) yield event as AdminEvent;
  } catch (error) {
    if (!signal.aborted) throw adminError(error as ServiceError, socketPath, 0);
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function adminError(error: ServiceError, socketPath: string, timeout: number): AdminError {
  const { code, reason, message } = readError(error);
  const [failure, text] = explain(code, message, reason, socketPath, timeout);
  return new AdminError(failure, text, code, reason);
}

function explain(
  code: status,
  message: string,
  reason: Reason | null,
  socketPath: string,
  timeout: number,
): readonly [AdminFailure, string] {
  switch (code) {
    case status.UNAVAILABLE:
      // With a reason it is the broker that says so, otherwise the connection.
      return reason === null ? explainConnection(message, socketPath) : ['unavailable', message];
    case status.DEADLINE_EXCEEDED:
      return ['unavailable', `the broker did not answer on ${socketPath} within ${timeout} ms`];
    case status.NOT_FOUND:
      return ['not-found', message];
    case status.PERMISSION_DENIED:
      return ['forbidden', message];
    case status.UNIMPLEMENTED:
      return ['refused', `the broker on ${socketPath} does not know this call: is it of another version?`];
    default:
      return ['refused', message];
  }
}

/** grpc-js tells the system's error only inside of its message. */
function explainConnection(message: string, socketPath: string): readonly [AdminFailure, string] {
  if (/\bENOENT\b/.test(message)) return ['absent', `${socketPath} does not exist`];
  if (/\bECONNREFUSED\b/.test(message)) return ['absent', `nobody listens on ${socketPath}`];
  if (/\bENOTDIR\b|\bENOTSOCK\b/.test(message)) return ['absent', `${socketPath} is no socket`];
  if (/\bE(ACCES|PERM)\b/.test(message)) return ['forbidden', `this user may not connect to ${socketPath}`];
  return ['unavailable', `the broker on ${socketPath} broke off (${message})`];
}
