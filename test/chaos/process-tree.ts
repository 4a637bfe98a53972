// Who is whose child, by /proc/PID/stat: not every kernel has /proc/PID/task/TID/children.
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the children of a process, in no order. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** By SIGSTOP: in all of its threads. */
export function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) => statOf(`${pid}/task/${task}`)?.state === 'T');
  } catch {
    return false;
  }
}

// Null for a process that is gone or was not waited for yet.
function parentOf(pid: number): number | null {
  const stat = statOf(pid);
  return stat === null || stat.state === 'Z' ? null : stat.parent;
}

// Null for a process that is gone.
function statOf(process: number | string): { readonly state: string; readonly parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
