// Session throughput at 128 commands a batch: the broker with its domain, against an echo server on the same transport.
import type { barkeep } from '../../services/lib/rpc/gen/barkeep.js';
import type { RawSession } from './raw-session.ts';

type Operation = Omit<barkeep.v1.Command.$Properties, 'number'>;

const BATCH = 128;
const CYCLES = BATCH / 4;
const SIZE = 4096;
/** Batches under way at once: enough that neither side waits for the wire. */
const IN_FLIGHT = 4;

/** One batch: 32 blobs of 4 KiB are created, mapped, unmapped and destroyed. Ids and offsets move on, as a guest's do. */
function batchOf(first: number): Operation[] {
  const operations: Operation[] = [];
  for (let index = 0; index < CYCLES; index++) {
    const resourceId = first + index;
    const offset = (resourceId % 65_536) * SIZE;
    operations.push(
      { create: { contextId: 1, resourceId, memory: 2, flags: 1, blobId: 0, size: SIZE } },
      { map: { resourceId, offset } },
      { unmap: { resourceId } },
      { destroy: { resourceId } },
    );
  }
  return operations;
}

/** Commands a second over `milliseconds`. `next` is the first resource id to use; the new one is returned. */
export async function measureThroughput(
  session: RawSession,
  milliseconds: number,
  next: number,
): Promise<{ readonly commandsPerSecond: number; readonly next: number }> {
  let resource = next;
  let commands = 0;
  const start = performance.now();
  const end = start + milliseconds;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const batch = batchOf(resource);
      resource += CYCLES;
      const replies = await session.send(batch);
      const bad = replies.find((reply) => reply.error);
      if (bad) throw new Error(`the broker refused a command of the benchmark: ${bad.error?.message}`);
      commands += replies.length;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return { commandsPerSecond: (commands / (performance.now() - start)) * 1000, next: resource };
}
