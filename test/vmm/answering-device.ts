// A device behind the real vhost-user back-end that answers every command alike: enough to test drivers, recordings and transports.

import type { Device, DeviceQueue, Log } from '../../services/lib/vhost-user/device.ts';
import { DEFAULT_PROTOCOL_FEATURES } from '../../services/lib/vhost-user/offer.ts';
import { bitSet } from '../../services/lib/wire/vhost-user.ts';
import { encodeAnswer, FEATURE, header, viewOf } from '../../services/lib/wire/virtio-gpu.ts';

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Answers every command with its own fence and the type that it is told, or never with null. */
export function answeringDevice(answer: 'OK_NODATA' | 'ERR_UNSPEC' | null): Device {
  const answerAll = (queue: DeviceQueue): void => {
    const chains = queue.popAll();
    if (answer === null) return;
    queue.pushAll(
      chains.map((chain) => {
        const { fenceId, contextId } = header.decode(viewOf(chain.readable));
        return { chain, reply: encodeAnswer(answer, { fenceId, contextId }, {}) };
      }),
    );
  };
  return {
    features: bitSet(FEATURE.VIRGL, FEATURE.RESOURCE_BLOB, FEATURE.CONTEXT_INIT),
    protocolFeatures: DEFAULT_PROTOCOL_FEATURES,
    queues: 2,
    largestQueueSize: 256,
    shmemRegions: new Map([[1, 64 * 1024 * 1024]]),
    isOwnMemory: () => false,
    connect: () => ({
      readConfig: () => Buffer.alloc(20),
      writeConfig: () => true,
      channelOpened() {},
      memoryChanged: () => false,
      isHeld: () => null,
      queueStarted() {},
      queueKicked: answerAll,
      queueStopped() {},
      reset() {},
      closed() {},
    }),
  };
}
