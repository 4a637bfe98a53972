// What the guest is told: the answers of this device, and the one table that turns the broker's reasons into virtio-gpu's error codes.
// The specification (virtio 1.3, 5.7.6.7) names the codes but hardly says which condition gets which: the table is this project's choice.
import type { Reason } from '../../lib/rpc/status-error.ts';
import {
  type AnswerBody,
  type AnswerName,
  type BareAnswerName,
  encodeAnswer,
  HEADER_FLAG,
  type Header,
} from '../../lib/wire/virtio-gpu.ts';
import type { FailedResult, RefusedResult } from '../operation.ts';

/** An answer without its header, which repeats parts of the command's. */
export type Answer = {
  readonly [N in AnswerName]: { readonly name: N; readonly body: AnswerBody<N> };
}[AnswerName];

/** The answers that are a header only. Shared: nobody changes them. */
export const OK = bare('OK_NODATA');
export const UNSPEC = bare('ERR_UNSPEC');
export const OUT_OF_MEMORY = bare('ERR_OUT_OF_MEMORY');
export const INVALID_SCANOUT_ID = bare('ERR_INVALID_SCANOUT_ID');
export const INVALID_RESOURCE_ID = bare('ERR_INVALID_RESOURCE_ID');
export const INVALID_CONTEXT_ID = bare('ERR_INVALID_CONTEXT_ID');
export const INVALID_PARAMETER = bare('ERR_INVALID_PARAMETER');

/** Every reason of the contract. One that is missing here does not compile. */
const ANSWER_OF_REASON: Readonly<Record<Reason, Answer>> = {
  RESOURCE_ID_INVALID: INVALID_RESOURCE_ID,
  RESOURCE_ID_IN_USE: INVALID_RESOURCE_ID,
  RESOURCE_UNKNOWN: INVALID_RESOURCE_ID,

  BLOB_ID_UNKNOWN: INVALID_PARAMETER,
  BLOB_FLAGS_INVALID: INVALID_PARAMETER,
  SIZE_INVALID: INVALID_PARAMETER,
  NOT_MAPPABLE: INVALID_PARAMETER,
  ALREADY_MAPPED: INVALID_PARAMETER,
  OFFSET_MISALIGNED: INVALID_PARAMETER,
  OUTSIDE_WINDOW: INVALID_PARAMETER,
  OVERLAP: INVALID_PARAMETER,
  PLACEMENT_MISMATCH: INVALID_PARAMETER,

  HEAP_CAPACITY: OUT_OF_MEMORY,
  HOST_CAPACITY: OUT_OF_MEMORY,
  QUOTA_BYTES: OUT_OF_MEMORY,
  QUOTA_MAPPINGS: OUT_OF_MEMORY,
  QUOTA_ALLOCATIONS: OUT_OF_MEMORY,
  OUT_OF_MEMORY,
  VMM_SLOTS: OUT_OF_MEMORY,

  // Nothing that the guest asked is wrong; something between frontend and broker is.
  UNSPECIFIED: UNSPEC,
  NUMBER_GAP: UNSPEC,
  NUMBER_FORGOTTEN: UNSPEC,
  UNACKNOWLEDGED_LIMIT: UNSPEC,
  VM_UNKNOWN: UNSPEC,
  VM_ATTACHED: UNSPEC,
  VM_NOT_ATTACHED: UNSPEC,
  VM_FORBIDDEN: UNSPEC,
  SESSION_UNKNOWN: UNSPEC,
  PROTOCOL: UNSPEC,
  PAGE_INVALID: UNSPEC,
  SHUTTING_DOWN: UNSPEC,
  INTERNAL: UNSPEC,
  HEAP_UNKNOWN: UNSPEC,
  NEVER_MAPPED: UNSPEC,
  WATCHER_LIMIT: UNSPEC,
  VM_IN_USE: UNSPEC,
  ROLE_FORBIDDEN: UNSPEC,
  VM_SUSPENDED: UNSPEC,
  STASHED: UNSPEC,
  BROKER_TOO_OLD: UNSPEC,
};

/** What the guest hears when the broker refused, or could not be asked. A reason of a newer broker is ERR_UNSPEC. */
export function answerTo(result: RefusedResult | FailedResult): Answer {
  return result.kind === 'refused' ? (ANSWER_OF_REASON[result.reason] ?? UNSPEC) : UNSPEC;
}

const NO_HEADER = {};
/** Most answers are a header that says nothing of the command: each of these is encoded once. */
const plain = new Map<AnswerName, Buffer>();

/**
 * An answer as bytes, which may be shared: nobody changes them. With FENCE the command's fence_id and ctx_id are repeated, with INFO_RING_IDX its ring_idx too (5.7.6.7): that is how
 * the driver finds the timeline. `header` is null for a command that was too short to have one.
 */
export function encodeReply(answer: Answer, header: Header | null): Buffer {
  const head = header ? echo(header) : NO_HEADER;
  if (head !== NO_HEADER || !isBare(answer.name)) return encodeAnswer(answer.name, head, answer.body);
  let encoded = plain.get(answer.name);
  if (encoded === undefined) {
    encoded = encodeAnswer(answer.name, head, answer.body);
    plain.set(answer.name, encoded);
  }
  return encoded;
}

/** Whether it has nothing but a header, and no data behind it. */
function isBare(name: AnswerName): boolean {
  return name === 'OK_NODATA' || name.startsWith('ERR_');
}

function echo(header: Header): Partial<Header> {
  if ((header.flags & HEADER_FLAG.FENCE) === 0) return NO_HEADER;
  const { fenceId, contextId } = header;
  if ((header.flags & HEADER_FLAG.INFO_RING_IDX) === 0)
    return { flags: HEADER_FLAG.FENCE, fenceId, contextId };
  return {
    flags: HEADER_FLAG.FENCE | HEADER_FLAG.INFO_RING_IDX,
    fenceId,
    contextId,
    ringIndex: header.ringIndex,
  };
}

function bare<N extends BareAnswerName>(name: N): { readonly name: N; readonly body: AnswerBody<N> } {
  return { name, body: {} as AnswerBody<N> };
}
