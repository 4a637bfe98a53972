// Looks after the VMM: how far it has come, and which mistake of its command line keeps it from going on. Most of them end in silence, with a
// guest that waits for ever, so each is known by what it leaves on the wire (seen with QEMU 11.1.3 and Linux 7.3):
//
//   memory-not-shared     SET_FEATURES, and then no memory: QEMU finds nothing in the guest's memory that it could pass on, and gives up
//   memory-out-of-reach   a ring, or a buffer, at an address that is in none of the regions that the VMM passed on
//   queue-count           fewer queues than the device has: the guest's driver gives up unseen. More: QEMU ends at once
//   window-unused         the driver makes blobs for the window and maps none: it found no window, because its BAR has no place
import { barkeep } from '../lib/rpc/gen/barkeep.js';
import { formatBytes } from '../lib/runtime/units.ts';
import type { Log } from '../lib/vhost-user/device.ts';
import type { KnownVmm, VmmFacts } from '../lib/vhost-user/vmm-facts.ts';
import { hex } from '../lib/wire/u64.ts';
import type { WindowUse } from './virtio-gpu/command.ts';

/**
 * How far a VMM has come.
 *
 *   absent      none is connected
 *   connected   it is there; nothing is agreed on
 *   negotiated  features are agreed on, and the window was offered; no driver of the guest has its queues running
 *   running     queues run
 *   stopped     they ran, and the VMM stopped them: the VM is paused, or its driver is gone
 */
export type VmmState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'connected' | 'negotiated'; readonly pid: number }
  | {
      readonly kind: 'running' | 'stopped';
      readonly pid: number;
      readonly queues: number;
      /** Guest memory that the VMM shares. */
      readonly guestBytes: number;
      /** Of the window, what the guest sees. */
      readonly windowBytes: number;
      /** Chains that spoke of memory which the VMM does not share. */
      readonly outOfReach: number;
    };

export type ProblemKind = 'memory-not-shared' | 'memory-out-of-reach' | 'queue-count' | 'window-unused';

/** What the device is, and so what the VMM has to be told. */
export type Expectation = { readonly queues: number; readonly windowSize: number };

type Symptom = {
  readonly kind: ProblemKind;
  /** How long it has to last, milliseconds: a VMM that is on its way shows some of them for a moment. */
  readonly patience: (facts: VmmFacts) => number;
  /** The mistake and its mend, or null. */
  readonly look: (facts: VmmFacts, expected: Expectation, use: WindowUse) => string | null;
};

const SYMPTOMS: readonly Symptom[] = [
  {
    kind: 'memory-not-shared',
    // QEMU sends both in one breath, but its main loop may stand still between them.
    patience: () => 2000,
    look: ({ hasDriver, guestBytes }) =>
      hasDriver && guestBytes === 0
        ? "the guest's driver wants to start, but the VMM shares no memory of the guest, so the guest waits for ever: give the guest's memory share=on " +
          '(QEMU: -object memory-backend-memfd,id=mem,size=...,share=on -machine memory-backend=mem; libvirt: <access mode="shared"/>), and start the VM again'
        : null,
  },
  {
    kind: 'memory-out-of-reach',
    patience: () => 0,
    look: ({ refusal, outOfReach, guestBytes }) => {
      // Without any memory the other symptom says it all.
      if (guestBytes === 0 || (refusal?.code !== 'OUT_OF_REACH' && outOfReach.chains === 0)) return null;
      const found =
        outOfReach.chains > 0
          ? `a command lies at guest address ${hex(outOfReach.address)}`
          : refusal?.message;
      return (
        `a part of the guest's memory is not shared with this device: ${found}; give every memory backend of the VM share=on, those of DIMMs and NUMA nodes ` +
        'too (QEMU: -object memory-backend-...,share=on), and start the VM again'
      );
    },
  },
  {
    kind: 'queue-count',
    // QEMU ends at once when a request for a queue too many is refused: there is nothing left to wait for.
    patience: ({ refusal }) => (refusal?.code === 'NO_SUCH_QUEUE' ? 0 : 2000),
    look: ({ namedQueues, refusal }, { queues }) => {
      const isMore = refusal?.code === 'NO_SUCH_QUEUE';
      if (!isMore && (namedQueues === 0 || namedQueues >= queues)) return null;
      return (
        `the VMM gives the device ${isMore ? `more than ${queues} queues` : `${namedQueues} queue`}, and a virtio-gpu has ${queues}, so no driver can start it: ` +
        `set num_vqs=${queues} (QEMU: -device vhost-user-test-device-pci,num_vqs=${queues},...), and start the VM again`
      );
    },
  },
  {
    kind: 'window-unused',
    // Linux maps a blob right behind its creation.
    patience: () => 3000,
    look: ({ shownBytes }, { windowSize }, { created, mapsAsked }) =>
      created > 0 && mapsAsked === 0 && shownBytes === 0
        ? `the guest's driver makes blobs and maps none of them: it has most likely found no place for a BAR of ${formatBytes(windowSize)}, the size of the window. ` +
          'Give the VM a smaller window in the configuration, or more addresses (QEMU: -cpu ...,host-phys-bits=on; behind a pcie-root-port: pref64-reserve=SIZE), and start it again'
        : null,
  },
];

const STATES: Readonly<Record<VmmState['kind'], barkeep.v1.VmmState>> = {
  absent: barkeep.v1.VmmState.VMM_STATE_ABSENT,
  connected: barkeep.v1.VmmState.VMM_STATE_CONNECTED,
  negotiated: barkeep.v1.VmmState.VMM_STATE_NEGOTIATED,
  running: barkeep.v1.VmmState.VMM_STATE_RUNNING,
  stopped: barkeep.v1.VmmState.VMM_STATE_STOPPED,
};
const KINDS: Readonly<Record<ProblemKind, barkeep.v1.VmmProblemKind>> = {
  'memory-not-shared': barkeep.v1.VmmProblemKind.VMM_PROBLEM_KIND_MEMORY_NOT_SHARED,
  'memory-out-of-reach': barkeep.v1.VmmProblemKind.VMM_PROBLEM_KIND_MEMORY_OUT_OF_REACH,
  'queue-count': barkeep.v1.VmmProblemKind.VMM_PROBLEM_KIND_QUEUE_COUNT,
  'window-unused': barkeep.v1.VmmProblemKind.VMM_PROBLEM_KIND_WINDOW_UNUSED,
};

export class VmmWatch {
  readonly #expected: Expectation;
  readonly #log: Log;
  #state: VmmState = { kind: 'absent' };
  /** Whose the rest is. */
  #connection = 0;
  /** When each symptom was seen first, milliseconds on the caller's clock. */
  readonly #since = new Map<ProblemKind, number>();
  readonly #problems = new Map<ProblemKind, string>();

  constructor(expected: Expectation, log: Log) {
    this.#expected = expected;
    this.#log = log;
  }

  /** Looks again, `now` in milliseconds on a clock that only rises. True when something is different from the last time. */
  look(vmm: KnownVmm | null, use: WindowUse, now: number): boolean {
    const before = JSON.stringify(this.message());
    if (vmm !== null) {
      if (vmm.connection !== this.#connection) this.#meet(vmm.connection);
      this.#state = stateOf(vmm);
      for (const symptom of SYMPTOMS) this.#judge(symptom, vmm, use, now);
    }
    return JSON.stringify(this.message()) !== before;
  }

  /** proto: VmmStatus. */
  message(): barkeep.v1.VmmStatus.$Properties {
    const state = this.#state;
    const problems = [...this.#problems].map(([kind, message]) => ({ kind: KINDS[kind], message }));
    const { queues } = this.#expected;
    if (state.kind === 'absent') return { state: STATES.absent, queues, problems };
    if (!('queues' in state)) {
      return { state: STATES[state.kind], pid: state.pid, queues, problems };
    }
    const { pid, guestBytes, windowBytes, outOfReach } = state;
    return {
      state: STATES[state.kind],
      pid,
      queues,
      runningQueues: state.kind === 'running' ? state.queues : 0,
      guestBytes,
      windowBytes,
      outOfReachChains: outOfReach,
      problems,
    };
  }

  #meet(connection: number): void {
    this.#connection = connection;
    this.#since.clear();
    this.#problems.clear();
  }

  /** What the last VMM did wrong stays known when it is gone, until the next one comes. */
  #judge({ kind, patience, look }: Symptom, vmm: KnownVmm, use: WindowUse, now: number): void {
    const message = look(vmm.facts, this.#expected, use);
    if (message === null) {
      if (!vmm.isConnected) return;
      this.#since.delete(kind);
      if (this.#problems.delete(kind)) this.#log.info({ problem: kind }, 'a problem with the VMM is over');
      return;
    }
    const since = this.#since.get(kind) ?? now;
    this.#since.set(kind, since);
    const isKnown = this.#problems.has(kind);
    const wait = patience(vmm.facts);
    const isCertain = wait === 0 || (vmm.isConnected && now - since >= wait);
    if (!isKnown && !isCertain) return;
    this.#problems.set(kind, message);
    if (!isKnown) this.#log.warn({ problem: kind }, message);
  }
}

function stateOf({ isConnected, facts }: KnownVmm): VmmState {
  if (!isConnected) return { kind: 'absent' };
  const { peer, isNegotiated, runningQueues, stoppedQueues, guestBytes, shownBytes, outOfReach } = facts;
  const pid = peer?.pid ?? 0;
  if (runningQueues === 0 && stoppedQueues === 0)
    return { kind: isNegotiated ? 'negotiated' : 'connected', pid };
  return {
    kind: runningQueues > 0 ? 'running' : 'stopped',
    pid,
    queues: runningQueues,
    guestBytes,
    windowBytes: shownBytes,
    outOfReach: outOfReach.chains,
  };
}
