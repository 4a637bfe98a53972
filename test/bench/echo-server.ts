// The ceiling of the Session benchmarks: the broker's transport and messages, and no logic. Every batch is answered by one reply for each
// command, of the shape that the broker would send.
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { peerCredentials } from '../../services/lib/os/socket.ts';
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import { brokerServiceDefinition } from '../../services/lib/rpc/service-definition.ts';
import { UnixServer } from '../../services/lib/rpc/unix-server.ts';

type Request = barkeep.v1.SessionRequest;
type Response = barkeep.v1.SessionResponse.$Properties;

const path = process.argv[2];
if (!path) {
  process.stderr.write('usage: echo-server SOCKET\n');
  process.exit(2);
}

const log = { warn: () => {}, error: () => {} };
const server = new UnixServer({ path, credentials: peerCredentials, log });
const unserved = () => {
  throw new Error('the echo server serves sessions only');
};
server.addService(brokerServiceDefinition, {
  ...Object.fromEntries(Object.keys(brokerServiceDefinition).map((name) => [name, unserved])),
  session: (stream: ServerDuplexStream<Request, Response>) => {
    stream.on('data', (request: Request) => {
      if (request.attach) stream.write({ attached: { lastNumber: 0, session: Buffer.alloc(16) } });
      if (!request.batch) return;
      const replies = (request.batch.commands ?? []).map(
        (command): barkeep.v1.CommandReply.$Properties =>
          command.map
            ? { number: command.number ?? 0, mapped: { cache: 1, size: 4096 } }
            : { number: command.number ?? 0, done: { wasMapped: true } },
      );
      stream.write({ batch: { replies } });
    });
    stream.on('end', () => stream.end());
    stream.on('error', () => {});
  },
});
await server.listen();
process.stdout.write('ready\n');
