// A client of the broker that decides for a VM whose blobs fit no window: it asks for the memory of each, tells what became of it, and comes back with
// its session however often the broker dies. It works on a VM that no guest has.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecidingClient, end, make, mapAt } from '../broker/deciding-client.ts';
import { PAGE } from '../broker/harness.ts';
import { expectEqual } from '../guest/scenario/check.ts';
import { ASKING_VM, FILE_HEAP, type KeptHost } from './kept-host.ts';

const BLOB = 1;

/** Resolves when `isEnough`, with everything given back. Throws CheckFailure when an answer or a byte is wrong. */
export async function workAsking({ directory }: KeptHost, isEnough: () => boolean): Promise<void> {
  const run = join(directory, 'run');
  const client = new DecidingClient(ASKING_VM, {
    socket: join(run, 'broker.sock'),
    fdSocket: join(run, 'fd.sock'),
    secret: (vm) => readFileSync(join(run, 'vms', vm, 'secret'), 'utf8').trim(),
  });
  try {
    await client.reconnect();
    while (!isEnough()) await useOnce(client);
    await patiently(client, () => client.detach());
  } finally {
    client.drop();
  }
}

/** Memory that was never seen before reads as zero, and what is written there is nobody's afterwards. */
async function useOnce(client: DecidingClient): Promise<void> {
  client.memoryNumber += 1;
  const number = client.memoryNumber;
  const [made, first] = await patiently(client, async () => {
    client.requestMemory(number, PAGE, FILE_HEAP);
    const given = await client.memory(number);
    const memory = await client.mapMemory(given.memory);
    const [byte] = memory.bytes(0, 1);
    memory.bytes(0, PAGE).fill(0xff);
    memory.close();
    return [given, byte] as const;
  });
  expectEqual('asking client: first byte of fresh memory', first, 0);
  expectEqual('asking client: a blob of it is made', client.applyMade(make(BLOB, PAGE), made), 'ok');
  client.apply(mapAt(BLOB, 0));
  await tell(client);
  client.apply(end(BLOB));
  await tell(client);
}

function tell(client: DecidingClient): Promise<number> {
  return patiently(client, async () => {
    client.tell();
    return await client.entered();
  });
}

/** Does it again when the broker has died meanwhile. */
async function patiently<Value>(client: DecidingClient, work: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await work();
    } catch {
      await client.reconnect();
    }
  }
}
