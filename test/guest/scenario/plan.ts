// Which VMs are booted, in which order, and what is checked on each. One QEMU works at a time: the machine has two cores.
import { ALIGNMENT } from './alignment.ts';
import type { Check } from './check.ts';
import { CACHE_TYPES, FENCES, PARAMETERS } from './device.ts';
import { SEVEN_DIMMS, WINDOW_WITHOUT_ROOM } from './dimms.ts';
import { GIB, VM } from './host.ts';
import { HIGH_OFFSETS, LARGE_GUEST } from './large.ts';
import { QEMU_QUITS, rebind, reboot, resetButton, STOP_AND_CONTINUE, STOP_UNDER_LOAD } from './lifecycle.ts';
import { FOUR_PROCESSES, NO_LOST_WRITE } from './load.ts';
import { COMMAND_COUNTS } from './metrics-agreement.ts';
import {
  QUOTA_ALLOCATIONS,
  QUOTA_BYTES,
  QUOTA_MAPPINGS,
  STREAMS,
  WINDOW_FULL,
  WINDOW_REFILLED,
  WRONG_PARAMETERS,
} from './refusals.ts';
import type { Session, SessionOptions } from './session.ts';
import { manyBlobs, SHARING } from './sharing.ts';
import { MEMORY_SLOTS } from './slots.ts';
import { NOTHING_DRAWN, SUSPEND, SUSPEND_EMPTY, SUSPEND_WITH_RESET } from './suspend.ts';
import { LEAVE_SECRET, ZERO_ACROSS_VMS, ZERO_AT_FIRST, ZERO_ON_REUSE } from './zeroing.ts';

export type Group = {
  readonly name: string;
  readonly options: SessionOptions;
  /** How many of them the host has to reserve; where it cannot, the group is left out. */
  readonly hugePages?: number;
  /** In order; each leaves the guest without blobs, the last one ends QEMU. */
  readonly checks: readonly Check<Session>[];
};

/** What both placements must do alike. The counts come before the device's owner changes for the first time. */
function common(liveBlobs: number): readonly Check<Session>[] {
  return [
    PARAMETERS,
    NOTHING_DRAWN,
    ...SHARING,
    manyBlobs(liveBlobs),
    CACHE_TYPES,
    FENCES,
    ZERO_ON_REUSE,
    WINDOW_FULL,
    WINDOW_REFILLED,
    QUOTA_BYTES,
    QUOTA_MAPPINGS,
    QUOTA_ALLOCATIONS,
    WRONG_PARAMETERS,
    STREAMS,
    FOUR_PROCESSES,
    COMMAND_COUNTS,
    STOP_AND_CONTINUE,
  ];
}

export const GROUPS: readonly Group[] = [
  {
    name: VM.WINDOW,
    options: { vm: VM.WINDOW },
    checks: [
      ...common(600),
      STOP_UNDER_LOAD,
      SUSPEND_WITH_RESET,
      rebind('blobs'),
      resetButton('blobs'),
      reboot('blobs'),
      NO_LOST_WRITE,
      QEMU_QUITS,
    ],
  },
  {
    name: VM.PER_BLOB,
    options: { vm: VM.PER_BLOB },
    checks: [
      ...common(100),
      SUSPEND_EMPTY,
      rebind('nothing'),
      resetButton('nothing'),
      reboot('nothing'),
      NO_LOST_WRITE,
      QEMU_QUITS,
    ],
  },
  {
    name: VM.SLOTS,
    options: { vm: VM.SLOTS },
    checks: [MEMORY_SLOTS, QEMU_QUITS],
  },
  // Not all of its blobs fit a window's memory: some have their own.
  {
    name: VM.OWN,
    options: { vm: VM.OWN },
    checks: [PARAMETERS, ...SHARING, LEAVE_SECRET, NO_LOST_WRITE, QEMU_QUITS],
  },
  {
    name: VM.NEIGHBOUR,
    options: { vm: VM.NEIGHBOUR },
    checks: [ZERO_ACROSS_VMS, QEMU_QUITS],
  },
  {
    name: VM.LARGE,
    options: { vm: VM.LARGE, memory: 6 * GIB },
    checks: [PARAMETERS, ZERO_AT_FIRST, HIGH_OFFSETS, LARGE_GUEST, QEMU_QUITS],
  },
  {
    name: 'dimms',
    options: { vm: VM.WINDOW, qemuArguments: SEVEN_DIMMS },
    checks: [WINDOW_WITHOUT_ROOM],
  },
  {
    name: VM.HUGE,
    options: { vm: VM.HUGE },
    hugePages: 16,
    checks: [ALIGNMENT],
  },
  {
    name: 'sleep',
    options: { vm: VM.PER_BLOB, keepsState: true },
    checks: [SUSPEND, QEMU_QUITS],
  },
  {
    name: 'sleep-window',
    options: { vm: VM.WINDOW, keepsState: true },
    checks: [SUSPEND, QEMU_QUITS],
  },
];

/** VMs that are started wrongly, one after the other. */
export const MISTAKES = 'mistake';

/** The VMs that the figures compare. */
export const PAIR = { name: 'figures', window: VM.WINDOW, perBlob: VM.PER_BLOB } as const;
