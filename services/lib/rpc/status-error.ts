// Errors as gRPC carries them: a canonical code and exactly one google.rpc.ErrorInfo, made and read in this one place.
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { barkeep, google } from './gen/barkeep.js';

/** domain of every ErrorInfo of ours. */
export const ERROR_DOMAIN = 'barkeep.dev';
const DETAILS = 'grpc-status-details-bin';
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';

export type Reason = keyof typeof barkeep.v1.Reason extends `REASON_${infer Name}` ? Name : never;

/** The canonical code of each reason, as proto/barkeep/v1/common.proto states it. */
const CODES: Readonly<Record<Reason, status>> = {
  UNSPECIFIED: status.UNKNOWN,
  RESOURCE_ID_INVALID: status.INVALID_ARGUMENT,
  RESOURCE_ID_IN_USE: status.ALREADY_EXISTS,
  RESOURCE_UNKNOWN: status.NOT_FOUND,
  BLOB_ID_UNKNOWN: status.NOT_FOUND,
  BLOB_FLAGS_INVALID: status.INVALID_ARGUMENT,
  SIZE_INVALID: status.INVALID_ARGUMENT,
  NOT_MAPPABLE: status.FAILED_PRECONDITION,
  ALREADY_MAPPED: status.FAILED_PRECONDITION,
  OFFSET_MISALIGNED: status.INVALID_ARGUMENT,
  OUTSIDE_WINDOW: status.OUT_OF_RANGE,
  OVERLAP: status.FAILED_PRECONDITION,
  PLACEMENT_MISMATCH: status.FAILED_PRECONDITION,
  HEAP_CAPACITY: status.RESOURCE_EXHAUSTED,
  HOST_CAPACITY: status.RESOURCE_EXHAUSTED,
  QUOTA_BYTES: status.RESOURCE_EXHAUSTED,
  QUOTA_MAPPINGS: status.RESOURCE_EXHAUSTED,
  QUOTA_ALLOCATIONS: status.RESOURCE_EXHAUSTED,
  OUT_OF_MEMORY: status.RESOURCE_EXHAUSTED,
  NUMBER_GAP: status.FAILED_PRECONDITION,
  NUMBER_FORGOTTEN: status.FAILED_PRECONDITION,
  UNACKNOWLEDGED_LIMIT: status.RESOURCE_EXHAUSTED,
  VM_UNKNOWN: status.NOT_FOUND,
  VM_ATTACHED: status.ALREADY_EXISTS,
  VM_NOT_ATTACHED: status.FAILED_PRECONDITION,
  VM_FORBIDDEN: status.PERMISSION_DENIED,
  SESSION_UNKNOWN: status.NOT_FOUND,
  PROTOCOL: status.INVALID_ARGUMENT,
  PAGE_INVALID: status.INVALID_ARGUMENT,
  SHUTTING_DOWN: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
  HEAP_UNKNOWN: status.NOT_FOUND,
  NEVER_MAPPED: status.FAILED_PRECONDITION,
  WATCHER_LIMIT: status.RESOURCE_EXHAUSTED,
  VM_IN_USE: status.FAILED_PRECONDITION,
  VMM_SLOTS: status.RESOURCE_EXHAUSTED,
  ROLE_FORBIDDEN: status.PERMISSION_DENIED,
  VM_SUSPENDED: status.FAILED_PRECONDITION,
  STASHED: status.FAILED_PRECONDITION,
  BROKER_TOO_OLD: status.FAILED_PRECONDITION,
};

/** An error that a handler throws to answer a call. */
export class StatusError extends Error {
  readonly code: status;
  readonly reason: Reason;
  readonly details: string;
  readonly metadata: Metadata;

  /** `data` are the ErrorInfo's metadata: what was asked and found, by lowerCamel name. */
  constructor(reason: Reason, message: string, data: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'StatusError';
    this.code = CODES[reason];
    this.reason = reason;
    this.details = message;
    this.metadata = new Metadata();
    const info = google.rpc.ErrorInfo.encode({ reason, domain: ERROR_DOMAIN, metadata: data }).finish();
    const details = [{ type_url: ERROR_INFO, value: info }];
    this.metadata.set(
      DETAILS,
      Buffer.from(google.rpc.Status.encode({ code: this.code, message, details }).finish()),
    );
  }
}

export type ErrorInfo = {
  readonly code: status;
  readonly reason: Reason | null;
  readonly message: string;
  readonly data: Readonly<Record<string, string>>;
};

/** Reads an error of a client call. `reason` is null when it carries no ErrorInfo of ours (a broken connection, a foreign server). */
export function readError(error: Partial<ServiceError> & Error): ErrorInfo {
  const plain: ErrorInfo = {
    code: error.code ?? status.UNKNOWN,
    reason: null,
    message: error.details || error.message,
    data: {},
  };
  const [bytes] = error.metadata?.get(DETAILS) ?? [];
  if (!Buffer.isBuffer(bytes)) return plain;
  try {
    for (const detail of google.rpc.Status.decode(bytes).details ?? []) {
      if (detail.type_url !== ERROR_INFO) continue;
      const info = google.rpc.ErrorInfo.decode(detail.value ?? new Uint8Array());
      if (info.domain === ERROR_DOMAIN)
        return { ...plain, reason: info.reason as Reason, data: info.metadata ?? {} };
    }
  } catch {
    // Details that cannot be decoded are the peer's fault; the plain error still says what happened.
  }
  return plain;
}

/** The number of a reason in messages, and its name without the prefix REASON_. */
export function reasonNumber(reason: Reason): barkeep.v1.Reason {
  return barkeep.v1.Reason[`REASON_${reason}`];
}

export function reasonName(number: barkeep.v1.Reason | null | undefined): Reason {
  const name = barkeep.v1.Reason[number ?? 0];
  return (name ? name.slice('REASON_'.length) : 'UNSPECIFIED') as Reason;
}
