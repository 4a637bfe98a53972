// What VMM and back-end have agreed on, and which requests may come because of it.
import { hex } from '../wire/u64.ts';
import {
  bitSet,
  DEVICE_STATUS,
  describeBits,
  type FrontendRequestName,
  hasBit,
  PROTOCOL_FEATURE,
  VIRTIO_FEATURE,
} from '../wire/vhost-user.ts';
import type { Device } from './device.ts';
import { VhostUserError } from './errors.ts';
import type { Log } from './log.ts';
import { NEEDED_FOR_SHMEM, TRANSPORT_FEATURES } from './offer.ts';
import { type RequestHandlers, reply } from './request.ts';

export type Negotiation = {
  /** Virtio features that the driver acknowledged; 0 before that, and when the driver is gone. */
  features: bigint;
  /** Null before SET_PROTOCOL_FEATURES. */
  protocolFeatures: bigint | null;
  /** Of SET_STATUS: DEVICE_STATUS bits. */
  status: number;
};

export function nothingNegotiated(): Negotiation {
  return { features: 0n, protocolFeatures: null, status: 0 };
}

export function hasProtocolFeature({ protocolFeatures }: Negotiation, bit: number): boolean {
  return protocolFeatures !== null && hasBit(protocolFeatures, bit);
}

/** The protocol feature that a request belongs to. GET_STATUS and SET_STATUS are answered in any case. */
const FEATURE_OF_REQUEST: Readonly<Partial<Record<FrontendRequestName, number>>> = {
  GET_QUEUE_NUM: PROTOCOL_FEATURE.MQ,
  SET_LOG_BASE: PROTOCOL_FEATURE.LOG_SHMFD,
  SET_LOG_FD: PROTOCOL_FEATURE.LOG_SHMFD,
  SEND_RARP: PROTOCOL_FEATURE.RARP,
  NET_SET_MTU: PROTOCOL_FEATURE.MTU,
  SET_BACKEND_REQ_FD: PROTOCOL_FEATURE.BACKEND_REQ,
  SET_VRING_ENDIAN: PROTOCOL_FEATURE.CROSS_ENDIAN,
  GET_CONFIG: PROTOCOL_FEATURE.CONFIG,
  SET_CONFIG: PROTOCOL_FEATURE.CONFIG,
  CREATE_CRYPTO_SESSION: PROTOCOL_FEATURE.CRYPTO_SESSION,
  CLOSE_CRYPTO_SESSION: PROTOCOL_FEATURE.CRYPTO_SESSION,
  POSTCOPY_ADVISE: PROTOCOL_FEATURE.PAGEFAULT,
  POSTCOPY_LISTEN: PROTOCOL_FEATURE.PAGEFAULT,
  POSTCOPY_END: PROTOCOL_FEATURE.PAGEFAULT,
  GET_INFLIGHT_FD: PROTOCOL_FEATURE.INFLIGHT_SHMFD,
  SET_INFLIGHT_FD: PROTOCOL_FEATURE.INFLIGHT_SHMFD,
  RESET_DEVICE: PROTOCOL_FEATURE.RESET_DEVICE,
  VRING_KICK: PROTOCOL_FEATURE.INBAND_NOTIFICATIONS,
  GET_MAX_MEM_SLOTS: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  ADD_MEM_REG: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  REM_MEM_REG: PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  GET_SHARED_OBJECT: PROTOCOL_FEATURE.SHARED_OBJECT,
  SET_DEVICE_STATE_FD: PROTOCOL_FEATURE.DEVICE_STATE,
  CHECK_DEVICE_STATE: PROTOCOL_FEATURE.DEVICE_STATE,
  GET_SHMEM_CONFIG: PROTOCOL_FEATURE.SHMEM,
};

/** Throws VhostUserError for a request of a feature that was not acknowledged. `offered`: the device's protocol features. */
export function expectNegotiated(
  negotiation: Negotiation,
  offered: bigint,
  name: FrontendRequestName,
  what: string,
): void {
  const feature = FEATURE_OF_REQUEST[name];
  if (feature === undefined || hasProtocolFeature(negotiation, feature)) return;
  const isOffered = hasBit(offered, feature);
  throw new VhostUserError(
    isOffered ? 'NOT_NEGOTIATED' : 'UNSUPPORTED',
    'refuse',
    `${what} belongs to protocol feature ${describeBits(bitSet(feature), PROTOCOL_FEATURE)}, which is ` +
      `${isOffered ? 'offered but was not acknowledged' : 'not offered here'}`,
  );
}

/** A VMM may never get to the point where a missing feature shows; the last chance to say so is before the guest is served. */
export function expectShmem({ protocolFeatures }: Negotiation, device: Device, hasChannel: boolean): void {
  if (device.shmemRegions.size === 0 || hasChannel) return;
  const found = protocolFeatures === null ? 'SET_PROTOCOL_FEATURES' : 'SET_BACKEND_REQ_FD';
  throw new VhostUserError(
    'MISSING_FEATURE',
    'drop',
    `the VMM starts a queue but never sent ${found}: no memory can be shown to the guest. It has to acknowledge ` +
      `${describeBits(NEEDED_FOR_SHMEM, PROTOCOL_FEATURE)}; QEMU 11.1 is the first release that does.`,
  );
}

/** The requests that negotiate. */
export function negotiationRequests(negotiation: Negotiation, device: Device, log: Log): RequestHandlers {
  return {
    GET_FEATURES: () => reply('GET_FEATURES', device.features | TRANSPORT_FEATURES),
    SET_FEATURES: ({ body }) => {
      negotiation.features = acceptedFeatures(device, body);
      return 'done';
    },
    GET_PROTOCOL_FEATURES: () => reply('GET_PROTOCOL_FEATURES', device.protocolFeatures),
    SET_PROTOCOL_FEATURES: ({ body }) => {
      negotiation.protocolFeatures = acceptedProtocolFeatures(device, body);
      return 'done';
    },
    GET_STATUS: () => reply('GET_STATUS', negotiation.status),
    SET_STATUS: ({ body: status }) => {
      if (typeof status === 'bigint' || status > 0xff) {
        throw new VhostUserError('OUT_OF_RANGE', 'refuse', `SET_STATUS 39: ${status} is no device status`);
      }
      // 0 is no reset of ours: QEMU sends it when the VM merely stops. Whether a driver starts afresh shows otherwise (fresh-start.ts).
      negotiation.status = status;
      if ((status & DEVICE_STATUS.FAILED) !== 0)
        log.warn({ status }, 'the guest driver gave up on the device');
      return 'done';
    },
  };
}

function acceptedFeatures(device: Device, features: bigint): bigint {
  const offered = device.features | TRANSPORT_FEATURES;
  const foreign = features & ~offered;
  if (foreign !== 0n) {
    throw new VhostUserError(
      'UNSUPPORTED',
      'drop',
      `SET_FEATURES 2 acknowledges ${hex(features)}, but ${hex(offered)} is offered: ${describeBits(foreign, VIRTIO_FEATURE)} too many`,
    );
  }
  if (!hasBit(features, VIRTIO_FEATURE.PROTOCOL_FEATURES)) {
    throw new VhostUserError(
      'MISSING_FEATURE',
      'drop',
      `the VMM acknowledges virtio features ${hex(features)} without PROTOCOL_FEATURES (bit 30): it knows no shared memory over ` +
        'vhost-user. QEMU 11.1 is the first release that does.',
    );
  }
  return features;
}

function acceptedProtocolFeatures(device: Device, features: bigint): bigint {
  const offered = device.protocolFeatures;
  const foreign = features & ~offered;
  if (foreign !== 0n) {
    throw new VhostUserError(
      'UNSUPPORTED',
      'drop',
      `SET_PROTOCOL_FEATURES 16 acknowledges ${hex(features)}, but ${hex(offered)} is offered: ${describeBits(foreign, PROTOCOL_FEATURE)} too many`,
    );
  }
  const needed = device.shmemRegions.size > 0 ? NEEDED_FOR_SHMEM : 0n;
  const missing = needed & ~features;
  if (missing !== 0n) {
    throw new VhostUserError(
      'MISSING_FEATURE',
      'drop',
      `the VMM acknowledges protocol features ${hex(features)} (${describeBits(features, PROTOCOL_FEATURE)}) of ${hex(offered)}: ` +
        `${describeBits(missing, PROTOCOL_FEATURE)} missing, so no memory can be shown to the guest. ` +
        'QEMU 11.1 is the first release with SHMEM (bit 22), on its generic device vhost-user-test-device-pci.',
    );
  }
  return features;
}
