// What is offered to a VMM: feature bits of the transport and of the protocol.
import { isQueueSize, LARGEST_QUEUE_SIZE } from '../wire/split-ring.ts';
import { bitSet, describeBits, PROTOCOL_FEATURE, VIRTIO_FEATURE } from '../wire/vhost-user.ts';
import type { Device } from './device.ts';

/** Virtio features of the transport, added to those of the device. EVENT_IDX and packed rings are not offered. */
export const TRANSPORT_FEATURES = bitSet(
  VIRTIO_FEATURE.RING_INDIRECT_DESC,
  VIRTIO_FEATURE.PROTOCOL_FEATURES,
  VIRTIO_FEATURE.VERSION_1,
);

/** Every protocol feature that is implemented here. */
export const SUPPORTED_PROTOCOL_FEATURES = bitSet(
  PROTOCOL_FEATURE.MQ,
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.CONFIG,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.RESET_DEVICE,
  PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  PROTOCOL_FEATURE.STATUS,
  PROTOCOL_FEATURE.SHMEM,
);

/** What suits QEMU 11.1: STATUS costs it a message each way and RESET_DEVICE is never sent. */
export const DEFAULT_PROTOCOL_FEATURES = bitSet(
  PROTOCOL_FEATURE.MQ,
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.CONFIG,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.CONFIGURE_MEM_SLOTS,
  PROTOCOL_FEATURE.SHMEM,
);

/** Without these no memory can be mapped into the guest's window. */
export const NEEDED_FOR_SHMEM = bitSet(
  PROTOCOL_FEATURE.REPLY_ACK,
  PROTOCOL_FEATURE.BACKEND_REQ,
  PROTOCOL_FEATURE.BACKEND_SEND_FD,
  PROTOCOL_FEATURE.SHMEM,
);

/** Throws TypeError for a device that offers what cannot be kept: a mistake of this program, found before any VMM meets it. */
export function checkOffer(device: Device): void {
  const foreign = device.protocolFeatures & ~SUPPORTED_PROTOCOL_FEATURES;
  if (foreign !== 0n) {
    throw new TypeError(
      `the device offers protocol features that are not implemented: ${describeBits(foreign, PROTOCOL_FEATURE)}`,
    );
  }
  if (!isQueueSize(device.largestQueueSize)) {
    throw new TypeError(
      `${device.largestQueueSize} is no queue size: a power of two up to ${LARGEST_QUEUE_SIZE} is needed`,
    );
  }
  if (device.queues < 1 || device.queues > 255)
    throw new TypeError(`${device.queues} queues; 1 to 255 are possible`);
  if (device.shmemRegions.size > 0 && (NEEDED_FOR_SHMEM & ~device.protocolFeatures) !== 0n) {
    throw new TypeError(
      'a device with shared memory has to offer REPLY_ACK, BACKEND_REQ, BACKEND_SEND_FD and SHMEM',
    );
  }
}
