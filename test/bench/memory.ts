// What a live mapping costs the broker in resident memory.
import type { Child } from './process.ts';
import { RawSession } from './raw-session.ts';

const BATCH = 512;
const SIZE = 4096;

/** Resident bytes a mapping: `count` blobs of 4 KiB are created and mapped, none of them touched. */
export async function measureBrokerMemory(
  broker: Child,
  socketPath: string,
  secret: string,
  count: number,
): Promise<number> {
  const session = await RawSession.open(socketPath, 'memory', secret);
  const before = broker.residentBytes();
  for (let first = 1; first <= count; first += BATCH / 2) {
    const operations = [];
    for (let resourceId = first; resourceId < Math.min(first + BATCH / 2, count + 1); resourceId++) {
      operations.push(
        { create: { contextId: 1, resourceId, memory: 2, flags: 1, blobId: 0, size: SIZE } },
        { map: { resourceId, offset: (resourceId - 1) * SIZE * 2 } },
      );
    }
    const replies = await session.send(operations);
    const bad = replies.find((reply) => reply.error);
    if (bad) throw new Error(`the broker refused a command of the benchmark: ${bad.error?.message}`);
  }
  const after = broker.residentBytes();
  session.close();
  return (after - before) / count;
}
