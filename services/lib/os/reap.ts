// Children that nobody of this process started: as pid 1 of a container it inherits every orphan, and has to bury them.
import { readFileSync } from 'node:fs';
import { libcWaitpid } from './libc.ts';

const WNOHANG = 1;

/** Takes the exit status of every dead child but those in `known`, who are Node's to wait for. Returns how many there were. */
export function reapOrphans(known: ReadonlySet<number>): number {
  return childrenOf(process.pid).filter((pid) => !known.has(pid) && libcWaitpid(pid, null, WNOHANG) > 0)
    .length;
}

/** proc(5); empty where the kernel was built without it. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
