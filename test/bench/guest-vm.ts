// A real guest that goes through blobs: QEMU with Linux and the guest's program, on any device.
import type { GuestEnvironment } from '../guest/environment.ts';
import { type Guest, type GuestDevice, startGuest } from '../guest/qemu.ts';
import { leftover } from './leftovers.ts';

/** Of the guest's clock, milliseconds. */
export type Cycles = {
  readonly perSecond: number;
  readonly p50: number;
  readonly p999: number;
  readonly longest: number;
};

export type Load = {
  readonly count: number;
  /** Of each blob, bytes. */
  readonly size: number;
  /** A cycle begins so often, milliseconds; one after the other without. */
  readonly every?: number;
};

/** A guest's program may wait for dead services, and this machine may be busy with other things; milliseconds. */
const PATIENCE = 120_000;

export class GuestVm {
  readonly #guest: Guest;
  readonly #isVirgl: boolean;
  readonly stop: () => Promise<void>;

  private constructor(guest: Guest, isVirgl: boolean) {
    this.#guest = guest;
    this.#isVirgl = isVirgl;
    this.stop = leftover(() => guest.stop());
  }

  /** Rejects with GuestStartError. */
  static async boot(device: GuestDevice, environment: GuestEnvironment): Promise<GuestVm> {
    const guest = await startGuest({ environment, device, bootTimeoutMs: PATIENCE });
    return new GuestVm(guest, device.kind === 'built-in-gl');
  }

  /** Create, map, touch, unmap, destroy, so many times. Rejects when one of them failed, or a write was lost. */
  async cycles({ count, size, every = 0 }: Load): Promise<Cycles> {
    const line = `cycles 1 ${count} ${size} zeros=0 every=${every * 1000} virgl=${this.#isVirgl ? 1 : 0}`;
    const found = await this.#guest.console.expectOk(line, PATIENCE);
    const isClean = ['failures', 'lost', 'faults', 'abnormal'].every((key) => found[key] === '0');
    if (!isClean || found['done'] !== String(count)) {
      throw new Error(`the guest's "${line}" ended with ${JSON.stringify(found)}`);
    }
    const milliseconds = (key: string): number => Number(found[key]) / 1000;
    return {
      perSecond: Number(found['rate']),
      p50: milliseconds('p50_us'),
      p999: milliseconds('p999_us'),
      longest: milliseconds('max_us'),
    };
  }

  /** Creates and maps blobs that stay, milliseconds a blob. */
  async hold(count: number, size: number): Promise<number> {
    const found = await this.#guest.console.expectOk(`hold ${count} ${size}`, PATIENCE);
    if (found['added'] !== String(count)) throw new Error(`the guest holds ${JSON.stringify(found)}`);
    return Number(found['us']) / 1000 / count;
  }

  async release(): Promise<void> {
    await this.#guest.console.expectOk('hold-release', PATIENCE);
  }

  /** The guest does not run until resume(): a device that draws, as the peer does, draws nothing meanwhile. */
  async pause(): Promise<void> {
    await this.#guest.qmp.stop();
  }

  async resume(): Promise<void> {
    await this.#guest.qmp.cont();
  }
}
