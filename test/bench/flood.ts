// A guest that asks all it can: its queue is as full as its driver can keep it, with whole lives of blobs. For what its neighbours notice.
import { Vmm } from '../vmm/vmm.ts';

const SIZE = 4096;
/** Blobs at a kick: four commands each, which take two entries of the queue. Two kicks are under way at a time. */
const AT_ONCE = 60;

async function main(socketPath: string): Promise<void> {
  const { driver } = await Vmm.boot({ socketPath, queueSize: 1024 });
  await driver.createContext();
  process.stdout.write('ready\n');
  const flood = async (): Promise<never> => {
    for (;;) {
      const lives = Array.from({ length: AT_ONCE }, () => ({
        resource: driver.newResource(),
        offset: driver.offsets.take(SIZE),
      }));
      await driver.exchange(
        lives.flatMap(({ resource, offset }) => [
          driver.createCommand(resource, { size: SIZE }),
          driver.mapCommand(resource, offset),
          driver.unmapCommand(resource),
          driver.unrefCommand(resource),
        ]),
      );
      for (const { offset } of lives) driver.offsets.give(offset, SIZE);
    }
  };
  await Promise.all([flood(), flood()]);
}

await main(process.argv[2] ?? '');
