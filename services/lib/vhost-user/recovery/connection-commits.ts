// What of a living connection is recorded, and when: after each message of the VMM, and when it changed without one.
import { faultPoint } from '../../os/fault-point.ts';
import type { Fd } from '../../os/fd.ts';
import type { GuestMemory } from '../guest-memory.ts';
import type { Ring } from '../ring.ts';
import type { RingRecord } from './connection-record.ts';
import type { ConnectionRecovery, ConnectionState } from './connection-recovery.ts';

/** The parts of the connection; read whenever something is recorded. */
export type CommitSource = {
  readonly rings: readonly Ring[];
  readonly memory: GuestMemory;
  /** What is neither a ring nor memory. */
  rest(): Omit<ConnectionState, 'rings' | 'regions'>;
};

export class ConnectionCommits {
  readonly #recovery: ConnectionRecovery;
  readonly #source: CommitSource;
  /** The rings as they were recorded last; null once they may have changed. */
  #rings: readonly RingRecord[] | null = null;
  /** The memory's generation at the last sweep of the store. */
  #sweptGeneration = -1;

  constructor(recovery: ConnectionRecovery, source: CommitSource) {
    this.#recovery = recovery;
    this.#source = source;
  }

  /** To be called before something is recorded, whenever a ring may be another than it was. */
  ringsMayHaveChanged(): void {
    this.#rings = null;
  }

  /** A message of the VMM is done: that is recorded, then it is answered (`send`, unless `answer` is null). */
  finish(answer: Buffer | null, send: (answer: Buffer) => void): void {
    const { generation } = this.#source.memory;
    const isSame = this.#rings !== null && generation === this.#sweptGeneration;
    this.#recovery.commit(this.#state(), answer);
    if (answer) send(answer);
    faultPoint('vmm.reply-sent');
    this.#recovery.sweep(isSame);
    this.#sweptGeneration = generation;
  }

  /** The connection changed without a message of the VMM. */
  amend(): void {
    this.ringsMayHaveChanged();
    this.#recovery.amend(this.#state());
  }

  #state(): ConnectionState {
    const { rings, memory } = this.#source;
    const nameOf = (fd: Fd | null): number => this.#recovery.noteOf(fd).name;
    this.#rings ??= rings.map((ring) => recordOf(ring, nameOf));
    return { ...this.#source.rest(), rings: this.#rings, regions: memory.records };
  }
}

/** `nameOf`: the name of a descriptor in the store. */
function recordOf(ring: Ring, nameOf: (fd: Fd | null) => number): RingRecord {
  const { size, addresses, base, kick, doorbells, enabled, queue } = ring;
  return {
    size,
    addresses,
    base,
    kick: nameOf(kick?.fd ?? null),
    call: nameOf(doorbells.call),
    error: nameOf(doorbells.error),
    enabled,
    queue: queue && {
      size: queue.queue.size,
      lead: queue.queue.lead,
      stopped: queue.state === 'suspended' ? queue.stopped : null,
    },
  };
}
