// Who may take a session over. Somebody who decides for a VM goes on deciding when his connection breaks: so another process gets the session
// only after his death. Where pids say nothing (another pid namespace shows 0) the end of his connection has to.
import { readFileSync } from 'node:fs';

/** True when the process that has a session may still act on it, and `next` is another one. Of the same process the last connection counts. */
export function isHeldByAnother(before: { readonly pid: number }, next: { readonly pid: number }): boolean {
  if (before.pid === 0 || next.pid === 0) return true;
  return before.pid !== next.pid && isAlive(before.pid);
}

/** A zombie is none: it acts on nothing any more. */
function isAlive(pid: number): boolean {
  try {
    // The name may hold anything, brackets too: what follows the last one is the state.
    const [state] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').slice(-1)[0]!.split(' ');
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
