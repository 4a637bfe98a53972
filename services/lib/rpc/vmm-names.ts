// The words for what the contract says of VMMs: the command line and the metrics have to use the same.
import { barkeep } from './gen/barkeep.js';

const { VmmState, VmmProblemKind } = barkeep.v1;

export const VMM_STATES: ReadonlyMap<number, string> = new Map([
  [VmmState.VMM_STATE_ABSENT, 'absent'],
  [VmmState.VMM_STATE_CONNECTED, 'connected'],
  [VmmState.VMM_STATE_NEGOTIATED, 'negotiated'],
  [VmmState.VMM_STATE_RUNNING, 'running'],
  [VmmState.VMM_STATE_STOPPED, 'stopped'],
]);

export const VMM_PROBLEMS: ReadonlyMap<number, string> = new Map([
  [VmmProblemKind.VMM_PROBLEM_KIND_MEMORY_NOT_SHARED, 'memory-not-shared'],
  [VmmProblemKind.VMM_PROBLEM_KIND_MEMORY_OUT_OF_REACH, 'memory-out-of-reach'],
  [VmmProblemKind.VMM_PROBLEM_KIND_QUEUE_COUNT, 'queue-count'],
  [VmmProblemKind.VMM_PROBLEM_KIND_WINDOW_UNUSED, 'window-unused'],
]);
