// One ring as the VMM sets it up: settings that come in any order, and the queue that they make.
//
// States of a ring:
//   inactive   no Virtqueue can be reached; settings arrive in any order (size, addresses, base, eventfds, enable)
//   active     size, addresses, kick eventfd and enable are all there: a Virtqueue exists and the session has it
//   suspended  GET_VRING_BASE stopped it. If the guest goes on (VM stop and cont) the same Virtqueue is resumed; if its driver is gone, or
//              another one starts (rebind, reboot), the session is reset: fresh-start.ts says how that is known.
// Rings start disabled, because PROTOCOL_FEATURES is always negotiated here.
import { isEventfd } from '../os/eventfd.ts';
import type { Fd } from '../os/fd.ts';
import type { Poller } from '../os/poll.ts';
import { setNonBlocking } from '../os/socket.ts';
import { isQueueSize, RING_ALIGNMENT } from '../wire/split-ring.ts';
import { hex, type U64 } from '../wire/u64.ts';
import { VhostUserError } from './errors.ts';
import type { StoppedQueue } from './fresh-start.ts';
import type { RingSetup } from './ring-parts.ts';
import type { Doorbells, Virtqueue } from './virtqueue.ts';

export type Ring = {
  readonly index: number;
  readonly doorbells: Doorbells;
  /** Entries; 0 before SET_VRING_NUM. */
  size: number;
  addresses: RingSetup | null;
  /** What SET_VRING_BASE said, or what GET_VRING_BASE was answered with. */
  base: number;
  kick: { readonly fd: Fd; readonly poller: Poller } | null;
  enabled: boolean;
  queue:
    | { readonly state: 'active'; readonly queue: Virtqueue }
    | { readonly state: 'suspended'; readonly queue: Virtqueue; readonly stopped: StoppedQueue }
    | null;
};

export function newRing(index: number): Ring {
  return {
    index,
    doorbells: { call: null, error: null },
    size: 0,
    addresses: null,
    base: 0,
    kick: null,
    enabled: false,
    queue: null,
  };
}

/** The queue that runs; null when none does. */
export function activeQueue({ queue }: Ring): Virtqueue | null {
  return queue?.state === 'active' ? queue.queue : null;
}

/** SET_VRING_NUM. `largest`: what the device allows. */
export function setSize(ring: Ring, size: number, largest: number, what: string): void {
  expectInactive(ring, what);
  if (!isQueueSize(size) || size > largest) {
    throw new VhostUserError(
      'OUT_OF_RANGE',
      'refuse',
      `${what}: queue ${ring.index} cannot have ${size} entries; a power of two up to ${largest} is possible`,
    );
  }
  ring.size = size;
}

/** SET_VRING_ADDR. */
export function setAddresses(
  ring: Ring,
  addresses: RingSetup & { readonly flags: number },
  what: string,
): void {
  expectInactive(ring, what);
  const { descriptors, available, used } = addresses;
  if (
    !isAligned(descriptors, RING_ALIGNMENT.descriptors) ||
    !isAligned(available, RING_ALIGNMENT.available) ||
    !isAligned(used, RING_ALIGNMENT.used)
  ) {
    throw new VhostUserError(
      'OUT_OF_RANGE',
      'refuse',
      `${what}: the parts of queue ${ring.index} (${hex(descriptors)}, ${hex(available)}, ${hex(used)}) are not aligned to 16, 2 and 4 bytes`,
    );
  }
  if (addresses.flags !== 0) {
    throw new VhostUserError(
      'UNSUPPORTED',
      'refuse',
      `${what}: dirty logging (flags ${addresses.flags}) is not offered`,
    );
  }
  ring.addresses = { descriptors, available, used };
}

/** SET_VRING_BASE. */
export function setBase(ring: Ring, base: number, what: string): void {
  expectInactive(ring, what);
  if (base > 0xffff) {
    throw new VhostUserError('OUT_OF_RANGE', 'refuse', `${what}: ${base} is no ring index (0 to 65535)`);
  }
  ring.base = base;
}

/** SET_VRING_CALL and SET_VRING_ERR. Takes the descriptor over, also when it throws. */
export function setDoorbell(ring: Ring, doorbell: keyof Doorbells, fd: Fd | null, what: string): void {
  if (fd) adoptEventfd(fd, what);
  ring.doorbells[doorbell]?.close();
  ring.doorbells[doorbell] = fd;
}

/** Anything but an eventfd could block this process, or would have to be written to. The descriptor is closed when it throws. */
export function adoptEventfd(fd: Fd, what: string): void {
  try {
    if (!isEventfd(fd.number)) {
      throw new VhostUserError(
        'BAD_DESCRIPTOR',
        'refuse',
        `${what}: the descriptor that came with it is no eventfd`,
      );
    }
    setNonBlocking(fd.number);
  } catch (error) {
    fd.close();
    throw error;
  }
}

export function closeKick(ring: Ring): void {
  ring.kick?.poller.close();
  ring.kick?.fd.close();
  ring.kick = null;
}

/** Drops the queue and closes every descriptor. */
export function closeRing(ring: Ring): void {
  closeKick(ring);
  ring.queue?.queue.discard();
  ring.queue = null;
  ring.doorbells.call?.close();
  ring.doorbells.error?.close();
  ring.doorbells.call = null;
  ring.doorbells.error = null;
}

function expectInactive(ring: Ring, what: string): void {
  if (ring.queue?.state === 'active') {
    throw new VhostUserError(
      'WRONG_STATE',
      'refuse',
      `${what}: queue ${ring.index} is running; GET_VRING_BASE stops it`,
    );
  }
}

function isAligned(address: U64, alignment: number): boolean {
  return typeof address === 'bigint' ? address % BigInt(alignment) === 0n : address % alignment === 0;
}
