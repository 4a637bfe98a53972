// One MAP_BLOB from the kick to the used index, through a real frontend and broker, with the in-tree VMM as the guest.
import { Vmm } from '../vmm/vmm.ts';

const SIZE = 4096;

export type MapLatency = {
  /** Milliseconds of `count` maps, one at a time, sorted. Creation, unmap and unref happen in between and are not measured. */
  readonly round: (count: number) => Promise<number[]>;
  readonly close: () => Promise<void>;
};

export async function measureMapLatency(socketPath: string): Promise<MapLatency> {
  const vmm = await Vmm.boot({ socketPath });
  const { driver } = vmm;
  await driver.createContext();
  return {
    round: async (count) => {
      const times: number[] = [];
      for (let index = 0; index < count; index++) {
        const blob = await driver.createBlob({ size: SIZE });
        // The time until the guest's interrupt was taken: the way of the used index plus one wake-up of this process, never less than the truth.
        const { answer, nanoseconds } = await driver.measure(
          driver.mapCommand(blob.resource, 0),
          'interrupt',
        );
        if (answer.name !== 'OK_MAP_INFO') throw new Error(`MAP_BLOB was answered ${answer.name}`);
        times.push(nanoseconds / 1e6);
        await driver.exchange([driver.unmapCommand(blob.resource), driver.unrefCommand(blob.resource)]);
      }
      return times.sort((a, b) => a - b);
    },
    close: async () => vmm.close(),
  };
}
