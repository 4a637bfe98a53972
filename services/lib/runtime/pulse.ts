// The pulse of a service: its holder hears at intervals that the event loop turns (WATCHDOG=1), and what the service does (STATUS=).
import type { FdStore } from './fd-store.ts';

/** `systemctl status` shows nothing older, milliseconds. */
const LONGEST_PAUSE = 10_000;
/** So many of them within the holder's limit: one that is lost, or late, is no death. */
const BEATS = 3;

/** Beats for as long as this process lives; `status` is asked for one line each time. Returns what beats at once, beside the regular ones. */
export function startPulse(store: Pick<FdStore, 'alive' | 'watchdog'>, status: () => string): () => void {
  const beat = (): void => store.alive(status());
  const { watchdog } = store;
  setInterval(beat, watchdog === null ? LONGEST_PAUSE : Math.min(LONGEST_PAUSE, watchdog / BEATS)).unref();
  beat();
  return beat;
}
