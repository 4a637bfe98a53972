// Who may take a session over, and when the memory of a VM is free that somebody else decided for. Such a process goes on deciding when its connection
// breaks, and has the window's memory whatever the broker says: so another one gets the session only after its death, and what the VM had is given to
// others when it has said that it has let go (Detach, or a new session of its own), or is dead. The death is heard, not guessed (lib/os/process-life.ts);
// where the kernel does not tell, /proc is asked, and where pids say nothing (another pid namespace shows 0) the end of its connection has to do.
import { readFileSync } from 'node:fs';
import type { ProcessLife } from '../lib/os/process-life.ts';

/** Between two looks where the kernel does not tell, milliseconds. */
const LOOK_MS = 250;

export class DecidingProcess {
  /** 0: not known. */
  readonly pid: number;
  readonly #life: ProcessLife | null;
  #timer: NodeJS.Timeout | null = null;

  /** Takes `life` over; null where the kernel does not tell. */
  constructor(pid: number, life: ProcessLife | null) {
    this.pid = pid;
    this.#life = life;
  }

  /** False: it acts on nothing any more. One of which nothing is known is taken for dead. */
  get isAlive(): boolean {
    if (this.#life !== null) return !this.#life.isOver;
    return this.pid !== 0 && isRunning(this.pid);
  }

  /** Whether it may still act on the session that `next` asks for, and is another process. `isConnected`: as far as the broker can tell by its connection. */
  holdsAgainst(next: { readonly pid: number }, isConnected: boolean): boolean {
    if (this.pid === 0 || next.pid === 0) return isConnected;
    return this.pid !== next.pid && this.isAlive;
  }

  /** Calls `heard` once when it is dead, in a later turn of the event loop; a further call takes the place of an earlier one. Not after close(). */
  onDeath(heard: () => void): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#life !== null) {
      this.#life.onEnd(heard);
      return;
    }
    const timer = setInterval(() => {
      if (this.isAlive) return;
      clearInterval(timer);
      heard();
    }, LOOK_MS).unref();
    this.#timer = timer;
  }

  /** Later calls do nothing. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#life?.close();
  }
}

/** A zombie is none: it acts on nothing any more. */
function isRunning(pid: number): boolean {
  try {
    // The name may hold anything, brackets too: what follows the last one is the state.
    const [state] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').slice(-1)[0]!.split(' ');
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
