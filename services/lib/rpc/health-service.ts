// grpc.health.v1: what orchestrators and `barkeep health` ask.
import { Metadata, type ServerWritableStream, type StatusObject, status } from '@grpc/grpc-js';
import { grpc } from './gen/barkeep.js';
import { healthServiceDefinition } from './service-definition.ts';
import type { UnixServer } from './unix-server.ts';

type Request = grpc.health.v1.HealthCheckRequest;
type Response = grpc.health.v1.HealthCheckResponse.$Properties;
type Watcher = ServerWritableStream<Request, Response>;

const { ServingStatus } = grpc.health.v1.HealthCheckResponse;

/** Watchers at one time on one server; more are refused, since each costs memory for as long as its caller likes. */
const MOST_WATCHERS = 256;

export class HealthService {
  /** True: serving. The empty name stands for the server as a whole. */
  readonly #services = new Map<string, boolean>();
  readonly #watchers = new Map<Watcher, string>();

  constructor(names: Iterable<string>, serving: boolean) {
    for (const name of ['', ...names]) this.#services.set(name, serving);
  }

  /** Adds the service to a server; one HealthService can serve on several. */
  addTo(server: UnixServer): void {
    server.addService(healthServiceDefinition, {
      check: (
        call: { request: Request },
        callback: (error: Partial<StatusObject> | null, response?: Response) => void,
      ) => {
        const { service } = call.request;
        const serving = this.#services.get(service);
        if (serving === undefined) {
          const details = `this server has no service "${service}"`;
          callback({ code: status.NOT_FOUND, details, metadata: new Metadata() });
        } else {
          callback(null, { status: numberOf(serving) });
        }
      },
      watch: (call: Watcher) => this.#watch(call),
    });
  }

  /** All services at once: a broker serves all of it or nothing. */
  setServing(serving: boolean): void {
    for (const name of this.#services.keys()) this.#services.set(name, serving);
    for (const [call, name] of this.#watchers) call.write({ status: numberOf(this.#services.get(name)) });
  }

  /** Ends every watch, so that their connections can end. */
  close(): void {
    for (const call of this.#watchers.keys()) call.end();
    this.#watchers.clear();
  }

  #watch(call: Watcher): void {
    if (this.#watchers.size >= MOST_WATCHERS) {
      const details = `${MOST_WATCHERS} callers watch already, and no more may`;
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details, metadata: new Metadata() });
      return;
    }
    this.#watchers.set(call, call.request.service);
    const forget = () => this.#watchers.delete(call);
    call.on('cancelled', forget);
    call.on('close', forget);
    call.write({ status: numberOf(this.#services.get(call.request.service)) });
  }
}

function numberOf(serving: boolean | undefined): grpc.health.v1.HealthCheckResponse.ServingStatus {
  if (serving === undefined) return ServingStatus.SERVICE_UNKNOWN;
  return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
}
