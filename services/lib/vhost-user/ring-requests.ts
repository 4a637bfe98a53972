// The requests about rings.
import { VhostUserError } from './errors.ts';
import { type Answer, type RequestHandlers, type RequestWith, reply } from './request.ts';
import { type Ring, setAddresses, setBase, setDoorbell, setSize } from './ring.ts';
import type { Rings } from './rings.ts';

/** `stop` answers GET_VRING_BASE, at once or later. */
export function ringRequests(
  rings: Rings,
  largestQueueSize: number,
  stop: (ring: Ring) => Answer,
): RequestHandlers {
  const about =
    <B extends { readonly index: number }>(change: (ring: Ring, request: RequestWith<B>) => void) =>
    (request: RequestWith<B>): Answer => {
      change(rings.ring(request.body.index, request.what), request);
      return 'done';
    };
  return {
    GET_QUEUE_NUM: () => reply('GET_QUEUE_NUM', rings.all.length),
    SET_VRING_NUM: about((ring, { body, what }) => setSize(ring, body.value, largestQueueSize, what)),
    SET_VRING_ADDR: about((ring, { body, what }) => setAddresses(ring, body, what)),
    SET_VRING_BASE: about((ring, { body, what }) => setBase(ring, body.value, what)),
    GET_VRING_BASE: ({ body, what }) => stop(rings.ring(body.index, what)),
    SET_VRING_KICK: ({ body, what, fds }) => {
      if (body.noFd) {
        throw new VhostUserError(
          'UNSUPPORTED',
          'refuse',
          `${what}: rings are not polled here, a kick eventfd is needed`,
        );
      }
      rings.setKick(rings.ring(body.index, what), fds.takeOne(), what);
      return 'done';
    },
    SET_VRING_CALL: about((ring, { body, what, fds }) =>
      setDoorbell(ring, 'call', body.noFd ? null : fds.takeOne(), what),
    ),
    SET_VRING_ERR: about((ring, { body, what, fds }) =>
      setDoorbell(ring, 'error', body.noFd ? null : fds.takeOne(), what),
    ),
    SET_VRING_ENABLE: about((ring, { body, what }) => rings.setEnabled(ring, body.value, what)),
  };
}
