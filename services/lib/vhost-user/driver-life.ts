// From one driver of the guest to the next: when queues were stopped, whether they go on or their driver is gone, and what ends with it.
// What it is concluded from is in fresh-start.ts; here is when it is looked at:
//
//   a queue starts               what the VMM says of it, and the used ring
//   the memory table changes     what the VMM dropped, while no queue runs
//   no queue runs                now and again: whether the VMM still holds what it had mapped
import { faultPoint } from '../os/fault-point.ts';
import type { ChannelSlot } from './channel-slot.ts';
import type { DeviceSession } from './device.ts';
import { type LaterQueue, whyAfresh } from './fresh-start.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Log } from './log.ts';
import type { Negotiation } from './negotiation.ts';
import type { Ring } from './ring.ts';
import { digestOfUsedRing } from './ring-parts.ts';
import type { Rings } from './rings.ts';

/**
 * How often it is looked whether the VMM still holds what it had mapped while no queue runs. QEMU 11.1.3 lets go of it within 240 ms after a
 * reset: with this, what a guest had is free again within half a second, and the look is one system call.
 */
const LOOK_MS = 200;

export type DriverLifeOptions = {
  /** Asked for when it is needed: a predecessor's rings are there before the device is connected. */
  readonly session: () => DeviceSession;
  readonly rings: Rings;
  readonly memory: GuestMemory;
  readonly channel: ChannelSlot;
  readonly negotiation: Negotiation;
  readonly log: Log;
  /** What a predecessor had; see ConnectionRecord. */
  readonly past: { readonly epoch: number; readonly wasHeld: boolean } | null;
  /** It was found that the driver is gone, and no message of the VMM said so. */
  readonly onGone: () => void;
  /** A look failed. */
  readonly onError: (error: unknown) => void;
};

export class DriverLife {
  readonly #options: DriverLifeOptions;
  #epoch: number;
  #wasHeld: boolean;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: DriverLifeOptions) {
    this.#options = options;
    this.#epoch = options.past?.epoch ?? 0;
    this.#wasHeld = options.past?.wasHeld ?? false;
  }

  /** See ConnectionRecord. */
  get epoch(): number {
    return this.#epoch;
  }

  /** See ConnectionRecord. */
  get wasHeld(): boolean {
    return this.#wasHeld;
  }

  /** A queue is about to start. */
  starting(): void {
    const { rings } = this.#options;
    // All of them are looked at before the first one starts: what would be popped in between belongs to the fresh driver.
    const why = this.#whyAfresh((ring) => this.#asItStarts(ring));
    if (why !== null) {
      const running = rings.active;
      this.startAfresh(why);
      for (const ring of running) rings.startIfReady(ring);
    }
    this.#stopLooking();
  }

  /** A queue was stopped. */
  stopped(): void {
    const { rings, session } = this.#options;
    if (rings.isRunning) return;
    this.#wasHeld = session().isHeld() === true;
    this.beginLooking();
  }

  /** Something that the VMM had mapped is missing in its memory table. */
  dropped(): void {
    if (this.#options.rings.isRunning) return;
    const why = this.#whyAfresh(() => ({ isDropped: true }));
    if (why !== null) this.startAfresh(why);
  }

  /** The driver's state is gone: every queue is dead, the session forgets. */
  startAfresh(why: string): void {
    const { rings, negotiation, channel, session, log } = this.#options;
    this.#stopLooking();
    rings.discardQueues();
    negotiation.status = 0;
    this.#epoch = (this.#epoch + 1) >>> 0;
    channel.current?.forget(this.#epoch);
    log.debug({ why }, 'the guest driver starts afresh');
    session().reset();
  }

  /** While no queue runs, if there is anything to look for. */
  beginLooking(): void {
    if (!this.#wasHeld || this.#options.rings.isRunning || this.#timer) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#stopLooking();
  }

  #stopLooking(): void {
    this.#wasHeld = false;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** A driver that is gone and that nobody follows is only found here: the VMM says nothing. */
  #look(): void {
    try {
      const why = this.#whyAfresh(() => ({ isLetGo: this.#isLetGo }));
      if (why === null) return;
      faultPoint('vmm.driver-gone');
      this.startAfresh(why);
      // As long as no driver negotiates, there is none.
      this.#options.negotiation.features = 0n;
      this.#options.onGone();
      faultPoint('vmm.driver-gone-recorded');
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Why the queues that were stopped do not go on, as far as is known now; null when nothing says so. */
  #whyAfresh(later: (ring: Ring) => LaterQueue): string | null {
    for (const ring of this.#options.rings.all) {
      if (ring.queue?.state !== 'suspended') continue;
      const why = whyAfresh(ring.queue.stopped, later(ring));
      if (why !== null) return `queue ${ring.index}: ${why}`;
    }
    return null;
  }

  #asItStarts({ base, size, addresses }: Ring): LaterQueue {
    const { memory, negotiation } = this.#options;
    const used = addresses && digestOfUsedRing(memory, addresses.used, size);
    return { base, size, features: negotiation.features, used, isLetGo: this.#isLetGo };
  }

  get #isLetGo(): boolean {
    return this.#wasHeld && this.#options.session().isHeld() === false;
  }
}
