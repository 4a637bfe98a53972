// A frontend that decides, in a process of its own: attaches a VM, and says so; at the line "drop" its connection breaks, and it lives on.
//
//     deciding-process.js VM BROKER_SOCKET FD_SOCKET SECRET  -->  "session HEX", "dropped"
import { createInterface } from 'node:readline';
import { DecidingClient, make } from './deciding-client.ts';

const [vm = '', socket = '', fdSocket = '', secret = ''] = process.argv.slice(2);
const client = new DecidingClient(vm, { socket, fdSocket, secret: () => secret });
await client.connect();
await client.told(make(1, 4096));
console.log(`session ${Buffer.from(client.attached.session ?? []).toString('hex')}`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'drop') continue;
  client.drop();
  console.log('dropped');
}
