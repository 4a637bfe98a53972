// The part of a QEMU command line that attaches a VM to its frontend. QEMU 11.1 is the first release with shared-memory mapping for
// vhost-user; of its devices the generic test device carries it.
import { shellWord } from './shell-word.ts';

/** Guest memory of the example; the frontend needs it shared, whatever its size. */
const GUEST_MEMORY = '2G';

/** virtio device id of a GPU (virtio 1.3, 5: Device Types). */
const VIRTIO_ID_GPU = 16;

/** As one line for a shell. `id` tells several devices of one QEMU apart; `socket` is where the frontend listens. */
export function qemuArguments(id: string, socket: string): string {
  const device = [
    'vhost-user-test-device-pci',
    `virtio-id=${VIRTIO_ID_GPU}`,
    // The control queue and the cursor queue, and struct virtio_gpu_config (virtio 1.3, 5.7.2 and 5.7.4).
    'num_vqs=2',
    'vq_size=256',
    'config_size=20',
    `chardev=${id}`,
  ].join(',');
  return [
    `-m ${GUEST_MEMORY}`,
    `-object memory-backend-memfd,id=mem,size=${GUEST_MEMORY},share=on`,
    '-machine q35,memory-backend=mem',
    // QEMU wants a comma in a value doubled.
    `-chardev ${shellWord(`socket,id=${id},path=${socket.replaceAll(',', ',,')}`)}`,
    `-device ${device}`,
  ].join(' ');
}
