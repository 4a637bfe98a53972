// The pulse of a service: its holder hears at intervals that the event loop turns (WATCHDOG=1), and what the service does (STATUS=).
import type { FdStore } from './fd-store.ts';

/** `systemctl status` shows nothing older, milliseconds. */
const LONGEST_PAUSE = 10_000;
/** So many of them within the holder's limit: one that is lost, or late, is no death. */
const BEATS = 3;

export type Pulse = {
  /** Now, beside the regular ones. */
  beat(): void;
  stop(): void;
};

/** Beats until it is stopped. `status` is asked for one line each time. */
export function startPulse(store: Pick<FdStore, 'alive' | 'watchdog'>, status: () => string): Pulse {
  const beat = (): void => store.alive(status());
  const timer = setInterval(beat, Math.min(LONGEST_PAUSE, (store.watchdog ?? Infinity) / BEATS));
  timer.unref();
  beat();
  return { beat, stop: () => clearInterval(timer) };
}
