// How far a VMM has come with its device: what the connection knows, for whoever tells people of it. Judgement is theirs.
import type { PeerCredentials } from '../os/socket.ts';
import type { VhostUserError } from './errors.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Negotiation } from './negotiation.ts';
import type { Ring } from './ring.ts';

export type VmmFacts = {
  readonly peer: PeerCredentials | null;
  /** VMM and back-end have agreed on the protocol's features (SET_PROTOCOL_FEATURES). */
  readonly isNegotiated: boolean;
  /** A driver in the guest has taken the device: the VMM acknowledged features on its behalf (SET_FEATURES). */
  readonly hasDriver: boolean;
  /** Queues that the VMM has spoken of: QEMU does of each that its device has, long before a driver comes. */
  readonly namedQueues: number;
  readonly runningQueues: number;
  /** A queue ran, and the VMM stopped it: the VM is paused, or its driver is gone. */
  readonly stoppedQueues: number;
  /** Guest memory that the VMM shares with this process. */
  readonly guestBytes: number;
  /** Memory of the device in the VMM's table of guest memory: what the guest sees of it. */
  readonly shownBytes: number;
  /** Chains that speak of memory which the VMM does not share, of queues that live; and the guest address of the last of them. */
  readonly outOfReach: { readonly chains: number; readonly address: number };
  /** The last request that was refused because of something which the VMM's own command line decides (NO_SUCH_QUEUE, OUT_OF_REACH). */
  readonly refusal: VhostUserError | null;
};

/** The VMM that is connected, or the last one that was. */
export type KnownVmm = {
  readonly isConnected: boolean;
  /** Tells one VMM from the next: connections are counted from 1. */
  readonly connection: number;
  readonly facts: VmmFacts;
};

/** As they are now, without what only the connection knows. */
export function factsOf(
  negotiation: Negotiation,
  rings: readonly Ring[],
  memory: GuestMemory,
): Omit<VmmFacts, 'peer' | 'refusal'> {
  const lost = rings
    .flatMap(({ queue }) => (queue === null ? [] : [queue.queue.statistics]))
    .filter(({ outOfReach }) => outOfReach > 0);
  return {
    isNegotiated: negotiation.protocolFeatures !== null,
    hasDriver: negotiation.features !== 0n,
    namedQueues: rings.filter(({ doorbells, size }) => doorbells.call !== null || size > 0).length,
    runningQueues: rings.filter(({ queue }) => queue?.state === 'active' && queue.queue.state !== 'broken')
      .length,
    stoppedQueues: rings.filter(({ queue }) => queue?.state === 'suspended').length,
    guestBytes: memory.mappedBytes,
    shownBytes: memory.ownRegions.reduce((sum, { size }) => sum + size, 0),
    outOfReach: {
      chains: lost.reduce((sum, { outOfReach }) => sum + outOfReach, 0),
      address: lost.at(-1)?.outOfReachAt ?? 0,
    },
  };
}
