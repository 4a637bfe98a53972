// How many mappings a VMM is trusted with, where each blob is one of its own.
import type { Log } from '../../lib/vhost-user/device.ts';
import type { RefusedResult } from '../operation.ts';
import type { PlacementContext } from './placement.ts';

/**
 * Memory regions that a VMM is trusted with: blobs, RAM, DIMMs and what else its table shows, together. QEMU 11.1.3 keeps 512 for each
 * vhost-user device (VHOST_USER_MAX_RAM_SLOTS, whatever GET_MAX_MEM_SLOTS answers), and checks that when a DIMM is plugged but not at
 * SHMEM_MAP: at 513 it aborts (vhost_user_add_remove_regions). 16 are left for what comes without a question to anybody: q35 splits the
 * RAM below 1 MiB while firmware runs (13 PAM segments, SMRAM).
 */
export const MOST_REGIONS = 512 - 16;
const NO_SLOT =
  'the VMM has no memory slot left for one blob more: further maps are refused. Use window placement for guests that map so many';

export class VmmSlots {
  readonly #context: Pick<PlacementContext, 'otherRegions' | 'countSlotRefusals'>;
  readonly #log: Log;
  /** The slots were found used up once: told once for each VMM. */
  #isFull = false;

  constructor(context: Pick<PlacementContext, 'otherRegions' | 'countSlotRefusals'>, log: Log) {
    this.#context = context;
    this.#log = log;
  }

  /** How many mappings more the VMM is asked for, when it has so many blobs mapped. */
  room(mappings: number): number {
    return Math.max(0, MOST_REGIONS - this.#context.otherRegions() - mappings);
  }

  /** What a map beyond that is answered; `mappings` as above. */
  refusal(mappings: number): RefusedResult {
    const others = this.#context.otherRegions();
    if (!this.#isFull) this.#log.warn({ mappings, others, most: MOST_REGIONS }, NO_SLOT);
    this.#isFull = true;
    this.#context.countSlotRefusals(1);
    const message = `the VMM has no memory slot left: it is trusted with ${MOST_REGIONS} regions, and ${others} of them are no blobs`;
    return { kind: 'refused', reason: 'VMM_SLOTS', message };
  }

  /** Another VMM has slots of its own. */
  forget(): void {
    this.#isFull = false;
  }
}
