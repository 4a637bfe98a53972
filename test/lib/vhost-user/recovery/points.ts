// The fault points that a back-end without a service around it passes.
import { FAULT_POINTS, type FaultPoint } from '../../../../services/lib/os/fault-point.ts';

/** Points that only a successor passes, and how a first process has to die for that. */
export const PRELUDE: Partial<Record<FaultPoint, string>> = {
  'recovery.adopted': 'vmm.committed:9',
  'recovery.swept': 'vmm.descriptor-stored:4',
  'adopt.restored': 'vmm.committed:30',
  'adopt.device-told': 'vmm.committed:30',
  'adopt.reply-finished': 'vmm.committed:30',
  'adopt.signalled': 'vmm.committed:30',
  'adopt.kicked': 'vmm.committed:30',
  'channel.fenced': 'channel.map-sent:1',
};

/** Points that services pass and a back-end alone does not; test/chaos kills there. */
const OTHERS = /^(broker|gpu|journal\.snapshot|vmm\.driver-gone)/;
export const TRANSPORT_POINTS: readonly FaultPoint[] = FAULT_POINTS.filter((point) => !OTHERS.test(point));
