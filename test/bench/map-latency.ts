// One MAP_BLOB from the kick to the used index, through a real frontend and broker, with the in-tree VMM as the guest; against one Session
// round trip to the echo server. Both sides take turns sample by sample and do the same things around the one that is timed (create, map,
// unmap and unref), so that caches, sleeping cores and the other load of the machine are the same for both.
import { Vmm } from '../vmm/vmm.ts';
import type { RawSession } from './raw-session.ts';

const SIZE = 4096;

/** Milliseconds, sorted. */
export type LatencyRound = { readonly maps: number[]; readonly roundTrips: number[] };

export type MapLatency = {
  readonly round: (count: number) => Promise<LatencyRound>;
  readonly close: () => void;
};

export async function measureMapLatency(socketPath: string, echo: RawSession): Promise<MapLatency> {
  const vmm = await Vmm.boot({ socketPath });
  const { driver } = vmm;
  await driver.createContext();

  /** Until the guest's interrupt is taken: the time to the used index plus one wake-up of this process, never less than the truth. */
  const map = async (): Promise<number> => {
    const blob = await driver.createBlob({ size: SIZE });
    const { answer, nanoseconds } = await driver.measure(driver.mapCommand(blob.resource, 0), 'interrupt');
    if (answer.name !== 'OK_MAP_INFO') throw new Error(`MAP_BLOB was answered ${answer.name}`);
    await driver.exchange([driver.unmapCommand(blob.resource), driver.unrefCommand(blob.resource)]);
    return nanoseconds / 1e6;
  };

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
      const maps: number[] = [];
      const roundTrips: number[] = [];
      for (let sample = 1; sample <= count; sample++) {
        roundTrips.push(await roundTrip(sample));
        maps.push(await map());
      }
      const ascending = (a: number, b: number) => a - b;
      return { maps: maps.sort(ascending), roundTrips: roundTrips.sort(ascending) };
    },
    close: () => vmm.close(),
  };
}
