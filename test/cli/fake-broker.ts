// An AdminService on a Unix socket with fixed answers, for tests of clients: it keeps what it was asked.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { barkeep, grpc } from '../../services/lib/rpc/gen/barkeep.js';
import {
  adminServiceDefinition,
  healthServiceDefinition,
} from '../../services/lib/rpc/service-definition.ts';

export type Request = Readonly<Record<string, unknown>>;
/** An answer, or a function that makes one or throws. */
export type Answer = object | ((request: Request) => object);
export type Events = (call: ServerWritableStream<Request, object>) => void;

export type FakeOptions = {
  readonly isServing?: boolean;
  /** Take calls of the health service and never answer them. */
  readonly isHanging?: boolean;
  readonly events?: Events;
};

export type FakeBroker = {
  readonly directory: string;
  readonly asked: { readonly method: string; readonly request: Request }[];
  close(): void;
};

const { ServingStatus } = grpc.health.v1.HealthCheckResponse;

/** Methods without an answer are unimplemented. Close it: it removes its run directory. */
export async function startFakeBroker(
  answers: Readonly<Record<string, Answer>>,
  { isServing = true, isHanging = false, events }: FakeOptions = {},
): Promise<FakeBroker> {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-cli-'));
  const asked: { method: string; request: Request }[] = [];
  const implementation: UntypedServiceImplementation = {};
  for (const [method, answer] of Object.entries(answers)) {
    implementation[method] = (call: { request: Request }, callback: sendUnaryData<object>) => {
      asked.push({ method, request: call.request });
      try {
        callback(null, typeof answer === 'function' ? answer(call.request) : answer);
      } catch (error) {
        callback(error as Error);
      }
    };
  }
  if (events) implementation['watchEvents'] = events;
  const server = new Server();
  server.addService(adminServiceDefinition, implementation);
  server.addService(healthServiceDefinition, {
    check: (_: unknown, callback: sendUnaryData<object>) =>
      isHanging || callback(null, { status: isServing ? ServingStatus.SERVING : ServingStatus.NOT_SERVING }),
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${join(directory, 'admin.sock')}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return {
    directory,
    asked,
    close: () => {
      server.forceShutdown();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A page of a list at a time, by the contract's rules: the token is the index of the next entry. Short pages, so that there are several. */
export function paged(
  field: string,
  items: readonly object[],
  longestPage = 2,
): (request: Request) => object {
  return ({ pageSize, pageToken }) => {
    const start = Number(pageToken);
    const end = start + Math.min(Number(pageSize), longestPage);
    return { [field]: items.slice(start, end), nextPageToken: end < items.length ? String(end) : '' };
  };
}

export const { CacheType, Placement, Backing, VmState, VmmProblemKind, VmmState, Reason } = barkeep.v1;
