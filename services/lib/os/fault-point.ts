// Places where a test may kill this process, to see that a successor goes on as if nothing had happened. Off unless BARKEEP_FAULT is set:
//
//   BARKEEP_FAULT=vmm.consumed      SIGKILL when that point is reached for the first time
//   BARKEEP_FAULT=vmm.consumed:7    the seventh time
//
// A point stands between two steps of a change of state, or before the first or behind the last. The list below is what the suites count by:
// a point that no run has hit fails them, and so does a name that is not here (the compiler refuses it).

/** Every point, in the order in which a life passes them. */
export const FAULT_POINTS = [
  // lib/vhost-user: a state file and its descriptors, made or adopted
  'recovery.state-made',
  'recovery.state-stored',
  'recovery.outbox-stored',
  'recovery.adopted',
  'recovery.swept',
  // lib/vhost-user: the listening socket and a VMM that connects
  'listen.bound',
  'listen.stored',
  'accept.accepted',
  'accept.stored',
  'accept.committed',
  // lib/vhost-user: one message of the VMM
  'vmm.peeked',
  'vmm.descriptor-stored',
  'vmm.prepared',
  'vmm.consumed',
  'vmm.whole',
  'vmm.handled',
  'vmm.replied-in-outbox',
  'vmm.state-written',
  'vmm.committed',
  'vmm.descriptor-dropped',
  'vmm.reply-sent',
  'vmm.queues-kicked',
  // lib/vhost-user: the guest's driver is gone, and the VMM says nothing
  'vmm.driver-gone',
  'vmm.driver-gone-recorded',
  // lib/vhost-user: the connection ends
  'end.closed',
  'end.committed',
  // lib/vhost-user: requests on the back-end channel
  'channel.opened',
  'channel.map-noted',
  'channel.map-sent',
  'channel.map-counted',
  'channel.request-written',
  'channel.request-noted',
  'channel.request-sent',
  'channel.request-counted',
  'channel.reply-prepared',
  'channel.reply-consumed',
  'channel.reply-applied',
  'channel.reply-counted',
  'channel.fenced',
  // lib/vhost-user: a queue
  'queue.taken',
  'queue.popped',
  'queue.handling',
  'queue.handled',
  'queue.replies-written',
  'queue.announced',
  'queue.published',
  'queue.cleared',
  'queue.counted',
  'queue.signalled',
  // lib/vhost-user: what an adopted connection does first
  'adopt.restored',
  'adopt.device-told',
  'adopt.reply-finished',
  'adopt.signalled',
  'adopt.kicked',
  // broker: a VM comes and goes
  'broker.window-stored',
  'broker.attach-journalled',
  'broker.state-journalled',
  'broker.reclaim-journalled',
  'broker.reclaim-erased',
  'broker.reclaim-dropped',
  // broker: a batch of commands
  'broker.memory-stored',
  'broker.effects-done',
  'broker.batch-journalled',
  'broker.batch-finished',
  // broker: a VM whose frontend decides
  'broker.grant-journalled',
  'broker.accounts-entered',
  'broker.accounts-journalled',
  'broker.memory-made',
  'broker.memory-journalled',
  'broker.memory-erased',
  'broker.stash-copied',
  'broker.stash-journalled',
  'broker.map-restored',
  // broker: a new journal is begun
  'broker.journal-begun',
  'broker.journal-vm-copied',
  'broker.journal-complete',
  'broker.journal-renamed',
  // broker: a successor takes over
  'broker.replayed',
  'broker.adopted',
  'broker.lost-erased',
  'broker.left-discarded',
  'broker.serving',
  // frontend: what a successor needs is made, or taken over
  'gpu.window-stored',
  'gpu.window-recorded',
  'gpu.journal-stored',
  'gpu.stash-stored',
  'gpu.session-recorded',
  'gpu.session-gone',
  'gpu.adopted',
  'gpu.compacted',
  // frontend: a segment of commands
  'gpu.finished',
  'gpu.stash-copied',
  'gpu.stash-recorded',
  'gpu.map-restored',
  'gpu.segment-recorded',
  'gpu.segment-published',
  // frontend: mappings of single blobs
  'gpu.memory-asked',
  'gpu.memory-given',
  'gpu.file-recorded',
  'gpu.blob-mapped',
  'gpu.blob-unmapped',
  // frontend: the window
  'gpu.window-mapped',
  // frontend: the device comes into use, and starts afresh
  'gpu.used-recorded',
  'gpu.reset-recorded',
  'gpu.reset-asked',
  // lib/journal
  'journal.appended',
  'journal.snapshot-written',
  'journal.snapshot-renamed',
  'journal.area-written',
  'journal.area-flipped',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

const [armed = null, hit = '1'] = process.env['BARKEEP_FAULT']?.split(':') ?? [];
if (armed !== null && !((FAULT_POINTS as readonly string[]).includes(armed) && /^[1-9][0-9]*$/.test(hit))) {
  throw new Error(
    `BARKEEP_FAULT=${process.env['BARKEEP_FAULT']} names no fault point: NAME or NAME:COUNT is needed, with a name of services/lib/os/fault-point.ts`,
  );
}
let left = Number(hit);

/** Dies here if the environment says so. Otherwise one comparison with a constant. */
export function faultPoint(name: FaultPoint): void {
  if (armed === null) return;
  reached(name);
}

function reached(name: FaultPoint): void {
  if (name !== armed) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}
