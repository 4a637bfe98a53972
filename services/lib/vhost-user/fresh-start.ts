// Whether queues that were stopped go on (VM stop and cont), or their driver is gone and another one starts (unbind, rebind, reboot, kexec).
//
// vhost-user has no message for it. QEMU 11.1.3 says the same in both cases: ENABLE 0 and GET_VRING_BASE for each queue, and SET_STATUS 0 where
// STATUS was negotiated; at the start SET_FEATURES, SET_MEM_TABLE and SET_VRING_*. It never sends RESET_DEVICE (another VMM may: that is a fresh
// start, whatever is below). It cannot be asked either: a request on the back-end channel while its device is stopped ends it with SIGSEGV.
// So this is a conclusion from what differs. Each sign of a fresh start is sufficient, and none of them can be seen when queues go on:
//
//   sign        where it comes from                                   why it is none when queues go on
//   size        SET_VRING_NUM                                         the ring is the same one
//   features    SET_FEATURES                                          only a driver negotiates
//   base        SET_VRING_BASE against the answer to GET_VRING_BASE   the VMM repeats that answer
//   used        the used ring as it lies in guest memory              only the device writes there, and it was stopped
//   dropped     the memory table lacks what the VMM had mapped        stop and cont keep every mapping
//   let go      the mark of what was mapped is nowhere any more       a mapping carries it (os/lock.ts)
//
// How it could still be wrong, and what covers that:
//
//   A fresh driver is taken for one that goes on:
//   - Its base is the old one, after a multiple of 65,536 chains (a fresh ring begins at 0): the used ring. A fresh one is zero; in the old
//     one lie the last answers, each with a length that is not 0.
//   - Its used ring is the old one as well: nothing was ever answered, and then there is nothing to forget; or all of the last answers were
//     to malformed chains with head 0; or a driver starts on rings that it did not clear, with just the index of before. Then a mapping that
//     was there and is not any more tells. With neither, its state meets that of the driver before; only that guest is concerned.
//   - The used ring could not be read when the queue was stopped (the guest had broken it): base and mappings are left.
//   - The mark is still there, because the VMM lets go late (QEMU: 30 to 240 ms after the reset): the memory table, at the start.
//   Queues that go on are taken for fresh ones:
//   - Somebody wrote into the used ring of a stopped VM, or the VMM changed size, features or base over a stop: it broke the rules.
//   - The window is not shown because the guest had turned its BAR off before the stop: what was not shown at the stop cannot be missed.
//   - A mapping without the mark (the VMM opened the file anew): the mark has to have been there when the queues were stopped.
//   A driver is gone and nothing tells: nothing was mapped. That is found at the next start, or at the end of the VMM.

/** A queue when it was stopped. */
export type StoppedQueue = {
  /** What GET_VRING_BASE was answered with. */
  readonly base: number;
  readonly size: number;
  /** Virtio features. */
  readonly features: bigint;
  /** digestOfUsedRing(); null when it could not be read. */
  readonly used: bigint | null;
};

/** What is known of the same queue later; what is absent is not known. */
export type LaterQueue = Partial<StoppedQueue> & {
  /** Something that the VMM had mapped is missing in its memory table. */
  readonly isDropped?: boolean;
  /** What the VMM had mapped carried a mark when the queues were stopped, and now nothing carries it. */
  readonly isLetGo?: boolean;
};

/** Why a driver must have started afresh, or must be gone; null when everything is as when the queue was stopped. */
export function whyAfresh(stopped: StoppedQueue, later: LaterQueue): string | null {
  const { base, size, features, used } = { ...stopped, ...later };
  if (size !== stopped.size) return `it had ${stopped.size} entries and has ${size}`;
  if (features !== stopped.features) return 'other features were negotiated';
  if (base !== stopped.base) return `it was stopped at ${stopped.base} and starts at ${base}`;
  if (used !== stopped.used && used !== null && stopped.used !== null) return 'its used ring is another one';
  if (later.isDropped === true) return 'the VMM dropped what it had mapped';
  if (later.isLetGo === true) return 'the VMM let go of what it had mapped';
  return null;
}
