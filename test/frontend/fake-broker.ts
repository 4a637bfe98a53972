// A broker for tests of the frontend: a real gRPC server on a Unix socket, whose Session behaves as the test says. By default it keeps the
// rules of the contract: a session is resumed by its id.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import type { Fd } from '../../services/lib/os/fd.ts';
import { createMemfd } from '../../services/lib/os/memory.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { accept, listen, receive, send } from '../../services/lib/os/socket.ts';
import { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { StatusError } from '../../services/lib/rpc/status-error.ts';
import { type RunPaths, runDirectoryPaths } from '../../services/lib/runtime/run-directory.ts';

type Request = barkeep.v1.SessionRequest.$Properties;
type Response = barkeep.v1.SessionResponse.$Properties;
type Stream = ServerDuplexStream<Request, Response>;

const { PLACEMENT_WINDOW } = barkeep.v1.Placement;
const { BACKING_MEMFD } = barkeep.v1.Backing;
const { CACHE_TYPE_CACHED } = barkeep.v1.CacheType;

/** A temporary run directory with the secret of a VM in it. */
export function makeRunDirectory(vm: string): { readonly paths: RunPaths; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'barkeep-frontend-'));
  const paths = runDirectoryPaths(directory);
  mkdirSync(paths.vmDirectory(vm), { recursive: true });
  writeFileSync(paths.vmSecret(vm), `${'ab'.repeat(32)}\n`);
  return { paths, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export class FakeBroker {
  readonly #server = new Server();
  /** Of the fd channel, in the order in which they are closed. */
  #parts: { close(): void }[] = [];
  readonly attaches: barkeep.v1.Attach.$Properties[] = [];
  readonly grantRequests: barkeep.v1.GrantRequest.$Properties[] = [];
  readonly statistics: barkeep.v1.FrontendStatistics.$Properties[] = [];
  readonly streams: Stream[] = [];
  detaches = 0;
  session = randomBytes(16);
  generation = 1;
  /** Attachments are never answered. */
  ignoresAttach = false;
  refuseAttach: ((attach: barkeep.v1.Attach.$Properties) => StatusError | null) | null = null;
  attached: barkeep.v1.Attached.$Properties = {
    placement: PLACEMENT_WINDOW,
    windowSize: 1 << 30,
    knowsGrants: true,
    grant: {},
    rules: {
      defaultHeap: 'ram',
      heaps: [{ name: 'ram', backing: BACKING_MEMFD, cache: CACHE_TYPE_CACHED, granule: 4096 }],
    },
  };

  async listen(path: string): Promise<void> {
    this.#server.addService(brokerServiceDefinition, {
      session: (stream: Stream) => this.#serve(stream),
      attachVm: () => {},
      detachVm: () => {},
      createBlob: () => {},
      mapBlob: () => {},
      unmapBlob: () => {},
      destroyBlob: () => {},
      resetVm: () => {},
    } as never);
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Ends at once, as a broker that is killed. */
  kill(): void {
    this.#server.forceShutdown();
    for (const part of this.#parts) part.close();
    this.#parts = [];
  }

  /** Forgets everything, as a broker that was restarted. */
  forget(): void {
    this.session = randomBytes(16);
  }

  /**
   * Serves the fd channel, too: whatever is asked for there, the memory of a window of so many bytes is handed over. Until kill().
   */
  shareWindow(path: string, size: number): void {
    const window = createMemfd('fake-window', size);
    const socket = listen(path, 'seqpacket');
    const parts: { close(): void }[] = [window, socket];
    const serve = (connection: Fd): void => {
      for (let message = receive(connection.number, 64); message; message = receive(connection.number, 64)) {
        if (message.data.length === 0) return;
        send(connection.number, Buffer.alloc(16), [window.number]);
      }
    };
    parts.unshift(
      new Poller(socket.number, () => {
        const connection = accept(socket.number);
        if (connection) parts.unshift(new Poller(connection.number, () => serve(connection)), connection);
      }),
    );
    this.attached = { ...this.attached, windowSize: size, window: { token: randomBytes(32), size } };
    this.#parts = parts;
  }

  /** The books of a killed one, for its successor. */
  adopt(other: FakeBroker): void {
    this.session = other.session;
  }

  #serve(stream: Stream): void {
    this.streams.push(stream);
    stream.on('error', () => {});
    stream.on('data', (request: Request) => {
      if (request.attach) this.#attach(stream, request.attach);
      if (request.grantRequest) this.grantRequests.push(request.grantRequest);
      if (request.statistics) this.statistics.push(request.statistics);
      if (request.detach) {
        this.detaches += 1;
        stream.end();
      }
    });
  }

  #attach(stream: Stream, attach: barkeep.v1.Attach.$Properties): void {
    this.attaches.push(attach);
    if (this.ignoresAttach) return;
    const asked = Buffer.from(attach.session ?? []);
    const isResume = asked.length > 0;
    const isKnown = asked.equals(this.session);
    const refusal =
      this.refuseAttach?.(attach) ??
      (isResume && !isKnown ? new StatusError('SESSION_UNKNOWN', 'no such session') : null);
    if (refusal) {
      stream.emit('error', refusal);
      return;
    }
    if (!isResume) this.forget();
    stream.write({
      attached: {
        ...this.attached,
        session: this.session,
        resumed: isResume,
        generation: this.generation,
        brokerVersion: 'test',
      },
    });
  }
}
