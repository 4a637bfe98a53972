// One MAP_BLOB from the kick to the used index, through a real frontend and broker, with the in-tree VMM as the guest; against one Session
// round trip to the echo server. Both sides take turns sample by sample and do the same things around the one that is timed (create, map,
// unmap and unref), so that caches, sleeping cores and the other load of the machine are the same for both. The caller has given the guest a
// core of its own and all services another one, also for both.
import { Vmm } from '../vmm/vmm.ts';
import type { RawSession } from './raw-session.ts';

const SIZE = 4096;

/** Milliseconds, sorted. */
export type LatencyRound = {
  /** From the kick until the used index moves, which the guest's core watches. */
  readonly maps: number[];
  /** From the kick until the guest has taken the interrupt: the same and one wake-up of this process. */
  readonly interrupts: number[];
  /** One batch of one command to the echo server and back. */
  readonly roundTrips: number[];
};

export type MapLatency = {
  readonly round: (count: number) => Promise<LatencyRound>;
  readonly close: () => void;
};

export async function measureMapLatency(socketPath: string, echo: RawSession): Promise<MapLatency> {
  const vmm = await Vmm.boot({ socketPath });
  const { driver } = vmm;
  await driver.createContext();

  const map = async (mode: 'spin' | 'interrupt'): Promise<number> => {
    const blob = await driver.createBlob({ size: SIZE });
    const { answer, nanoseconds } = await driver.measure(driver.mapCommand(blob.resource, 0), mode);
    if (answer.name !== 'OK_MAP_INFO') throw new Error(`MAP_BLOB was answered ${answer.name}`);
    await driver.exchange([driver.unmapCommand(blob.resource), driver.unrefCommand(blob.resource)]);
    return nanoseconds / 1e6;
  };

  // The first map makes the frontend put the window into the VMM, which answers on its event loop: nobody may spin meanwhile.
  await map('interrupt');

  const roundTrip = async (resourceId: number): Promise<number> => {
    await echo.send([{ create: { contextId: 1, resourceId, memory: 2, flags: 1, blobId: 0, size: SIZE } }]);
    const start = performance.now();
    await echo.send([{ map: { resourceId, offset: 0 } }]);
    const milliseconds = performance.now() - start;
    await echo.send([{ unmap: { resourceId } }, { destroy: { resourceId } }]);
    return milliseconds;
  };

  return {
    round: async (count) => {
      const samples: LatencyRound = { maps: [], interrupts: [], roundTrips: [] };
      for (let sample = 1; sample <= count; sample++) {
        samples.roundTrips.push(await roundTrip(sample));
        samples.maps.push(await map('spin'));
        samples.interrupts.push(await map('interrupt'));
      }
      for (const times of Object.values(samples)) times.sort((a, b) => a - b);
      return samples;
    },
    close: () => vmm.close(),
  };
}
