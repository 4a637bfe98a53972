// A VMM with one guest that has one virtio-gpu device: guest memory, front-end, window and driver, and the events of a machine's life.
import { createEventfd, drainEventfd, signalEventfd } from '../../services/lib/os/eventfd.ts';
import type { Fd } from '../../services/lib/os/fd.ts';
import { Poller } from '../../services/lib/os/poll.ts';
import { bitSet, hasBit, VIRTIO_FEATURE } from '../../services/lib/wire/vhost-user.ts';
import { FEATURE } from '../../services/lib/wire/virtio-gpu.ts';
import { GpuDriver } from './driver.ts';
import { FrontEnd, FrontEndError } from './front-end.ts';
import { GuestMemory } from './guest-memory.ts';
import { Virtqueue } from './virtqueue.ts';
import type { Window } from './window.ts';

/** What the Linux driver acknowledges when it is offered. */
const DRIVER_FEATURES = bitSet(
  FEATURE.VIRGL,
  FEATURE.EDID,
  FEATURE.RESOURCE_UUID,
  FEATURE.RESOURCE_BLOB,
  FEATURE.CONTEXT_INIT,
  VIRTIO_FEATURE.RING_INDIRECT_DESC,
  VIRTIO_FEATURE.VERSION_1,
);
const QUEUES = 2;

export type VmmOptions = {
  readonly socketPath: string;
  /** Bytes of guest memory, 512 MiB by default; from 2.75 GiB on a part lies above 4 GiB. */
  readonly memory?: number;
  /** num_vqs entries; 256 by default, as on QEMU's command line. */
  readonly queueSize?: number;
  /** Where the driver has its rings and buffers. 'high' needs memory above 4 GiB. */
  readonly driverMemory?: 'low' | 'high';
  /** Indirect descriptors, if the device offers them; true by default. */
  readonly indirect?: boolean;
  /** See FrontEndOptions. */
  readonly protocolFeatures?: bigint;
  readonly commitDelay?: number;
  readonly flawless?: boolean;
  readonly replyTimeout?: number;
  /** See DriverOptions. */
  readonly answerTimeout?: number;
};

type Doorbell = { readonly kick: Fd; readonly call: Fd; readonly poller: Poller };

export class Vmm {
  readonly memory: GuestMemory;
  readonly frontEnd: FrontEnd;
  readonly #options: VmmOptions;
  #driver: GpuDriver | null = null;
  #doorbells: Doorbell[] = [];
  #bases: number[] | null = null;
  // Linux counts resource ids for as long as its module is loaded: a driver that is bound again goes on counting.
  #firstResource = 1;

  private constructor(options: VmmOptions, memory: GuestMemory, frontEnd: FrontEnd) {
    this.#options = options;
    this.memory = memory;
    this.frontEnd = frontEnd;
  }

  /** Starts the machine and binds the driver. Throws FrontEndError, SystemError; then nothing is left open. */
  static async boot(options: VmmOptions): Promise<Vmm> {
    const vmm = await Vmm.realize(options);
    try {
      await vmm.bind();
      return vmm;
    } catch (error) {
      vmm.close();
      throw error;
    }
  }

  /** Starts the machine as far as QEMU goes before the guest runs: the device is negotiated, and no driver is there. */
  static async realize(options: VmmOptions): Promise<Vmm> {
    const memory = new GuestMemory(options.memory ?? 512 * 1024 * 1024);
    try {
      const frontEnd = await FrontEnd.connect({ ...options, memory, queues: QUEUES });
      return new Vmm(options, memory, frontEnd);
    } catch (error) {
      memory.close();
      throw error;
    }
  }

  /** The guest's driver. Throws while none is bound. */
  get driver(): GpuDriver {
    if (!this.#driver) throw new Error('no driver is bound to the device');
    return this.#driver;
  }

  get window(): Window {
    return this.frontEnd.window;
  }

  /** The driver's probe: reads the configuration, sets fresh queues up, starts the device. */
  async bind(): Promise<void> {
    const features = this.frontEnd.features & DRIVER_FEATURES;
    if (!hasBit(features, VIRTIO_FEATURE.VERSION_1)) {
      throw new FrontEndError('GET_FEATURES', 'the device does not offer VERSION_1: no driver can be bound');
    }
    await this.frontEnd.readConfig();
    await this.frontEnd.readConfig();
    const indirect = (this.#options.indirect ?? true) && hasBit(features, VIRTIO_FEATURE.RING_INDIRECT_DESC);
    const queue = (): Virtqueue =>
      new Virtqueue(this.memory, {
        size: this.#options.queueSize ?? 256,
        where: this.#options.driverMemory ?? 'low',
        indirect,
      });
    this.#driver = new GpuDriver({
      control: queue(),
      cursor: queue(),
      windowSize: this.window.size,
      kick: (index) => this.#kick(index),
      firstResource: this.#firstResource,
      ...(this.#options.answerTimeout === undefined ? {} : { answerTimeout: this.#options.answerTimeout }),
    });
    await this.#start([0, 0]);
  }

  /** The driver goes: the device is reset, every mapping is dropped without a message. Answers that are due never come. */
  async unbind(): Promise<void> {
    if (this.frontEnd.started) await this.frontEnd.stop();
    this.#silence();
    if (this.#driver) this.#firstResource = this.#driver.newResource();
    this.#driver?.close('the driver was unbound');
    this.#driver = null;
    this.#bases = null;
    await this.frontEnd.resetWindow();
    this.memory.release();
  }

  /** `echo DEVICE > unbind; echo DEVICE > bind` in the guest. */
  async rebind(): Promise<void> {
    await this.unbind();
    await this.bind();
  }

  /** The guest reboots: like a rebind, but its driver starts from nothing, with resource ids that were used before. */
  async reset(): Promise<void> {
    await this.unbind();
    this.#firstResource = 1;
    await this.bind();
  }

  /** `stop` in QEMU's monitor: the guest does not run, and the device hands its queues back. Returns their bases. */
  async pause(): Promise<readonly number[]> {
    this.#bases = await this.frontEnd.stop();
    this.#silence();
    // What was used before the stop is in the rings; the guest finds it when it goes on.
    return this.#bases;
  }

  /** `cont`: everything is set again with the bases that pause() got. */
  async resume(): Promise<void> {
    if (!this.#bases) throw new Error('this machine is not paused');
    const bases = this.#bases;
    this.#bases = null;
    await this.#start(bases);
    this.driver.onInterrupt();
  }

  /** Power off: everything is closed. Synchronous, so that a failing test can call it anywhere; later calls do nothing. */
  close(): void {
    this.frontEnd.close();
    this.#silence();
    this.#driver?.close('the machine was switched off');
    this.#driver = null;
    this.memory.close();
  }

  async #start(bases: readonly number[]): Promise<void> {
    const driver = this.driver;
    this.#doorbells = bases.map(() => {
      const call = createEventfd();
      const poller = new Poller(call.number, () => {
        if (drainEventfd(call.number)) driver.onInterrupt();
      });
      // QEMU creates host notifiers signalled, so that a device looks at its queues once when it starts.
      const kick = createEventfd();
      signalEventfd(kick.number);
      return { kick, call, poller };
    });
    const queues = [driver.control, driver.cursor].map((queue, index) => ({
      size: queue.size,
      base: bases[index]!,
      descriptors: queue.descriptors,
      available: queue.available,
      used: queue.used,
      kick: this.#doorbells[index]!.kick,
      call: this.#doorbells[index]!.call,
    }));
    await this.frontEnd.start(this.frontEnd.features & DRIVER_FEATURES, queues);
  }

  #kick(index: number): void {
    const doorbell = this.#doorbells[index];
    if (doorbell) signalEventfd(doorbell.kick.number);
  }

  #silence(): void {
    for (const { kick, call, poller } of this.#doorbells.splice(0)) {
      poller.close();
      kick.close();
      call.close();
    }
  }
}
