// pid 1 of a container is the parent of every process whose own parent has died, and has to bury them. Node buries its own children only.
import { reapOrphans } from '../lib/os/reap.ts';
import type { Keeper } from './keeper.ts';

/** Does nothing when this process is not pid 1. */
export function reapAsInit(keepers: readonly Keeper[]): void {
  if (process.pid !== 1) return;
  process.on('SIGCHLD', () => {
    reapOrphans(new Set(keepers.map(({ pid }) => pid).filter((pid) => pid !== null)));
  });
}
