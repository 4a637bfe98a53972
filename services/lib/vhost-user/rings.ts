// The rings of one connection: when a queue starts, who hears that it was kicked, and how it stops.
import { drainEventfd } from '../os/eventfd.ts';
import { faultPoint } from '../os/fault-point.ts';
import type { Fd } from '../os/fd.ts';
import { Poller } from '../os/poll.ts';
import { VhostUserError } from './errors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Log } from './log.ts';
import type { RingRecord } from './recovery/connection-record.ts';
import type { InFlightTable } from './recovery/in-flight-table.ts';
import { activeQueue, adoptEventfd, closeKick, closeRing, newRing, type Ring } from './ring.ts';
import { digestOfUsedRing, type RingSetup } from './ring-parts.ts';
import { Virtqueue } from './virtqueue.ts';

export type RingsOptions = {
  readonly count: number;
  /** One for each ring, whatever queue it has. */
  readonly tables: readonly InFlightTable[];
  readonly memory: GuestMemory;
  readonly log: Log;
  /** Default: DEFAULT_MOST_READABLE_BYTES. */
  readonly mostReadableBytes: number | undefined;
  /** Whether the driver knows indirect descriptors. */
  readonly isIndirect: () => boolean;
  readonly events: RingEvents;
};

export type RingEvents = {
  /** A queue is about to start. Throws when it must not; ends those of a driver that is gone. */
  starting(): void;
  started(queue: Virtqueue): void;
  kicked(queue: Virtqueue): void;
  /** Something of a ring went wrong that no message of the VMM is to blame for. */
  failed(error: unknown, what: string): void;
};

export class Rings {
  readonly all: readonly Ring[];
  readonly #options: RingsOptions;
  #kickSoon: Ring[] = [];

  constructor(options: RingsOptions) {
    this.#options = options;
    this.all = Array.from({ length: options.count }, (_, index) => newRing(index));
  }

  get isRunning(): boolean {
    return this.all.some((ring) => ring.queue?.state === 'active');
  }

  get active(): readonly Ring[] {
    return this.all.filter((ring) => ring.queue?.state === 'active');
  }

  /** Throws VhostUserError when there is none. */
  ring(index: number, what: string): Ring {
    const ring = this.all[index];
    if (ring) return ring;
    throw new VhostUserError(
      'NO_SUCH_QUEUE',
      'refuse',
      `${what}: there is no queue ${index}, only 0 to ${this.all.length - 1}`,
    );
  }

  /** SET_VRING_KICK. Takes the descriptor over, also when it throws. */
  setKick(ring: Ring, fd: Fd, what: string): void {
    adoptEventfd(fd, what);
    const kick = this.#watch(ring, fd);
    closeKick(ring);
    ring.kick = kick;
    this.startIfReady(ring);
  }

  /** SET_VRING_ENABLE. */
  setEnabled(ring: Ring, value: number, what: string): void {
    if (value > 1) throw new VhostUserError('OUT_OF_RANGE', 'refuse', `${what}: ${value} is neither 0 nor 1`);
    ring.enabled = value === 1;
    const queue = activeQueue(ring);
    if (queue === null) {
      this.startIfReady(ring);
      return;
    }
    queue.setEnabled(ring.enabled);
    if (ring.enabled) this.#kickSoon.push(ring);
  }

  startIfReady(ring: Ring): void {
    if (ring.queue?.state === 'active') {
      this.#kickSoon.push(ring);
      return;
    }
    if (!ring.enabled || !ring.kick || !ring.addresses || ring.size === 0) return;
    const { events, log } = this.#options;
    events.starting();
    const resumed = ring.queue;
    const queue = resumed?.queue.state === 'suspended' ? resumed.queue : this.#newQueue(ring, ring.addresses);
    queue.resume(ring.addresses);
    if (resumed && resumed.queue !== queue) resumed.queue.discard();
    ring.queue = { state: 'active', queue };
    log.debug(
      { queue: ring.index, size: ring.size, base: ring.base, resumed: resumed !== null },
      'a queue starts',
    );
    events.started(queue);
    this.#kickSoon.push(ring);
  }

  /** After a start there may be chains whose kick was heard by a predecessor, or by nobody. */
  kickStarted(): void {
    const rings = this.#kickSoon;
    if (rings.length === 0) return;
    this.#kickSoon = [];
    for (const ring of rings) this.kick(ring);
    faultPoint('vmm.queues-kicked');
  }

  kick(ring: Ring): void {
    const queue = activeQueue(ring);
    if (queue?.state === 'running') this.#options.events.kicked(queue);
  }

  /** A queue is drained, or will not be in time: it is suspended. `features`: what the driver had negotiated. */
  suspend(ring: Ring, queue: Virtqueue, features: bigint): void {
    const { size, addresses } = ring;
    const { memory, log } = this.#options;
    const isWhole = queue.state !== 'broken' && addresses !== null;
    const used = isWhole ? digestOfUsedRing(memory, addresses.used, size) : null;
    ring.base = queue.suspend();
    const stopped = { base: ring.base, size, features, used };
    ring.queue = { state: 'suspended', queue, stopped };
    log.debug({ queue: ring.index, base: ring.base, inFlight: queue.inFlight }, 'a queue stops');
  }

  /** As the device was before any driver: RESET_DEVICE. Queues stay, for whoever ends them. */
  disable(): void {
    for (const ring of this.all) {
      closeKick(ring);
      ring.enabled = false;
      ring.base = 0;
    }
  }

  /** The driver's state is gone, and with it every queue. */
  discardQueues(): void {
    for (const ring of this.all) {
      const queue = activeQueue(ring);
      if (queue) ring.base = queue.suspend();
      ring.queue?.queue.discard();
      ring.queue = null;
    }
  }

  /** A predecessor's ring. `take` gives the stored descriptor of a name, which is this object's then. */
  restore(index: number, record: RingRecord, take: (name: number, what: string) => Fd): void {
    const ring = this.all[index] as Ring;
    const taken = (name: number, what: string) =>
      name === 0 ? null : take(name, `the ${what} of queue ${index}`);
    ring.size = record.size;
    ring.addresses = record.addresses;
    ring.base = record.base;
    ring.enabled = record.enabled;
    ring.doorbells.call = taken(record.call, 'call');
    ring.doorbells.error = taken(record.error, 'error eventfd');
    const kick = taken(record.kick, 'kick');
    if (kick) ring.kick = this.#watch(ring, kick);
    if (!record.queue || !record.addresses) return;
    const { stopped } = record.queue;
    const queue = this.#newQueue(ring, record.addresses, record.queue);
    if (stopped === null) {
      queue.resume(record.addresses);
      queue.setEnabled(ring.enabled);
    }
    ring.queue = stopped ? { state: 'suspended', queue, stopped } : { state: 'active', queue };
  }

  close(): void {
    for (const ring of this.all) closeRing(ring);
  }

  /** Closes the descriptor when it throws. */
  #watch(ring: Ring, fd: Fd): NonNullable<Ring['kick']> {
    try {
      return { fd, poller: new Poller(fd.number, () => this.#heard(ring)) };
    } catch (error) {
      fd.close();
      throw error;
    }
  }

  #heard(ring: Ring): void {
    try {
      if (ring.kick && drainEventfd(ring.kick.fd.number)) this.kick(ring);
    } catch (error) {
      this.#options.events.failed(error, `kick of queue ${ring.index}`);
    }
  }

  /** `adopted`: the queue was a predecessor's, and had this size. */
  #newQueue(
    ring: Ring,
    addresses: RingSetup,
    adopted: { readonly size: number; readonly lead: number } | null = null,
  ): Virtqueue {
    const { tables, memory, isIndirect, mostReadableBytes, log } = this.#options;
    return new Virtqueue(
      {
        index: ring.index,
        size: adopted?.size ?? ring.size,
        table: tables[ring.index] as InFlightTable,
        ...(adopted && { adopted }),
        memory,
        doorbells: ring.doorbells,
        indirect: isIndirect(),
        ...(mostReadableBytes !== undefined && { mostReadableBytes }),
        log,
      },
      addresses,
      ring.base,
    );
  }
}
