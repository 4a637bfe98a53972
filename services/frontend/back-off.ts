// When a broker that is away is asked again: after pauses that are short at first, because guests wait, and at once when it makes its socket.
import { SocketWatch } from './socket-watch.ts';

/** Milliseconds between attempts to reach the broker: short at first, because guests wait. */
export const FIRST_PAUSE = 25;
/** A broker that is back shall be found soon, and a try at a socket that nobody listens on costs next to nothing. */
export const LONGEST_PAUSE = 100;
/** A broker that is there and refuses has to work for every attempt, and writes a line about it. */
export const LONGEST_REFUSED_PAUSE = 2000;

export class BackOff {
  readonly #socketPath: string;
  readonly #attempt: () => void;
  /** The next one. */
  #pause = FIRST_PAUSE;
  #timer: NodeJS.Timeout | null = null;
  /** While the broker is away. */
  #watch: SocketWatch | null = null;

  /** `attempt` is made after each pause. */
  constructor(socketPath: string, attempt: () => void) {
    this.#socketPath = socketPath;
    this.#attempt = attempt;
  }

  /** An attempt came to nothing: another one is made after a pause, which grows from one to the next, up to `longest` ms. */
  again(longest: number): void {
    this.#watch ??= new SocketWatch(this.#socketPath, () => this.#isBack());
    const pause = Math.min(this.#pause, longest);
    this.#pause = Math.min(2 * pause, longest);
    this.#timer = setTimeout(() => this.#now(), pause);
  }

  /** There is nothing to be tried any more; the next pause is a short one. */
  end(): void {
    this.#pause = FIRST_PAUSE;
    this.#watch?.close();
    this.#watch = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** It has made its socket, and listens there in a moment. */
  #isBack(): void {
    this.#pause = FIRST_PAUSE;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#now();
  }

  #now(): void {
    this.#timer = null;
    this.#attempt();
  }
}
