// What is refused while the journal has no room.
import { type Refusal, refuse } from '../lib/domain/refusal.ts';

/** `what` was asked for `vm`. */
export function shortJournal(what: string, vm: string): Refusal {
  return refuse(
    'OUT_OF_MEMORY',
    `${what} came, but the broker's journal has no room for what it would leave: free space in the run directory, then ask again`,
    { vm },
  );
}
