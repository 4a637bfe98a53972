// Other processes, as /proc shows them: whose child they are, whether they run, and what they take. The one reader of these files in the tests.
import { readdirSync, readFileSync } from 'node:fs';

/** Pids of the children of a process, in no order; not every kernel has /proc/PID/task/TID/children. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = statOf(pid);
      return stat?.parent === parent && stat.state !== 'Z';
    });
}

/** Null for a process that is gone. */
export function parentOf(pid: number): number | null {
  return statOf(pid)?.parent ?? null;
}

/** Not gone, and not merely waiting to be reaped. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== null && stat.state !== 'Z';
}

/** By SIGSTOP: in all of its threads. */
export function isStopped(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((task) => statOf(`${pid}/task/${task}`)?.state === 'T');
  } catch {
    return false;
  }
}

/** Resident memory, bytes. Throws for a process that is gone; so do all below. */
export function residentBytes(pid: number): number {
  return bytesOf(`/proc/${pid}/status`, 'VmRSS');
}

/** The most that it ever was, bytes. */
export function peakResidentBytes(pid: number): number {
  return bytesOf(`/proc/${pid}/status`, 'VmHWM');
}

/** Memory that a process has to itself and has written to, bytes: what one more of it costs. proc_pid_smaps_rollup. */
export function privateDirtyBytes(pid: number): number {
  return bytesOf(`/proc/${pid}/smaps_rollup`, 'Private_Dirty');
}

/** What all threads of a process have run for, milliseconds; exact, where the ticks of /proc/PID/stat are 10 ms. Threads that ended are not in it. */
export function processorTime(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => {
    const [nanoseconds] = readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(nanoseconds) / 1e6;
  }, 0);
}

/** Of a process, or PID/task/TID; null when it is gone. */
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

function bytesOf(path: string, field: string): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(path, 'utf8')) ?? [];
  if (kib === undefined) throw new Error(`${path} has no ${field}`);
  return Number(kib) * 1024;
}
